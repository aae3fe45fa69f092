// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds ksmbd's connections, and guards them.
 *
 * A connection is found when it changes from SYN_RECV to ESTABLISHED.  At that
 * moment no data is queued for it yet, and nobody can read from it.  If it
 * cannot be guarded then, it is shut: nothing can be read from it at all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rcupdate.h>
#include <linux/tracepoint.h>
#include <net/tcp.h>

#include "admin/exceptions.h"
#include "admin/sysctl.h"
#include "base/count.h"
#include "base/grace.h"
#include "gate/ahead.h"
#include "socket/attach.h"
#include "socket/listener.h"
#include "socket/proto.h"
#include "socket/sweep.h"
#include "state/conn.h"
#include "state/end.h"
#include "state/guard.h"
#include "state/registry.h"

static struct tracepoint *set_state;

static void shut_out(struct sock *sk, enum smbsign_reason reason)
{
	smbsign_count(SMBSIGN_COUNT_ATTACH_FAILED);
	smbsign_count_reason(reason);
	if (smbsign_guard_install(sk, SMBSIGN_GUARD_SHUT,
				  &smbsign_proto_functions))
		return;
	/*
	 * Somebody else's functions are in place: they must not get at the
	 * data.
	 */
	sk->sk_shutdown |= RCV_SHUTDOWN;
	pr_err_ratelimited("a socket of ksmbd has been taken by somebody else, it is shut\n");
}

/* If bytes have arrived before, somebody may have read them. */
static bool is_untouched(const struct sock *sk)
{
	return !tcp_sk(sk)->bytes_received &&
	       skb_queue_empty(&sk->sk_receive_queue);
}

static void attach_socket(struct sock *sk)
{
	struct smbsign_conn *conn;

	if (!is_untouched(sk)) {
		shut_out(sk, SMBSIGN_REASON_ATTACH_LATE);
		return;
	}
	conn = smbsign_conn_alloc(sk, GFP_ATOMIC | __GFP_NOWARN);
	if (!conn) {
		shut_out(sk, SMBSIGN_REASON_NO_MEMORY);
		return;
	}
	smbsign_ahead_prepare(conn);
	if (inet_csk(sk)->icsk_ulp_ops ||
	    !smbsign_guard_install(sk, SMBSIGN_GUARD_CONN,
				   &smbsign_proto_functions)) {
		smbsign_conn_put(conn);
		shut_out(sk, SMBSIGN_REASON_ATTACH_LATE);
		return;
	}
	smbsign_registry_add(conn);
	/* A list that comes later is applied to all that are registered. */
	smbsign_exceptions_apply(conn);
	smbsign_guard_publish(conn, &smbsign_proto_functions);
	smbsign_gauge_add(SMBSIGN_GAUGE_CONNECTIONS, 1);
	smbsign_count(SMBSIGN_COUNT_ATTACHED);
}

static void state_changed(void *unused, const struct sock *sk, int from, int to)
{
	int grace;

	if (to == TCP_LISTEN)
		smbsign_listener_prepare((struct sock *)sk);
	if (from != TCP_SYN_RECV || to != TCP_ESTABLISHED || !smbsign_is_ksmbds(sk))
		return;
	grace = smbsign_grace_enter();
	attach_socket((struct sock *)sk);
	smbsign_grace_leave(grace);
}

/**
 * smbsign_attach_exit() - stop guarding, and reset all guarded connections
 *
 * Context: process, may sleep. When it returns, no socket has our functions,
 * but code may still run in one of them.
 */
void smbsign_attach_exit(void)
{
	tracepoint_probe_unregister(set_state, state_changed, NULL);
	tracepoint_synchronize_unregister();
	smbsign_end_reset_all();
	/* Those that were shut are on no list. */
	smbsign_sweep_ours();
	smbsign_guard_wait();
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
 * Return: 0; -ENOENT if the kernel lacks the tracepoint, or -EBUSY if ksmbd's
 * connections cannot be told from others; both are logged.
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
	/* A listener that the probe has missed is in the table after this. */
	synchronize_rcu_tasks();
	ret = smbsign_listener_prepare_all();
	if (ret) {
		smbsign_attach_exit();
		return ret;
	}
	if (smbsign_reset_existing()) {
		count = smbsign_sweep_unguarded();
		if (count)
			pr_info("%u connections that were there before are reset\n",
				count);
	}
	return 0;
}
