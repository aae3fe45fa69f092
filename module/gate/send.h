/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that we write ourselves. */
#ifndef SMBSIGN_SEND_H
#define SMBSIGN_SEND_H

#include <linux/types.h>

struct smbsign_conn;

int smbsign_send(struct smbsign_conn *conn, u8 *data, int length, int flags);

#endif /* SMBSIGN_SEND_H */
