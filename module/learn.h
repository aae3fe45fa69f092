/* SPDX-License-Identifier: GPL-2.0-only */
/* What responses teach us of a connection and its sessions. */
#ifndef SMBSIGN_LEARN_H
#define SMBSIGN_LEARN_H

#include "policy.h"

struct smbsign_awaited;
struct smbsign_conn;
struct smbsign_response;

int smbsign_learn(struct smbsign_conn *conn,
		  const struct smbsign_policy *policy,
		  const struct smbsign_awaited *awaited,
		  struct smbsign_response *response,
		  struct smbsign_verdict *verdict);

#endif /* SMBSIGN_LEARN_H */
