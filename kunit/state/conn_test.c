// SPDX-License-Identifier: GPL-2.0-only
/* What a connection awaits, and what its client may use. */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/ipv6.h>

#include "../failing.h"
#include "../rig.h"

#include "state/session.h"

#include "state/awaited.c"
#include "state/conn.c"
#include "state/credits.c"

#define ID	RIG_SESSION

static struct smbsign_awaited *await_one(struct kunit *test,
					 struct smbsign_conn *conn,
					 enum smbsign_awaited_kind kind,
					 u64 message_id, u64 session_id)
{
	struct smbsign_element element = {
		.message_id = message_id, .session_id = session_id,
		.security_mode = 3, .setup_flags = 1,
	};
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, &element, NULL);
	LIST_HEAD(list);

	KUNIT_ASSERT_NOT_NULL(test, awaited);
	KUNIT_EXPECT_EQ(test, 3, awaited->security_mode);
	KUNIT_EXPECT_EQ(test, 1, awaited->setup_flags);
	list_add(&awaited->node, &list);
	KUNIT_ASSERT_EQ(test, 0, smbsign_awaited_add(conn, &list));
	KUNIT_EXPECT_TRUE(test, list_empty(&list));
	return awaited;
}

static struct smbsign_awaited *answered_by(struct smbsign_conn *conn,
					   u16 command, u64 message_id,
					   u64 session_id)
{
	struct smb2_header header = {
		.command = cpu_to_le16(command),
		.message_id = cpu_to_le64(message_id),
		.session_id = cpu_to_le64(session_id),
	};
	struct smbsign_awaited *awaited;

	mutex_lock(&conn->tx.lock);
	awaited = smbsign_awaited_by(conn, &header);
	mutex_unlock(&conn->tx.lock);
	return awaited;
}

/* A response answers the request with its MessageId and of its kind. */
static void answers_which(struct kunit *test)
{
	static const struct {
		enum smbsign_awaited_kind kind;
		u64 session;
		u16 command;
		u64 message_id, answered;
		bool fits;
	} cases[] = {
		{ SMBSIGN_AWAITED_REFUSED, ID, SMB2_CMD_ECHO, 7, 0, true },
		{ SMBSIGN_AWAITED_REFUSED, ID, SMB2_CMD_READ, 7, 0, false },
		{ SMBSIGN_AWAITED_REFUSED, ID, SMB2_CMD_ECHO, 8, 0, false },
		{ SMBSIGN_AWAITED_NEGOTIATE, 0, SMB2_CMD_NEGOTIATE, 7, 0, true },
		{ SMBSIGN_AWAITED_NEGOTIATE, 0, SMB2_CMD_ECHO, 7, 0, false },
		{ SMBSIGN_AWAITED_SETUP, 0, SMB2_CMD_SESSION_SETUP, 7, ID, true },
		{ SMBSIGN_AWAITED_SETUP, ID, SMB2_CMD_SESSION_SETUP, 7, ID, true },
		{ SMBSIGN_AWAITED_SETUP, ID, SMB2_CMD_SESSION_SETUP, 7, 9, false },
		{ SMBSIGN_AWAITED_SETUP, ID, SMB2_CMD_LOGOFF, 7, ID, false },
		{ SMBSIGN_AWAITED_PROVISIONAL, ID, SMB2_CMD_READ, 7, ID, true },
		{ SMBSIGN_AWAITED_PROVISIONAL, ID, SMB2_CMD_READ, 6, ID, false },
	};
	struct smbsign_awaited *awaited, *found, *expected;
	struct smbsign_conn *conn = rig_open(test, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		awaited = await_one(test, conn, cases[i].kind, 7,
				    cases[i].session);
		expected = NULL;
		if (cases[i].fits)
			expected = awaited;
		found = answered_by(conn, cases[i].command, cases[i].message_id,
				    cases[i].answered);
		KUNIT_EXPECT_PTR_EQ_MSG(test, found, expected, "row %u", i);
		mutex_lock(&conn->tx.lock);
		smbsign_awaited_done(conn, awaited);
		mutex_unlock(&conn->tx.lock);
		KUNIT_EXPECT_EQ(test, 0U, conn->awaited_count);
	}
}

static void legs(struct kunit *test)
{
	struct smb2_header header = {
		.command = cpu_to_le16(SMB2_CMD_SESSION_SETUP),
		.message_id = cpu_to_le64(7), .session_id = cpu_to_le64(ID),
	};
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_awaited *awaited;
	u64 shown;

	KUNIT_EXPECT_FALSE(test, smbsign_awaited_leg(conn, &header, &shown));
	await_one(test, conn, SMBSIGN_AWAITED_SETUP, 7, 0);
	KUNIT_EXPECT_FALSE(test, smbsign_awaited_leg(conn, &header, &shown));
	KUNIT_EXPECT_EQ(test, 0ULL, shown);
	header.message_id = cpu_to_le64(8);
	awaited = await_one(test, conn, SMBSIGN_AWAITED_SETUP, 8, ID);
	KUNIT_EXPECT_TRUE(test, smbsign_awaited_leg(conn, &header, &shown));
	KUNIT_EXPECT_EQ(test, 0ULL, shown);
	awaited->shown = 5;
	KUNIT_EXPECT_TRUE(test, smbsign_awaited_leg(conn, &header, &shown));
	KUNIT_EXPECT_EQ(test, 5ULL, shown);
}

/* The number awaited is bounded; what does not fit is freed. */
static void bounded(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_element element = { };
	struct smbsign_awaited *awaited;
	LIST_HEAD(list);
	u32 i;

	for (i = 0; i < AWAITED_MAX - 1; i++)
		await_one(test, conn, SMBSIGN_AWAITED_SETUP, i, 0);
	for (i = 0; i < 2; i++) {
		awaited = smbsign_awaited_alloc(SMBSIGN_AWAITED_SETUP, &element,
						NULL);
		KUNIT_ASSERT_NOT_NULL(test, awaited);
		list_add(&awaited->node, &list);
	}
	KUNIT_EXPECT_EQ(test, -ENOBUFS, smbsign_awaited_add(conn, &list));
	KUNIT_EXPECT_TRUE(test, list_empty(&list));
	KUNIT_EXPECT_EQ(test, AWAITED_MAX - 1U, conn->awaited_count);
	await_one(test, conn, SMBSIGN_AWAITED_SETUP, i, 0);
	KUNIT_EXPECT_EQ(test, (u32)AWAITED_MAX, conn->awaited_count);
}

/* AES-GMAC: of those whose responses are signed early, one with a MessageId. */
static void twins(struct kunit *test)
{
	static const struct {
		enum smbsign_awaited_kind kind;
		u64 id;
		int ret;
	} cases[] = {
		{ SMBSIGN_AWAITED_UNPROVEN, 5 }, { SMBSIGN_AWAITED_UNPROVEN, 5 },
		{ SMBSIGN_AWAITED_SETUP, 5 }, { SMBSIGN_AWAITED_UNPROVEN, 5 },
		{ SMBSIGN_AWAITED_SETUP, 5, -EALREADY },
		{ SMBSIGN_AWAITED_REFUSED, 5, -EALREADY },
		{ SMBSIGN_AWAITED_REFUSED, 6 },
		{ SMBSIGN_AWAITED_REFUSED, 6, -EALREADY },
		{ SMBSIGN_AWAITED_SETUP, 6, -EALREADY },
	};
	struct smbsign_conn *conn = rig_open(test, 0), *cmac = rig_open(test, 0);
	const struct smb2_header header = { };
	struct smbsign_awaited *awaited;
	unsigned int i;
	LIST_HEAD(list);
	int wanted;

	rig_gmac(test, conn);
	smbsign_credits_repeat(conn);
	smbsign_credits_repeat(cmac);
	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct smbsign_element element = {
			.message_id = cases[i / 2].id,
		};

		wanted = i % 2 ? 0 : cases[i / 2].ret;
		awaited = smbsign_awaited_alloc(cases[i / 2].kind, &element,
						&header);
		KUNIT_ASSERT_NOT_NULL(test, awaited);
		list_add(&awaited->node, &list);
		KUNIT_EXPECT_EQ_MSG(test, wanted,
				    smbsign_awaited_add(i % 2 ? cmac : conn,
							&list),
				    "case %u", i / 2);
	}
}

static bool uses(struct smbsign_conn *conn, u64 id)
{
	bool fine;

	spin_lock_bh(&conn->lock);
	fine = smbsign_window_use(&conn->window, id, 1);
	spin_unlock_bh(&conn->lock);
	return fine;
}

/* Without memory, credits are not granted. */
static void grants(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	u32 i;

	around.allocate = 0;
	KUNIT_EXPECT_EQ(test, 0, smbsign_credits_grant(conn, 511, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_credits_grant(conn, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 512ULL, conn->window.high);
	around.allocate = -1;
	KUNIT_EXPECT_TRUE(test, uses(conn, 100));
	for (i = 512; i < 70000; i += 1000)
		KUNIT_EXPECT_EQ(test, 0, smbsign_credits_grant(conn, 1000,
							       GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, (u32)SMBSIGN_WINDOW_LARGE, conn->window.size);
	KUNIT_EXPECT_FALSE(test, uses(conn, 100));
	KUNIT_EXPECT_TRUE(test, uses(conn, 69999));
	KUNIT_EXPECT_FALSE(test, uses(conn, 69999));
}

static void unsees(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	KUNIT_EXPECT_FALSE(test, uses(conn, 5000));
	KUNIT_EXPECT_EQ(test, 0, smbsign_credits_hide(conn, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, (u32)SMBSIGN_WINDOW_UNSEEN, conn->window.size);
	KUNIT_EXPECT_TRUE(test, uses(conn, 5000));
	KUNIT_EXPECT_FALSE(test, uses(conn, 5000));

	conn = rig_open(test, 0);
	around.allocate = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_credits_hide(conn, GFP_KERNEL));
	around.allocate = -1;
}

static int use_hidden_by(struct smbsign_conn *conn, u16 command, u64 id,
			 u16 charge)
{
	const struct smbsign_element element = {
		.command = command, .message_id = id, .credit_charge = charge,
	};

	conn->facts.multi_credit = true;
	return smbsign_credits_use_hidden(conn, &element);
}

static int use_hidden(struct smbsign_conn *conn, u64 id, u16 charge)
{
	return use_hidden_by(conn, SMB2_CMD_READ, id, charge);
}

/* Encrypted requests use their ids late, and the window grows for that. */
static void uses_decrypted(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	KUNIT_EXPECT_EQ(test, 0, smbsign_credits_hide(conn, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, use_hidden(conn, 5, 1));
	KUNIT_EXPECT_EQ(test, -EALREADY, use_hidden(conn, 5, 1));
	KUNIT_EXPECT_EQ(test, -EALREADY, use_hidden(conn, 4, 2));
	KUNIT_EXPECT_FALSE(test, uses(conn, 5));
	KUNIT_EXPECT_EQ(test, 0, use_hidden(conn, 20000, 1));
	KUNIT_EXPECT_LT(test, 20000U, conn->window.size);
	/* The overtaken ids still come, once. */
	KUNIT_EXPECT_EQ(test, 0, use_hidden(conn, 6, 3));
	KUNIT_EXPECT_EQ(test, -EALREADY, use_hidden(conn, 8, 1));
	KUNIT_EXPECT_EQ(test, -EALREADY, use_hidden(conn, 20000, 1));
	KUNIT_EXPECT_EQ(test, -EALREADY, use_hidden(conn, ~0ULL, 1));
	around.allocate = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM, use_hidden(conn, 60000, 1));
	/* CANCEL has another request's id, and uses none of its own. */
	KUNIT_EXPECT_EQ(test, 0, use_hidden_by(conn, SMB2_CMD_CANCEL, 60000, 1));
	KUNIT_EXPECT_EQ(test, 0, use_hidden_by(conn, SMB2_CMD_CANCEL, 5, 1));
	KUNIT_EXPECT_EQ(test, 0, use_hidden_by(conn, SMB2_CMD_CANCEL, 9, 1));
	around.allocate = -1;
	KUNIT_EXPECT_EQ(test, 0, use_hidden(conn, 9, 1));
	KUNIT_EXPECT_EQ(test, 0, use_hidden(conn, 60000, 1));
}

static void peers(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	union smbsign_peer peer = { };
	struct sockaddr_in *in = &peer.in;
	struct sock *sk = conn->sk;

	inet_sk(sk)->inet_daddr = htonl(0x7f000002);
	inet_sk(sk)->inet_dport = htons(4242);
	peer_of(sk, &peer);
	KUNIT_EXPECT_EQ(test, AF_INET, in->sin_family);
	KUNIT_EXPECT_EQ(test, 0x7f000002U, ntohl(in->sin_addr.s_addr));
	KUNIT_EXPECT_EQ(test, 4242, ntohs(in->sin_port));
#if IS_ENABLED(CONFIG_IPV6)
	struct sockaddr_in6 *in6 = &peer.in6;

	/* An IPv4 client of an IPv6 listener is shown as IPv4. */
	sk->sk_family = AF_INET6;
	ipv6_addr_set_v4mapped(htonl(0x7f000002), &sk->sk_v6_daddr);
	peer_of(sk, &peer);
	KUNIT_EXPECT_EQ(test, AF_INET, peer.any.sa_family);
	sk->sk_v6_daddr = in6addr_loopback;
	peer_of(sk, &peer);
	KUNIT_EXPECT_EQ(test, AF_INET6, in6->sin6_family);
	KUNIT_EXPECT_EQ(test, 4242, ntohs(in6->sin6_port));
	KUNIT_EXPECT_MEMEQ(test, &in6->sin6_addr, &in6addr_loopback,
			   sizeof(in6addr_loopback));
	sk->sk_family = AF_INET;
#endif
}

#define LENGTH	100

static bool takes(struct smbsign_conn *conn, const struct smb2_header *header)
{
	u8 signature[SMB2_SIGNATURE_SIZE] = { };

	return smbsign_credits_take_verified(conn, header, LENGTH, 1,
					     signature) &&
	       signature[0] == 'w';
}

static void note(struct smbsign_conn *conn, u16 command, u64 id, u8 value)
{
	const struct smbsign_element element = {
		.command = command, .message_id = id, .length = LENGTH,
	};
	u8 signature[SMB2_SIGNATURE_SIZE];

	memset(signature, value, sizeof(signature));
	smbsign_credits_verified(conn, &element, 1, signature);
}

/* CANCEL has another request's MessageId, and a response is no request. */
static void verified(struct kunit *test)
{
	struct smb2_header header = { .message_id = cpu_to_le64(5) };
	struct smbsign_conn *conn = rig_open(test, 0);

	note(conn, SMB2_CMD_WRITE, 5, 'w');
	note(conn, SMB2_CMD_CANCEL, 5, 'c');

	header.command = cpu_to_le16(SMB2_CMD_CANCEL);
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));
	header.command = cpu_to_le16(SMB2_CMD_WRITE);
	header.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR);
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));
	header.flags = 0;
	KUNIT_EXPECT_TRUE(test, takes(conn, &header));
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));

	note(conn, SMB2_CMD_WRITE, 5, 'w');
	smbsign_credits_repeat(conn);
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));
}

/* Only where each MessageId has passed once. */
static void ahead(struct kunit *test)
{
	struct smb2_header header = {
		.message_id = cpu_to_le64(5), .signature = "a signature",
	};
	struct smbsign_conn *conn = rig_open(test, 0);

	KUNIT_EXPECT_TRUE(test, smbsign_credits_may_sign_ahead(conn, &header));
	KUNIT_EXPECT_FALSE(test, smbsign_credits_is_signed(conn, &header, LENGTH,
							   1));
	smbsign_credits_signed_ahead(conn, &header, LENGTH, 1, header.signature);
	/* It is no request that ksmbd may take for verified. */
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));
	KUNIT_EXPECT_TRUE(test, smbsign_credits_is_signed(conn, &header, LENGTH,
							  1));
	KUNIT_EXPECT_FALSE(test, smbsign_credits_is_signed(conn, &header, LENGTH,
							   1));
	smbsign_credits_repeat(conn);
	KUNIT_EXPECT_FALSE(test, smbsign_credits_may_sign_ahead(conn, &header));

	conn = rig_open(test, 0);
	rig_gmac(test, conn);
	KUNIT_EXPECT_FALSE(test, smbsign_credits_may_sign_ahead(conn, &header));
	smbsign_due_add(conn->due, 5);
	KUNIT_EXPECT_TRUE(test, smbsign_credits_may_sign_ahead(conn, &header));
	/* Nobody would free it. */
	smbsign_session_drop_all(conn);
	smbsign_credits_signed_ahead(conn, &header, LENGTH, 1, header.signature);
	KUNIT_EXPECT_NULL(test, conn->ahead.entry);
}

/* Room for as many as a client has under way, only of those ksmbd checks. */
static void verified_many(struct kunit *test)
{
	struct smb2_header header = { .command = cpu_to_le16(SMB2_CMD_READ) };
	struct smbsign_conn *conn = rig_open(test, 0);
	unsigned int taken, round;
	u64 id;

	for (id = 0; id < 1000; id++)
		note(conn, SMB2_CMD_ECHO, id, 'e');
	KUNIT_EXPECT_NULL(test, conn->verified.entry);
	for (round = 0; round < 8; round++) {
		taken = 0;
		for (id = 0; id < 100; id++)
			note(conn, SMB2_CMD_READ, id, 'w');
		for (id = 0; id < 100; id++) {
			header.message_id = cpu_to_le64(id);
			taken += takes(conn, &header);
		}
	}
	KUNIT_EXPECT_EQ(test, 100, taken);
	/* It grows no further. */
	for (id = 0; id < 10000; id++)
		note(conn, SMB2_CMD_READ, id, 'w');
	KUNIT_EXPECT_EQ(test, SMBSIGN_VERIFIED_BITS_MAX, conn->verified.bits);
}

static void no_memory(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_element element = { };

	around.allocate = 0;
	KUNIT_EXPECT_NULL(test, smbsign_conn_alloc(conn->sk, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, smbsign_awaited_alloc(SMBSIGN_AWAITED_SETUP,
						      &element, NULL));
	/* What cannot be kept is computed again. */
	smbsign_credits_verified(conn, &element, 1, conn->gate.request.signature);
	KUNIT_EXPECT_NULL(test, conn->verified.entry);
	around.allocate = -1;
}

/* A late look at a connection finds it empty. */
static void nothing_is_kept(struct kunit *test)
{
	struct smb2_header header = {
		.command = cpu_to_le16(SMB2_CMD_WRITE),
		.message_id = cpu_to_le64(5),
	};
	struct smbsign_conn *conn = rig_open(test, 0);
	int grace = smbsign_grace_enter();

	await_one(test, conn, SMBSIGN_AWAITED_REFUSED, 7, ID);
	KUNIT_EXPECT_EQ(test, 0, smbsign_credits_grant(conn, 2000, GFP_KERNEL));
	note(conn, SMB2_CMD_WRITE, 5, 'w');
	conn->gate.substitute = kzalloc(sizeof(*conn->gate.substitute), GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_FREEING]);
	rig_close(test, conn);

	KUNIT_EXPECT_TRUE(test, list_empty(&conn->awaited));
	KUNIT_EXPECT_EQ(test, 0U, conn->awaited_count);
	KUNIT_EXPECT_PTR_EQ(test, conn->window.used,
			    (unsigned long *)conn->window.small);
	KUNIT_EXPECT_NULL(test, conn->verified.entry);
	KUNIT_EXPECT_NULL(test, conn->gate.substitute);
	KUNIT_EXPECT_FALSE(test, takes(conn, &header));
	KUNIT_EXPECT_EQ(test, 1L, around.gauges[SMBSIGN_GAUGE_FREEING]);
	KUNIT_EXPECT_EQ(test, (long)sizeof(*conn),
			around.gauges[SMBSIGN_GAUGE_FREEING_BYTES]);
	smbsign_grace_leave(grace);
	surroundings_drain();
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_FREEING]);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_FREEING_BYTES]);
}

/* A reference keeps the connection and its contents without a section. */
static void held(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0), *found;
	struct sock *sk = conn->sk;

	await_one(test, conn, SMBSIGN_AWAITED_REFUSED, 7, ID);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, conn);
	found = smbsign_conn_get(sk);
	KUNIT_EXPECT_PTR_EQ(test, conn, found);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	KUNIT_EXPECT_NULL(test, smbsign_conn_get(sk));
	rig_close(test, conn);
	surroundings_drain();
	KUNIT_EXPECT_TRUE(test, conn->closed);
	KUNIT_EXPECT_EQ(test, 1U, conn->awaited_count);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_FREEING]);
	smbsign_conn_put(conn);
	KUNIT_EXPECT_EQ(test, 1L, around.gauges[SMBSIGN_GAUGE_FREEING]);
}

/* Requests for new sessions count, and sessions that are in progress. */
static void setups(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_awaited *awaited;
	int ret;
	u32 i;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	for (i = 0; i < SETUPS_MAX / 2; i++) {
		ret = rig_response(conn, 0, 100 + i,
				   SMB2_STATUS_MORE_PROCESSING_REQUIRED);
		KUNIT_EXPECT_EQ(test, 0, ret);
	}
	/* The next leg of a session adds none. */
	await_one(test, conn, SMBSIGN_AWAITED_SETUP, 1, 100);
	await_one(test, conn, SMBSIGN_AWAITED_REFUSED, 2, 0);
	for (; i < SETUPS_MAX; i++) {
		KUNIT_EXPECT_FALSE(test, smbsign_awaited_setups_full(conn));
		awaited = await_one(test, conn, SMBSIGN_AWAITED_SETUP, i, 0);
	}
	KUNIT_EXPECT_TRUE(test, smbsign_awaited_setups_full(conn));
	mutex_lock(&conn->tx.lock);
	smbsign_awaited_done(conn, awaited);
	mutex_unlock(&conn->tx.lock);
	KUNIT_EXPECT_FALSE(test, smbsign_awaited_setups_full(conn));
}

static struct kunit_case conn_cases[] = {
	KUNIT_CASE(nothing_is_kept),
	KUNIT_CASE(held),
	KUNIT_CASE(setups),
	KUNIT_CASE(answers_which),
	KUNIT_CASE(legs),
	KUNIT_CASE(bounded),
	KUNIT_CASE(twins),
	KUNIT_CASE(grants),
	KUNIT_CASE(unsees),
	KUNIT_CASE(uses_decrypted),
	KUNIT_CASE(peers),
	KUNIT_CASE(verified),
	KUNIT_CASE(ahead),
	KUNIT_CASE(verified_many),
	KUNIT_CASE(no_memory),
	{}
};

static struct kunit_suite conn_suite = {
	.name = "smbsign_conn",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = conn_cases,
};

kunit_test_suite(conn_suite);
