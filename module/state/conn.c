// SPDX-License-Identifier: GPL-2.0-only
/* A guarded connection: its memory, and who uses it. */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "base/grace.h"
#include "state/awaited.h"
#include "state/conn.h"

/* ksmbd's listeners are IPv6 sockets: show an IPv4 client by its IPv4 address. */
static void peer_of(const struct sock *sk, union smbsign_peer *peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		peer->in6.sin6_family = AF_INET6;
		peer->in6.sin6_port = inet_sk(sk)->inet_dport;
		peer->in6.sin6_addr = sk->sk_v6_daddr;
		return;
	}
#endif
	peer->in.sin_family = AF_INET;
	peer->in.sin_port = inet_sk(sk)->inet_dport;
	peer->in.sin_addr.s_addr = inet_sk(sk)->inet_daddr;
}

/**
 * smbsign_conn_alloc() - allocate a connection
 * @sk:		its socket, locked; nothing has been read from it yet
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows.
 * Return: the connection, or NULL.
 */
struct smbsign_conn *smbsign_conn_alloc(struct sock *sk, gfp_t gfp)
{
	struct smbsign_conn *conn = kzalloc(sizeof(*conn), gfp);

	if (!conn)
		return NULL;
	conn->sk = sk;
	conn->base = sk->sk_prot;
	conn->data_ready = sk->sk_data_ready;
	refcount_set(&conn->users, 1);
	mutex_init(&conn->tx.lock);
	spin_lock_init(&conn->lock);
	INIT_LIST_HEAD(&conn->sessions);
	INIT_LIST_HEAD(&conn->ended);
	INIT_LIST_HEAD(&conn->awaited);
	smbsign_window_init(&conn->window);
	peer_of(sk, &conn->peer);
	conn->begun = ktime_get_real_seconds();
	smbsign_gate_init(&conn->gate, tcp_sk(sk)->copied_seq);
	return conn;
}

static void conn_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct smbsign_conn, rcu));
	smbsign_grace_freed(sizeof(struct smbsign_conn));
}

static void gate_empty(struct smbsign_gate *gate)
{
	WARN_ON_ONCE(gate->request.away);
	smbsign_awaited_free(&gate->frame.expected);
	smbsign_mac_cancel(&gate->request.mac);
	kfree(gate->substitute);
	gate->substitute = NULL;
}

/*
 * Free what is used only with a reference, under the socket lock, or under
 * @lock.  A late holder of @lock finds it empty.
 */
static void conn_empty(struct smbsign_conn *conn)
{
	struct smbsign_verified_entry *verified, *ahead;
	unsigned long *used = NULL;
	struct smbsign_due *due;
	LIST_HEAD(awaited);

	spin_lock_bh(&conn->lock);
	list_splice_init(&conn->awaited, &awaited);
	conn->awaited_count = 0;
	if (conn->window.used != conn->window.small)
		used = conn->window.used;
	smbsign_window_init(&conn->window);
	due = conn->due;
	conn->due = NULL;
	verified = conn->verified.entry;
	conn->verified = (struct smbsign_verified) { };
	ahead = conn->ahead.entry;
	conn->ahead = (struct smbsign_verified) { };
	spin_unlock_bh(&conn->lock);

	smbsign_awaited_free(&awaited);
	gate_empty(&conn->gate);
	kvfree(conn->tx.unsent.copy);
	kfree(used);
	kfree(due);
	kfree(verified);
	kfree(ahead);
}

/**
 * smbsign_conn_get() - get a reference to the connection of a socket
 * @sk:		a TCP socket
 *
 * Its contents stay until smbsign_conn_put(), even if the socket is detached
 * meanwhile.
 *
 * Context: any; inside smbsign_grace_enter().
 * Return: the connection, or NULL if the socket is not (or no longer) guarded.
 */
struct smbsign_conn *smbsign_conn_get(const struct sock *sk)
{
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	return conn && refcount_inc_not_zero(&conn->users) ? conn : NULL;
}

/**
 * smbsign_conn_put() - release a reference to a connection
 * @conn:	the connection
 *
 * Only the struct itself must wait for the grace period.
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_put(struct smbsign_conn *conn)
{
	if (!refcount_dec_and_test(&conn->users))
		return;
	conn_empty(conn);
	smbsign_grace_free(&conn->rcu, conn_free, sizeof(*conn));
}

/**
 * smbsign_conn_copy_facts() - copy what is known about a connection
 * @conn:	the connection
 * @facts:	filled in
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_copy_facts(struct smbsign_conn *conn,
			     struct smbsign_conn_facts *facts)
{
	spin_lock_bh(&conn->lock);
	*facts = conn->facts;
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_conn_kick() - make the reader look again
 * @conn:	the connection, its socket alive
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_kick(struct smbsign_conn *conn)
{
	/* Pairs with the reader, which compares it before and after it waits. */
	atomic_inc(&conn->kick);
	conn->data_ready(conn->sk);
}
