// SPDX-License-Identifier: GPL-2.0-only
/* Writes to TCP: ksmbd's messages, and our own. */
#include <linux/jiffies.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "gate/send.h"
#include "state/conn.h"
#include "state/end.h"

/**
 * smbsign_send_message() - write ksmbd's bytes, all of them if ksmbd may wait
 * @conn:	the connection
 * @msg:	what ksmbd writes
 * @size:	bytes in @msg
 *
 * TCP waits 5 s for room, as ksmbd has set SO_SNDTIMEO.  ksmbd 6.x never writes
 * the rest of a message for which that was too short.  So this writes on, for
 * SMBSIGN_SEND_SECONDS, and then cuts the connection.
 *
 * Context: process, may sleep, under smbsign_tx.lock.
 * Return: @size, less with MSG_DONTWAIT, or an error as sendmsg() does.
 */
int smbsign_send_message(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size)
{
	unsigned long end = jiffies + SMBSIGN_SEND_SECONDS * HZ;
	size_t left = size;
	int ret;

	lockdep_assert_held(&conn->tx.lock);
	if (msg->msg_flags & MSG_DONTWAIT)
		return conn->base->sendmsg(conn->sk, msg, size);
	do {
		ret = conn->base->sendmsg(conn->sk, msg, left);
		if (ret > 0)
			left -= ret;
		if (!left)
			return size;
	} while ((ret > 0 || ret == -EAGAIN) && time_before(jiffies, end) &&
		 READ_ONCE(conn->life) < SMBSIGN_LIFE_CUT);

	/* If the client has gone, there is nothing to cut, nor to report. */
	if (ret < 0 && ret != -EAGAIN &&
	    (left == size || READ_ONCE(conn->sk->sk_shutdown) & SEND_SHUTDOWN))
		return ret;
	smbsign_end_cut_now(conn, SMBSIGN_REASON_SHORT_WRITE);
	return -ECONNRESET;
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
	struct kvec vec = { .iov_base = data, .iov_len = length };
	struct msghdr msg = { .msg_flags = flags };
	int sent;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, length);
	sent = smbsign_send_message(conn, &msg, length);
	if (sent < 0 || sent == length)
		return sent;
	/* ksmbd 7.x does not wait, so this waits no longer than TCP does. */
	msg.msg_flags &= ~MSG_DONTWAIT;
	length -= sent;
	if (conn->base->sendmsg(conn->sk, &msg, length) == length)
		return sent + length;
	smbsign_end_cut_now(conn, SMBSIGN_REASON_SHORT_WRITE);
	return -EPIPE;
}
