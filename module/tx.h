/* SPDX-License-Identifier: GPL-2.0-only */
/* Responses: what they teach us, and refusals. */
#ifndef SMBSIGN_TX_H
#define SMBSIGN_TX_H

#include <linux/types.h>

struct msghdr;
struct smbsign_conn;

int smbsign_tx(struct smbsign_conn *conn, struct msghdr *msg, size_t size);

#endif /* SMBSIGN_TX_H */
