// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding ksmbd's sockets, guarding them, and letting them go.
 *
 * A connection is met at its change from SYN_RECV to ESTABLISHED, when nothing
 * has been queued for it yet and nobody can read from it.  If it cannot be
 * guarded then, it is shut: nothing can be read from it at all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/tracepoint.h>
#include <linux/wait_bit.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "attach.h"
#include "conn.h"
#include "grace.h"
#include "listener.h"
#include "proto.h"
#include "redirect.h"
#include "report.h"
#include "session.h"
#include "stats.h"
#include "sysctl.h"

static LIST_HEAD(conns);
static DEFINE_SPINLOCK(conns_lock);

/* Sockets that have our functions; rmmod waits for the last. */
static atomic_t sockets;

static struct tracepoint *set_state;

/*
 * Marks the socket as taken for who looks at such things (other ULPs, sockmap,
 * ss -i), and keeps our data; it is never registered, so nobody can ask for it.
 */
static struct tcp_ulp_ops ulp = {
	.name = "smbsign",
};

static bool is_ksmbds(const struct sock *sk)
{
	return sk->sk_kern_sock && smbsign_on_port(sk);
}

static void shut_out(struct sock *sk, enum smbsign_reason reason)
{
	smbsign_count(SMBSIGN_COUNT_ATTACH_FAILED);
	smbsign_count_reason(reason);
	if (smbsign_proto_install(sk, SMBSIGN_PROTO_SHUT)) {
		atomic_inc(&sockets);
		return;
	}
	/* Not TCP's own functions: whoever put others there must not pass. */
	sk->sk_shutdown |= RCV_SHUTDOWN;
	pr_err_ratelimited("a socket of ksmbd has been taken by somebody else, it is shut\n");
}

/* Bytes that have come before may have been read already. */
static bool untouched(const struct sock *sk)
{
	return !tcp_sk(sk)->bytes_received &&
	       skb_queue_empty(&sk->sk_receive_queue);
}

static void publish(struct sock *sk, struct smbsign_conn *conn)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	spin_lock_bh(&conns_lock);
	list_add_tail_rcu(&conn->node, &conns);
	conn->listed = true;
	spin_unlock_bh(&conns_lock);
	/* An urgent byte is read where it lies; else ksmbd would read past it. */
	sock_set_flag(sk, SOCK_URGINLINE);
	rcu_assign_pointer(icsk->icsk_ulp_data, conn);
	WRITE_ONCE(icsk->icsk_ulp_ops, &ulp);
	/* The context first, then what leads to it. */
	smp_store_release(&sk->sk_data_ready, smbsign_data_ready);
	atomic_inc(&sockets);
	smbsign_gauge_add(SMBSIGN_GAUGE_CONNECTIONS, 1);
	smbsign_count(SMBSIGN_COUNT_ATTACHED);
}

static void attach(struct sock *sk)
{
	struct smbsign_conn *conn;

	if (!untouched(sk)) {
		shut_out(sk, SMBSIGN_REASON_ATTACH_LATE);
		return;
	}
	conn = smbsign_conn_alloc(sk, GFP_ATOMIC | __GFP_NOWARN);
	if (!conn) {
		shut_out(sk, SMBSIGN_REASON_NO_MEMORY);
		return;
	}
	if (inet_csk(sk)->icsk_ulp_ops ||
	    !smbsign_proto_install(sk, SMBSIGN_PROTO_GUARDED)) {
		smbsign_conn_free(conn);
		shut_out(sk, SMBSIGN_REASON_ATTACH_LATE);
		return;
	}
	publish(sk, conn);
}

static void state_changed(void *unused, const struct sock *sk, int from, int to)
{
	int grace;

	if (to == TCP_LISTEN)
		smbsign_listener_prepare((struct sock *)sk);
	if (from != TCP_SYN_RECV || to != TCP_ESTABLISHED || !is_ksmbds(sk))
		return;
	grace = smbsign_grace_enter();
	attach((struct sock *)sk);
	smbsign_grace_leave(grace);
}

/**
 * smbsign_detach() - let go of a socket
 * @sk:		a socket that has our functions, locked or dying
 *
 * Context: any but hard interrupt.
 */
void smbsign_detach(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	if (!smbsign_proto_restore(sk))
		return;
	/* The reverse order of publish(). */
	if (icsk->icsk_ulp_ops == &ulp) {
		WRITE_ONCE(sk->sk_data_ready, conn->data_ready);
		WRITE_ONCE(icsk->icsk_ulp_ops, NULL);
		rcu_assign_pointer(icsk->icsk_ulp_data, NULL);
		spin_lock_bh(&conns_lock);
		list_del_rcu(&conn->node);
		conn->listed = false;
		spin_unlock_bh(&conns_lock);
		smbsign_redirect_forget(conn);
		smbsign_conn_free(conn);
		smbsign_gauge_add(SMBSIGN_GAUGE_CONNECTIONS, -1);
	}
	if (atomic_dec_and_test(&sockets))
		wake_up_var(&sockets);
}

/**
 * smbsign_attach_for_each() - show every connection
 * @seq:	where
 * @show:	how
 *
 * Context: process, inside smbsign_grace_enter().
 */
void smbsign_attach_for_each(struct seq_file *seq,
			     void (*show)(struct seq_file *seq,
					  struct smbsign_conn *conn))
{
	struct smbsign_conn *conn;

	list_for_each_entry_srcu(conn, &conns, node,
				 srcu_read_lock_held(&smbsign_grace))
		show(seq, conn);
}

/*
 * The first connection from @conn on that has not been asked at this @turn, with its
 * socket, both held.
 */
static struct smbsign_conn *to_enforce(struct smbsign_conn *conn, u32 turn)
{
	lockdep_assert_held(&conns_lock);
	list_for_each_entry_from(conn, &conns, node) {
		if (conn->enforced == turn)
			continue;
		conn->enforced = turn;
		/* On the list means not destroyed: detaching comes first. */
		if (refcount_inc_not_zero(&conn->sk->sk_refcnt)) {
			refcount_inc(&conn->users);
			return conn;
		}
	}
	return NULL;
}

/* The one behind @last, which is let go of; or behind where it was. */
static struct smbsign_conn *next_to_enforce(struct smbsign_conn *last, u32 turn)
{
	struct smbsign_conn *conn;

	spin_lock_bh(&conns_lock);
	if (last && last->listed)
		conn = last;
	else
		conn = list_first_entry(&conns, struct smbsign_conn, node);
	conn = to_enforce(conn, turn);
	spin_unlock_bh(&conns_lock);
	if (last) {
		sock_put(last->sk);
		smbsign_conn_put(last);
	}
	return conn;
}

static void enforce(struct smbsign_conn *conn,
		    const struct smbsign_policy *policy)
{
	int grace = smbsign_grace_enter();
	struct sock *sk = conn->sk;
	bool given_up = false;

	lock_sock(sk);
	if (smbsign_conn_of(sk) == conn)
		given_up = smbsign_rx_enforce(conn, policy);
	release_sock(sk);
	smbsign_grace_leave(grace);
	/* Its reader may not come for a while. */
	if (given_up)
		tcp_abort(sk, ECONNRESET);
}

/**
 * smbsign_attach_enforce() - the policy has become stricter, for all, at once
 *
 * Context: process, may sleep, under no socket lock, one at a time.
 */
void smbsign_attach_enforce(void)
{
	struct smbsign_conn *conn = NULL;
	struct smbsign_policy policy;
	static u32 turn;

	smbsign_policy_get(&policy);
	turn++;
	while ((conn = next_to_enforce(conn, turn))) {
		enforce(conn, &policy);
		cond_resched();
	}
}

/* The next connection that has the session and is not given up yet, held. */
static struct sock *next_in_session(u64 session_id)
{
	struct smbsign_conn *conn;
	struct sock *sk = NULL;

	spin_lock_bh(&conns_lock);
	list_for_each_entry(conn, &conns, node) {
		if (READ_ONCE(conn->rx.state) == SMBSIGN_RX_DEAD ||
		    !smbsign_session_is_on(conn, session_id) ||
		    !refcount_inc_not_zero(&conn->sk->sk_refcnt))
			continue;
		sk = conn->sk;
		break;
	}
	spin_unlock_bh(&conns_lock);
	return sk;
}

/**
 * smbsign_attach_kill() - give every connection of a session up
 * @session_id:	SessionId
 * @reason:	why
 *
 * Context: process, may sleep, inside smbsign_grace_enter(), under no socket lock.
 */
void smbsign_attach_kill(u64 session_id, enum smbsign_reason reason)
{
	struct smbsign_element element = {
		.command = SMB2_CMD_COUNT, .session_id = session_id,
	};
	struct smbsign_conn *conn;
	struct sock *sk;

	while ((sk = next_in_session(session_id))) {
		lock_sock(sk);
		conn = smbsign_conn_of(sk);
		if (conn) {
			smbsign_rx_kill(conn, &element, reason);
			smbsign_conn_kick(conn);
		}
		release_sock(sk);
		sock_put(sk);
	}
}

static void silence(struct sock *sk)
{
	if (smbsign_conn_of(sk) && inet_csk(sk)->icsk_ulp_ops == &ulp) {
		WRITE_ONCE(smbsign_conn_of(sk)->rx.state, SMBSIGN_RX_DEAD);
		smbsign_conn_kick(smbsign_conn_of(sk));
	}
	/* What ksmbd left for us to sign must not go out any more. */
	sk->sk_shutdown = SHUTDOWN_MASK;
}

static void empty_and_detach(struct sock *sk)
{
	__skb_queue_purge(&sk->sk_receive_queue);
	smbsign_detach(sk);
}

static void locked(struct sock *sk, void (*work)(struct sock *sk))
{
	lock_sock(sk);
	/*
	 * The end of a listener lets go of those that nobody has accepted, see
	 * smbsign_destroy(), under this lock only, whoever owns the other.
	 */
	local_bh_disable();
	bh_lock_sock(sk);
	work(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	release_sock(sk);
}

/* Cut a connection, whoever guards it; it is not ours afterwards. */
static void reset(struct sock *sk)
{
	locked(sk, silence);
	/* Nothing comes any more once it is closed, but what has come stays. */
	tcp_abort(sk, ECONNRESET);
	locked(sk, empty_and_detach);
}

static bool is_open(const struct sock *sk)
{
	return sk_fullsock(sk) && sk->sk_state != TCP_LISTEN &&
	       sk->sk_state != TCP_CLOSE;
}

/* The next connection of ksmbd in a bucket that @wanted takes, held. */
static struct sock *bucket_next(struct inet_hashinfo *hashinfo,
				unsigned int bucket,
				bool (*wanted)(const struct sock *sk))
{
	spinlock_t *lock = inet_ehash_lockp(hashinfo, bucket);
	struct hlist_nulls_node *node;
	struct sock *sk;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &hashinfo->ehash[bucket].chain) {
		if (is_open(sk) && is_ksmbds(sk) && wanted(sk) &&
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
		/* Each one leaves the bucket as it is reset. */
		while ((sk = bucket_next(hashinfo, bucket, wanted))) {
			reset(sk);
			sock_put(sk);
			count++;
		}
		cond_resched();
	}
	return count;
}

/* A net may have a table of its own (net.ipv4.tcp_child_ehash_entries). */
static unsigned int reset_all(bool (*wanted)(const struct sock *sk))
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

/* From one that is closed nobody reads, and not every kernel aborts it. */
static bool is_unguarded(const struct sock *sk)
{
	return !smbsign_proto_is_ours(sk) && !sock_flag(sk, SOCK_DEAD);
}

static struct sock *first_conn(void)
{
	struct smbsign_conn *conn;
	struct sock *sk = NULL;

	spin_lock_bh(&conns_lock);
	conn = list_first_entry_or_null(&conns, struct smbsign_conn, node);
	/* On the list means not destroyed: detaching comes first. */
	if (conn && refcount_inc_not_zero(&conn->sk->sk_refcnt))
		sk = conn->sk;
	spin_unlock_bh(&conns_lock);
	return sk;
}

/**
 * smbsign_attach_exit() - guard nothing any more; connections are reset
 *
 * Context: process, may sleep. When it returns, no socket has our functions, but
 * somebody may still be in one of them.
 */
void smbsign_attach_exit(void)
{
	struct sock *sk;

	tracepoint_probe_unregister(set_state, state_changed, NULL);
	tracepoint_synchronize_unregister();
	while ((sk = first_conn())) {
		reset(sk);
		sock_put(sk);
		cond_resched();
	}
	/* Those that were shut are on no list. */
	reset_all(smbsign_proto_is_ours);
	wait_var_event(&sockets, !atomic_read(&sockets));
}

static void find_set_state(struct tracepoint *tracepoint, void *found)
{
	if (!strcmp(tracepoint->name, "inet_sock_set_state"))
		*(struct tracepoint **)found = tracepoint;
}

/**
 * smbsign_attach_init() - guard every connection from now on
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT if the kernel has no tracepoint to meet them at, or -EBUSY if
 * they cannot be told from others, having said so.
 */
int smbsign_attach_init(void)
{
	unsigned int count;
	int ret;

	for_each_kernel_tracepoint(find_set_state, &set_state);
	if (!set_state) {
		pr_err("this kernel has no tracepoint inet_sock_set_state\n");
		return -ENOENT;
	}
	ret = tracepoint_probe_register(set_state, state_changed, NULL);
	if (ret)
		return ret;
	/* Who is about to listen, and was not met, is found by then. */
	synchronize_rcu_tasks();
	ret = smbsign_listener_prepare_all();
	if (ret) {
		smbsign_attach_exit();
		return ret;
	}
	if (smbsign_reset_existing()) {
		count = reset_all(is_unguarded);
		if (count)
			pr_info("%u connections that were there before are reset\n",
				count);
	}
	return 0;
}
