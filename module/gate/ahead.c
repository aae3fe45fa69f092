// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verifying a bulk request beside the reader, on another CPU.
 *
 * ksmbd reads a connection in one thread.  If that thread computed the MAC of a
 * bulk request, it would read nothing meanwhile.  So a worker computes it.  It
 * takes hold of bytes in the receive queue, gives up the socket lock, and adds
 * them to the MAC.  Then, under the lock again, it releases them.  The reader
 * copies what is released while the worker is at the next bytes.
 *
 * The gate stands still at the request until the worker is done with it
 * (smbsign_gate_request.away).  Nobody else touches the request's MAC until
 * then.  The reader gets nothing that is not in the MAC, and the last byte only
 * after the verdict.
 *
 * What the worker holds is in the queue as well, and counts there.  Only if the
 * queue goes meanwhile, or TCP packs it anew, it outlives that: the segments in
 * which AHEAD_BYTES lie, until the worker looks up.
 */
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include "admin/sysctl.h"
#include "base/grace.h"
#include "gate/ahead.h"
#include "gate/cursor.h"
#include "gate/request.h"

/* What a worker holds at a time. */
#define AHEAD_BYTES	65536
/* For less, it costs less to do it at once than to hand it over. */
#define AHEAD_LEAST	8192

static struct workqueue_struct *workers;

/* Is this a request for a worker, who can do enough at once? */
static bool is_worth_it(const struct smbsign_conn *conn)
{
	const struct smbsign_gate *gate = &conn->gate;

	return conn->life == SMBSIGN_LIFE_OPEN &&
	       gate->state == SMBSIGN_GATE_BODY &&
	       gate->frame.fate == SMBSIGN_FATE_STREAMED &&
	       gate->request.element.length > smbsign_softirq_bytes() &&
	       smbsign_request_ready(conn) >= AHEAD_LEAST;
}

/*
 * Add up to @length bytes to the MAC without the socket lock; with it, if there
 * is no memory.  Returns how many, or an error.
 */
static int mac_some(struct smbsign_conn *conn, u32 length)
{
	struct smbsign_mac *mac = &conn->gate.request.mac;
	u32 seq = conn->gate.cursor.parsed;
	struct sk_buff_head held;
	int some, ret;

	__skb_queue_head_init(&held);
	some = smbsign_queue_hold(conn->sk, seq, length, &held);
	if (some > 0) {
		release_sock(conn->sk);
		ret = smbsign_queue_mac_held(&held, mac, seq, some);
		cond_resched();
		lock_sock(conn->sk);
	} else {
		ret = smbsign_queue_mac(conn->sk, mac, seq, length);
		some = length;
	}
	smbsign_queue_let_go(&held);
	return ret ?: some;
}

/*
 * Take in that @some bytes more are in the MAC, or what went wrong.  Returns
 * false if the connection has ended, meanwhile or by that.
 */
static bool take_in(struct smbsign_conn *conn, int some)
{
	int grace = smbsign_grace_enter();

	if (some < 0)
		smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	else if (conn->life == SMBSIGN_LIFE_OPEN)
		smbsign_request_advance(conn, some);
	smbsign_grace_leave(grace);
	return conn->life == SMBSIGN_LIFE_OPEN;
}

/*
 * Verify what has arrived, until the request has been judged, or so little is
 * there that the reader may as well do it.
 */
static void verify_arrived(struct smbsign_conn *conn)
{
	const struct smbsign_gate *gate = &conn->gate;
	u32 length;
	int some;

	while (gate->state == SMBSIGN_GATE_BODY) {
		length = min_t(u32, smbsign_request_ready(conn), AHEAD_BYTES);
		if (length < AHEAD_LEAST &&
		    gate->cursor.parsed + length != gate->request.end)
			return;
		some = mac_some(conn, length);
		/* A FIN that was read counts in copied_seq, but is no byte. */
		if (some == -EAGAIN || !take_in(conn, some))
			return;
		smbsign_conn_kick(conn);
	}
}

static void work_ahead(struct work_struct *work)
{
	struct smbsign_conn *conn = container_of(work, struct smbsign_conn,
						 gate.request.ahead);
	struct sock *sk = conn->sk;

	lock_sock(sk);
	verify_arrived(conn);
	WRITE_ONCE(conn->gate.request.away, false);
	release_sock(sk);
	smbsign_conn_kick(conn);
	smbsign_end_abort(conn);
	smbsign_conn_put(conn);
	sock_put(sk);
}

/**
 * smbsign_ahead_start() - leave the current request to a worker, if that is
 *	worth it
 * @conn:	the connection
 *
 * The worker wakes the reader when there is something to read, and when it is
 * done.
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: true if a worker has it: then nothing is to be done about it.
 */
bool smbsign_ahead_start(struct smbsign_conn *conn)
{
	sock_owned_by_me(conn->sk);
	if (conn->gate.request.away)
		return true;
	if (!workers || !is_worth_it(conn))
		return false;
	/* The socket has a reference as long as the connection is open. */
	refcount_inc(&conn->users);
	sock_hold(conn->sk);
	WRITE_ONCE(conn->gate.request.away, true);
	queue_work(workers, &conn->gate.request.ahead);
	return true;
}

/**
 * smbsign_ahead_prepare() - prepare a new connection
 * @conn:	the connection
 *
 * Context: any.
 */
void smbsign_ahead_prepare(struct smbsign_conn *conn)
{
	INIT_WORK(&conn->gate.request.ahead, work_ahead);
}

/**
 * smbsign_ahead_init() - have workers
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_ahead_init(void)
{
	/* Writing may be how memory becomes free: one of them is always there. */
	workers = alloc_workqueue("smbsign",
				  WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_SYSFS, 0);
	return workers ? 0 : -ENOMEM;
}

/**
 * smbsign_ahead_exit() - wait for the workers, and dismiss them
 *
 * Context: process, may sleep; no connection is guarded any more.
 */
void smbsign_ahead_exit(void)
{
	destroy_workqueue(workers);
	workers = NULL;
}
