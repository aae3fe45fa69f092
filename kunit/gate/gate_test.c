// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate, on a socket whose queue the cases fill: conversations cut into
 * segments everywhere, changed, repeated, short of memory; and what can be read
 * meanwhile.
 */
#include <crypto/utils.h>
#include <linux/inet.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/tcp.h>

#include "../failing.h"
#include "../rig.h"
#include "../samples.h"

#include "base/grace.h"
#include "gate/ahead.c"
#include "gate/cursor.c"
#include "gate/gate.c"
#include "gate/release.c"
#include "gate/request.c"
#include "gate/verdict.c"
#include "socket/enforce.c"

#define ID		RIG_SESSION
#define STRANGER	0x4444ULL
#define RELATED		SMB2_SESSION_ID_RELATED
#define DIALOGUE_MAX	2048
#define REQUESTS_MAX	4
/* A header, and some bytes after it */
#define STRIDE		72

static const u8 session_key[SMB2_KEY_SIZE] = "the session key";
static const u8 other_key[SMB2_KEY_SIZE] = "somebody else's";
static const u8 no_secret[SMB2_KEY_SIZE];

/**
 * struct request - a request of a conversation
 * @command:	Command
 * @message_id:	MessageId
 * @session:	SessionId
 * @key:	the key that signs it, or NULL
 * @flags:	further Flags
 * @body:	bytes after the header, if not the usual few
 * @more:	the next one is in the same frame
 */
struct request {
	u16		command;
	u64		message_id;
	u64		session;
	const u8	*key;
	u32		flags;
	u32		body;
	bool		more;
};

enum setting {
	AUTHENTICATED,	/* 3.0, a session that must be signed */
	RELAXED,	/* 3.0, a session that need not be */
	KEYLESS,	/* 2.1, a session whose key is not known */
	CIPHERED,	/* 3.0, a session with keys to encrypt with */
	ENDED,		/* 3.0, a session that must be signed, and has ended */
	FRESH,		/* nothing negotiated */
};

/**
 * struct dialogue - frames of a client, and what happens to them
 * @name:	for the log
 * @setting:	the state before
 * @requests:	the requests; the list ends with a body of 0
 * @raw:	instead of requests, a raw frame, from its NBSS header on
 * @raw_length:	bytes at @raw
 * @flip:	if not 0, the lowest bit of this byte is flipped
 * @result:	why the gate stops, if not STARVED
 * @passed:	frames that ksmbd may read
 * @early:	ksmbd may read their start before their end has arrived
 * @reports:	verdicts reported
 * @reason:	the reason of the last one
 * @report:	what was done about it
 */
struct dialogue {
	const char		*name;
	enum setting		setting;
	struct request		requests[REQUESTS_MAX];
	const char		*raw;
	u32			raw_length;
	u32			flip;
	enum smbsign_step	result;
	u32			passed;
	bool			early;
	u32			reports;
	enum smbsign_reason	reason;
	enum smbsign_outcome	report;
};

#define SIGNED_READ(id)		{ SMB2_CMD_READ, id, ID, session_key, .body = 49 }
#define RAW(text)		.raw = (text), .raw_length = sizeof(text) - 1
#define REFUSED_FOR(why)	.result = SMBSIGN_STEP_REFUSING, .reports = 1, \
				.reason = SMBSIGN_REASON_##why, \
				.report = SMBSIGN_OUTCOME_REFUSED
#define RESET_FOR(why)		.result = SMBSIGN_STEP_OVER, .reports = 1, \
				.reason = SMBSIGN_REASON_##why, \
				.report = SMBSIGN_OUTCOME_RESET

static const struct dialogue dialogues[] = {
	{ "a signed request", AUTHENTICATED, { SIGNED_READ(1) }, .passed = 1 },
	{ "two of them", AUTHENTICATED, { SIGNED_READ(1), SIGNED_READ(2) },
	  .passed = 2 },
	{ "a compound", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 60, true },
	    { SMB2_CMD_READ, 2, ID, session_key, 0, 49, true },
	    { SMB2_CMD_CLOSE, 3, ID, session_key, 0, 24 } }, .passed = 1 },
	{ "a related compound", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_CLOSE, 2, RELATED, session_key,
	      SMB2_FLAG_RELATED_OPERATIONS, 24 } }, .passed = 1 },
	{ "not signed", AUTHENTICATED,
	  { SIGNED_READ(1), { SMB2_CMD_WRITE, 2, ID, NULL, 0, 49 },
	    SIGNED_READ(3) }, .passed = 1, REFUSED_FOR(UNSIGNED) },
	{ "behind it an id used before", AUTHENTICATED,
	  { SIGNED_READ(1), { SMB2_CMD_CANCEL, 1, ID, NULL, 0, 8, true },
	    { SMB2_CMD_WRITE, 1, ID, NULL, 0, 49 } }, .passed = 1,
	  .result = SMBSIGN_STEP_OVER, .reports = 2,
	  .reason = SMBSIGN_REASON_MESSAGE_ID, .report = SMBSIGN_OUTCOME_RESET },
	{ "behind it an id that was not granted", AUTHENTICATED,
	  { { SMB2_CMD_WRITE, 1, ID, NULL, 0, 56, true },
	    { SMB2_CMD_WRITE, 60000, ID, NULL, 0, 49 } },
	  .result = SMBSIGN_STEP_OVER, .reports = 2,
	  .reason = SMBSIGN_REASON_MESSAGE_ID, .report = SMBSIGN_OUTCOME_RESET },
	{ "signed by somebody else", AUTHENTICATED,
	  { { SMB2_CMD_WRITE, 1, ID, other_key, 0, 49 } },
	  REFUSED_FOR(BAD_SIGNATURE) },
	{ "a bit of the body changed", AUTHENTICATED, { SIGNED_READ(1) },
	  .flip = 4 + 64 + 48, REFUSED_FOR(BAD_SIGNATURE) },
	{ "the first of a compound is not signed", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, NULL, 0, 57, true }, SIGNED_READ(2) },
	  REFUSED_FOR(UNSIGNED) },
	{ "the last of a compound is not signed", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_WRITE, 2, ID, NULL, 0, 49 } }, REFUSED_FOR(UNSIGNED) },
	{ "a related one is not signed", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_WRITE, 2, RELATED, NULL,
	      SMB2_FLAG_RELATED_OPERATIONS, 49 } }, REFUSED_FOR(UNSIGNED) },
	{ "padding of a compound changed", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    SIGNED_READ(2) }, .flip = 4 + 64 + 60, REFUSED_FOR(BAD_SIGNATURE) },
	{ "CANCEL, not signed", AUTHENTICATED,
	  { { SMB2_CMD_CANCEL, 1, ID, NULL, 0, 4 } }, REFUSED_FOR(UNSIGNED) },
	{ "a compound of two sessions", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_CLOSE, 2, STRANGER, session_key, 0, 24 } },
	  REFUSED_FOR(COMPOUND_SESSIONS) },
	{ "one of them not signed", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_CLOSE, 2, STRANGER, NULL, 0, 24 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "a compound of none and a session", AUTHENTICATED,
	  { { SMB2_CMD_ECHO, 1, 0, NULL, 0, 8, true }, SIGNED_READ(2) },
	  REFUSED_FOR(COMPOUND_SESSIONS) },
	{ "a compound of two sessions, and nobody minds signing", RELAXED,
	  { { SMB2_CMD_CREATE, 1, ID, NULL, 0, 56, true },
	    { SMB2_CMD_CLOSE, 2, ID, NULL, 0, 24, true },
	    { SMB2_CMD_CLOSE, 3, 0, NULL, 0, 24 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "an ECHO in a compound is of no session", AUTHENTICATED,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_ECHO, 2, 0, NULL, 0, 4, true },
	    { SMB2_CMD_CLOSE, 3, ID, session_key, 0, 24 } }, .passed = 1 },
	{ "a session unknown, not signed", AUTHENTICATED,
	  { { SMB2_CMD_READ, 1, STRANGER, NULL, 0, 49 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "an unknown session is authenticated", AUTHENTICATED,
	  { { SMB2_CMD_SESSION_SETUP, 1, STRANGER, NULL, 0, 30 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "an ended session", ENDED, { SIGNED_READ(1) },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "an ended session, signed wrongly", ENDED, { SIGNED_READ(1) },
	  .flip = 4 + 64 + 48, REFUSED_FOR(SESSION_UNKNOWN) },
	{ "ECHO of an ended session", ENDED,
	  { { SMB2_CMD_ECHO, 1, ID, session_key, 0, 4 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "ECHO of an ended session, not signed", ENDED,
	  { { SMB2_CMD_ECHO, 1, ID, NULL, 0, 4 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "an ended session is authenticated", ENDED,
	  { { SMB2_CMD_SESSION_SETUP, 1, ID, session_key, 0, 30 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "a session unknown", AUTHENTICATED,
	  { { SMB2_CMD_READ, 1, STRANGER, session_key, 0, 49 } },
	  REFUSED_FOR(SESSION_UNKNOWN) },
	{ "a frame used again", AUTHENTICATED,
	  { SIGNED_READ(1), SIGNED_READ(1) }, .passed = 1,
	  RESET_FOR(MESSAGE_ID) },
	{ "a MessageId never granted", AUTHENTICATED, { SIGNED_READ(512) },
	  RESET_FOR(MESSAGE_ID) },
	{ "CANCEL uses no MessageId", AUTHENTICATED,
	  { SIGNED_READ(1), { SMB2_CMD_CANCEL, 1, ID, session_key, 0, 4 },
	    { SMB2_CMD_CANCEL, 1, ID, session_key, 0, 4 } }, .passed = 3 },
	{ "not signed, and need not be", RELAXED,
	  { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } }, .passed = 1,
	  .early = true },
	{ "signed, though it need not be", RELAXED, { SIGNED_READ(1) },
	  .passed = 1 },
	{ "signed wrongly, though it need not be", RELAXED,
	  { { SMB2_CMD_WRITE, 1, ID, other_key, 0, 49 } },
	  REFUSED_FOR(BAD_SIGNATURE) },
	{ "ECHO without a session", RELAXED,
	  { { SMB2_CMD_ECHO, 1, 0, NULL, 0, 4 } }, .passed = 1,
	  .early = true },
	{ "what ksmbd is to check goes alone", KEYLESS,
	  { { SMB2_CMD_TREE_CONNECT, 1, ID, session_key, 0, 20 },
	    { SMB2_CMD_TREE_CONNECT, 2, ID, session_key, 0, 20 } },
	  .passed = 1, .early = true, .result = SMBSIGN_STEP_BLOCKED },
	{ "no key, and not alone", KEYLESS,
	  { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
	    { SMB2_CMD_CLOSE, 2, ID, session_key, 0, 24 } },
	  REFUSED_FOR(NO_KEY) },
	{ "NEGOTIATE goes alone", FRESH,
	  { { SMB2_CMD_NEGOTIATE, 0, 0, NULL, 0, 38 },
	    { SMB2_CMD_SESSION_SETUP, 1, 0, NULL, 0, 30 } }, .passed = 1,
	  .early = true, .result = SMBSIGN_STEP_BLOCKED },
	{ "NEGOTIATE a second time", AUTHENTICATED,
	  { { SMB2_CMD_NEGOTIATE, 1, 0, NULL, 0, 38 } },
	  RESET_FOR(NEGOTIATE_AGAIN) },
	{ "SESSION_SETUP before NEGOTIATE", FRESH,
	  { { SMB2_CMD_SESSION_SETUP, 0, 0, NULL, 0, 30 } },
	  RESET_FOR(BEFORE_NEGOTIATE) },
	{ "NEGOTIATE that is signed is told so by its answer", FRESH,
	  { { SMB2_CMD_NEGOTIATE, 0, 0, other_key, 0, 38 } }, .passed = 1,
	  .early = true, .result = SMBSIGN_STEP_BLOCKED, .reports = 1,
	  .reason = SMBSIGN_REASON_NEGOTIATE_SIGNED,
	  .report = SMBSIGN_OUTCOME_REFUSED },
	{ "SESSION_SETUP in a compound", AUTHENTICATED,
	  { { SMB2_CMD_SESSION_SETUP, 1, ID, session_key, 0, 32, true },
	    SIGNED_READ(2) }, RESET_FOR(MALFORMED) },
	{ "an SMB1 NEGOTIATE", FRESH,
	  RAW("\0\0\0\x2e\xffSMBr\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\x0b\0\2SMB 2.002\0"), .passed = 1, .early = true,
	  .result = SMBSIGN_STEP_BLOCKED },
	{ "an SMB1 NEGOTIATE for SMB1 only", FRESH,
	  RAW("\0\0\0\x2f\xffSMBr\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\x0d\0\2NT LM 0.12\0"), RESET_FOR(SMB1) },
	{ "another SMB1 message", FRESH,
	  RAW("\0\0\0\x2e\xffSMBs\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\x0b\0\2SMB 2.002\0"), RESET_FOR(SMB1) },
	{ "encrypted", CIPHERED,
	  RAW("\0\0\0\x44\xfdSMB................................\0\0\0\0\0\0\1\0"
	      "\x17\0\0\0\0\0\1\0................"), .passed = 1,
	  .early = true },
	{ "encrypted, without keys for that", AUTHENTICATED,
	  RAW("\0\0\0\x44\xfdSMB................................\0\0\0\0\0\0\1\0"
	      "\x17\0\0\0\0\0\1\0................"),
	  RESET_FOR(ENCRYPTED_WITHOUT_SESSION) },
	{ "encrypted, and too short", CIPHERED,
	  RAW("\0\0\0\x33\xfdSMB................................\0\0\0\0\0\0\1\0"
	      "\x17\0\0\0\0\0\1"), RESET_FOR(MALFORMED) },
	{ "compressed, where signing is demanded", AUTHENTICATED,
	  RAW("\0\0\0\x14\xfcSMB................"), RESET_FOR(COMPRESSED) },
	{ "compressed, and nobody minds", RELAXED,
	  RAW("\0\0\0\x14\xfcSMB................"), .passed = 1,
	  .early = true },
	{ "no message", AUTHENTICATED, RAW("\1\0\0\x40\xfeSMB............"),
	  RESET_FOR(NOT_SMB) },
	{ "a keepalive with something in it", AUTHENTICATED,
	  RAW("\x85\0\0\4...."), RESET_FOR(NOT_SMB) },
	{ "no SMB", AUTHENTICATED, RAW("\0\0\0\x10GET / HTTP/1.1\r\n"),
	  RESET_FOR(NOT_SMB) },
	{ "too short for a request", AUTHENTICATED,
	  RAW("\0\0\0\x10\xfeSMB\x40\0.........."), RESET_FOR(MALFORMED) },
	{ "a chain that leads nowhere", AUTHENTICATED, { SIGNED_READ(1) },
	  .flip = 4 + 20, RESET_FOR(MALFORMED) },
};

KUNIT_ARRAY_PARAM_DESC(dialogue, dialogues, name);
KUNIT_ARRAY_PARAM_DESC(sample, samples, name);

static struct smb2_header *header_at(u8 *message)
{
	return (struct smb2_header *)message;
}

/* Sign a request as a client does, with the kernel's own CMAC. */
static void sign(struct kunit *test, u8 *message, u32 length, const u8 *key)
{
	struct smb2_header *header = header_at(message);
	struct crypto_shash *cmac = crypto_alloc_shash("cmac(aes)", 0, 0);
	u8 mac[SMB2_SIGNATURE_SIZE];

	KUNIT_ASSERT_FALSE(test, IS_ERR(cmac));
	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_setkey(cmac, key, SMB2_KEY_SIZE));
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_tfm_digest(cmac, message, length,
							 mac));
	crypto_free_shash(cmac);
	memcpy(header->signature, mac, sizeof(mac));
}

/* Put one request.  Returns where the next one goes. */
static u8 *put_request(struct kunit *test, u8 *at, const struct request *from)
{
	struct smb2_header *header = header_at(at);
	u32 length = sizeof(*header) + from->body;

	if (from->more)
		length = ALIGN(length, 8);
	fill_pattern(at, length);
	*header = (struct smb2_header) {
		.protocol_id = SMB2_PROTOCOL_ID,
		.structure_size = cpu_to_le16(sizeof(*header)),
		.credit_charge = cpu_to_le16(1),
		.command = cpu_to_le16(from->command),
		.credits = cpu_to_le16(3),
		.flags = cpu_to_le32(from->flags),
		.next_command = cpu_to_le32(from->more ? length : 0),
		.message_id = cpu_to_le64(from->message_id),
		.session_id = cpu_to_le64(from->session),
	};
	/* NEGOTIATE for one dialect, 3.0; SESSION_SETUP that asks for nothing */
	if (from->command == SMB2_CMD_NEGOTIATE) {
		put_unaligned_le16(1, at + sizeof(*header) + 2);
		put_unaligned_le16(SMB2_DIALECT_300, at + sizeof(*header) + 36);
	}
	if (from->command == SMB2_CMD_SESSION_SETUP)
		put_unaligned_le16(0, at + sizeof(*header) + 2);
	if (from->key)
		sign(test, at, length, from->key);
	return at + length;
}

/**
 * struct stream - the bytes of a conversation
 * @data:	all of them
 * @length:	their number
 * @ends:	the offsets where its frames end
 * @frames:	their number
 */
struct stream {
	u8	data[DIALOGUE_MAX];
	u32	length;
	u32	ends[REQUESTS_MAX];
	u32	frames;
};

static void end_frame(struct stream *stream, u32 start, u32 end)
{
	put_unaligned_be32(end - start - SMB2_NBSS_SIZE, stream->data + start);
	stream->ends[stream->frames++] = end;
	stream->length = end;
}

static void put_requests(struct kunit *test, struct stream *stream,
			 const struct request *requests)
{
	u32 start = 0, i;
	u8 *at = stream->data + SMB2_NBSS_SIZE;

	for (i = 0; i < REQUESTS_MAX && requests[i].body; i++) {
		at = put_request(test, at, &requests[i]);
		if (requests[i].more)
			continue;
		end_frame(stream, start, at - stream->data);
		start = stream->length;
		at += SMB2_NBSS_SIZE;
	}
}

static struct stream *stream_of(struct kunit *test,
				const struct dialogue *dialogue)
{
	struct stream *stream = kunit_kzalloc(test, sizeof(*stream), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stream);
	if (dialogue->raw) {
		memcpy(stream->data, dialogue->raw, dialogue->raw_length);
		stream->length = dialogue->raw_length;
		stream->ends[stream->frames++] = stream->length;
	} else {
		put_requests(test, stream, dialogue->requests);
	}
	if (dialogue->flip)
		stream->data[dialogue->flip] ^= 1;
	return stream;
}

static struct smbsign_conn *conn_for(struct kunit *test, enum setting setting)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	if (setting == FRESH)
		return conn;
	rig_negotiate(conn, setting == KEYLESS ? SMB2_DIALECT_210 :
						 SMB2_DIALECT_300,
		      setting == AUTHENTICATED || setting == KEYLESS ||
		      setting == ENDED);
	conn->facts.encryption = setting == CIPHERED;
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID,
						  setting == KEYLESS ? NULL :
						  session_key));
	if (setting == ENDED)
		rig_end(ID);
	return conn;
}

static enum smbsign_step run_for(struct smbsign_conn *conn, u32 budget,
				 u32 largest)
{
	int grace = smbsign_grace_enter();
	enum smbsign_step result;

	lock_sock(conn->sk);
	result = run_gate(conn, budget, largest);
	release_sock(conn->sk);
	smbsign_grace_leave(grace);
	return result;
}

static enum smbsign_step run(struct smbsign_conn *conn)
{
	return run_for(conn, U32_MAX, U32_MAX);
}

/* Count only the reports from now on. */
static void forget_reports(void)
{
	around.reports = 0;
}

static void start_at(struct smbsign_conn *conn, u32 seq)
{
	rig_rewind(conn, seq);
	conn->requests = 0;
	forget_reports();
}

/* How much may be read once so much has arrived? */
static u32 limit(const struct dialogue *dialogue, const struct stream *stream,
		 u32 arrived)
{
	u32 i, end = 0;

	for (i = 0; i < dialogue->passed; i++) {
		if (stream->ends[i] > arrived)
			return dialogue->early ? arrived : end;
		end = stream->ends[i];
	}
	return end;
}

static void expect_outcome(struct kunit *test, struct smbsign_conn *conn,
			   const struct dialogue *dialogue,
			   const struct stream *stream,
			   enum smbsign_step result, u32 cut)
{
	KUNIT_ASSERT_EQ_MSG(test, result,
			    dialogue->result ?: SMBSIGN_STEP_STARVED,
			    "cut at %u", cut);
	KUNIT_ASSERT_EQ_MSG(test, released_bytes(conn),
			    limit(dialogue, stream, stream->length),
			    "cut at %u", cut);
	KUNIT_ASSERT_EQ_MSG(test, around.reports, dialogue->reports,
			    "cut at %u", cut);
	if (!dialogue->reports)
		return;
	KUNIT_ASSERT_EQ(test, around.reason, dialogue->reason);
	KUNIT_ASSERT_EQ(test, around.report, dialogue->report);
	KUNIT_ASSERT_EQ(test, conn->life == SMBSIGN_LIFE_CUT,
			dialogue->report == SMBSIGN_OUTCOME_RESET);
}

static void arrive_and_run(struct kunit *test, struct smbsign_conn *conn,
			   const struct dialogue *dialogue,
			   const struct stream *stream, u32 from, u32 to,
			   enum smbsign_step *result)
{
	if (from < to)
		rig_arrive(test, conn, stream->data + from, to - from, from % 2);
	*result = run(conn);
	KUNIT_ASSERT_LE(test, released_bytes(conn),
			limit(dialogue, stream, to));
}

/* In three segments, cut at every two places near each other, and all at once */
static void cut_everywhere(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);
	enum smbsign_step result;
	u32 first, second;

	for (first = 0; first < stream->length; first++) {
		for (second = first; second <= stream->length;
		     second += 1 + (second - first) * 3) {
			/* The sequence numbers wrap within it */
			start_at(conn, 0 - first);
			arrive_and_run(test, conn, dialogue, stream, 0, first,
				       &result);
			arrive_and_run(test, conn, dialogue, stream, first,
				       second, &result);
			arrive_and_run(test, conn, dialogue, stream, second,
				       stream->length, &result);
			expect_outcome(test, conn, dialogue, stream, result,
				       first);
		}
	}
}

static void byte_by_byte(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);
	enum smbsign_step result;
	u32 i;

	start_at(conn, 0x80000000 - stream->length / 2);
	for (i = 0; i < stream->length; i++)
		arrive_and_run(test, conn, dialogue, stream, i, i + 1, &result);
	expect_outcome(test, conn, dialogue, stream, result, 0);
}

/* With any budget, repeated while the gate has more to do */
static void small_budgets(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);
	enum smbsign_step result;
	u32 budget, turns;

	for (budget = 1; budget < 200; budget += 1 + budget / 7) {
		start_at(conn, 7);
		rig_arrive(test, conn, stream->data, stream->length, true);
		turns = 0;
		do
			result = run_for(conn, budget, U32_MAX);
		while (result == SMBSIGN_STEP_PAUSED && turns++ < DIALOGUE_MAX);
		expect_outcome(test, conn, dialogue, stream, result, budget);
	}
}

/* Whichever allocation fails, no more may be read than otherwise. */
static void no_memory(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);
	const struct smbsign_element element = { };
	enum smbsign_step result;
	unsigned int i = 0;

	/* Only the place for a verified signature may be missing: provide it. */
	smbsign_credits_verified(conn, &element, 1, conn->gate.request.signature);
	do {
		start_at(conn, 0);
		rig_arrive(test, conn, stream->data, stream->length, true);
		around.failed = 0;
		around.allocate = i++;
		result = run(conn);
		around.allocate = -1;
		KUNIT_ASSERT_LE(test, released_bytes(conn),
				limit(dialogue, stream, stream->length));
		if (around.failed)
			KUNIT_ASSERT_EQ(test, conn->life, SMBSIGN_LIFE_CUT);
	} while (around.failed && i < 20);
	expect_outcome(test, conn, dialogue, stream, result, 0);
}

/* audit: all of it may be read, and what would be refused is reported. */
static void audit(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);

	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_FALSE(test, conn->gate.frame.fate == SMBSIGN_FATE_REFUSED);
	KUNIT_EXPECT_NE(test, conn->life, SMBSIGN_LIFE_CUT);
	if (!conn->gate.blocked)
		KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, dialogue->reports > 0, around.reports > 0);
	if (around.reports)
		KUNIT_EXPECT_EQ(test, SMBSIGN_OUTCOME_AUDIT, around.report);
}

/* Audit passes what may hide requests, and with them their MessageIds. */
static void audit_hides(struct kunit *test)
{
	static const u8 hiding[][SMB2_NBSS_SIZE] = {
		"\xfeSMB",	/* too short for a header */
		"\xfdSMB",	/* encrypted, but for no session */
		"\xfcSMB",	/* compressed */
		"\xffSMB",	/* SMB1 */
	};
	struct smbsign_conn *conn;
	u8 frame[16] = { };
	unsigned int i;

	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	put_unaligned_be32(sizeof(frame) - SMB2_NBSS_SIZE, frame);
	for (i = 0; i < ARRAY_SIZE(hiding); i++) {
		conn = conn_for(test, AUTHENTICATED);
		KUNIT_EXPECT_FALSE(test, conn->repeats);
		memcpy(frame + SMB2_NBSS_SIZE, hiding[i], sizeof(hiding[i]));
		start_at(conn, 0);
		rig_arrive(test, conn, frame, sizeof(frame), false);
		run(conn);
		KUNIT_EXPECT_EQ(test, sizeof(frame), released_bytes(conn));
		KUNIT_EXPECT_TRUE_MSG(test, conn->repeats, "%u", i);
		rig_close(test, conn);
	}
}

/* on_violation=reset: nothing is answered. */
static void reset_on_violation(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);

	around.policy.resets = true;
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_FALSE(test, conn->gate.frame.fate == SMBSIGN_FATE_REFUSED);
	KUNIT_EXPECT_EQ(test, limit(dialogue, stream, stream->length),
			released_bytes(conn));
	if (dialogue->result == SMBSIGN_STEP_REFUSING)
		KUNIT_EXPECT_EQ(test, conn->life, SMBSIGN_LIFE_CUT);
}

static void cut(struct smbsign_conn *conn)
{
	lock_sock(conn->sk);
	smbsign_end_cut(conn, &conn->gate.request.element,
			SMBSIGN_REASON_SHORT_WRITE);
	release_sock(conn->sk);
}

/* After a cut, nothing more is looked at, and there is one report. */
static void terminal(struct kunit *test)
{
	const struct dialogue *dialogue = test->param_value;
	struct stream *stream = stream_of(test, dialogue);
	struct smbsign_conn *conn = conn_for(test, dialogue->setting);
	u32 readable, i;

	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	cut(conn);
	readable = released_bytes(conn);
	forget_reports();
	for (i = 0; i < 3; i++) {
		rig_arrive(test, conn, stream->data, stream->length, false);
		KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_OVER, run(conn));
		cut(conn);
	}
	KUNIT_EXPECT_EQ(test, readable, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
}

/* Change each bit of a signed frame: ksmbd reads none of it. */
static void every_bit(struct kunit *test)
{
	static const struct dialogue one = {
		.setting = AUTHENTICATED, .requests = { SIGNED_READ(1) },
	};
	struct stream *stream = stream_of(test, &one);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 bit;

	for (bit = 0; bit < 8 * stream->length; bit++) {
		stream->data[bit / 8] ^= BIT(bit % 8);
		start_at(conn, 0);
		rig_arrive(test, conn, stream->data, stream->length, false);
		run(conn);
		/* A frame made much longer has no end yet: its last byte stays. */
		KUNIT_EXPECT_TRUE_MSG(test, !released_bytes(conn) ||
				      before(conn->gate.cursor.released,
					     conn->gate.frame.end),
				      "bit %u", bit);
		stream->data[bit / 8] ^= BIT(bit % 8);
	}
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));
}

static struct smbsign_awaited *first_awaited(struct smbsign_conn *conn)
{
	return list_first_entry_or_null(&conn->awaited, struct smbsign_awaited,
					node);
}

/* A complete refusal: swallow the frame, put ECHOs in its place, go on. */
static void check_substitute(struct kunit *test, struct smbsign_conn *conn,
			     u32 count, u64 message_id)
{
	struct smbsign_substitute *substitute = conn->gate.substitute;
	u32 at = SMB2_NBSS_SIZE, left, i;
	struct smbsign_element element;
	u8 *data;

	KUNIT_ASSERT_NOT_NULL(test, substitute);
	data = substitute->data;
	left = get_unaligned_be32(data);
	KUNIT_ASSERT_EQ(test, left + SMB2_NBSS_SIZE, substitute->length);
	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_EQ(test, 0, smbsign_frame_element(data + at, left,
							       left, &element));
		KUNIT_EXPECT_EQ(test, SMB2_CMD_ECHO, element.command);
		KUNIT_EXPECT_EQ(test, message_id + i, element.message_id);
		KUNIT_EXPECT_EQ(test, 1, element.credit_charge);
		KUNIT_EXPECT_EQ(test, 0ULL, element.session_id);
		KUNIT_EXPECT_EQ(test, 0U, element.flags);
		KUNIT_EXPECT_EQ(test, 3, le16_to_cpu(header_at(data + at)->credits));
		at += element.length;
		left -= element.length;
	}
	KUNIT_EXPECT_TRUE(test, element.last);
	KUNIT_EXPECT_EQ(test, 0U, left);
}

/* The requests in @proven have shown the session's key. */
static void expect_awaited(struct kunit *test, struct smbsign_conn *conn,
			   u32 count, u32 status, u32 proven)
{
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();
	struct smbsign_key *key = smbsign_session_lookup(conn, ID, false, &facts);
	struct smbsign_awaited *awaited;
	u64 serial = key->serial;

	smbsign_key_put(key);
	smbsign_grace_leave(grace);
	KUNIT_EXPECT_EQ(test, count, conn->awaited_count);
	list_for_each_entry(awaited, &conn->awaited, node) {
		KUNIT_EXPECT_EQ(test, SMBSIGN_AWAITED_REFUSED, awaited->kind);
		KUNIT_EXPECT_EQ(test, status, awaited->status);
		KUNIT_EXPECT_EQ(test, ID, awaited->session_id);
		KUNIT_EXPECT_EQ(test, proven & 1 ? serial : 0, awaited->shown);
		proven >>= 1;
	}
}

/* Swallow a refused frame, as socket/proto.c does. */
static bool swallow(struct smbsign_conn *conn)
{
	u32 length = smbsign_refuse_swallowable(conn);
	bool done;

	if (length && rig_read(conn, NULL, length) != length)
		return false;
	lock_sock(conn->sk);
	done = smbsign_refuse_swallowed(conn);
	release_sock(conn->sk);
	return done;
}

/* What ksmbd's reader reads until nothing more comes, or it is sent back. */
static u32 read_on(struct smbsign_conn *conn, u8 *to, enum smbsign_next *next)
{
	u32 length, read = 0;

	for (;;) {
		lock_sock(conn->sk);
		*next = smbsign_gate_next(conn, &length);
		release_sock(conn->sk);
		if (*next == SMBSIGN_NEXT_READ)
			read += rig_read(conn, to + read, length);
		else if (*next == SMBSIGN_NEXT_SWALLOW)
			rig_read(conn, NULL, length);
		else
			return read;
	}
}

static const u8 keepalive[SMB2_NBSS_SIZE] = { SMB2_NBSS_KEEPALIVE };

/* Put keepalives around the frames of a stream.  Returns the length. */
static u32 put_keepalives(const struct stream *stream, u8 *at)
{
	u32 i, start = 0, length = 0;

	for (i = 0; i <= stream->frames; i++) {
		memcpy(at + length, keepalive, SMB2_NBSS_SIZE);
		memcpy(at + length + SMB2_NBSS_SIZE, keepalive, SMB2_NBSS_SIZE);
		length += 2 * SMB2_NBSS_SIZE;
		if (i == stream->frames)
			break;
		memcpy(at + length, stream->data + start,
		       stream->ends[i] - start);
		length += stream->ends[i] - start;
		start = stream->ends[i];
	}
	return length;
}

/* ksmbd reads the requests, and nothing else, however they come. */
static void keepalives(struct kunit *test)
{
	static const struct dialogue two = {
		.requests = { SIGNED_READ(1), SIGNED_READ(2) },
	};
	static const u32 steps[] = { 1, 3, 50, DIALOGUE_MAX };
	struct stream *stream = stream_of(test, &two);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u8 *data = kunit_kzalloc(test, 2 * DIALOGUE_MAX, GFP_KERNEL);
	u32 at, read, length = put_keepalives(stream, data);
	u8 *to = data + DIALOGUE_MAX;
	enum smbsign_next next;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(steps); i++) {
		around.policy.mode = i % 2 ? SMBSIGN_POLICY_AUDIT :
					     SMBSIGN_POLICY_REQUIRED;
		around.events[SMBSIGN_COUNT_KEEPALIVES] = 0;
		start_at(conn, 0 - length / 2);
		for (at = 0, read = 0; at < length; at += steps[i / 2]) {
			rig_arrive(test, conn, data + at,
				   min(steps[i / 2], length - at), at % 2);
			read += read_on(conn, to + read, &next);
			KUNIT_ASSERT_EQ(test, SMBSIGN_NEXT_WAIT, next);
		}
		KUNIT_ASSERT_EQ(test, stream->length, read);
		KUNIT_EXPECT_MEMEQ(test, stream->data, to, read);
		KUNIT_EXPECT_EQ(test, 6U, around.events[SMBSIGN_COUNT_KEEPALIVES]);
		KUNIT_EXPECT_EQ(test, 0U, around.reports);
		KUNIT_EXPECT_EQ(test, 0U, conn->gate.unanswered);
	}
}

/* Any number of them holds neither softirq nor the reader, nor counts against it. */
static void keepalive_flood(struct kunit *test)
{
	const u32 number = 3 * KEEPALIVES_MAX + 7, length = number * SMB2_NBSS_SIZE;
	struct smbsign_conn *conn = conn_for(test, FRESH);
	u8 *data = kunit_kzalloc(test, length, GFP_KERNEL);
	enum smbsign_next next;
	u32 i;

	for (i = 0; i < number; i++)
		memcpy(data + i * SMB2_NBSS_SIZE, keepalive, sizeof(keepalive));
	start_at(conn, 0);
	rig_arrive(test, conn, data, length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_KEEPALIVES]);
	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_EQ(test, 0U, read_on(conn, NULL, &next));
		KUNIT_EXPECT_EQ(test, SMBSIGN_NEXT_AGAIN, next);
		KUNIT_EXPECT_EQ(test, i * KEEPALIVES_MAX,
				around.events[SMBSIGN_COUNT_KEEPALIVES]);
	}
	KUNIT_EXPECT_EQ(test, 0U, read_on(conn, NULL, &next));
	KUNIT_EXPECT_EQ(test, SMBSIGN_NEXT_WAIT, next);
	KUNIT_EXPECT_EQ(test, number, around.events[SMBSIGN_COUNT_KEEPALIVES]);
	KUNIT_EXPECT_EQ(test, 0U, conn->gate.unanswered);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn->life);
}

static bool is_unused(struct smbsign_conn *conn, u64 message_id)
{
	const struct smbsign_element element = {
		.command = SMB2_CMD_READ, .message_id = message_id,
	};
	struct smbsign_conn_facts facts;

	return smbsign_credits_use(conn, &element, &facts);
}

static void refusal(struct kunit *test)
{
	static const struct dialogue compound = {
		.requests = {
			{ SMB2_CMD_CREATE, 1, ID, session_key, 0, 57, true },
			{ SMB2_CMD_WRITE, 2, RELATED, NULL,
			  SMB2_FLAG_RELATED_OPERATIONS, 49, true },
			{ SMB2_CMD_CLOSE, 3, ID, session_key, 0, 24 },
			SIGNED_READ(4),
		},
	};
	struct stream *stream = stream_of(test, &compound);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u64 id;

	start_at(conn, 0 - 50U);
	/* All but the last byte has arrived, and is swallowed */
	rig_arrive(test, conn, stream->data, stream->ends[0] - 1, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_FALSE(test, swallow(conn));
	rig_arrive(test, conn, stream->data + stream->ends[0] - 1,
		   stream->length - stream->ends[0] + 1, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_TRUE(test, swallow(conn));
	check_substitute(test, conn, 3, 1);
	expect_awaited(test, conn, 3, SMB2_STATUS_ACCESS_DENIED, 0x1);
	KUNIT_EXPECT_EQ(test, 1ULL, conn->refusals);

	/* Not before ksmbd has read the substitute */
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_BLOCKED, run(conn));
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	kfree(conn->gate.substitute);
	conn->gate.substitute = NULL;
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, stream->length - stream->ends[0],
			released_bytes(conn));
	/* All its MessageIds are used, even those after the bad request. */
	for (id = 1; id <= 4; id++)
		KUNIT_EXPECT_FALSE(test, is_unused(conn, id));
	KUNIT_EXPECT_TRUE(test, is_unused(conn, id));
}

static void cancel_and_swallow(struct kunit *test, struct smbsign_conn *conn,
			       const struct stream *stream)
{
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_TRUE(test, swallow(conn));
}

/* Unanswered bytes are bounded; a small frame counts as a larger one. */
static void unanswered(struct kunit *test)
{
	static const struct dialogue cancel = {
		.requests = { { SMB2_CMD_CANCEL, 1, ID, NULL, 0, 4 } },
	};
	static const struct dialogue large = {
		.requests = { { SMB2_CMD_CANCEL, 1, ID, NULL, 0, 1000 } },
	};
	static const struct dialogue read = {
		.requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } },
	};
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	struct stream *stream = stream_of(test, &large);

	start_at(conn, 0);
	cancel_and_swallow(test, conn, stream);
	KUNIT_EXPECT_EQ(test, stream->length, conn->gate.unanswered);
	/* An answered frame does not count, whatever its size. */
	cancel_and_swallow(test, conn, stream_of(test, &read));
	KUNIT_EXPECT_EQ(test, stream->length, conn->gate.unanswered);
	kfree(conn->gate.substitute);
	conn->gate.substitute = NULL;

	stream = stream_of(test, &cancel);
	conn->gate.unanswered = SMBSIGN_UNANSWERED_MAX - SMBSIGN_UNANSWERED_FRAME;
	cancel_and_swallow(test, conn, stream);
	KUNIT_EXPECT_EQ(test, (u32)SMBSIGN_UNANSWERED_MAX, conn->gate.unanswered);
	KUNIT_EXPECT_NE(test, SMBSIGN_LIFE_CUT, conn->life);
	cancel_and_swallow(test, conn, stream);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_UNANSWERED, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_OUTCOME_RESET, around.report);
}

/* A compound of @number unsigned requests.  Returns where the gate stops. */
static enum smbsign_step run_compound(struct kunit *test,
				      struct smbsign_conn *conn, u32 number)
{
	u32 length = SMB2_NBSS_SIZE + number * STRIDE, i;
	u8 *data = guarded_alloc(test, length);
	struct smb2_header header = {
		.protocol_id = SMB2_PROTOCOL_ID,
		.structure_size = cpu_to_le16(sizeof(header)),
		.command = cpu_to_le16(SMB2_CMD_CREATE),
		.session_id = cpu_to_le64(STRANGER),
		.next_command = cpu_to_le32(STRIDE),
	};

	put_unaligned_be32(length - SMB2_NBSS_SIZE, data);
	for (i = 0; i < number; i++) {
		header.message_id = cpu_to_le64(i + 1);
		if (i + 1 == number)
			header.next_command = 0;
		memcpy(data + SMB2_NBSS_SIZE + i * STRIDE, &header,
		       sizeof(header));
	}
	start_at(conn, 0);
	rig_arrive(test, conn, data, length, false);
	return run(conn);
}

/* The size of a refusal's substitute is bounded. */
static void refused_compounds(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);

	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING,
			run_compound(test, conn, SMBSIGN_COMPOUND_MAX));
	KUNIT_EXPECT_EQ(test, (u32)SMBSIGN_COMPOUND_MAX, conn->awaited_count);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_OVER,
			run_compound(test, conn, SMBSIGN_COMPOUND_MAX + 1));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_BACKLOG, around.reason);
}

/* The policy turns to audit while a frame is swallowed: the rest of it stays out. */
static void refused_under_audit(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u8 data[SMB2_NBSS_SIZE + 2 * STRIDE] = { };
	struct smb2_header header = {
		.protocol_id = SMB2_PROTOCOL_ID,
		.structure_size = cpu_to_le16(sizeof(header)),
		.command = cpu_to_le16(SMB2_CMD_CREATE),
		.session_id = cpu_to_le64(STRANGER),
		.message_id = cpu_to_le64(1),
		.next_command = cpu_to_le32(STRIDE),
	};

	put_unaligned_be32(sizeof(data) - SMB2_NBSS_SIZE, data);
	memcpy(data + SMB2_NBSS_SIZE, &header, sizeof(header));
	start_at(conn, 0);
	rig_arrive(test, conn, data, SMB2_NBSS_SIZE + STRIDE, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	/* What follows is no request. */
	rig_arrive(test, conn, data + SMB2_NBSS_SIZE + STRIDE, STRIDE, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_OVER, run(conn));
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_MALFORMED, around.reason);
}

/* Under audit a MessageId that comes twice is reported once, and a login by it never. */
static void logs_in_twice(struct kunit *test)
{
	static const struct dialogue twice = {
		.requests = { { SMB2_CMD_SESSION_SETUP, 1, 0, NULL, 0, 30 },
			      { SMB2_CMD_SESSION_SETUP, 1, 0, NULL, 0, 30 } },
	};
	struct stream *stream = stream_of(test, &twice);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);

	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);

	conn = conn_for(test, FRESH);
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	around.policy.replay_window = false;
	start_at(conn, 0);
	forget_reports();
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
	KUNIT_EXPECT_EQ(test, 0, conn->excused);
}

/* CANCEL has no answer, and is not substituted. */
static void refused_cancel(struct kunit *test)
{
	static const struct dialogue cancel = {
		.requests = { { SMB2_CMD_CANCEL, 1, ID, NULL, 0, 4 },
			      SIGNED_READ(1) },
	};
	struct stream *stream = stream_of(test, &cancel);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);

	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_TRUE(test, swallow(conn));
	KUNIT_EXPECT_NULL(test, conn->gate.substitute);
	KUNIT_EXPECT_EQ(test, 0U, conn->awaited_count);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, stream->length - stream->ends[0],
			released_bytes(conn));
}

/* After ksmbd's answer the gate goes on, and knows what the answer said. */
static void unblocked(struct kunit *test)
{
	static const struct dialogue both = {
		.requests = { { SMB2_CMD_NEGOTIATE, 0, 0, NULL, 0, 38 },
			      { SMB2_CMD_SESSION_SETUP, 1, 0, NULL, 0, 30 } },
	};
	struct stream *stream = stream_of(test, &both);
	struct smbsign_conn *conn = conn_for(test, FRESH);
	struct smbsign_awaited *awaited;
	int kick = atomic_read(&conn->kick);

	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_BLOCKED, run(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_BLOCKED, run(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_DIALECT_300, conn->negotiation.offer.dialects);
	awaited = first_awaited(conn);
	KUNIT_ASSERT_NOT_NULL(test, awaited);
	KUNIT_EXPECT_EQ(test, 1U, conn->awaited_count);
	KUNIT_EXPECT_EQ(test, SMBSIGN_AWAITED_NEGOTIATE, awaited->kind);
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	smbsign_release_unblock(conn);
	KUNIT_EXPECT_NE(test, kick, atomic_read(&conn->kick));
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));
	KUNIT_ASSERT_EQ(test, 2U, conn->awaited_count);
	awaited = list_last_entry(&conn->awaited, struct smbsign_awaited, node);
	KUNIT_EXPECT_EQ(test, SMBSIGN_AWAITED_SETUP, awaited->kind);
}

#define LARGE	20000

/* One signed WRITE of LARGE bytes, too large to be held */
static u8 *large_write(struct kunit *test, u32 *length)
{
	struct request write = {
		SMB2_CMD_WRITE, 1, ID, session_key, 0, LARGE,
	};
	u8 *data = guarded_alloc(test, LARGE + 68), *end;

	end = put_request(test, data + SMB2_NBSS_SIZE, &write);
	*length = end - data;
	put_unaligned_be32(*length - SMB2_NBSS_SIZE, data);
	return data;
}

/* Feed a large frame in segments of @step.  True if all of it was released. */
static bool stream_large(struct kunit *test, struct smbsign_conn *conn,
			 const u8 *data, u32 length, u32 step)
{
	u32 at, part;

	start_at(conn, 0 - LARGE / 2);
	for (at = 0; at < length; at += part) {
		part = min(step, length - at);
		rig_arrive(test, conn, data + at, part, true);
		run(conn);
		if (at + part < length)
			KUNIT_ASSERT_LT(test, released_bytes(conn), length);
		/* It does not stall: the verified part can be read. */
		if (at + part < length && smbsign_knobs.hold_bytes < length)
			KUNIT_ASSERT_EQ(test, released_bytes(conn),
					at + part);
	}
	return released_bytes(conn) == length;
}

static void streamed(struct kunit *test)
{
	static const u32 steps[] = { 1460, 3000, 68, 69, LARGE / 2, 2 * LARGE };
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	unsigned int i;
	u32 length, at;
	u8 *data = large_write(test, &length);

	smbsign_knobs.hold_bytes = 4096;
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		KUNIT_EXPECT_TRUE(test, stream_large(test, conn, data, length,
						     steps[i]));
	/* Change a byte anywhere: the last byte is never released */
	for (at = 8; at < length; at += at < 80 ? 1 : 997) {
		data[at] ^= 0x10;
		start_at(conn, 0);
		rig_arrive(test, conn, data, length - 1, true);
		run(conn);
		rig_arrive(test, conn, data + length - 1, 1, false);
		run(conn);
		data[at] ^= 0x10;
		KUNIT_ASSERT_LT_MSG(test, released_bytes(conn), length,
				    "byte %u", at);
		if (at >= 68)
			KUNIT_ASSERT_EQ(test, conn->life, SMBSIGN_LIFE_CUT);
	}
	KUNIT_EXPECT_GT(test, around.events[SMBSIGN_COUNT_STREAMED], 0U);
}

/* What the reader gets, until nothing more comes; a worker does his part. */
static u32 read_beside_worker(struct smbsign_conn *conn)
{
	enum smbsign_next next;
	u32 length, read = 0;

	do {
		lock_sock(conn->sk);
		next = smbsign_gate_next(conn, &length);
		release_sock(conn->sk);
		if (next == SMBSIGN_NEXT_READ)
			read += rig_read(conn, NULL, length);
		if (next == SMBSIGN_NEXT_WAIT_AHEAD)
			flush_workqueue(workers);
	} while (next == SMBSIGN_NEXT_READ || next == SMBSIGN_NEXT_PAUSE ||
		 next == SMBSIGN_NEXT_WAIT_AHEAD);
	return read;
}

/* @data arrives in segments of @step bytes; how much can be read? */
static u32 stream_beside(struct kunit *test, struct smbsign_conn *conn,
			 const u8 *data, u32 length, u32 step)
{
	u32 at, read = 0;

	start_at(conn, 0);
	smbsign_ahead_prepare(conn);
	for (at = 0; at < length; at += step) {
		rig_arrive(test, conn, data + at, min(step, length - at), true);
		if (at % 3 == 0)
			read += read_beside_worker(conn);
	}
	return read + read_beside_worker(conn);
}

/* A worker verifies as the reader would: all is read, or not the last byte. */
static void ahead(struct kunit *test)
{
	static const u32 steps[] = { 1460, 9000, LARGE / 2, 2 * LARGE };
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	unsigned int i, ahead;
	u32 length, at;
	u8 *data = large_write(test, &length);

	smbsign_knobs.hold_bytes = 4096;
	smbsign_knobs.softirq_bytes = 4096;
	KUNIT_ASSERT_EQ(test, 0, smbsign_ahead_init());
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		KUNIT_EXPECT_EQ(test, length, stream_beside(test, conn, data,
							    length, steps[i]));
	ahead = around.events[SMBSIGN_COUNT_VERIFIED_AHEAD];
	KUNIT_EXPECT_GE(test, ahead, 2U);
	for (at = 68; at < length; at += 2999) {
		data[at] ^= 0x10;
		KUNIT_EXPECT_LT(test, stream_beside(test, conn, data, length,
						    length), length);
		KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
		data[at] ^= 0x10;
	}
	KUNIT_EXPECT_EQ(test, ahead, around.events[SMBSIGN_COUNT_VERIFIED_AHEAD]);
	/* What fits in softirq is not handed over, nor what is held. */
	smbsign_knobs.softirq_bytes = length;
	KUNIT_EXPECT_EQ(test, length, stream_beside(test, conn, data, length,
						    length));
	smbsign_knobs.softirq_bytes = 4096;
	smbsign_knobs.hold_bytes = length;
	KUNIT_EXPECT_EQ(test, length, stream_beside(test, conn, data, length,
						    length));
	KUNIT_EXPECT_EQ(test, ahead, around.events[SMBSIGN_COUNT_VERIFIED_AHEAD]);
	smbsign_knobs.hold_bytes = 4096;
	KUNIT_EXPECT_EQ(test, length, stream_beside(test, conn, data, length,
						    length));
	KUNIT_EXPECT_EQ(test, ahead + 1,
			around.events[SMBSIGN_COUNT_VERIFIED_AHEAD]);
	smbsign_ahead_exit();
}

/* The connection ends before the worker looks, and its queue may be gone. */
static void ahead_cut(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 length, bytes, purged;
	u8 *data = large_write(test, &length);

	smbsign_knobs.hold_bytes = 4096;
	smbsign_knobs.softirq_bytes = 4096;
	for (purged = 0; purged < 2; purged++) {
		KUNIT_ASSERT_EQ(test, 0, smbsign_ahead_init());
		start_at(conn, 0);
		smbsign_ahead_prepare(conn);
		rig_arrive(test, conn, data, length, true);
		lock_sock(conn->sk);
		KUNIT_EXPECT_EQ(test, SMBSIGN_NEXT_WAIT_AHEAD,
				smbsign_gate_next(conn, &bytes));
		KUNIT_EXPECT_TRUE(test, smbsign_gate_is_away(conn));
		conn->life = SMBSIGN_LIFE_CUT;
		if (purged)
			__skb_queue_purge(&conn->sk->sk_receive_queue);
		release_sock(conn->sk);
		smbsign_ahead_exit();
		KUNIT_EXPECT_FALSE(test, smbsign_gate_is_away(conn));
		KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	}
}

#define HELD_SEGMENTS	64

/* What is held stays, whatever becomes of the queue. */
static void ahead_holds(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u8 expected[SMB2_SIGNATURE_SIZE], got[SMB2_SIGNATURE_SIZE];
	const struct smb2_header header = { };
	struct smbsign_mac mac[2] = { };
	struct sk_buff_head held;
	struct smbsign_key *key;
	u32 length, part, i;
	u8 *data = large_write(test, &length);

	part = length - 200;
	for (i = 0; i < ARRAY_SIZE(mac); i++) {
		key = smbsign_key_alloc(SMB2_SIGNING_AES_CMAC, session_key);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
		KUNIT_ASSERT_EQ(test, 0, smbsign_mac_begin(&mac[i], key, &header));
	}
	start_at(conn, 0);
	rig_arrive(test, conn, data, 3000, true);
	rig_arrive(test, conn, data + 3000, length - 3000, true);
	__skb_queue_head_init(&held);
	KUNIT_EXPECT_EQ(test, (int)part,
			smbsign_queue_hold(conn->sk, 100, part, &held));
	KUNIT_EXPECT_EQ(test, 0, smbsign_queue_mac(conn->sk, &mac[0], 100, part));
	__skb_queue_purge(&conn->sk->sk_receive_queue);
	KUNIT_EXPECT_EQ(test, 0, smbsign_queue_mac_held(&held, &mac[1], 100, part));
	smbsign_queue_let_go(&held);
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_end(&mac[0], expected));
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_end(&mac[1], got));
	KUNIT_EXPECT_MEMEQ(test, expected, got, sizeof(got));
	KUNIT_EXPECT_EQ(test, -EAGAIN, smbsign_queue_hold(conn->sk, 100, 1, &held));
	/* Not more than that, of small segments */
	start_at(conn, 0);
	for (i = 0; i < 2 * HELD_SEGMENTS; i++)
		rig_arrive(test, conn, data + 10 * i, 10, false);
	KUNIT_EXPECT_EQ(test, 10 * HELD_SEGMENTS - 5,
			smbsign_queue_hold(conn->sk, 5, 15 * HELD_SEGMENTS, &held));
	smbsign_queue_let_go(&held);
}

/* If the frame may be held, nothing can be read before its end. */
static void held(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 length, at;
	u8 *data = large_write(test, &length);

	smbsign_knobs.hold_bytes = length;
	start_at(conn, 0);
	for (at = 0; at < length; at += 1000) {
		KUNIT_ASSERT_EQ(test, 0U, released_bytes(conn));
		rig_arrive(test, conn, data + at, min(1000U, length - at), true);
		run(conn);
	}
	KUNIT_EXPECT_EQ(test, length, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, 0U, around.events[SMBSIGN_COUNT_STREAMED]);
}

/* TCP has no room for the rest: stream it, and cut if it is wrong. */
static void no_room(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 length, half;
	u8 *data = large_write(test, &length);

	half = length / 2;
	start_at(conn, 0);
	rig_arrive(test, conn, data, half, true);
	run(conn);
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	conn->sk->sk_rcvbuf = 4096;
	run(conn);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_STREAMED]);
	run(conn);
	KUNIT_EXPECT_EQ(test, half, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, (int)half, rig_read(conn, NULL, half));
	data[length - 1] ^= 1;
	rig_arrive(test, conn, data + half, length - half, true);
	run(conn);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_LT(test, released_bytes(conn), length - half);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_BAD_SIGNATURE, around.reason);
}

/* A request that needs no check goes out after a streamed part. */
static void no_room_behind(struct kunit *test)
{
	static const struct request requests[] = {
		{ SMB2_CMD_CREATE, 1, ID, NULL, 0, 56, true },
		{ SMB2_CMD_WRITE, 2, ID, NULL, 0, LARGE, true },
		{ SMB2_CMD_CLOSE, 3, ID, NULL, 0, 24 },
	};
	struct smbsign_conn *conn = conn_for(test, RELAXED);
	u8 *data = guarded_alloc(test, LARGE + 512), *at = data + SMB2_NBSS_SIZE;
	u32 ends[ARRAY_SIZE(requests)], i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		at = put_request(test, at, &requests[i]);
		ends[i] = at - data;
	}
	put_unaligned_be32(ends[2] - SMB2_NBSS_SIZE, data);
	start_at(conn, 0);
	conn->sk->sk_rcvbuf = 4096;
	rig_arrive(test, conn, data, ends[0], true);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, ends[0], released_bytes(conn));
	rig_arrive(test, conn, data + ends[0], 1000, true);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, ends[0] + 1000, released_bytes(conn));
}

/* A client that half-closes in the middle of a frame breaks nothing. */
static void half_closed(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 length, part = 5000;
	u8 *data = large_write(test, &length);
	struct sk_buff *fin;

	smbsign_knobs.hold_bytes = 4096;
	start_at(conn, 0);
	rig_arrive(test, conn, data, part, true);
	run(conn);
	fin = rig_segment(test, part, data, 0, false);
	TCP_SKB_CB(fin)->tcp_flags = TCPHDR_FIN;
	TCP_SKB_CB(fin)->end_seq = part + 1;
	lock_sock(conn->sk);
	__skb_queue_tail(&conn->sk->sk_receive_queue, fin);
	WRITE_ONCE(tcp_sk(conn->sk)->rcv_nxt, part + 1);
	release_sock(conn->sk);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, (int)part, rig_read(conn, NULL, part));
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	/* A FIN that was read counts in copied_seq. */
	KUNIT_EXPECT_EQ(test, 0, rig_read(conn, NULL, part));
	KUNIT_EXPECT_EQ(test, part + 1, tcp_sk(conn->sk)->copied_seq);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
}

/* Half of a doomed request has arrived, and then there is no room. */
static struct smbsign_conn *refused_without_room(struct kunit *test,
						 struct smbsign_conn *home)
{
	struct request write = {
		SMB2_CMD_WRITE, 1, ID, session_key, 0, LARGE,
	};
	struct smbsign_conn *conn = rig_open(test, 0);
	u8 *data = guarded_alloc(test, LARGE + 68);

	KUNIT_ASSERT_PTR_NE(test, home, conn);
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	put_request(test, data + SMB2_NBSS_SIZE, &write);
	put_unaligned_be32(LARGE + 64, data);
	start_at(conn, 0);
	rig_arrive(test, conn, data, LARGE / 2, true);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_GATE_BODY, conn->gate.state);
	conn->sk->sk_rcvbuf = 4096;
	return conn;
}

/* It is not streamed, room or not. */
static void no_room_for_refused(struct kunit *test)
{
	struct smbsign_conn *home = conn_for(test, AUTHENTICATED);
	struct smbsign_conn *conn = refused_without_room(test, home);

	run(conn);
	KUNIT_EXPECT_TRUE(test, conn->gate.frame.fate == SMBSIGN_FATE_REFUSED);
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_SESSION_UNKNOWN, around.reason);
}

/* Requests for a session elsewhere, and whether their answers may be signed. */
static const struct elsewhere {
	const char *name;
	struct dialogue sent;
	bool shown[2];
} elsewheres[] = {
	{ "signed with its key", { .requests = { SIGNED_READ(1) } },
	  { true } },
	{ "changed", { .requests = { SIGNED_READ(1) }, .flip = 4 + 64 + 9 } },
	{ "not signed", { .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } } },
	{ "another one behind it",
	  { .requests = { { SMB2_CMD_READ, 1, ID, session_key, .body = 49,
			    .more = true },
			  { SMB2_CMD_READ, 2, ID, NULL, 0, 49 } } },
	  { true, false } },
	{ "a related one behind it",
	  { .requests = { { SMB2_CMD_READ, 1, ID, session_key, .body = 49,
			    .more = true },
			  { SMB2_CMD_READ, 2, RELATED, NULL,
			    SMB2_FLAG_RELATED_OPERATIONS, 49 } } },
	  { true, false } },
	{ "a changed one behind it",
	  { .requests = { { SMB2_CMD_READ, 1, ID, session_key, .body = 56,
			    .more = true }, SIGNED_READ(2) },
	    .flip = 4 + 64 + 56 + 64 + 48 }, { true, false } },
	{ "an ECHO before it",
	  { .requests = { { SMB2_CMD_ECHO, 1, ID, NULL, 0, 4, true },
			  SIGNED_READ(2) } },
	  { false, true } },
};

KUNIT_ARRAY_PARAM_DESC(elsewhere, elsewheres, name);

static void shown(struct kunit *test)
{
	const struct elsewhere *param = test->param_value;
	struct stream *stream = stream_of(test, &param->sent);
	struct smbsign_conn *home = conn_for(test, AUTHENTICATED);
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_awaited *awaited;
	u32 i = 0;

	KUNIT_ASSERT_NOT_NULL(test, home);
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_SESSION_UNKNOWN, around.reason);
	list_for_each_entry(awaited, &conn->awaited, node)
		KUNIT_EXPECT_EQ(test, param->shown[i++], !!awaited->shown);
	KUNIT_EXPECT_LE(test, 1U, i);
}

/* In a refused frame, only answers to verified requests may be signed. */
static const struct proof {
	const char *name;
	struct dialogue sent;
	u32 count;
	u32 proven;
} proofs[] = {
	{ "none", { .requests = { { SMB2_CMD_WRITE, 1, ID, NULL, 0, 49 } } },
	  1, 0x0 },
	{ "changed", { .requests = { SIGNED_READ(1) }, .flip = 4 + 64 + 48 },
	  1, 0x0 },
	{ "the first",
	  { .requests = { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 56, true },
			  { SMB2_CMD_WRITE, 2, ID, NULL, 0, 49 } } }, 2, 0x1 },
	{ "the first, and the second is changed",
	  { .requests = { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 56, true },
			  { SMB2_CMD_WRITE, 2, ID, session_key, 0, 49 } },
	    .flip = 4 + 64 + 56 + 64 + 48 }, 2, 0x1 },
	{ "the second is not signed, the third is not looked at",
	  { .requests = { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 56, true },
			  { SMB2_CMD_WRITE, 2, ID, NULL, 0, 48, true },
			  { SMB2_CMD_CLOSE, 3, ID, session_key, 0, 24 } } },
	  3, 0x1 },
	{ "two, and a related one that is not signed",
	  { .requests = { { SMB2_CMD_CREATE, 1, ID, session_key, 0, 56, true },
			  { SMB2_CMD_WRITE, 2, ID, session_key, 0, 48, true },
			  { SMB2_CMD_CLOSE, 3, RELATED, NULL,
			    SMB2_FLAG_RELATED_OPERATIONS, 24 } } }, 3, 0x3 },
	{ "of an ended session", { .setting = ENDED,
				   .requests = { SIGNED_READ(1) } }, 1, 0x1 },
	{ "of an ended session, not signed",
	  { .setting = ENDED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } }, 1, 0x0 },
	{ "bound already",
	  { .requests = { { SMB2_CMD_SESSION_SETUP, 1, ID, session_key, 0,
			    30 } } }, 1, 0x1 },
	{ "bound already, not signed", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_SESSION_SETUP, 1, ID, NULL, 0, 30 } } },
	  1, 0x0 },
};

KUNIT_ARRAY_PARAM_DESC(proof, proofs, name);

static void proven(struct kunit *test)
{
	const struct proof *proof = test->param_value;
	struct stream *stream = stream_of(test, &proof->sent);
	struct smbsign_conn *conn = conn_for(test, proof->sent.setting);
	struct smb2_header *first = header_at(stream->data + SMB2_NBSS_SIZE);

	if (le16_to_cpu(first->command) == SMB2_CMD_SESSION_SETUP) {
		((u8 *)(first + 1))[2] = SMB2_SETUP_FLAG_BINDING;
		if (proof->proven)
			sign(test, (u8 *)first, stream->length - SMB2_NBSS_SIZE,
			     session_key);
	}
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_REFUSING, run(conn));
	KUNIT_ASSERT_NOT_NULL(test, first_awaited(conn));
	expect_awaited(test, conn, proof->count, first_awaited(conn)->status,
		       proof->proven);
	KUNIT_EXPECT_TRUE(test, swallow(conn));
	/* Nothing of it vouches for the next frame. */
	kfree(conn->gate.substitute);
	conn->gate.substitute = NULL;
	smbsign_awaited_free(&conn->awaited);
	conn->awaited_count = 0;
	rig_arrive(test, conn, "\0\0\0\x10\xfeSMB\x40\0..........", 20, false);
	run(conn);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(conn->gate.frame.proven,
					     SMBSIGN_COMPOUND_MAX));
	KUNIT_EXPECT_EQ(test, 0ULL, conn->gate.frame.shown);
}

/* The policy changes after requests have passed. */
static const struct change {
	const char *name;
	struct dialogue before;
	enum smbsign_policy_mode from, to;
	bool guest, allow_guest, gone;
	enum smbsign_reason reason;
	const char *exceptions, *exceptions_now;
	bool allowed_guest;
} changes[] = {
	{ "signed", { .setting = RELAXED, .requests = { SIGNED_READ(1) } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED },
	{ "nothing sent", { .setting = RELAXED },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED },
	{ "nothing negotiated", { .setting = FRESH },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED },
	{ "not signed", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED,
	  .gone = true, .reason = SMBSIGN_REASON_UNSIGNED },
	{ "not signed, and need not be", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_NEGOTIATED },
	{ "not signed, in audit, and need not be", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_NEGOTIATED },
	{ "a guest's", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED, .guest = true,
	  .gone = true, .reason = SMBSIGN_REASON_GUEST },
	{ "a guest's, who may", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED, .guest = true,
	  .allow_guest = true },
	{ "excused in audit", { .setting = AUTHENTICATED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_NEGOTIATED,
	  .gone = true, .reason = SMBSIGN_REASON_UNSIGNED },
	{ "a wrong signature in audit", { .setting = RELAXED,
	    .requests = { SIGNED_READ(1) }, .flip = 4 + 64 + 48 },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_NEGOTIATED,
	  .gone = true, .reason = SMBSIGN_REASON_BAD_SIGNATURE },
	{ "several sessions in audit", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_ECHO, 1, 0, NULL, 0, 8, true },
			  SIGNED_READ(2) } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_NEGOTIATED,
	  .gone = true, .reason = SMBSIGN_REASON_COMPOUND_SESSIONS },
	{ "no SMB in audit", { .setting = AUTHENTICATED,
	    RAW("\1\0\0\x40\xfeSMB............") },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_NEGOTIATED,
	  .gone = true, .reason = SMBSIGN_REASON_NOT_SMB },
	{ "compressed", { .setting = RELAXED,
	    RAW("\0\0\0\x14\xfcSMB................") },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED,
	  .gone = true, .reason = SMBSIGN_REASON_COMPRESSED },
	{ "encrypted", { .setting = CIPHERED,
	    RAW("\0\0\0\x44\xfdSMB................................\0\0\0\0"
		"\0\0\1\0\x17\0\0\0\0\0\1\0................") },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED },
	{ "not signed, an exception's", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED,
	  .exceptions = "192.0.2.7", .exceptions_now = "192.0.2.7" },
	{ "not signed, an exception's in audit", { .setting = AUTHENTICATED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_REQUIRED,
	  .gone = true, .reason = SMBSIGN_REASON_UNSIGNED,
	  .exceptions = "192.0.2.7", .exceptions_now = "192.0.2.7" },
	{ "not signed, no exception any more", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_REQUIRED, SMBSIGN_POLICY_REQUIRED,
	  .gone = true, .reason = SMBSIGN_REASON_UNSIGNED,
	  .exceptions = "192.0.2.7", .exceptions_now = "192.0.2.8" },
	{ "signed, no exception any more", { .setting = RELAXED,
	    .requests = { SIGNED_READ(1) } },
	  SMBSIGN_POLICY_REQUIRED, SMBSIGN_POLICY_REQUIRED,
	  .exceptions = "192.0.2.0/24", .exceptions_now = "" },
	{ "a guest's, no exception any more", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_REQUIRED, SMBSIGN_POLICY_REQUIRED, .guest = true,
	  .gone = true, .reason = SMBSIGN_REASON_GUEST,
	  .exceptions = "192.0.2.7", .exceptions_now = "" },
	{ "compressed, no exception any more", { .setting = RELAXED,
	    RAW("\0\0\0\x14\xfcSMB................") },
	  SMBSIGN_POLICY_REQUIRED, SMBSIGN_POLICY_REQUIRED,
	  .gone = true, .reason = SMBSIGN_REASON_COMPRESSED,
	  .exceptions = "192.0.2.7", .exceptions_now = "" },
	{ "guests no longer allowed in audit", { .setting = AUTHENTICATED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_AUDIT, .allowed_guest = true },
	{ "no exception any more in audit", { .setting = AUTHENTICATED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_AUDIT, SMBSIGN_POLICY_AUDIT,
	  .exceptions = "192.0.2.7", .exceptions_now = "" },
	{ "no exception any more where none is needed", { .setting = RELAXED,
	    .requests = { { SMB2_CMD_READ, 1, ID, NULL, 0, 49 } } },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_NEGOTIATED,
	  .exceptions = "192.0.2.7", .exceptions_now = "" },
	{ "an exception now", { .setting = RELAXED, .requests = { SIGNED_READ(1) } },
	  SMBSIGN_POLICY_REQUIRED, SMBSIGN_POLICY_REQUIRED,
	  .exceptions = "", .exceptions_now = "192.0.2.7" },
	{ "given up before", { .setting = AUTHENTICATED,
	    RAW("\1\0\0\x40\xfeSMB............") },
	  SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED },
};

KUNIT_ARRAY_PARAM_DESC(change, changes, name);

static bool enforced(struct smbsign_conn *conn,
		     const struct smbsign_policy *policy)
{
	bool before = conn->life == SMBSIGN_LIFE_CUT;
	int grace = smbsign_grace_enter();

	lock_sock(conn->sk);
	enforce_on(conn, policy);
	release_sock(conn->sk);
	smbsign_grace_leave(grace);
	return !before && conn->life == SMBSIGN_LIFE_CUT;
}

static void set_exceptions(struct kunit *test, const char *list)
{
	if (list)
		KUNIT_ASSERT_EQ(test, 0, smbsign_exceptions_set(list, strlen(list),
								false));
}

static void enforce(struct kunit *test)
{
	const struct change *change = test->param_value;
	struct stream *stream = stream_of(test, &change->before);
	struct smbsign_conn *conn = change->guest ? rig_open(test, 0) :
			conn_for(test, change->before.setting);
	int kick = atomic_read(&conn->kick);
	struct smbsign_policy policy;

	conn->peer.in.sin_family = AF_INET;
	conn->peer.in.sin_addr.s_addr = in_aton("192.0.2.7");
	set_exceptions(test, change->exceptions);
	smbsign_exceptions_apply(conn);
	if (change->guest) {
		rig_negotiate(conn, SMB2_DIALECT_300, true);
		KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, no_secret));
	}
	around.policy.mode = change->from;
	start_at(conn, 0);
	if (stream->length) {
		rig_arrive(test, conn, stream->data, stream->length, false);
		run(conn);
	}
	forget_reports();
	policy = around.policy;
	policy.allow_guest = change->allowed_guest;
	around.policy.mode = change->to;
	around.policy.allow_guest = change->allow_guest;
	set_exceptions(test, change->exceptions_now);
	KUNIT_EXPECT_EQ(test, change->gone, enforced(conn, &policy));
	set_exceptions(test, change->exceptions ? "" : NULL);
	KUNIT_EXPECT_EQ(test, change->gone, around.reports);
	KUNIT_EXPECT_EQ(test, change->gone, atomic_read(&conn->kick) != kick);
	if (!change->gone)
		return;
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_EQ(test, change->reason, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_OUTCOME_RESET, around.report);
	/* There is one report. */
	enforced(conn, &policy);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);
}

/*
 * A client has sent a compressed message when it was allowed.  It is not cut
 * because it authenticates once more while the policy changes.
 */
static void unrelated_change(struct kunit *test)
{
	static const struct dialogue compressed = {
		RAW("\0\0\0\x14\xfcSMB................"),
	};
	struct smbsign_policy before = { .mode = SMBSIGN_POLICY_NEGOTIATED,
					 .allow_guest = true };
	struct stream *stream = stream_of(test, &compressed);
	struct smbsign_conn *conn = conn_for(test, RELAXED);

	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_FALSE(test, enforced(conn, &before));
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID + 1,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	KUNIT_EXPECT_FALSE(test, enforced(conn, &before));
}

/* Other frames than requests use up budget, too. */
static void strange_frames_are_charged(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, CIPHERED);
	u32 length = 16, number = 100, most = 10, i;
	u8 *data = guarded_alloc(test, number * length);

	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	for (i = 0; i < number; i++) {
		memset(data + i * length, 0, length);
		put_unaligned_be32(length - SMB2_NBSS_SIZE, data + i * length);
		memcpy(data + i * length + SMB2_NBSS_SIZE, "\xfdSMB", 4);
	}
	start_at(conn, 0);
	rig_arrive(test, conn, data, number * length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_PAUSED,
			run_for(conn, most * sizeof(struct smb2_header), U32_MAX));
	KUNIT_EXPECT_EQ(test, most, around.reports);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, number * length, released_bytes(conn));
}

static bool in_softirq_call(struct smbsign_conn *conn)
{
	int grace = smbsign_grace_enter();
	bool wake;

	local_bh_disable();
	bh_lock_sock(conn->sk);
	wake = smbsign_gate_arrived(conn);
	bh_unlock_sock(conn->sk);
	local_bh_enable();
	smbsign_grace_leave(grace);
	return wake;
}

/* If it must be cut, the reader hears that nothing more comes. */
static void no_room_to_refuse(struct kunit *test)
{
	struct smbsign_conn *home = conn_for(test, AUTHENTICATED);
	struct smbsign_conn *conn = refused_without_room(test, home);

	around.policy.resets = true;
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	conn = refused_without_room(test, home);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_OVER, run(conn));
}

/* Softirq verifies little, and wakes the reader when it has something to do. */
static void softirq(struct kunit *test)
{
	static const struct dialogue one = { .requests = { SIGNED_READ(1) } };
	struct stream *stream = stream_of(test, &one);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);

	start_at(conn, 0);
	KUNIT_EXPECT_FALSE(test, in_softirq_call(conn));
	rig_arrive(test, conn, stream->data, stream->length - 1, false);
	KUNIT_EXPECT_FALSE(test, in_softirq_call(conn));
	rig_arrive(test, conn, stream->data + stream->length - 1, 1, false);
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
	KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));

	/* A refusal is left to the reader, from its first byte on. */
	stream->data[stream->length - 1] ^= 1;
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
	KUNIT_EXPECT_TRUE(test, conn->gate.frame.fate == SMBSIGN_FATE_REFUSED);
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
}

/* Bulk is left to the reader, which wakes when enough has arrived. */
static void softirq_bulk(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u32 length;
	u8 *data = large_write(test, &length);

	smbsign_knobs.softirq_bytes = 1000;
	start_at(conn, 0);
	rig_arrive(test, conn, data, length - 1, true);
	KUNIT_EXPECT_FALSE(test, in_softirq_call(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_GATE_BODY, conn->gate.state);
	KUNIT_EXPECT_FALSE(test, in_softirq_call(conn));
	rig_arrive(test, conn, data + length - 1, 1, false);
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, length, released_bytes(conn));

	/* A streamed frame wakes it at once */
	smbsign_knobs.hold_bytes = 4096;
	start_at(conn, 0);
	rig_arrive(test, conn, data, 2000, true);
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
}

/* What arrives on a connection that was cut is not looked at, however large. */
static void softirq_cut(struct kunit *test)
{
	struct smbsign_conn *home = conn_for(test, AUTHENTICATED), *conn;
	u32 length, released;
	u8 *data = large_write(test, &length);

	smbsign_knobs.softirq_bytes = 1000;
	start_at(home, 0);
	rig_arrive(test, home, data, length / 2, true);
	in_softirq_call(home);
	KUNIT_EXPECT_EQ(test, SMBSIGN_GATE_BODY, home->gate.state);
	cut(home);
	forget_reports();
	released = home->gate.cursor.released;
	home->sk->sk_rcvbuf = 4096;
	KUNIT_EXPECT_TRUE(test, in_softirq_call(home));
	KUNIT_EXPECT_EQ(test, 0U, around.events[SMBSIGN_COUNT_STREAMED]);
	KUNIT_EXPECT_EQ(test, released, home->gate.cursor.released);

	/* One that is to be refused is not refused any more. */
	home->life = SMBSIGN_LIFE_OPEN;
	conn = refused_without_room(test, home);
	smbsign_knobs.softirq_bytes = 10;
	KUNIT_EXPECT_EQ(test, SMBSIGN_GATE_BODY, conn->gate.state);
	cut(conn);
	forget_reports();
	KUNIT_EXPECT_TRUE(test, in_softirq_call(conn));
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
	KUNIT_EXPECT_EQ(test, 0ULL, conn->refusals);
}

static void replay_allowed(struct kunit *test)
{
	static const struct dialogue twice = {
		.requests = { SIGNED_READ(1), SIGNED_READ(1) },
	};
	struct stream *stream = stream_of(test, &twice);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);

	around.policy.replay_window = false;
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	KUNIT_EXPECT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
	KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, 2U, around.events[SMBSIGN_COUNT_VERIFIED]);
	KUNIT_EXPECT_TRUE(test, conn->repeats);
}

static const struct smbsign_awaited *the_awaited(struct kunit *test,
						 struct smbsign_conn *conn)
{
	KUNIT_ASSERT_EQ(test, 1U, conn->awaited_count);
	return list_first_entry(&conn->awaited, struct smbsign_awaited, node);
}

static struct smb2_header response_to(u64 message_id, u32 status)
{
	return (struct smb2_header) {
		.message_id = cpu_to_le64(message_id),
		.status = cpu_to_le32(status),
		.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
	};
}

static bool is_due(struct smbsign_conn *conn, u64 message_id)
{
	const struct smb2_header response = response_to(message_id, 0);

	return smbsign_credits_due(conn, &response);
}

static void answer(struct smbsign_conn *conn, u64 message_id, u32 status)
{
	const struct smb2_header response = response_to(message_id, status);

	smbsign_credits_answered(conn, &response);
}

/* A response is due for what the window let pass, and for nothing else. */
static void due_once(struct kunit *test)
{
	static const struct dialogue dialogue = {
		.requests = { SIGNED_READ(1), SIGNED_READ(1), SIGNED_READ(60000),
			      SIGNED_READ(5) },
	};
	struct stream *stream = stream_of(test, &dialogue);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	static const u64 due[] = { 1, 5 };
	u64 id, found = 0;

	around.policy.replay_window = false;
	rig_gmac(test, conn);
	start_at(conn, 0);
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_EQ(test, stream->length, released_bytes(conn));
	for (id = 0; id < 70000; id++) {
		if (!is_due(conn, id))
			continue;
		KUNIT_ASSERT_LT(test, found, (u64)ARRAY_SIZE(due));
		KUNIT_EXPECT_EQ(test, due[found++], id);
	}
	KUNIT_EXPECT_EQ(test, (u64)ARRAY_SIZE(due), found);

	/* Once it is answered it is due no more, and does not become it again. */
	answer(conn, 1, SMB2_STATUS_PENDING);
	KUNIT_EXPECT_TRUE(test, is_due(conn, 1));
	answer(conn, 1, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_FALSE(test, is_due(conn, 1));
	rig_arrive(test, conn, stream->data, stream->length, false);
	run(conn);
	KUNIT_EXPECT_EQ(test, 2 * stream->length, released_bytes(conn));
	KUNIT_EXPECT_FALSE(test, is_due(conn, 1));
	/* A connection that is gone signs nothing. */
	kfree(conn->due);
	conn->due = NULL;
	KUNIT_EXPECT_FALSE(test, is_due(conn, 5));
	/* Other algorithms need no nonce. */
	conn->facts.algorithm = SMB2_SIGNING_AES_CMAC;
	KUNIT_EXPECT_TRUE(test, is_due(conn, 1));
}

/* A connection that signs with AES-GMAC, with or without the session. */
static struct smbsign_conn *gmac_conn(struct kunit *test, bool home)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_gmac(test, conn);
	if (home)
		KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, session_key));
	return conn;
}

static void sign_with(struct kunit *test, struct smbsign_key *key, u8 *message,
		      u32 length)
{
	struct smb2_header *header = header_at(message);
	struct smbsign_mac mac = { };

	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	KUNIT_ASSERT_TRUE(test, smbsign_key_get(key));
	KUNIT_ASSERT_EQ(test, 0, smbsign_mac_begin(&mac, key, header));
	KUNIT_ASSERT_EQ(test, 0, smbsign_mac_update(&mac, message, length));
	KUNIT_ASSERT_EQ(test, 0, smbsign_mac_end(&mac, header->signature));
}

/* Send a request that is signed with @key; is its answer? */
static bool answers_signed(struct kunit *test, struct smbsign_conn *conn,
			   struct smbsign_key *key, u16 command, u64 message_id)
{
	const struct request request = {
		.command = command, .message_id = message_id, .session = ID,
		.body = 30,
	};
	u8 frame[SMB2_NBSS_SIZE + sizeof(struct smb2_header) + 30];
	u8 *message = frame + SMB2_NBSS_SIZE;
	const u32 length = sizeof(frame) - SMB2_NBSS_SIZE;
	const struct smbsign_awaited *awaited;

	put_unaligned_be32(length, frame);
	put_request(test, message, &request);
	if (command == SMB2_CMD_SESSION_SETUP)
		message[sizeof(struct smb2_header) + 2] =
			SMB2_SETUP_FLAG_BINDING;
	sign_with(test, key, message, length);
	start_at(conn, 0);
	conn->window.high = 300;
	rig_arrive(test, conn, frame, sizeof(frame), false);
	run(conn);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn->life);
	awaited = the_awaited(test, conn);
	KUNIT_EXPECT_EQ(test, message_id, awaited->message_id);
	return awaited->shown;
}

/* A key signs a binding elsewhere, if nothing has the MessageId; nothing else. */
static void lends(struct kunit *test)
{
	static const struct {
		u16 command;
		u64 message_id;
		bool answered;
	} cases[] = {
		{ SMB2_CMD_SESSION_SETUP, 3, true },
		{ SMB2_CMD_SESSION_SETUP, 3, false },
		{ SMB2_CMD_SESSION_SETUP, 9, true },
		{ SMB2_CMD_SESSION_SETUP, 10, false },
		{ SMB2_CMD_SESSION_SETUP, 4, true },
		{ SMB2_CMD_READ, 5, false },
		{ SMB2_CMD_SESSION_SETUP, 5, true },
	};
	struct smbsign_conn *home = gmac_conn(test, true), *conn;
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();
	struct smbsign_key *key;
	unsigned int i;

	key = smbsign_session_lookup(home, ID, false, &facts);
	smbsign_grace_leave(grace);
	KUNIT_ASSERT_NOT_NULL(test, key);
	key->own = 10;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		conn = gmac_conn(test, false);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].answered,
				    answers_signed(test, conn, key,
						   cases[i].command,
						   cases[i].message_id),
				    "case %u", i);
		rig_close(test, conn);
	}
	/* MessageIds that are far from any login's */
	key->own = 200;
	conn = gmac_conn(test, false);
	KUNIT_EXPECT_FALSE(test, answers_signed(test, conn, key,
						SMB2_CMD_SESSION_SETUP, 100));
	smbsign_key_put(key);
}

/* Where the contexts of an offer begin, and its last algorithm. */
#define OFFER_CONTEXTS	104
#define OFFER_ALGORITHM	130
#define OFFER_LENGTH	132

/* A NEGOTIATE for 3.1.1 that offers an algorithm. */
static void make_offer(u8 *frame, u16 algorithm)
{
	u8 *message = frame + SMB2_NBSS_SIZE;
	struct smb2_header *header = header_at(message);
	struct smb2_negotiate_request *request = (void *)(header + 1);

	memset(frame, 0, SMB2_NBSS_SIZE + OFFER_LENGTH);
	put_unaligned_be32(OFFER_LENGTH, frame);
	header->protocol_id = SMB2_PROTOCOL_ID;
	header->structure_size = cpu_to_le16(sizeof(*header));
	header->command = cpu_to_le16(SMB2_CMD_NEGOTIATE);
	request->dialect_count = cpu_to_le16(1);
	request->contexts.offset = cpu_to_le32(OFFER_CONTEXTS);
	request->contexts.count = cpu_to_le16(2);
	put_unaligned_le16(SMB2_DIALECT_311, request + 1);
	message += OFFER_CONTEXTS;
	put_unaligned_le16(SMB2_CONTEXT_PREAUTH, message);
	put_unaligned_le16(6, message + 2);
	message += 16;
	put_unaligned_le16(SMB2_CONTEXT_SIGNING, message);
	put_unaligned_le16(4, message + 2);
	put_unaligned_le16(1, message + 8);
	put_unaligned_le16(algorithm, message + 10);
}

static void offer(struct kunit *test, struct smbsign_conn *conn, u8 *frame,
		  u16 algorithm)
{
	make_offer(frame, algorithm);
	start_at(conn, 0);
	rig_arrive(test, conn, frame, SMB2_NBSS_SIZE + OFFER_LENGTH, false);
	run(conn);
}

/* ksmbd reads an offer of AES-GMAC as one of AES-CMAC, and hashes what it was. */
static void hides_gmac(struct kunit *test)
{
	u8 frame[SMB2_NBSS_SIZE + OFFER_LENGTH], *message;
	struct smbsign_conn *conn = rig_open(test, 0);
	const struct smbsign_substitute *substitute;

	offer(test, conn, frame, SMB2_SIGNING_AES_GMAC);
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_EQ(test, SMBSIGN_GATE_SWALLOW, conn->gate.state);
	KUNIT_EXPECT_TRUE(test, conn->gate.blocked);
	KUNIT_EXPECT_EQ(test, SMBSIGN_AWAITED_NEGOTIATE,
			the_awaited(test, conn)->kind);
	substitute = conn->gate.substitute;
	KUNIT_ASSERT_NOT_NULL(test, substitute);
	KUNIT_ASSERT_EQ(test, (u32)sizeof(frame), substitute->length);
	message = conn->gate.substitute->data + SMB2_NBSS_SIZE;
	KUNIT_EXPECT_EQ(test, SMB2_SIGNING_AES_CMAC,
			get_unaligned_le16(message + OFFER_ALGORITHM));
	smbsign_negotiate_unhide(conn, message, OFFER_LENGTH - 1);
	KUNIT_EXPECT_MEMNEQ(test, frame, substitute->data, sizeof(frame));
	smbsign_negotiate_unhide(conn, message, OFFER_LENGTH);
	KUNIT_EXPECT_MEMEQ(test, frame, substitute->data, sizeof(frame));
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
	rig_close(test, conn);
}

/* Not where ksmbd answers by itself, or the administrator does not want it. */
static void hides_nothing(struct kunit *test)
{
	u8 frame[SMB2_NBSS_SIZE + OFFER_LENGTH], copy[sizeof(frame)];
	struct smbsign_conn *conn = rig_open(test, 0);
	unsigned int i = 0;

	offer(test, conn, frame, SMB2_SIGNING_AES_CMAC);
	KUNIT_EXPECT_EQ(test, (u32)sizeof(frame), released_bytes(conn));
	memcpy(copy, frame, sizeof(frame));
	smbsign_negotiate_unhide(conn, copy + SMB2_NBSS_SIZE, OFFER_LENGTH);
	KUNIT_EXPECT_MEMEQ(test, frame, copy, sizeof(frame));
	conn = rig_open(test, 0);
	around.policy.algorithms = BIT(SMB2_SIGNING_AES_CMAC);
	offer(test, conn, frame, SMB2_SIGNING_AES_GMAC);
	KUNIT_EXPECT_EQ(test, (u32)sizeof(frame), released_bytes(conn));
	around.policy.algorithms = BIT(SMB2_SIGNING_AES_GMAC);
	do {
		conn = rig_open(test, 0);
		around.failed = 0;
		around.allocate = i++;
		offer(test, conn, frame, SMB2_SIGNING_AES_GMAC);
		around.allocate = -1;
		KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
		KUNIT_EXPECT_EQ(test, conn->life,
				around.failed ? SMBSIGN_LIFE_CUT :
						SMBSIGN_LIFE_OPEN);
	} while (around.failed);
	KUNIT_EXPECT_GT(test, i, 2U);
}

/* If CreditCharge was agreed on, a request uses a range of ids, once. */
static void charges(struct kunit *test)
{
	static const struct dialogue overlapping = {
		.requests = { SIGNED_READ(1), SIGNED_READ(2) },
	};
	struct stream *stream = stream_of(test, &overlapping);
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	struct smb2_header *header = header_at(stream->data + SMB2_NBSS_SIZE);
	bool counts;

	header->credit_charge = cpu_to_le16(2);
	sign(test, (u8 *)header, stream->ends[0] - SMB2_NBSS_SIZE, session_key);
	for (counts = false; ; counts = true) {
		conn->facts.multi_credit = counts;
		start_at(conn, 0);
		rig_arrive(test, conn, stream->data, stream->length, false);
		run(conn);
		KUNIT_EXPECT_EQ(test, counts ? stream->ends[0] : stream->length,
				released_bytes(conn));
		if (counts)
			break;
	}
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_MESSAGE_ID, around.reason);
}

/* A captured frame gives the same result however it is cut. */
struct outcome {
	enum smbsign_step	result;
	enum smbsign_gate_state	state;
	u32			readable;
	u32			discardable;
	u32			reports;
	enum smbsign_reason	reason;
	u32			awaited;
};

static struct outcome feed(struct kunit *test, struct smbsign_conn *conn,
			   const u8 *data, u32 length, u32 cut)
{
	struct outcome outcome = { };

	start_at(conn, 0 - cut);
	if (cut) {
		rig_arrive(test, conn, data, cut, cut % 2);
		run(conn);
	}
	rig_arrive(test, conn, data + cut, length - cut, cut % 3);
	outcome.result = run(conn);
	outcome.state = conn->gate.state;
	outcome.readable = released_bytes(conn);
	outcome.discardable = smbsign_refuse_swallowable(conn);
	outcome.reports = around.reports;
	outcome.reason = around.reports ? around.reason : 0;
	outcome.awaited = conn->awaited_count;
	return outcome;
}

static bool opens(const struct sample *sample)
{
	const u8 *message = sample->data + SMB2_NBSS_SIZE;

	return message[0] == 0xff || (message[0] == 0xfe && !message[12] &&
				      !message[13]);
}

/* As captured, on a connection that has its session, but with another key */
static void captured(struct kunit *test)
{
	const struct sample *sample = test->param_value;
	struct smbsign_conn *conn = rig_open(test, 0);
	u32 header = SMB2_NBSS_SIZE + sizeof(struct smb2_header), cut;
	struct outcome whole, parts;
	u64 id = 0;

	if (!opens(sample)) {
		rig_negotiate(conn, SMB2_DIALECT_300, false);
		if (sample->length >= header)
			id = get_unaligned_le64(sample->data + SMB2_NBSS_SIZE +
						40);
		if (id && id != RELATED)
			KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, id,
								  session_key));
	}
	whole = feed(test, conn, sample->data, sample->length, 0);
	for (cut = 1; cut < sample->length; cut++) {
		parts = feed(test, conn, sample->data, sample->length, cut);
		KUNIT_ASSERT_EQ_MSG(test, 0, memcmp(&whole, &parts,
						    sizeof(whole)),
				    "cut at %u: result %u, not %u; readable %u, not %u",
				    cut, parts.result, whole.result,
				    parts.readable, whole.readable);
	}
}

/* Turn it into a request of ours: our session, MessageIds in order, signed. */
static bool sign_again(struct kunit *test, u8 *frame, u32 length)
{
	struct smbsign_element element;
	u32 at = SMB2_NBSS_SIZE;
	u64 message_id = 1;

	do {
		struct smb2_header *header = header_at(frame + at);
		u32 left = length - at;

		if (smbsign_frame_element(frame + at,
					  min_t(u32, left, SMBSIGN_HEAD_SIZE),
					  left, &element) ||
		    element.command == SMB2_CMD_NEGOTIATE ||
		    element.ctl_code == SMB2_FSCTL_VALIDATE_NEGOTIATE)
			return false;
		if (element.session_id != RELATED)
			header->session_id = cpu_to_le64(ID);
		if (element.command == SMB2_CMD_CANCEL)
			header->message_id = cpu_to_le64(message_id);
		else
			header->message_id = cpu_to_le64(message_id++);
		/* A binding would be a second one. */
		if (element.command == SMB2_CMD_SESSION_SETUP)
			frame[at + sizeof(*header) + 2] = 0;
		sign(test, frame + at, element.length, session_key);
		at += element.length;
	} while (!element.last);
	return true;
}

/* Signed: nothing can be read before the last byte arrives; then all can. */
static void captured_signed(struct kunit *test)
{
	const struct sample *sample = test->param_value;
	struct smbsign_conn *conn = conn_for(test, AUTHENTICATED);
	u8 *frame = guarded_copy(test, sample->data, sample->length);
	u32 cut;

	if (!sign_again(test, frame, sample->length))
		return;
	for (cut = 1; cut < sample->length; cut++) {
		start_at(conn, 0 - cut);
		rig_arrive(test, conn, frame, cut, cut % 2);
		run(conn);
		KUNIT_ASSERT_EQ(test, 0U, released_bytes(conn));
		rig_arrive(test, conn, frame + cut, sample->length - cut, false);
		KUNIT_ASSERT_EQ(test, SMBSIGN_STEP_STARVED, run(conn));
		KUNIT_ASSERT_EQ(test, sample->length, released_bytes(conn));
	}
	/* Nor if its last byte is wrong. */
	frame[sample->length - 1] ^= 0x80;
	feed(test, conn, frame, sample->length, 0);
	KUNIT_EXPECT_EQ(test, 0U, released_bytes(conn));
	KUNIT_EXPECT_TRUE(test, around.reports);
}

/*
 * With AES-GMAC, somebody must look at responses: no nonce may be used twice.
 * So the gate opens for good under audit only without it.
 */
static void transparent(struct kunit *test)
{
	static const u8 no_smb[] = { 0x81, 0, 0, 0 };
	struct smbsign_conn *conn;
	bool gmac;

	around.policy.mode = SMBSIGN_POLICY_AUDIT;
	for (gmac = false;; gmac = true) {
		conn = rig_open(test, 0);
		if (gmac)
			rig_gmac(test, conn);
		rig_arrive(test, conn, no_smb, sizeof(no_smb), false);
		run(conn);
		KUNIT_EXPECT_EQ(test, !gmac, smbsign_gate_is_transparent(conn));
		KUNIT_EXPECT_EQ(test, gmac, conn->life == SMBSIGN_LIFE_CUT);
		if (gmac)
			break;
	}
}

static struct kunit_case gate_cases[] = {
	KUNIT_CASE_PARAM(cut_everywhere, dialogue_gen_params),
	KUNIT_CASE_PARAM(byte_by_byte, dialogue_gen_params),
	KUNIT_CASE_PARAM(small_budgets, dialogue_gen_params),
	KUNIT_CASE_PARAM(no_memory, dialogue_gen_params),
	KUNIT_CASE_PARAM(audit, dialogue_gen_params),
	KUNIT_CASE(audit_hides),
	KUNIT_CASE_PARAM(reset_on_violation, dialogue_gen_params),
	KUNIT_CASE_PARAM(terminal, dialogue_gen_params),
	KUNIT_CASE(every_bit),
	KUNIT_CASE(refusal),
	KUNIT_CASE(refused_cancel),
	KUNIT_CASE(keepalives),
	KUNIT_CASE(keepalive_flood),
	KUNIT_CASE(unanswered),
	KUNIT_CASE(refused_compounds),
	KUNIT_CASE(refused_under_audit),
	KUNIT_CASE(logs_in_twice),
	KUNIT_CASE(unblocked),
	KUNIT_CASE(transparent),
	KUNIT_CASE(ahead),
	KUNIT_CASE(ahead_cut),
	KUNIT_CASE(ahead_holds),
	KUNIT_CASE(streamed),
	KUNIT_CASE(held),
	KUNIT_CASE(no_room),
	KUNIT_CASE(no_room_behind),
	KUNIT_CASE(half_closed),
	KUNIT_CASE(no_room_for_refused),
	KUNIT_CASE(no_room_to_refuse),
	KUNIT_CASE_PARAM(shown, elsewhere_gen_params),
	KUNIT_CASE_PARAM(proven, proof_gen_params),
	KUNIT_CASE_PARAM(enforce, change_gen_params),
	KUNIT_CASE(unrelated_change),
	KUNIT_CASE(strange_frames_are_charged),
	KUNIT_CASE(softirq),
	KUNIT_CASE(softirq_bulk),
	KUNIT_CASE(softirq_cut),
	KUNIT_CASE(replay_allowed),
	KUNIT_CASE(due_once),
	KUNIT_CASE(lends),
	KUNIT_CASE(hides_gmac),
	KUNIT_CASE(hides_nothing),
	KUNIT_CASE(charges),
	KUNIT_CASE_PARAM(captured, sample_gen_params),
	KUNIT_CASE_PARAM(captured_signed, sample_gen_params),
	{}
};

static struct kunit_suite gate_suite = {
	.name = "smbsign_gate",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = gate_cases,
};

kunit_test_suite(gate_suite);
