// SPDX-License-Identifier: GPL-2.0-only
/* Messages that we write ourselves. */
#include <linux/uio.h>
#include <net/sock.h>

#include "gate/send.h"
#include "state/conn.h"
#include "state/end.h"

static int send_part(struct smbsign_conn *conn, u8 *data, size_t length,
		     int flags)
{
	struct msghdr msg = { .msg_flags = flags };
	struct kvec vec = { .iov_base = data, .iov_len = length };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, length);
	return conn->base->sendmsg(conn->sk, &msg, length);
}

/**
 * smbsign_send() - write a message of our own in place of one of ksmbd's
 * @conn:	the connection
 * @data:	the message, from its NBSS header on
 * @length:	bytes at @data
 * @flags:	flags of ksmbd's write
 *
 * All or nothing: ksmbd is told about its own message only, so it cannot send
 * the rest of ours.  Once part of the message is out, this waits for room for
 * the rest.
 *
 * Context: process, may sleep, under smbsign_tx.lock.
 * Return: @length, or an error as sendmsg() does.
 */
int smbsign_send(struct smbsign_conn *conn, u8 *data, int length, int flags)
{
	int sent, ret;

	lockdep_assert_held(&conn->tx.lock);
	sent = send_part(conn, data, length, flags);
	if (sent < 0 || sent == length)
		return sent;
	ret = send_part(conn, data + sent, length - sent,
			flags & ~MSG_DONTWAIT);
	if (ret == length - sent)
		return length;
	smbsign_end_cut_now(conn, SMBSIGN_REASON_SHORT_WRITE);
	return -EPIPE;
}
