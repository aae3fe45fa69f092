/* SPDX-License-Identifier: GPL-2.0-only */
/* What ksmbd writes to a guarded connection. */
#ifndef SMBSIGN_TX_H
#define SMBSIGN_TX_H

#include <linux/types.h>

#include "reason.h"

struct msghdr;
struct smbsign_conn;

int smbsign_tx(struct smbsign_conn *conn, struct msghdr *msg, size_t size);
void smbsign_tx_kill(struct smbsign_conn *conn, enum smbsign_reason reason);

#endif /* SMBSIGN_TX_H */
