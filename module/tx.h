/* SPDX-License-Identifier: GPL-2.0-only */
/* What ksmbd writes to a guarded connection. */
#ifndef SMBSIGN_TX_H
#define SMBSIGN_TX_H

#include <linux/types.h>

struct msghdr;
struct smbsign_conn;

int smbsign_tx(struct smbsign_conn *conn, struct msghdr *msg, size_t size);

#endif /* SMBSIGN_TX_H */
