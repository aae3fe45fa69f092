// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guarded socket does in place of TCP's own functions.
 *
 * The tables are copies of the socket's own, so everything that is not the
 * gate's business stays TCP's.
 */
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "attach.h"
#include "compat/recvmsg.h"
#include "conn.h"
#include "grace.h"
#include "proto.h"
#include "queue.h"
#include "redirect.h"
#include "tx.h"

/* One turn of the reader under the socket lock. */
#define READER_BYTES	65536

enum { FAMILY_V4, FAMILY_V6, FAMILIES };

static struct proto protos[FAMILIES][SMBSIGN_PROTO_KINDS];
/* What protos[family] was copied from; set once, under protos_lock. */
static struct proto *bases[FAMILIES];
static DEFINE_SPINLOCK(protos_lock);

/*
 * ksmbd reads in the thread that it made for the connection, and gave its own
 * struct to as the thread's data: that is the name by which redirect.c knows it.
 */
static void name_reader(struct smbsign_conn *conn)
{
	if (!READ_ONCE(conn->ksmbd_conn) && current->flags & PF_KTHREAD)
		smbsign_redirect_name(conn, kthread_data(current));
}

static int read_substitute(struct smbsign_conn *conn, struct msghdr *msg,
			   size_t length)
{
	struct smbsign_substitute *substitute = conn->rx.substitute;
	u32 left = substitute->length - substitute->read;

	length = min_t(size_t, length, left);
	if (copy_to_iter(substitute->data + substitute->read, length,
			 &msg->msg_iter) != length)
		return -EFAULT;
	substitute->read += length;
	if (substitute->read == substitute->length) {
		conn->rx.substitute = NULL;
		kfree(substitute);
	}
	return length;
}

/* Read from the socket as TCP does, what is known to lie there. */
static int read_released(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t length, int flags)
{
	return smbsign_compat_call_recvmsg(conn->base, conn->sk, msg, length,
					   flags | MSG_DONTWAIT);
}

static int swallow(struct smbsign_conn *conn, u32 length)
{
	struct msghdr nowhere = { };
	int ret;

	release_sock(conn->sk);
	ret = read_released(conn, &nowhere, length, MSG_TRUNC);
	cond_resched();
	lock_sock(conn->sk);
	return ret;
}

/* What tcp_recvmsg() would say where there is nothing to read. */
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

/* One turn of judging, in a section of its own: there may be no end of them. */
static enum smbsign_rx_result judge(struct smbsign_conn *conn)
{
	int grace = smbsign_grace_enter();
	enum smbsign_rx_result result =
		smbsign_rx_run(conn, READER_BYTES, U32_MAX);

	smbsign_grace_leave(grace);
	return result;
}

/*
 * One look: judge, swallow, or find something for ksmbd.  Returns 1 if the state
 * has changed and another look is worth it, 0 if more must come first.
 */
static int look(struct smbsign_conn *conn)
{
	enum smbsign_rx_result result;
	u32 length;

	result = judge(conn);
	if (smbsign_rx_readable(conn))
		return 1;
	length = smbsign_rx_discardable(conn);
	if (length) {
		int ret;

		smbsign_queue_cut(conn->sk, conn->rx.parsed);
		ret = swallow(conn, length);

		return ret < 0 ? ret : 1;
	}
	if (smbsign_rx_swallowed(conn))
		return 1;
	if (result == SMBSIGN_RX_MORE) {
		release_sock(conn->sk);
		cond_resched();
		lock_sock(conn->sk);
		return 1;
	}
	return 0;
}

/*
 * How much ksmbd may read without our looking at the socket: what is released and
 * has come only grows, and nobody else reads.  Where a segment is to be cut, the
 * socket must be locked.
 */
static u32 readable_unlocked(const struct smbsign_conn *conn)
{
	enum smbsign_rx_state state = READ_ONCE(conn->rx.state);
	u32 released = READ_ONCE(conn->rx.released);
	u32 end = READ_ONCE(tcp_sk(conn->sk)->rcv_nxt);
	u32 copied = READ_ONCE(tcp_sk(conn->sk)->copied_seq);

	if (state == SMBSIGN_RX_DEAD || state == SMBSIGN_RX_ENDED ||
	    end - released - 1 < SMBSIGN_QUEUE_CUT_MAX)
		return 0;
	if (before(released, end))
		end = released;
	return after(end, copied) ? end - copied : 0;
}

/* Somebody may have let go of it while the socket was not locked. */
static bool is_over(const struct smbsign_conn *conn)
{
	return conn->rx.state == SMBSIGN_RX_DEAD ||
	       smbsign_conn_of(conn->sk) != conn;
}

/*
 * Wait until there is something for ksmbd: then *@readable bytes of it lie in the
 * queue, released.  Where they do not, what recvmsg() has read, or is to say.
 */
static int recvmsg_locked(struct smbsign_conn *conn, struct msghdr *msg,
			  size_t length, int flags, u32 *readable)
{
	long timeout = sock_rcvtimeo(conn->sk, flags & MSG_DONTWAIT);
	struct sock *sk = conn->sk;
	int kick, ret;

	for (;;) {
		kick = atomic_read(&conn->kick);
		if (is_over(conn))
			return -ECONNRESET;
		if (conn->rx.state == SMBSIGN_RX_ENDED)
			return 0;
		*readable = smbsign_rx_readable(conn);
		if (*readable) {
			smbsign_queue_cut(sk, conn->rx.released);
			return 0;
		}
		if (conn->rx.substitute && !conn->rx.refusing)
			return read_substitute(conn, msg, length);
		ret = look(conn);
		if (ret < 0)
			return ret;
		if (ret)
			continue;
		if (is_over(conn) || conn->rx.state == SMBSIGN_RX_ENDED)
			continue;
		ret = nothing_to_read(sk, timeout);
		if (ret <= 0)
			return ret;
		wait_for_more(conn, &timeout, kick);
	}
}

static int await_readable(struct smbsign_conn *conn, struct msghdr *msg,
			  size_t length, int flags)
{
	struct sock *sk = conn->sk;
	u32 readable = 0;
	bool dead;
	int ret;

	lock_sock(sk);
	ret = recvmsg_locked(conn, msg, length, flags, &readable);
	dead = conn->rx.state == SMBSIGN_RX_DEAD;
	release_sock(sk);
	if (dead)
		tcp_abort(sk, ECONNRESET);
	if (readable)
		ret = read_released(conn, msg, min_t(size_t, length, readable),
				    flags);
	return ret;
}

/*
 * Read what is there.  If nothing is, *@waiting is the connection, held: how long it
 * takes nobody knows.
 */
static int read_at_once(struct sock *sk, struct msghdr *msg, size_t length,
			int flags, struct smbsign_conn **waiting)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_conn_of(sk);
	int ret = -ECONNRESET;
	u32 readable;

	/* Let go of between the look at sk_prot and here. */
	if (!conn)
		goto leave;
	/* No look ahead, no way around the gate. */
	if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB | MSG_TRUNC)) {
		ret = -EOPNOTSUPP;
		goto leave;
	}
	name_reader(conn);
	readable = readable_unlocked(conn);
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
		ret = smbsign_tx(conn, msg, size);
		smbsign_conn_put(conn);
	}
	/* An answer can end sessions. */
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
	smbsign_detach(sk);
	release_sock(sk);
	/* No longer ours: the socket's own table is back. */
	sk->sk_prot->close(sk, timeout);
	smbsign_grace_throttle();
	smbsign_code_leave(code);
}

/* The end of a socket that nobody closes: one that was never accepted. */
static void smbsign_destroy(struct sock *sk)
{
	int grace = smbsign_grace_enter();

	smbsign_detach(sk);
	sk->sk_prot->destroy(sk);
	smbsign_grace_leave(grace);
}

/**
 * smbsign_data_ready() - TCP has queued something
 * @sk:		a guarded socket
 *
 * Context: softirq or process, socket locked; does not sleep.
 */
void smbsign_data_ready(struct sock *sk)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	/* Whoever owns the socket looks itself before it waits. */
	if (conn && (sock_owned_by_user_nocheck(sk) ||
		     smbsign_rx_softirq(conn)))
		conn->data_ready(sk);
	smbsign_grace_leave(grace);
}

static void fill(struct proto *to, const struct proto *base,
		 enum smbsign_proto_kind kind)
{
	*to = *base;
	to->close = smbsign_close;
	to->destroy = smbsign_destroy;
	if (kind == SMBSIGN_PROTO_GUARDED) {
		to->recvmsg = smbsign_compat_recvmsg(smbsign_recvmsg);
		to->sendmsg = smbsign_sendmsg;
	} else {
		to->recvmsg = smbsign_compat_recvmsg(smbsign_shut_recvmsg);
		to->sendmsg = smbsign_shut_sendmsg;
	}
}

static unsigned int family_of(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? FAMILY_V6 : FAMILY_V4;
}

/* NULL if it is not known yet, and this one is not as TCP made it. */
static struct proto *base_of(const struct sock *sk)
{
	unsigned int family = family_of(sk), kind;

	spin_lock_bh(&protos_lock);
	if (!bases[family] && !inet_csk(sk)->icsk_ulp_ops) {
		for (kind = 0; kind < SMBSIGN_PROTO_KINDS; kind++)
			fill(&protos[family][kind], sk->sk_prot, kind);
		bases[family] = sk->sk_prot;
	}
	spin_unlock_bh(&protos_lock);
	return bases[family];
}

/**
 * smbsign_proto_install() - put our functions in place of TCP's
 * @sk:		a TCP socket, locked
 * @kind:	which
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: false if somebody else has replaced them already.
 */
bool smbsign_proto_install(struct sock *sk, enum smbsign_proto_kind kind)
{
	if (base_of(sk) != sk->sk_prot)
		return false;
	WRITE_ONCE(sk->sk_prot, &protos[family_of(sk)][kind]);
	return true;
}

/**
 * smbsign_proto_is_ours() - has this socket our functions?
 * @sk:		a TCP socket
 *
 * Context: any.
 * Return: true if it has.
 */
bool smbsign_proto_is_ours(const struct sock *sk)
{
	const struct proto *proto = READ_ONCE(sk->sk_prot);
	unsigned int kind;

	for (kind = 0; kind < SMBSIGN_PROTO_KINDS; kind++) {
		if (proto == &protos[family_of(sk)][kind])
			return true;
	}
	return false;
}

/**
 * smbsign_proto_restore() - give the socket its own functions back
 * @sk:		a TCP socket, locked or dying
 *
 * Context: any but hard interrupt.
 * Return: true if it had ours.
 */
bool smbsign_proto_restore(struct sock *sk)
{
	if (!smbsign_proto_is_ours(sk))
		return false;
	WRITE_ONCE(sk->sk_prot, bases[family_of(sk)]);
	return true;
}
