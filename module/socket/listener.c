// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sockets that ksmbd listens on.  They are prepared so that each of their
 * connections can be recognised, and is found before anything can be read from
 * it.
 *
 * A kernel socket has no file, and sets sk_kern_sock, which its connections
 * inherit.  ksmbd's listeners did not set it before ksmbd used
 * sock_create_kern() (late in 2025).  So it is set for them before they listen.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "socket/listener.h"

/* The socket or its table is locked, so it is not closed meanwhile. */
static bool is_the_kernels(const struct sock *sk)
{
	return sk->sk_kern_sock || (sk->sk_socket && !sk->sk_socket->file);
}

/*
 * TCP Fast Open would let a connection be read from before it is established.
 * Without it, clients that ask for it connect as usual.
 */
static void forbid_fast_open(struct sock *sk)
{
	WRITE_ONCE(inet_csk(sk)->icsk_accept_queue.fastopenq.max_qlen, 0);
}

/**
 * smbsign_listener_prepare() - prepare a socket that is about to listen
 * @sk:		any socket, locked
 *
 * Context: any, under the socket lock.
 */
void smbsign_listener_prepare(struct sock *sk)
{
	if (!smbsign_on_port(sk) || !is_the_kernels(sk))
		return;
	sock_owned_by_me(sk);
	sk->sk_kern_sock = 1;
	forbid_fast_open(sk);
}

static bool is_unprepared(const struct sock *sk)
{
	return smbsign_on_port(sk) && is_the_kernels(sk) &&
	       (!sk->sk_kern_sock ||
		inet_csk(sk)->icsk_accept_queue.fastopenq.max_qlen);
}

/* Get a bucket's next listener that is not prepared. */
static struct sock *listener_next(struct inet_listen_hashbucket *bucket)
{
	struct hlist_nulls_node *node;
	struct sock *sk;

	spin_lock_bh(&bucket->lock);
	sk_nulls_for_each(sk, node, &bucket->nulls_head) {
		if (is_unprepared(sk) && refcount_inc_not_zero(&sk->sk_refcnt))
			goto found;
	}
	sk = NULL;
found:
	spin_unlock_bh(&bucket->lock);
	return sk;
}

/**
 * smbsign_listener_prepare_all() - prepare the sockets that listen already
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY, logged, if the connections of one cannot be recognised.
 */
int smbsign_listener_prepare_all(void)
{
	struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned int bucket;
	struct sock *sk;
	bool told;

	for (bucket = 0; bucket <= hashinfo->lhash2_mask; bucket++) {
		while ((sk = listener_next(&hashinfo->lhash2[bucket]))) {
			lock_sock(sk);
			told = sk->sk_kern_sock;
			forbid_fast_open(sk);
			release_sock(sk);
			sock_put(sk);
			if (!told) {
				pr_err("this ksmbd must be stopped before, and started after the module is loaded\n");
				return -EBUSY;
			}
		}
		cond_resched();
	}
	return 0;
}
