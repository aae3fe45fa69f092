// SPDX-License-Identifier: GPL-2.0-only
/*
 * What smbsign changes in a guarded socket.  Its table of functions is replaced
 * by a copy with some functions of ours.  If it has a struct smbsign_conn, so
 * are sk_data_ready and the ULP's data, which leads to the connection.
 */
#include <linux/wait_bit.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "state/conn.h"
#include "state/guard.h"

enum { FAMILY_V4, FAMILY_V6, FAMILIES };

/**
 * struct guard_family - the tables of one address family
 * @base:	the table that they are copies of; set once, under guard.lock
 * @table:	the copies
 */
struct guard_family {
	struct proto	*base;
	struct proto	table[SMBSIGN_GUARD_KINDS];
};

/* @sockets: sockets with our functions; rmmod waits for the last one. */
static struct {
	spinlock_t		lock;	/* family */
	struct guard_family	family[FAMILIES];
	atomic_t		sockets;
} guard = {
	.lock = __SPIN_LOCK_UNLOCKED(guard.lock),
};

/*
 * Marks the socket as taken (other ULPs, sockmap and ss -i look at this), and
 * keeps our data.  It is never registered, so nobody can ask for it.
 */
static struct tcp_ulp_ops ulp = {
	.name = "smbsign",
};

static struct guard_family *family_of(const struct sock *sk)
{
	return &guard.family[sk->sk_family == AF_INET6 ? FAMILY_V6 : FAMILY_V4];
}

/* TCP's own table, or NULL if it is not known yet and @sk has a ULP already. */
static struct proto *
base_of(const struct sock *sk, const struct smbsign_guard_functions *functions)
{
	struct guard_family *family = family_of(sk);
	unsigned int kind;

	spin_lock_bh(&guard.lock);
	if (!family->base && !inet_csk(sk)->icsk_ulp_ops) {
		for (kind = 0; kind < SMBSIGN_GUARD_KINDS; kind++) {
			family->table[kind] = *sk->sk_prot;
			functions->fill(&family->table[kind], kind);
		}
		family->base = sk->sk_prot;
	}
	spin_unlock_bh(&guard.lock);
	return family->base;
}

/**
 * smbsign_guard_install() - put our functions in place of TCP's
 * @sk:		a TCP socket, locked
 * @kind:	what the socket becomes
 * @functions:	our functions
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: false if somebody else has replaced them before.
 */
bool smbsign_guard_install(struct sock *sk, enum smbsign_guard_kind kind,
			   const struct smbsign_guard_functions *functions)
{
	sock_owned_by_me(sk);
	if (base_of(sk, functions) != sk->sk_prot)
		return false;
	WRITE_ONCE(sk->sk_prot, &family_of(sk)->table[kind]);
	atomic_inc(&guard.sockets);
	return true;
}

/**
 * smbsign_guard_publish() - make a socket with our functions lead to its
 *	connection
 * @conn:	the connection, its socket locked
 * @functions:	our functions
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_guard_publish(struct smbsign_conn *conn,
			   const struct smbsign_guard_functions *functions)
{
	struct inet_connection_sock *icsk = inet_csk(conn->sk);

	sock_owned_by_me(conn->sk);
	/* Read urgent bytes in place: otherwise ksmbd would read past them. */
	sock_set_flag(conn->sk, SOCK_URGINLINE);
	rcu_assign_pointer(icsk->icsk_ulp_data, conn);
	WRITE_ONCE(icsk->icsk_ulp_ops, &ulp);
	/* Publish the connection before the callback that uses it. */
	smp_store_release(&conn->sk->sk_data_ready, functions->data_ready);
}

/**
 * smbsign_guard_is_ours() - does a socket have our functions?
 * @sk:		a TCP socket
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_guard_is_ours(const struct sock *sk)
{
	const struct proto *table = READ_ONCE(sk->sk_prot);
	unsigned int kind;

	for (kind = 0; kind < SMBSIGN_GUARD_KINDS; kind++) {
		if (table == &family_of(sk)->table[kind])
			return true;
	}
	return false;
}

/**
 * smbsign_guard_has_conn() - does a socket lead to a connection?
 * @sk:		a TCP socket
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_guard_has_conn(const struct sock *sk)
{
	return inet_csk(sk)->icsk_ulp_ops == &ulp && smbsign_conn_of(sk);
}

/**
 * smbsign_guard_remove() - give a socket its own functions back
 * @sk:		a socket that has ours, locked or dying
 *
 * Undoes smbsign_guard_publish() and smbsign_guard_install().
 *
 * Context: any but hard interrupt; smbsign_guard_removed() follows.
 * Return: the connection that the socket led to, or NULL.
 */
struct smbsign_conn *smbsign_guard_remove(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct smbsign_conn *conn = NULL;

	WRITE_ONCE(sk->sk_prot, family_of(sk)->base);
	if (smbsign_guard_has_conn(sk)) {
		conn = smbsign_conn_of(sk);
		WRITE_ONCE(sk->sk_data_ready, conn->data_ready);
		WRITE_ONCE(icsk->icsk_ulp_ops, NULL);
		rcu_assign_pointer(icsk->icsk_ulp_data, NULL);
	}
	return conn;
}

/**
 * smbsign_guard_removed() - count a socket that no longer has our functions
 *
 * Context: any.
 */
void smbsign_guard_removed(void)
{
	if (atomic_dec_and_test(&guard.sockets))
		wake_up_var(&guard.sockets);
}

/**
 * smbsign_guard_wait() - wait until no socket has our functions
 *
 * Context: process, may sleep.
 */
void smbsign_guard_wait(void)
{
	wait_var_event(&guard.sockets, !atomic_read(&guard.sockets));
}
