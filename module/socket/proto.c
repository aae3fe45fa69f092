// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guarded socket's functions, in place of TCP's.
 *
 * The gate tells the reader what to do next, and the reader does it.  TCP does
 * the rest.
 */
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <net/tcp.h>

#include "base/grace.h"
#include "compat/recvmsg.h"
#include "gate/tx.h"
#include "socket/proto.h"
#include "state/conn.h"
#include "state/end.h"
#include "state/registry.h"

/*
 * ksmbd reads in a thread of its own per connection.  The thread's data is
 * ksmbd's struct for the connection, and the hooks know the connection by that
 * pointer.
 */
static void name_reader(struct smbsign_conn *conn)
{
	if (!READ_ONCE(conn->ksmbd_conn) && current->flags & PF_KTHREAD)
		smbsign_registry_name(conn, kthread_data(current));
}

/* Read released bytes from the socket as TCP does. */
static int read_released(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t length, int flags)
{
	return smbsign_compat_call_recvmsg(conn->base, conn->sk, msg, length,
					   flags | MSG_DONTWAIT);
}

static int swallow_refused(struct smbsign_conn *conn, u32 length)
{
	struct msghdr nowhere = { };
	int ret;

	release_sock(conn->sk);
	ret = read_released(conn, &nowhere, length, MSG_TRUNC);
	cond_resched();
	lock_sock(conn->sk);
	return ret;
}

static void pause_reader(struct sock *sk)
{
	release_sock(sk);
	cond_resched();
	lock_sock(sk);
}

/* What tcp_recvmsg() returns if there is nothing to read. */
static int nothing_to_read(struct sock *sk, long timeout)
{
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeout)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeout);
	return 1;
}

static bool worth_a_look(struct smbsign_conn *conn, u32 rcv_nxt, int kick)
{
	const struct sock *sk = conn->sk;

	return READ_ONCE(tcp_sk(sk)->rcv_nxt) != rcv_nxt ||
	       atomic_read(&conn->kick) != kick || READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
}

static void wait_for_more(struct smbsign_conn *conn, long *timeout, int kick)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = conn->sk;
	u32 rcv_nxt = tcp_sk(sk)->rcv_nxt;

	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	sk_wait_event(sk, timeout, worth_a_look(conn, rcv_nxt, kick), &wait);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/*
 * The worker wakes us.  It needs only what has arrived, so the end of the
 * stream is not looked at until it is done.
 */
static int wait_for_worker(struct smbsign_conn *conn, long *timeout, int kick)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = conn->sk;

	if (!*timeout)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeout);
	add_wait_queue(sk_sleep(sk), &wait);
	sk_wait_event(sk, timeout, atomic_read(&conn->kick) != kick, &wait);
	remove_wait_queue(sk_sleep(sk), &wait);
	return 1;
}

/*
 * Do what the gate says until there is something for ksmbd.  Then *@readable
 * released bytes are in the queue; otherwise return what recvmsg() must return.
 */
static int recvmsg_locked(struct smbsign_conn *conn, struct msghdr *msg,
			  size_t length, int flags, u32 *readable)
{
	long timeout = sock_rcvtimeo(conn->sk, flags & MSG_DONTWAIT);
	struct sock *sk = conn->sk;
	int kick, ret = 1;
	u32 bytes;

	while (ret > 0) {
		kick = atomic_read(&conn->kick);
		switch (smbsign_gate_next(conn, &bytes)) {
		case SMBSIGN_NEXT_READ:
			*readable = bytes;
			return 0;
		case SMBSIGN_NEXT_SUBSTITUTE:
			return smbsign_gate_substitute(conn, &msg->msg_iter,
						       length);
		case SMBSIGN_NEXT_EOF:
			return 0;
		case SMBSIGN_NEXT_RESET:
			return -ECONNRESET;
		case SMBSIGN_NEXT_SWALLOW:
			ret = swallow_refused(conn, bytes) ?: 1;
			break;
		case SMBSIGN_NEXT_PAUSE:
			pause_reader(sk);
			break;
		case SMBSIGN_NEXT_AGAIN:
			return -EAGAIN;
		case SMBSIGN_NEXT_WAIT:
			ret = nothing_to_read(sk, timeout);
			if (ret > 0)
				wait_for_more(conn, &timeout, kick);
			break;
		case SMBSIGN_NEXT_WAIT_AHEAD:
			ret = wait_for_worker(conn, &timeout, kick);
			break;
		}
	}
	return ret;
}

static int await_readable(struct smbsign_conn *conn, struct msghdr *msg,
			  size_t length, int flags)
{
	u32 readable = 0;
	int ret;

	lock_sock(conn->sk);
	ret = recvmsg_locked(conn, msg, length, flags, &readable);
	release_sock(conn->sk);
	smbsign_end_abort(conn);
	if (readable)
		ret = read_released(conn, msg, min_t(size_t, length, readable),
				    flags);
	return ret;
}

/*
 * Read what is there.  If nothing is, set *@waiting to the connection, with a
 * reference: the wait has no bound.
 */
static int read_at_once(struct sock *sk, struct msghdr *msg, size_t length,
			int flags, struct smbsign_conn **waiting)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_conn_of(sk);
	int ret = -ECONNRESET;
	u32 readable;

	/* It was detached after the caller read sk_prot. */
	if (!conn)
		goto leave;
	/* Nobody may peek, or read around the gate. */
	if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB | MSG_TRUNC)) {
		ret = -EOPNOTSUPP;
		goto leave;
	}
	name_reader(conn);
	readable = smbsign_gate_readable(conn);
	if (readable)
		ret = read_released(conn, msg, min_t(size_t, length, readable),
				    flags);
	else
		*waiting = smbsign_conn_get(sk);
leave:
	smbsign_grace_leave(grace);
	return ret;
}

static int smbsign_recvmsg(struct sock *sk, struct msghdr *msg, size_t length,
			   int flags)
{
	int code = smbsign_code_enter();
	struct smbsign_conn *waiting = NULL;
	int ret = read_at_once(sk, msg, length, flags, &waiting);

	if (waiting) {
		ret = await_readable(waiting, msg, length, flags);
		smbsign_conn_put(waiting);
	}
	smbsign_code_leave(code);
	return ret;
}

SMBSIGN_COMPAT_RECVMSG(smbsign_recvmsg)

static int smbsign_shut_recvmsg(struct sock *sk, struct msghdr *msg,
				size_t length, int flags)
{
	return -ECONNRESET;
}

SMBSIGN_COMPAT_RECVMSG(smbsign_shut_recvmsg)

static int smbsign_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	int code = smbsign_code_enter(), grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_conn_get(sk);
	int ret = -ECONNRESET;

	smbsign_grace_leave(grace);
	if (conn) {
		ret = smbsign_tx_write(conn, msg, size);
		smbsign_conn_put(conn);
	}
	/* A response can end sessions. */
	smbsign_grace_throttle();
	smbsign_code_leave(code);
	return ret;
}

static int smbsign_shut_sendmsg(struct sock *sk, struct msghdr *msg,
				size_t size)
{
	return -ECONNRESET;
}

static void smbsign_close(struct sock *sk, long timeout)
{
	int code = smbsign_code_enter();

	lock_sock(sk);
	smbsign_end_detach(sk);
	release_sock(sk);
	/* The socket's own table is back: this calls TCP. */
	sk->sk_prot->close(sk, timeout);
	smbsign_grace_throttle();
	smbsign_code_leave(code);
}

/* The end of a socket that is never closed, because nobody accepted it. */
static void smbsign_destroy(struct sock *sk)
{
	int grace = smbsign_grace_enter();

	smbsign_end_detach(sk);
	sk->sk_prot->destroy(sk);
	smbsign_grace_leave(grace);
}

/* TCP has queued data.  In softirq or process context, with the socket locked. */
static void smbsign_data_ready(struct sock *sk)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	/*
	 * A worker looks before it is done.  So does the socket's owner, before
	 * it waits.
	 */
	if (conn && (sock_owned_by_user_nocheck(sk) ?
		     !smbsign_gate_is_away(conn) : smbsign_gate_arrived(conn)))
		conn->data_ready(sk);
	smbsign_grace_leave(grace);
}

static void fill_table(struct proto *table, enum smbsign_guard_kind kind)
{
	table->close = smbsign_close;
	table->destroy = smbsign_destroy;
	if (kind == SMBSIGN_GUARD_CONN) {
		table->recvmsg = smbsign_compat_recvmsg(smbsign_recvmsg);
		table->sendmsg = smbsign_sendmsg;
	} else {
		table->recvmsg = smbsign_compat_recvmsg(smbsign_shut_recvmsg);
		table->sendmsg = smbsign_shut_sendmsg;
	}
}

const struct smbsign_guard_functions smbsign_proto_functions = {
	.fill = fill_table,
	.data_ready = smbsign_data_ready,
};
