/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include "rules/policy.h"

struct smbsign_conn;
struct smbsign_key;

struct smbsign_key *smbsign_session_lookup(struct smbsign_conn *conn, u64 id,
					   bool binds,
					   struct smbsign_session_facts *facts);
void smbsign_session_tolerate(struct smbsign_conn *conn, u64 id);

#endif /* GATE_SESSION_H */
