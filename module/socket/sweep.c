// SPDX-License-Identifier: GPL-2.0-only
/*
 * Searches TCP's tables for connections of ksmbd that are on no list, and
 * resets them: those from before smbsign was loaded, and those that were shut.
 */
#include <linux/rtnetlink.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "socket/listener.h"
#include "socket/sweep.h"
#include "state/end.h"
#include "state/guard.h"

static bool is_open(const struct sock *sk)
{
	return sk_fullsock(sk) && sk->sk_state != TCP_LISTEN &&
	       sk->sk_state != TCP_CLOSE;
}

/* Get a bucket's next connection of ksmbd that @wanted accepts. */
static struct sock *bucket_next(struct inet_hashinfo *hashinfo,
				unsigned int bucket,
				bool (*wanted)(const struct sock *sk))
{
	spinlock_t *lock = inet_ehash_lockp(hashinfo, bucket);
	struct hlist_nulls_node *node;
	struct sock *sk;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &hashinfo->ehash[bucket].chain) {
		if (is_open(sk) && smbsign_is_ksmbds(sk) && wanted(sk) &&
		    refcount_inc_not_zero(&sk->sk_refcnt))
			goto found;
	}
	sk = NULL;
found:
	spin_unlock_bh(lock);
	return sk;
}

static unsigned int reset_table(struct inet_hashinfo *hashinfo,
				bool (*wanted)(const struct sock *sk))
{
	unsigned int bucket, count = 0;
	struct sock *sk;

	for (bucket = 0; bucket <= hashinfo->ehash_mask; bucket++) {
		/* A connection leaves the bucket when it is reset. */
		while ((sk = bucket_next(hashinfo, bucket, wanted))) {
			smbsign_end_reset(sk);
			sock_put(sk);
			count++;
		}
		cond_resched();
	}
	return count;
}

/* A net can have its own table (net.ipv4.tcp_child_ehash_entries). */
static unsigned int sweep_all(bool (*wanted)(const struct sock *sk))
{
	struct inet_hashinfo *shared = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned int count = reset_table(shared, wanted);
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (net->ipv4.tcp_death_row.hashinfo != shared)
			count += reset_table(net->ipv4.tcp_death_row.hashinfo,
					     wanted);
	}
	up_read(&net_rwsem);
	return count;
}

/* Nobody reads from a closed socket, and not every kernel can abort it. */
static bool is_unguarded(const struct sock *sk)
{
	return !smbsign_guard_is_ours(sk) && !sock_flag(sk, SOCK_DEAD);
}

/**
 * smbsign_sweep_unguarded() - reset all unguarded connections
 *
 * Context: process, may sleep.
 * Return: their number.
 */
unsigned int smbsign_sweep_unguarded(void)
{
	return sweep_all(is_unguarded);
}

/**
 * smbsign_sweep_ours() - reset all connections with our functions
 *
 * Context: process, may sleep.
 */
void smbsign_sweep_ours(void)
{
	sweep_all(smbsign_guard_is_ours);
}
