// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a connection: who may cut it, in which order things happen, who
 * frees it.
 *
 * Anybody may *cut* a connection: the gate because of a request, tx.c because
 * of a response that cannot be sent, the policy because it changed.  To cut
 * marks the connection and reports why.  From then on nothing more is released
 * or sent.
 *
 * ksmbd's reader looks at the mark before it reads, and *aborts* the
 * connection.  If the reader may be away for a while, whoever has cut the
 * connection aborts it.  TCP sends a reset, and ksmbd finds the connection
 * closed.
 *
 * The socket is *detached* when ksmbd closes it, when it dies unclosed, or when
 * smbsign resets it (at rmmod, and at load if it was there before).  A detached
 * socket has its own functions back.  No name, list or socket leads to the
 * connection any more, and its sessions are dropped.
 *
 * Code that still uses the connection holds a reference, or is in a grace
 * section.  The last reference frees what the connection holds; the struct
 * itself is freed a grace period later.
 */
#include <net/tcp.h>

#include "admin/report.h"
#include "base/count.h"
#include "state/conn.h"
#include "state/end.h"
#include "state/guard.h"
#include "state/registry.h"
#include "state/session.h"

/**
 * smbsign_end_cut() - cut a connection
 * @conn:	the connection, its socket locked
 * @element:	the request to report
 * @reason:	why
 *
 * Context: any but hard interrupt, under the socket lock. A cut is final, and
 * is reported once.
 */
void smbsign_end_cut(struct smbsign_conn *conn,
		     const struct smbsign_element *element,
		     enum smbsign_reason reason)
{
	sock_owned_by_me(conn->sk);
	if (conn->life >= SMBSIGN_LIFE_CUT)
		return;
	smbsign_report(conn, element, reason, SMBSIGN_OUTCOME_RESET);
	WRITE_ONCE(conn->life, SMBSIGN_LIFE_CUT);
}

/**
 * smbsign_end_cut_now() - the same if the socket is not locked
 * @conn:	the connection
 * @reason:	why
 *
 * Context: process, may sleep, not under the socket lock.
 */
void smbsign_end_cut_now(struct smbsign_conn *conn, enum smbsign_reason reason)
{
	lock_sock(conn->sk);
	smbsign_end_cut(conn, &conn->gate.request.element, reason);
	release_sock(conn->sk);
	smbsign_conn_kick(conn);
}

static bool is_to_cut(struct smbsign_conn *conn, u64 session_id)
{
	return READ_ONCE(conn->life) < SMBSIGN_LIFE_CUT &&
	       smbsign_session_is_on(conn, session_id);
}

/**
 * smbsign_end_cut_session() - cut every connection of a session
 * @session_id:	SessionId
 * @reason:	why
 *
 * Context: process, may sleep, inside smbsign_grace_enter(), under no socket
 * lock.
 */
void smbsign_end_cut_session(u64 session_id, enum smbsign_reason reason)
{
	struct smbsign_element element = {
		.command = SMB2_CMD_COUNT, .session_id = session_id,
	};
	struct smbsign_conn *conn;
	struct sock *sk;

	while ((sk = smbsign_registry_find(is_to_cut, session_id))) {
		lock_sock(sk);
		conn = smbsign_conn_of(sk);
		if (conn) {
			smbsign_end_cut(conn, &element, reason);
			smbsign_conn_kick(conn);
		}
		release_sock(sk);
		sock_put(sk);
	}
}

/**
 * smbsign_end_eof() - tell ksmbd that the client has closed the connection
 * @conn:	the connection
 *
 * What ksmbd still writes is sent.
 *
 * Context: process, may sleep, not under the socket lock.
 */
void smbsign_end_eof(struct smbsign_conn *conn)
{
	lock_sock(conn->sk);
	if (conn->life == SMBSIGN_LIFE_OPEN)
		WRITE_ONCE(conn->life, SMBSIGN_LIFE_EOF);
	release_sock(conn->sk);
	smbsign_conn_kick(conn);
}

/**
 * smbsign_end_abort() - reset the connection if it has been cut
 * @conn:	the connection
 *
 * Context: process, may sleep, not under the socket lock.
 */
void smbsign_end_abort(struct smbsign_conn *conn)
{
	if (READ_ONCE(conn->life) == SMBSIGN_LIFE_CUT)
		tcp_abort(conn->sk, ECONNRESET);
}

/**
 * smbsign_end_detach() - detach a socket
 * @sk:		a socket, locked or dying
 *
 * Context: any but hard interrupt.
 */
void smbsign_end_detach(struct sock *sk)
{
	struct smbsign_conn *conn;

	if (!smbsign_guard_is_ours(sk))
		return;
	conn = smbsign_guard_remove(sk);
	if (conn) {
		WRITE_ONCE(conn->life, SMBSIGN_LIFE_GONE);
		smbsign_registry_remove(conn);
		smbsign_session_drop_all(conn);
		smbsign_conn_put(conn);
		smbsign_gauge_add(SMBSIGN_GAUGE_CONNECTIONS, -1);
	}
	smbsign_guard_removed();
}

static void silence_socket(struct sock *sk)
{
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	if (smbsign_guard_has_conn(sk)) {
		WRITE_ONCE(conn->life, SMBSIGN_LIFE_CUT);
		smbsign_conn_kick(conn);
	}
	/* What ksmbd still writes would leave unsigned: let nothing out. */
	sk->sk_shutdown = SHUTDOWN_MASK;
}

static void empty_and_detach(struct sock *sk)
{
	__skb_queue_purge(&sk->sk_receive_queue);
	smbsign_end_detach(sk);
}

static void do_locked(struct sock *sk, void (*work)(struct sock *sk))
{
	lock_sock(sk);
	/*
	 * If a listener ends, TCP detaches the connections in its accept queue
	 * under this lock alone, whoever owns the socket.
	 */
	local_bh_disable();
	bh_lock_sock(sk);
	work(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	release_sock(sk);
}

/**
 * smbsign_end_reset() - reset a connection of ksmbd, guarded or not
 * @sk:		its socket, detached on return
 *
 * Context: process, may sleep, not under the socket lock.
 */
void smbsign_end_reset(struct sock *sk)
{
	do_locked(sk, silence_socket);
	/* A closed socket gets no more data, but keeps what it has. */
	tcp_abort(sk, ECONNRESET);
	do_locked(sk, empty_and_detach);
}

/**
 * smbsign_end_reset_all() - reset all guarded connections
 *
 * Context: process, may sleep; no new connection can become guarded.
 */
void smbsign_end_reset_all(void)
{
	struct sock *sk;

	while ((sk = smbsign_registry_find(NULL, 0))) {
		smbsign_end_reset(sk);
		sock_put(sk);
		cond_resched();
	}
}
