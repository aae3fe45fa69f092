// SPDX-License-Identifier: GPL-2.0-only
/* Which responses are signed, and with whose key. */
#include <linux/slab.h>
#include <linux/uio.h>

#include "../rig.h"

#include "base/grace.h"
#include "wire/response.h"
#include "state/credits.h"
#include "state/session.h"
#include "gate/setup.h"
#include "gate/sign.h"
#include "admin/sysctl.h"

#define ID	RIG_SESSION

static const u8 key_a[SMB2_KEY_SIZE] = "the first key";
static const u8 key_b[SMB2_KEY_SIZE] = "another key";
/* What ksmbd has left where the signature goes. */
static const u8 said_signature = 0x5a;

/**
 * struct message - a message of ksmbd
 * @unused:	aligns the header
 * @nbss:	NBSS header
 * @header:	of its response
 * @body:	the rest of the response
 */
struct message {
	u8			unused[SMB2_NBSS_SIZE];
	u8			nbss[SMB2_NBSS_SIZE];
	struct smb2_header	header;
	u8			body[9];
} __packed;

#define MESSAGE_ID	7
#define LENGTH	(sizeof(struct message) - 2 * SMB2_NBSS_SIZE)

enum made {
	UNTOUCHED,	/* it is unchanged */
	DISCLAIMED,	/* SIGNED was cleared */
	RIGHT,		/* it is signed with the key */
	WRONG,
};

/* What signatures are made with, and the Status of ksmbd's responses. */
static u16 algorithm;
static u32 status;

static bool is_right(const struct message *message, const u8 *raw)
{
	struct smbsign_key *key = smbsign_key_alloc(algorithm, raw);
	struct message copy = *message;
	u8 expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_mac mac = { };

	memset(copy.header.signature, 0, sizeof(copy.header.signature));
	return !IS_ERR(key) && !smbsign_mac_begin(&mac, key, &copy.header) &&
	       !smbsign_mac_update(&mac, (u8 *)&copy.header, LENGTH) &&
	       !smbsign_mac_end(&mac, expected) &&
	       !memcmp(expected, message->header.signature, sizeof(expected));
}

static void fill(struct message *message, u16 command, u32 status, u32 flags)
{
	*message = (struct message) {
		.header = {
			.protocol_id = SMB2_PROTOCOL_ID,
			.structure_size = cpu_to_le16(sizeof(message->header)),
			.command = cpu_to_le16(command),
			.status = cpu_to_le32(status),
			.flags = cpu_to_le32(flags | SMB2_FLAG_SERVER_TO_REDIR),
			.message_id = cpu_to_le64(MESSAGE_ID),
			.session_id = cpu_to_le64(ID),
		},
		.nbss[3] = LENGTH,
	};
	fill_pattern(message->body, sizeof(message->body));
}

static enum made made_of(const struct message *before,
			 const struct message *after, const u8 *raw)
{
	if (!memcmp(before, after, sizeof(*after)))
		return UNTOUCHED;
	if (!(after->header.flags & cpu_to_le32(SMB2_FLAG_SIGNED)))
		return memchr_inv(after->header.signature, 0,
				  sizeof(after->header.signature)) ? WRONG :
								     DISCLAIMED;
	return is_right(after, raw) ? RIGHT : WRONG;
}

/* ksmbd writes a response, with or without SIGNED. */
static enum made respond(struct kunit *test, struct smbsign_conn *conn,
			 u64 shown, bool said)
{
	struct smbsign_response response;
	struct smbsign_policy policy;
	struct message message, before;
	struct kvec vec = {
		.iov_base = message.nbss, .iov_len = SMB2_NBSS_SIZE + LENGTH,
	};
	struct msghdr msg = { };
	int grace;

	fill(&message, SMB2_CMD_LOGOFF, status, said ? SMB2_FLAG_SIGNED : 0);
	if (said)
		memset(message.header.signature, said_signature,
		       SMB2_SIGNATURE_SIZE);
	before = message;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_TRUE(test, smbsign_response_first(&response, &msg, LENGTH));
	smbsign_policy_get(conn, &policy);
	mutex_lock(&conn->tx.lock);
	grace = smbsign_grace_enter();
	KUNIT_EXPECT_EQ(test, 0,
			smbsign_sign_response(conn, &policy, &response, ID, shown,
					      false));
	smbsign_grace_leave(grace);
	mutex_unlock(&conn->tx.lock);
	return made_of(&before, &message, key_a);
}

/* We write an error in place of the answer. */
static enum made refuse(struct kunit *test, struct smbsign_conn *conn, u64 shown)
{
	struct message message, before;
	int grace = smbsign_grace_enter();

	fill(&message, SMB2_CMD_READ, SMB2_STATUS_ACCESS_DENIED, 0);
	before = message;
	KUNIT_EXPECT_EQ(test, 0,
			smbsign_sign_whole(conn, NULL, &message.header, LENGTH, ID,
					   shown));
	smbsign_grace_leave(grace);
	return made_of(&before, &message, key_a);
}

static struct smbsign_conn *authenticated(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 1, key_b));
	return conn;
}

/* Answers to requests that passed have the session's signature, to its end. */
static void at_gate(struct kunit *test)
{
	struct smbsign_conn *conn = authenticated(test);
	struct smbsign_conn *other = rig_open(test, 0);
	const u64 gate = SMBSIGN_SHOWN_AT_GATE;

	rig_negotiate(other, SMB2_DIALECT_300, true);
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, conn, gate, false));
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, conn, gate, true));
	/* Another connection cannot use its key. */
	KUNIT_EXPECT_EQ(test, UNTOUCHED, respond(test, other, gate, false));
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, other, gate, true));
	/* The answer to LOGOFF may leave after the session's end. */
	rig_end(ID);
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, conn, gate, false));
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, conn, gate, true));
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, other, gate, true));
	KUNIT_EXPECT_EQ(test, 4U, around.events[SMBSIGN_COUNT_SIGNED]);
	smbsign_session_drop_all(conn);
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, conn, gate, true));
}

/* A session or a binding in progress has nothing to sign with. */
static void in_progress(struct kunit *test)
{
	const struct rig_setup binding = {
		.requested = ID, .id = ID, .flags = SMB2_SETUP_FLAG_BINDING,
		.status = SMB2_STATUS_MORE_PROCESSING_REQUIRED,
	};
	struct smbsign_conn *conn = rig_open(test, 0), *to = rig_open(test, 0);
	const u64 gate = SMBSIGN_SHOWN_AT_GATE;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_negotiate(to, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, conn, gate, true));
	KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, conn, 0));
	smbsign_session_drop_all(conn);
	conn = authenticated(test);
	KUNIT_ASSERT_EQ(test, 0, rig_setup(to, &binding));
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, to, gate, true));
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, to, 0, true));
	/* Unless the client has shown that it has the session's key */
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, to, rig_serial(conn, ID), true));
}

/* An error is signed only if the client has shown that it has the key. */
static void refused(struct kunit *test)
{
	static const enum made from_elsewhere[] = { RIGHT, UNTOUCHED };
	struct smbsign_conn *conn = authenticated(test);
	struct smbsign_conn *other = rig_open(test, 0);
	u64 serial = rig_serial(conn, ID), another = rig_serial(conn, ID + 1);
	unsigned int turn;
	enum made made;

	rig_negotiate(other, SMB2_DIALECT_300, true);
	for (turn = 0; turn < 2; turn++) {
		KUNIT_EXPECT_EQ(test, RIGHT, refuse(test, conn, serial));
		KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, conn, 0));
		KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, conn, another));
		KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, other, 0));
		KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, other, another));
		/* From elsewhere, only while it is established */
		made = refuse(test, other, serial);
		KUNIT_EXPECT_EQ(test, made, from_elsewhere[turn]);
		rig_end(ID);
	}
}

/* A leg is signed before it is hashed, if its request was signed. */
static void legs(struct kunit *test)
{
	static const struct {
		u64 requested;
		u32 status;
		bool shown;
		enum made made;
	} cases[] = {
		{ ID, SMB2_STATUS_MORE_PROCESSING_REQUIRED, true, RIGHT },
		{ ID, SMB2_STATUS_MORE_PROCESSING_REQUIRED, false, DISCLAIMED },
		{ ID, SMB2_STATUS_ACCESS_DENIED, true, RIGHT },
		{ ID, SMB2_STATUS_SUCCESS, true, UNTOUCHED },
		{ 0, SMB2_STATUS_MORE_PROCESSING_REQUIRED, true, UNTOUCHED },
	};
	struct smbsign_conn *conn = authenticated(test);
	struct smbsign_awaited *awaited;
	struct message message, before;
	unsigned int i;
	int grace;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig_setup setup = { .requested = cases[i].requested };

		awaited = rig_await(conn, SMBSIGN_AWAITED_SETUP, &setup);
		KUNIT_ASSERT_NOT_NULL(test, awaited);
		if (cases[i].shown)
			awaited->shown = rig_serial(conn, ID);
		fill(&message, SMB2_CMD_SESSION_SETUP, cases[i].status, 0);
		message.header.message_id = cpu_to_le64(awaited->message_id);
		/* ksmbd copies it from the request. */
		memset(message.header.signature, 's', SMB2_SIGNATURE_SIZE);
		before = message;
		grace = smbsign_grace_enter();
		smbsign_setup_sign(conn, &message.header, LENGTH);
		smbsign_grace_leave(grace);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].made,
				    made_of(&before, &message, key_a), "case %u",
				    i);
	}
}

/* Its final response has the same MessageId. */
static void interim(struct kunit *test)
{
	struct smbsign_conn *conn = authenticated(test);

	status = SMB2_STATUS_PENDING;
	KUNIT_EXPECT_EQ(test, UNTOUCHED,
			respond(test, conn, SMBSIGN_SHOWN_AT_GATE, false));
	KUNIT_EXPECT_EQ(test, DISCLAIMED,
			respond(test, conn, SMBSIGN_SHOWN_AT_GATE, true));
}

/* AES-GMAC signs the one final response that is due, with any status. */
static void gmac(struct kunit *test)
{
	const u64 gate = SMBSIGN_SHOWN_AT_GATE;
	struct smbsign_conn *conn = rig_open(test, 0);
	u64 serial;

	algorithm = SMB2_SIGNING_AES_GMAC;
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_gmac(test, conn);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	serial = rig_serial(conn, ID);
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, conn, gate, true));
	KUNIT_EXPECT_EQ(test, UNTOUCHED, refuse(test, conn, serial));
	KUNIT_EXPECT_EQ(test, 2U, around.events[SMBSIGN_COUNT_NONCES_SPENT]);
	smbsign_due_add(conn->due, MESSAGE_ID);
	KUNIT_EXPECT_EQ(test, RIGHT, respond(test, conn, gate, false));
	KUNIT_EXPECT_EQ(test, RIGHT, refuse(test, conn, serial));
	KUNIT_EXPECT_EQ(test, 2U, around.events[SMBSIGN_COUNT_NONCES_SPENT]);
	smbsign_due_remove(conn->due, MESSAGE_ID);
	KUNIT_EXPECT_EQ(test, UNTOUCHED, respond(test, conn, gate, false));
	/* What need not be signed has no use for a nonce. */
	status = SMB2_STATUS_PENDING;
	KUNIT_EXPECT_EQ(test, UNTOUCHED, respond(test, conn, gate, false));
	KUNIT_EXPECT_EQ(test, 3U, around.events[SMBSIGN_COUNT_NONCES_SPENT]);
}

/* What ksmbd's worker has signed leaves as it is, if nothing else was signed. */
static void ahead(struct kunit *test)
{
	static const struct {
		u32 length;
		bool another_key, other_signature;
		enum made made;
	} cases[] = {
		{ LENGTH, false, false, UNTOUCHED },
		{ LENGTH - 1, false, false, RIGHT },
		{ LENGTH, true, false, RIGHT },
		{ LENGTH, false, true, RIGHT },
	};
	const u64 gate = SMBSIGN_SHOWN_AT_GATE;
	struct smbsign_conn *conn = authenticated(test);
	struct message message;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fill(&message, SMB2_CMD_LOGOFF, status, 0);
		memset(message.header.signature, said_signature,
		       SMB2_SIGNATURE_SIZE);
		message.header.signature[0] ^= cases[i].other_signature;
		smbsign_credits_signed_ahead(conn, &message.header, cases[i].length,
					     rig_serial(conn, ID +
							cases[i].another_key),
					     message.header.signature);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].made,
				    respond(test, conn, gate, true), "case %u", i);
		KUNIT_EXPECT_EQ(test, i + 1, around.events[SMBSIGN_COUNT_SIGNED]);
		KUNIT_EXPECT_EQ(test, 1U,
				around.events[SMBSIGN_COUNT_SIGNED_AHEAD]);
		/* It is taken, or in the way of nothing. */
		smbsign_credits_is_signed(conn, &message.header, cases[i].length,
					  rig_serial(conn, ID +
						     cases[i].another_key));
	}
	/* Nobody has shown that he has the key. */
	fill(&message, SMB2_CMD_LOGOFF, status, 0);
	memset(message.header.signature, said_signature, SMB2_SIGNATURE_SIZE);
	smbsign_credits_signed_ahead(conn, &message.header, LENGTH,
				     rig_serial(conn, ID),
				     message.header.signature);
	KUNIT_EXPECT_EQ(test, DISCLAIMED, respond(test, conn, 0, true));
}

/* A signature that was made ahead leaves only if it is due. */
static void ahead_of_what_is_due(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct message message;

	algorithm = SMB2_SIGNING_AES_GMAC;
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_gmac(test, conn);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	fill(&message, SMB2_CMD_LOGOFF, status, 0);
	memset(message.header.signature, said_signature, SMB2_SIGNATURE_SIZE);
	smbsign_credits_signed_ahead(conn, &message.header, LENGTH,
				     rig_serial(conn, ID),
				     message.header.signature);
	KUNIT_EXPECT_EQ(test, DISCLAIMED,
			respond(test, conn, SMBSIGN_SHOWN_AT_GATE, true));
	smbsign_due_add(conn->due, MESSAGE_ID);
	KUNIT_EXPECT_EQ(test, UNTOUCHED,
			respond(test, conn, SMBSIGN_SHOWN_AT_GATE, true));
}

static int sign_init(struct kunit *test)
{
	algorithm = SMB2_SIGNING_AES_CMAC;
	status = SMB2_STATUS_SUCCESS;
	return rig_init(test);
}

static struct kunit_case sign_cases[] = {
	KUNIT_CASE(at_gate),
	KUNIT_CASE(in_progress),
	KUNIT_CASE(refused),
	KUNIT_CASE(legs),
	KUNIT_CASE(interim),
	KUNIT_CASE(gmac),
	KUNIT_CASE(ahead),
	KUNIT_CASE(ahead_of_what_is_due),
	{}
};

static struct kunit_suite sign_suite = {
	.name = "smbsign_sign",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = sign_init,
	.exit = rig_exit,
	.test_cases = sign_cases,
};

kunit_test_suite(sign_suite);
