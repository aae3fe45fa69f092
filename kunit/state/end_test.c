// SPDX-License-Identifier: GPL-2.0-only
/* How a socket becomes ours and its own again, who is found, and who is cut. */
#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "../rig.h"

#include "state/end.c"
#include "state/guard.c"
#include "state/registry.c"

#define ID	RIG_SESSION

static const u8 session_key[SMB2_KEY_SIZE] = "the session key";

static unsigned int fills;

static void fill_table(struct proto *table, enum smbsign_guard_kind kind)
{
	fills++;
	table->owner = NULL;
	snprintf(table->name, sizeof(table->name), "kind %d", kind);
}

static void our_data_ready(struct sock *sk)
{
}

static const struct smbsign_guard_functions functions = {
	.fill = fill_table,
	.data_ready = our_data_ready,
};

static void close_socket(void *socket)
{
	sock_release(socket);
}

static struct sock *open_socket(struct kunit *test)
{
	struct socket *socket;

	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, AF_INET,
						  SOCK_STREAM, IPPROTO_TCP,
						  &socket));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, close_socket, socket));
	return socket->sk;
}

static bool install(struct sock *sk, enum smbsign_guard_kind kind)
{
	bool installed;

	lock_sock(sk);
	installed = smbsign_guard_install(sk, kind, &functions);
	release_sock(sk);
	return installed;
}

/* As socket/attach.c does. */
static struct smbsign_conn *attach_to(struct kunit *test, struct sock *sk)
{
	struct smbsign_conn *conn = smbsign_conn_alloc(sk, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_ASSERT_TRUE(test, install(sk, SMBSIGN_GUARD_CONN));
	smbsign_registry_add(conn);
	lock_sock(sk);
	smbsign_guard_publish(conn, &functions);
	release_sock(sk);
	smbsign_gauge_add(SMBSIGN_GAUGE_CONNECTIONS, 1);
	return conn;
}

static void detach(struct sock *sk)
{
	lock_sock(sk);
	smbsign_end_detach(sk);
	release_sock(sk);
}

/* What is put in place of TCP's own is TCP's own again afterwards. */
static void guarded(struct kunit *test)
{
	struct sock *sk = open_socket(test);
	void (*data_ready)(struct sock *sk) = sk->sk_data_ready;
	struct proto *base = sk->sk_prot;
	struct smbsign_conn *conn = attach_to(test, sk);

	KUNIT_EXPECT_STREQ(test, "kind 0", sk->sk_prot->name);
	KUNIT_EXPECT_PTR_EQ(test, base->sendmsg, sk->sk_prot->sendmsg);
	KUNIT_EXPECT_PTR_EQ(test, conn, smbsign_conn_of(sk));
	KUNIT_EXPECT_PTR_EQ(test, &our_data_ready, sk->sk_data_ready);
	KUNIT_EXPECT_STREQ(test, "smbsign", inet_csk(sk)->icsk_ulp_ops->name);
	KUNIT_EXPECT_TRUE(test, sock_flag(sk, SOCK_URGINLINE));
	KUNIT_EXPECT_TRUE(test, smbsign_guard_is_ours(sk));
	KUNIT_EXPECT_TRUE(test, smbsign_guard_has_conn(sk));
	/* The reader, who is still there, finds out. */
	refcount_inc(&conn->users);
	detach(sk);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_GONE, conn->life);
	KUNIT_EXPECT_TRUE(test, conn->closed);
	smbsign_conn_put(conn);
	KUNIT_EXPECT_PTR_EQ(test, base, sk->sk_prot);
	KUNIT_EXPECT_PTR_EQ(test, data_ready, sk->sk_data_ready);
	KUNIT_EXPECT_NULL(test, inet_csk(sk)->icsk_ulp_ops);
	KUNIT_EXPECT_NULL(test, smbsign_conn_of(sk));
	KUNIT_EXPECT_FALSE(test, smbsign_guard_is_ours(sk));
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_CONNECTIONS]);
	/* Once. */
	detach(sk);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_CONNECTIONS]);
	smbsign_guard_wait();
}

/* One that is shut has functions of ours, and nothing else. */
static void shut(struct kunit *test)
{
	struct sock *sk = open_socket(test);
	struct proto *base = sk->sk_prot;

	KUNIT_ASSERT_TRUE(test, install(sk, SMBSIGN_GUARD_SHUT));
	KUNIT_EXPECT_STREQ(test, "kind 1", sk->sk_prot->name);
	KUNIT_EXPECT_TRUE(test, smbsign_guard_is_ours(sk));
	KUNIT_EXPECT_FALSE(test, smbsign_guard_has_conn(sk));
	/* The tables are filled once. */
	KUNIT_EXPECT_EQ(test, (unsigned int)SMBSIGN_GUARD_KINDS, fills);
	detach(sk);
	KUNIT_EXPECT_PTR_EQ(test, base, sk->sk_prot);
	smbsign_guard_wait();
}

/* Where somebody else's functions are, ours must not go on top. */
static void taken(struct kunit *test)
{
	struct sock *sk = open_socket(test);
	struct proto *base = sk->sk_prot, other = *base;

	WRITE_ONCE(sk->sk_prot, &other);
	KUNIT_EXPECT_FALSE(test, install(sk, SMBSIGN_GUARD_CONN));
	KUNIT_EXPECT_PTR_EQ(test, &other, sk->sk_prot);
	KUNIT_EXPECT_FALSE(test, smbsign_guard_is_ours(sk));
	detach(sk);
	KUNIT_EXPECT_PTR_EQ(test, &other, sk->sk_prot);
	WRITE_ONCE(sk->sk_prot, base);
}

static struct smbsign_conn *named(const void *name)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_registry_named(name);

	smbsign_grace_leave(grace);
	return conn;
}

/* ksmbd's name for a connection is the first one, for as long as it lives. */
static void names(struct kunit *test)
{
	struct sock *sk = open_socket(test);
	struct smbsign_conn *conn = attach_to(test, sk);
	int first, second;

	smbsign_registry_name(conn, NULL);
	KUNIT_EXPECT_NULL(test, named(NULL));
	smbsign_registry_name(conn, &first);
	smbsign_registry_name(conn, &second);
	KUNIT_EXPECT_PTR_EQ(test, conn, named(&first));
	KUNIT_EXPECT_NULL(test, named(&second));
	refcount_inc(&conn->users);
	detach(sk);
	KUNIT_EXPECT_NULL(test, named(&first));
	/* It has ended: no name leads to it any more. */
	conn->ksmbd_conn = NULL;
	smbsign_registry_name(conn, &second);
	KUNIT_EXPECT_NULL(test, named(&second));
	smbsign_conn_put(conn);
}

/* A walk meets each connection once, also where one ends on the way. */
static void walk(struct kunit *test)
{
	struct smbsign_conn *conn[3], *at;
	struct sock *sk[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sk); i++) {
		sk[i] = open_socket(test);
		conn[i] = attach_to(test, sk[i]);
	}
	for (i = 0, at = NULL; (at = smbsign_registry_walk(at, 1)); i++) {
		KUNIT_ASSERT_LT(test, i, (unsigned int)ARRAY_SIZE(sk));
		KUNIT_EXPECT_PTR_EQ(test, conn[i], at);
		KUNIT_EXPECT_EQ(test, 2U, refcount_read(&at->users));
	}
	KUNIT_EXPECT_EQ(test, 3U, i);
	at = smbsign_registry_walk(NULL, 2);
	KUNIT_EXPECT_PTR_EQ(test, conn[0], at);
	detach(sk[0]);
	at = smbsign_registry_walk(at, 2);
	KUNIT_EXPECT_PTR_EQ(test, conn[1], at);
	detach(sk[2]);
	KUNIT_EXPECT_NULL(test, smbsign_registry_walk(at, 2));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&conn[1]->users));
	detach(sk[1]);
	KUNIT_EXPECT_NULL(test, smbsign_registry_walk(NULL, 3));
	KUNIT_EXPECT_NULL(test, smbsign_registry_find(NULL, 0));
}

/* To cut is reported once, and what has ended for its reader can still be cut. */
static void cut(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	int kick = atomic_read(&conn->kick);

	smbsign_end_eof(conn);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_EOF, conn->life);
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
	smbsign_end_cut_now(conn, SMBSIGN_REASON_SHORT_WRITE);
	smbsign_end_cut_now(conn, SMBSIGN_REASON_NO_MEMORY);
	smbsign_end_eof(conn);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_SHORT_WRITE, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_OUTCOME_RESET, around.report);
	KUNIT_EXPECT_EQ(test, kick + 4, atomic_read(&conn->kick));
}

/* Every connection of a session is cut, and no other. */
static void cut_session(struct kunit *test)
{
	struct smbsign_conn *conn[2];
	struct sock *sk[2];
	unsigned int i;
	int grace;

	for (i = 0; i < ARRAY_SIZE(sk); i++) {
		sk[i] = open_socket(test);
		conn[i] = attach_to(test, sk[i]);
		rig_negotiate(conn[i], SMB2_DIALECT_300, true);
	}
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn[1], ID, session_key));
	grace = smbsign_grace_enter();
	smbsign_end_cut_session(ID + 1, SMBSIGN_REASON_NO_MEMORY);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn[1]->life);
	smbsign_end_cut_session(ID, SMBSIGN_REASON_ENCRYPTED_FOR_ANOTHER);
	smbsign_grace_leave(grace);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn[0]->life);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn[1]->life);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_ENCRYPTED_FOR_ANOTHER,
			around.reason);
	for (i = 0; i < ARRAY_SIZE(sk); i++)
		detach(sk[i]);
}

/* At rmmod: nothing is left, of ours or to be read. */
static void reset_everything(struct kunit *test)
{
	struct sock *sk = open_socket(test);
	struct proto *base = sk->sk_prot;
	struct sk_buff *skb = alloc_skb(16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	attach_to(test, sk);
	skb_queue_tail(&sk->sk_receive_queue, skb);
	smbsign_end_reset_all();
	KUNIT_EXPECT_PTR_EQ(test, base, sk->sk_prot);
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&sk->sk_receive_queue));
	KUNIT_EXPECT_EQ(test, (u8)SHUTDOWN_MASK, sk->sk_shutdown);
	smbsign_guard_wait();
}

static struct kunit_case end_cases[] = {
	KUNIT_CASE(guarded),
	KUNIT_CASE(shut),
	KUNIT_CASE(taken),
	KUNIT_CASE(names),
	KUNIT_CASE(walk),
	KUNIT_CASE(cut),
	KUNIT_CASE(cut_session),
	KUNIT_CASE(reset_everything),
	{}
};

static struct kunit_suite end_suite = {
	.name = "smbsign_end",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = end_cases,
};

kunit_test_suite(end_suite);
