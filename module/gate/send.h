/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes to TCP: ksmbd's messages, and our own. */
#ifndef SMBSIGN_SEND_H
#define SMBSIGN_SEND_H

#include <linux/types.h>

struct msghdr;
struct smbsign_conn;

/*
 * How long TCP is given to take a message.  With the 5 s that its last try may
 * take, that is how long ksmbd itself lets others wait for one client
 * (OPLOCK_WAIT_TIME).
 */
#define SMBSIGN_SEND_SECONDS	30

int smbsign_send_message(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size);
int smbsign_send(struct smbsign_conn *conn, u8 *data, int length, int flags);

#endif /* SMBSIGN_SEND_H */
