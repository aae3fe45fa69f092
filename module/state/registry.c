// SPDX-License-Identifier: GPL-2.0-only
/* The list of all connections, and the table by ksmbd's names for them. */
#include <linux/hashtable.h>
#include <linux/rculist.h>

#include "base/grace.h"
#include "state/conn.h"
#include "state/registry.h"

/* ksmbd's pointers are only compared, never dereferenced. */
static struct {
	spinlock_t		lock;		/* all below */
	struct list_head	conns;
	DECLARE_HASHTABLE(names, 10);
} registry = {
	.lock = __SPIN_LOCK_UNLOCKED(registry.lock),
	.conns = LIST_HEAD_INIT(registry.conns),
};

/**
 * smbsign_registry_add() - add a connection
 * @conn:	the connection
 *
 * Context: any but hard interrupt.
 */
void smbsign_registry_add(struct smbsign_conn *conn)
{
	spin_lock_bh(&registry.lock);
	list_add_tail_rcu(&conn->node, &registry.conns);
	conn->listed = true;
	spin_unlock_bh(&registry.lock);
}

/**
 * smbsign_registry_remove() - remove a connection that ends
 * @conn:	the connection
 *
 * ksmbd closes the socket before it frees its own struct, so no two connections
 * have the same name at a time.
 *
 * Context: any but hard interrupt.
 */
void smbsign_registry_remove(struct smbsign_conn *conn)
{
	spin_lock_bh(&registry.lock);
	list_del_rcu(&conn->node);
	conn->listed = false;
	if (conn->ksmbd_conn)
		hash_del_rcu(&conn->by_ksmbd_conn);
	spin_unlock_bh(&registry.lock);
}

/**
 * smbsign_registry_name() - note ksmbd's name for a connection
 * @conn:		the connection; nothing is noted if it has ended
 * @ksmbd_conn:		the name: a pointer that is never dereferenced
 *
 * Context: process.
 */
void smbsign_registry_name(struct smbsign_conn *conn, void *ksmbd_conn)
{
	spin_lock_bh(&registry.lock);
	if (ksmbd_conn && !conn->ksmbd_conn && conn->listed) {
		WRITE_ONCE(conn->ksmbd_conn, ksmbd_conn);
		hash_add_rcu(registry.names, &conn->by_ksmbd_conn,
			     (unsigned long)ksmbd_conn);
	}
	spin_unlock_bh(&registry.lock);
}

/**
 * smbsign_registry_named() - find the connection that ksmbd has this name for
 * @ksmbd_conn:	the name
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the connection, or NULL.
 */
struct smbsign_conn *smbsign_registry_named(const void *ksmbd_conn)
{
	struct smbsign_conn *conn;

	hash_for_each_possible_rcu(registry.names, conn, by_ksmbd_conn,
				   (unsigned long)ksmbd_conn,
				   srcu_read_lock_held(&smbsign_grace)) {
		if (conn->ksmbd_conn == ksmbd_conn)
			return conn;
	}
	return NULL;
}

/**
 * smbsign_registry_for_each() - show every connection
 * @seq:	the file to print to
 * @show:	prints one connection
 *
 * Context: process, inside smbsign_grace_enter().
 */
void smbsign_registry_for_each(struct seq_file *seq,
			       void (*show)(struct seq_file *seq,
					    struct smbsign_conn *conn))
{
	struct smbsign_conn *conn;

	list_for_each_entry_srcu(conn, &registry.conns, node,
				 srcu_read_lock_held(&smbsign_grace))
		show(seq, conn);
}

/* Get the first connection from @conn on that walk @turn has not met. */
static struct smbsign_conn *hold_from(struct smbsign_conn *conn, u32 turn)
{
	lockdep_assert_held(&registry.lock);
	list_for_each_entry_from(conn, &registry.conns, node) {
		if (conn->turn == turn)
			continue;
		conn->turn = turn;
		/* A connection leaves the list before its socket is destroyed. */
		if (refcount_inc_not_zero(&conn->sk->sk_refcnt)) {
			refcount_inc(&conn->users);
			return conn;
		}
	}
	return NULL;
}

/**
 * smbsign_registry_walk() - take the next step of a walk that may sleep
 * @last:	the connection before, which this function releases; NULL at
 *		first
 * @turn:	number of the walk; no earlier walk had the same
 *
 * Context: process; one walk at a time.
 * Return: a connection that this walk has not met, with references to it and to
 * its socket, or NULL.
 */
struct smbsign_conn *smbsign_registry_walk(struct smbsign_conn *last, u32 turn)
{
	struct smbsign_conn *conn = last;

	spin_lock_bh(&registry.lock);
	if (!last || !last->listed)
		conn = list_first_entry(&registry.conns, struct smbsign_conn,
					node);
	conn = hold_from(conn, turn);
	spin_unlock_bh(&registry.lock);
	if (last) {
		sock_put(last->sk);
		smbsign_conn_put(last);
	}
	return conn;
}

/**
 * smbsign_registry_find() - find the socket of a connection
 * @wanted:	says whether it is the one; called under a spinlock. NULL: any
 *		is
 * @session_id:	passed to @wanted
 *
 * Context: process, inside smbsign_grace_enter() if @wanted needs it.
 * Return: the socket of the first such connection, with a reference, or NULL.
 */
struct sock *
smbsign_registry_find(bool (*wanted)(struct smbsign_conn *conn, u64 session_id),
		      u64 session_id)
{
	struct smbsign_conn *conn;
	struct sock *sk = NULL;

	spin_lock_bh(&registry.lock);
	list_for_each_entry(conn, &registry.conns, node) {
		if (wanted && !wanted(conn, session_id))
			continue;
		/* A connection leaves the list before its socket is destroyed. */
		if (!refcount_inc_not_zero(&conn->sk->sk_refcnt))
			continue;
		sk = conn->sk;
		break;
	}
	spin_unlock_bh(&registry.lock);
	return sk;
}
