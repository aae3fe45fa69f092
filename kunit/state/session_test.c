// SPDX-License-Identifier: GPL-2.0-only
/* Sessions and their keys, from start to end. */
#include <crypto/utils.h>
#include <linux/hex.h>
#include <linux/kthread.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "../mac/derive_testvecs.h"
#include "../failing.h"
#include "../rig.h"

#include "gate/setup.c"
#include "state/session.c"

#define ID	RIG_SESSION

static const u8 key_a[SMB2_KEY_SIZE] = "the first key";
static const u8 key_b[SMB2_KEY_SIZE] = "another key";
static const u8 no_secret[SMB2_KEY_SIZE];

/* Get what the policy is told.  Releases the key. */
static struct smbsign_session_facts facts_of(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();

	smbsign_key_put(smbsign_session_lookup(conn, id, false, &facts));
	smbsign_grace_leave(grace);
	return facts;
}

static int mac_with(struct smbsign_key *key, u8 out[SMB2_SIGNATURE_SIZE])
{
	static const struct smb2_header header;
	struct smbsign_mac mac = { };

	return smbsign_mac_begin(&mac, key, &header) ?:
	       smbsign_mac_end(&mac, out);
}

/* Is this the session's key?  Its MAC tells. */
static bool has_key(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	u8 mac[SMB2_SIGNATURE_SIZE], expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();
	struct smbsign_key *key = smbsign_session_lookup(conn, id, false, &facts);
	struct smbsign_key *same = smbsign_key_alloc(conn->facts.algorithm, raw);
	/* Each of them releases its key. */
	bool known = !IS_ERR(same) && !mac_with(same, expected);
	bool found = key && !mac_with(key, mac);

	smbsign_grace_leave(grace);
	return known && found && facts.has_key &&
	       !memcmp(mac, expected, sizeof(mac));
}

static bool is_known(u64 id)
{
	int grace = smbsign_grace_enter();
	bool known = smbsign_session_is_known(id);

	smbsign_grace_leave(grace);
	return known;
}

/**
 * struct login - an authentication, and its result
 * @name:	for the log
 * @dialect:	the dialect
 * @mode:	SecurityMode of the SESSION_SETUP requests
 * @setup_flags: their Flags
 * @client:	the client's NEGOTIATE demanded signing
 * @server:	the server's response did
 * @encryption:	a cipher was agreed on
 * @flags:	SessionFlags of the last response
 * @key:	the key that ksmbd shows, or NULL
 * @facts:	what is known afterwards
 */
struct login {
	const char	*name;
	u16		dialect;
	u16		mode;
	u8		setup_flags;
	bool		client;
	bool		server;
	bool		encryption;
	u16		flags;
	const u8	*key;
	struct smbsign_session_facts facts;
};

#define DONE	.state = SMBSIGN_SESSION_ESTABLISHED

static const struct login logins[] = {
	{ "2.1, nobody demands", 0x0210, .mode = 1, .key = key_a,
	  .facts = { DONE, .has_key = true } },
	{ "2.1, the server demands", 0x0210, .server = true, .key = key_a,
	  .facts = { DONE, .required = true, .has_key = true } },
	{ "2.1, ksmbd does not show the key", 0x0210, .server = true,
	  .facts = { DONE, .required = true } },
	{ "2.1, anonymous", 0x0210, .server = true, .key = no_secret,
	  .facts = { DONE, .guest = true, .has_key = true } },
	{ "3.0, the client demands", 0x0300, .client = true, .key = key_a,
	  .facts = { DONE, .required = true, .has_key = true } },
	{ "3.0, SESSION_SETUP demands", 0x0300, .mode = 3, .key = key_a,
	  .facts = { DONE, .required = true, .has_key = true } },
	{ "3.0, ksmbd does not show the key", 0x0300, .server = true,
	  .facts = { DONE, .required = true, .keyless = true } },
	{ "3.0, guest", 0x0300, .server = true, .flags = SMB2_SESSION_IS_GUEST,
	  .key = key_a, .facts = { DONE, .guest = true, .has_key = true } },
	{ "3.0, anonymous", 0x0300, .server = true, .flags = SMB2_SESSION_IS_NULL,
	  .facts = { DONE, .guest = true, .keyless = true } },
	{ "3.0, a guest who demands", 0x0300, .mode = 2,
	  .flags = SMB2_SESSION_IS_GUEST, .key = key_a,
	  .facts = { DONE, .required = true, .guest = true, .has_key = true } },
	{ "3.0, a cipher", 0x0300, .encryption = true, .key = key_a,
	  .facts = { DONE, .ciphered = true, .has_key = true } },
	{ "3.0, must be encrypted", 0x0300, .encryption = true, .key = key_a,
	  .flags = SMB2_SESSION_ENCRYPT_DATA, .server = true,
	  .facts = { DONE, .required = true, .encrypted = true,
		     .ciphered = true, .has_key = true } },
	{ "3.0, a new session that asks for a binding", 0x0300,
	  .encryption = true, .setup_flags = SMB2_SETUP_FLAG_BINDING,
	  .key = key_a, .facts = { DONE, .required = true, .has_key = true } },
	{ "3.1.1, the server demands", 0x0311, .server = true, .key = key_a,
	  .facts = { DONE, .required = true, .has_key = true } },
	{ "3.1.1, no secret", 0x0311, .server = true, .key = no_secret,
	  .facts = { DONE, .guest = true, .has_key = true } },
};

KUNIT_ARRAY_PARAM_DESC(login, logins, name);

static void expect_facts(struct kunit *test,
			 const struct smbsign_session_facts *facts,
			 const struct smbsign_session_facts *expected)
{
	KUNIT_EXPECT_EQ(test, facts->state, expected->state);
	KUNIT_EXPECT_EQ(test, facts->required, expected->required);
	KUNIT_EXPECT_EQ(test, facts->guest, expected->guest);
	KUNIT_EXPECT_EQ(test, facts->keyless, expected->keyless);
	KUNIT_EXPECT_EQ(test, facts->encrypted, expected->encrypted);
	KUNIT_EXPECT_EQ(test, facts->ciphered, expected->ciphered);
	KUNIT_EXPECT_EQ(test, facts->binding, expected->binding);
	KUNIT_EXPECT_EQ(test, facts->has_key, expected->has_key);
}

static void log_in(struct kunit *test)
{
	const struct login *login = test->param_value;
	struct rig_setup setup = {
		.id = ID, .status = SMB2_STATUS_MORE_PROCESSING_REQUIRED,
		.mode = login->mode, .flags = login->setup_flags,
	};
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_session_facts facts;

	rig_negotiate(conn, login->dialect, login->server);
	conn->facts.client_required = login->client;
	conn->facts.encryption = login->encryption;
	KUNIT_ASSERT_EQ(test, 0, rig_setup(conn, &setup));
	facts = facts_of(conn, ID);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_IN_PROGRESS, facts.state);
	KUNIT_EXPECT_FALSE(test, facts.has_key || facts.required);
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.sessions);
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.in_progress);

	setup.requested = ID;
	setup.status = SMB2_STATUS_SUCCESS;
	setup.session_flags = login->flags;
	setup.key = login->key;
	KUNIT_ASSERT_EQ(test, 0, rig_setup(conn, &setup));
	facts = facts_of(conn, ID);
	expect_facts(test, &facts, &login->facts);
	KUNIT_EXPECT_EQ(test, login->key && has_key(conn, ID, login->key),
			facts.has_key);
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.sessions);
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.in_progress);
	KUNIT_EXPECT_EQ(test, login->facts.required,
			conn->facts.required_sessions);
	KUNIT_EXPECT_EQ(test, login->facts.guest,
			around.events[SMBSIGN_COUNT_GUESTS]);

	smbsign_session_drop_all(conn);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_UNKNOWN, facts_of(conn, ID).state);
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.required_sessions);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
	/* No session is added to an ended connection. */
	KUNIT_EXPECT_EQ(test, -ENOMEM, rig_authenticate(conn, ID, key_a));
}

/* On 3.0 and 3.1.1, a guest's signing key is derived from zeroes. */
static void public_key(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	u8 raw[SMB2_KEY_SIZE];

	KUNIT_ASSERT_EQ(test, 0, hex2bin(raw, key_vectors[5].signing,
					 sizeof(raw)));
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, raw));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).required);
}

static void public_key_311(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smb2_header *request = (void *)guarded_alloc(test, 81);
	struct rig_setup setup = {
		.requested = ID, .id = ID, .status = SMB2_STATUS_SUCCESS,
	};
	u8 raw[SMB2_KEY_SIZE], before[SMBSIGN_PREAUTH_SIZE];
	struct smbsign_awaited *awaited;
	u8 *input = kunit_kzalloc(test, 128, GFP_KERNEL), digest[32];
	u8 after[SMBSIGN_PREAUTH_SIZE];
	struct crypto_shash *prf = crypto_alloc_shash("hmac(sha256)", 0, 0);
	static const char label[] = "SMBSigningKey";
	int grace;

	KUNIT_ASSERT_FALSE(test, IS_ERR(prf));
	rig_negotiate(conn, SMB2_DIALECT_311, true);
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	awaited = rig_await(conn, SMBSIGN_AWAITED_SETUP, &setup);
	KUNIT_ASSERT_NOT_NULL(test, awaited);
	/* SP 800-108 by hand: 1, label, 0, context, 128 bits */
	memset(request, 0, 81);
	request->message_id = cpu_to_le64(awaited->message_id);
	request->session_id = cpu_to_le64(ID);
	fill_pattern(before, sizeof(before));
	KUNIT_ASSERT_EQ(test, 0, smbsign_derive_preauth(before, (u8 *)request,
							81, after));
	input[3] = 1;
	memcpy(input + 4, label, sizeof(label));
	memcpy(input + 5 + sizeof(label), after, sizeof(after));
	input[5 + sizeof(label) + sizeof(after) + 3] = 0x80;
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_setkey(prf, no_secret, 16));
	KUNIT_EXPECT_EQ(test, 0,
			crypto_shash_tfm_digest(prf, input, 9 + sizeof(label) +
						sizeof(after), digest));
	crypto_free_shash(prf);
	memcpy(raw, digest, sizeof(raw));

	grace = smbsign_grace_enter();
	smbsign_setup_preauth(conn, request, 81, before);
	/* Longer than a request can be: not hashed */
	smbsign_setup_preauth(conn, request, SMBSIGN_SETUP_MAX + 1, before);
	/* The hash of another request is not used. */
	request->message_id = cpu_to_le64(awaited->message_id + 1);
	smbsign_setup_preauth(conn, request, 81, before);
	smbsign_grace_leave(grace);
	setup.key = raw;
	KUNIT_ASSERT_EQ(test, 0, rig_answer(conn, awaited, &setup));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).required);
}

/* A failed first authentication leaves nothing; a later one changes nothing. */
static void failures(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_311, true);
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, ID, ID,
					      SMB2_STATUS_ACCESS_DENIED));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_UNKNOWN, facts_of(conn, ID).state);
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.in_progress);

	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, ID, ID,
					      SMB2_STATUS_ACCESS_DENIED));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			facts_of(conn, ID).state);
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).required);
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	/* An error without SessionId concerns no session. */
	KUNIT_EXPECT_EQ(test, 0, rig_response(conn, 0, 0,
					      SMB2_STATUS_ACCESS_DENIED));
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.sessions);
}

/* Required stays required; the first success settles who the user is. */
static void reauthentication(struct kunit *test)
{
	struct rig_setup again = {
		.requested = ID, .id = ID, .status = SMB2_STATUS_SUCCESS,
		.session_flags = SMB2_SESSION_IS_GUEST, .key = key_a,
	};
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	conn->facts.server_required = false;
	KUNIT_ASSERT_EQ(test, 0, rig_setup(conn, &again));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			facts_of(conn, ID).state);
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).required);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.required_sessions);
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.in_progress);
	/* Another key belongs to another user. */
	again.key = key_b;
	again.session_flags = SMB2_SESSION_ENCRYPT_DATA;
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, rig_setup(conn, &again));
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).encrypted);
	/* No key is no other key; and encryption may be demanded later. */
	again.key = NULL;
	KUNIT_EXPECT_EQ(test, 0, rig_setup(conn, &again));
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).encrypted);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).keyless);
}

/* What a key lends is what its own connection will not sign any more. */
static void own_nonces(struct kunit *test)
{
	static const struct {
		u64 low;
		u64 due;
		u64 own;
	} cases[] = { { 50, 20, 20 }, { 50, 50, 50 }, { 50, 70, 50 } };
	struct smbsign_session_facts facts;
	struct smbsign_conn *conn;
	struct smbsign_key *key;
	unsigned int i;
	int grace;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		conn = rig_open(test, 0);
		rig_negotiate(conn, SMB2_DIALECT_300, true);
		rig_gmac(test, conn);
		conn->window.low = cases[i].low;
		smbsign_due_add(conn->due, cases[i].due);
		KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
		grace = smbsign_grace_enter();
		key = smbsign_session_lookup(conn, ID, false, &facts);
		smbsign_grace_leave(grace);
		KUNIT_ASSERT_NOT_NULL(test, key);
		KUNIT_EXPECT_EQ(test, cases[i].own, key->own);
		smbsign_key_put(key);
		rig_close(test, conn);
	}
}

/*
 * ksmbd may bring the session's key where it should bring the channel's.  That
 * key must not sign on two connections.
 */
static void channel_with_key_of_session(struct kunit *test)
{
	struct rig_setup binding = {
		.requested = ID, .id = ID, .flags = SMB2_SETUP_FLAG_BINDING,
		.status = SMB2_STATUS_MORE_PROCESSING_REQUIRED,
	};
	struct smbsign_conn *home = rig_open(test, 0), *to = rig_open(test, 0);

	rig_negotiate(home, SMB2_DIALECT_311, true);
	rig_negotiate(to, SMB2_DIALECT_311, true);
	rig_gmac(test, home);
	rig_gmac(test, to);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(home, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_setup(to, &binding));
	binding.status = SMB2_STATUS_SUCCESS;
	binding.key = key_a;
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, rig_setup(to, &binding));
}

/* A guest does not become somebody else either. */
static void guest_reauthentication(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, no_secret));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_EQ(test, 0, rig_response(conn, ID, ID,
					      SMB2_STATUS_SUCCESS));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).required);
}

/*
 * On 2.x ksmbd overwrites the key.  Only under audit may a session
 * reauthenticate there: its key stays, and no longer is the one that ksmbd
 * uses.
 */
static void reauthentication_21(struct kunit *test)
{
	const struct rig_setup again = {
		.requested = ID, .id = ID, .status = SMB2_STATUS_SUCCESS,
		.key = key_b,
	};
	struct smbsign_conn *conn = rig_open(test, 0);
	u64 serial;

	rig_negotiate(conn, SMB2_DIALECT_210, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	serial = rig_use_key(conn, SMB2_CMD_READ, 0, 1, ID, false, key_a);
	KUNIT_EXPECT_NE(test, 0ULL, serial);
	KUNIT_EXPECT_EQ(test, 0, rig_setup(conn, &again));
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_EQ(test, 0ULL, rig_use_key(conn, SMB2_CMD_READ, 0, 2, ID,
						false, key_b));
	KUNIT_EXPECT_EQ(test, serial, rig_use_key(conn, SMB2_CMD_READ, 0, 3, ID,
						  false, key_a));
}

/* A session elsewhere without a known key looks like an unknown one. */
static void elsewhere_without_key(struct kunit *test)
{
	struct smbsign_conn *home = rig_open(test, 0), *conn = rig_open(test, 0);

	rig_negotiate(home, SMB2_DIALECT_210, true);
	rig_negotiate(conn, SMB2_DIALECT_210, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(home, ID, NULL));
	KUNIT_EXPECT_EQ(test, facts_of(conn, ID + 1).has_key,
			facts_of(conn, ID).has_key);
}

/* An ended session has no key that ksmbd could be using. */
static void key_of_ended(struct kunit *test)
{
	const u64 related = SMB2_SESSION_ID_RELATED;
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_210, false);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	rig_end(ID);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 1, NULL));
	KUNIT_EXPECT_EQ(test, related,
			le64_to_cpu(smbsign_session_by_raw(conn, key_a)));
	KUNIT_EXPECT_EQ(test, 0ULL, rig_use_key(conn, SMB2_CMD_READ, 0, 1, related,
						false, key_a));
}

/* Which messages show whose key ksmbd uses? */
static void shown_by(struct kunit *test)
{
	static const struct {
		enum smbsign_awaited_kind kind;
		u16 command;
		bool response;
		u32 status, later;
		u64 id;
		bool shows;
	} cases[] = {
		{ SMBSIGN_AWAITED_PROVISIONAL, SMB2_CMD_READ, false, 0, 0, ID,
		  true },
		{ SMBSIGN_AWAITED_PROVISIONAL, SMB2_CMD_READ, false, 0, 1, ID },
		{ SMBSIGN_AWAITED_PROVISIONAL, SMB2_CMD_READ, false, 0, 0, ID + 1 },
		{ SMBSIGN_AWAITED_PROVISIONAL, SMB2_CMD_READ, true, 0, 0, ID },
		{ SMBSIGN_AWAITED_PROVISIONAL, SMB2_CMD_SESSION_SETUP, true, 0, 0,
		  ID },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_SESSION_SETUP, true, 0, 0, ID,
		  true },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_SESSION_SETUP, true, 0, 1, ID },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_SESSION_SETUP, true, 0, 0,
		  ID + 1 },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_SESSION_SETUP, true,
		  SMB2_STATUS_ACCESS_DENIED, 0, ID },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_SESSION_SETUP, false, 0, 0, ID },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_READ, true, 0, 0, ID },
		{ SMBSIGN_AWAITED_SETUP, SMB2_CMD_READ, false, 0, 0, ID },
	};
	const struct rig_setup setup = { .requested = ID };
	struct smbsign_awaited *awaited;
	struct smbsign_conn *conn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		conn = rig_open(test, 0);
		rig_negotiate(conn, SMB2_DIALECT_210, true);
		awaited = rig_await(conn, cases[i].kind, &setup);
		KUNIT_ASSERT_NOT_NULL(test, awaited);
		rig_use_key(conn, cases[i].command, cases[i].status,
			    awaited->message_id + cases[i].later, cases[i].id,
			    cases[i].response, key_a);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].shows,
				    awaited->leg.shown, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].shows,
				    !memcmp(awaited->leg.raw, key_a,
					    sizeof(key_a)), "case %u", i);
		/* It makes no session. */
		KUNIT_EXPECT_EQ(test, 0U, conn->facts.sessions);
		rig_close(test, conn);
	}
}

/* The key that ksmbd checks the first request with, and only the first. */
static void checked_by(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_210, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, NULL));
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID, NULL));
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).has_key);
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID, key_a));
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID, key_b));
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID + 1, key_b));
	KUNIT_EXPECT_EQ(test, 1U, conn->facts.sessions);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).guest);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_KEYS_LEARNED]);

	/* It reveals a guest; signing stays required. */
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 2, NULL));
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID + 2, no_secret));
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID + 2).guest);
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID + 2).required);
}

/* A session has no key before it is established. */
static void too_early(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	const struct rig_setup leg = {
		.requested = ID, .id = ID, .key = key_a,
		.status = SMB2_STATUS_MORE_PROCESSING_REQUIRED,
	};

	rig_negotiate(conn, SMB2_DIALECT_210, true);
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	rig_use_key(conn, SMB2_CMD_READ, 0, 1, ID, false, key_a);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).has_key);
	KUNIT_EXPECT_EQ(test, 0, rig_setup(conn, &leg));
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).has_key);
}

/* Authentication in one leg: the key comes before the SessionId. */
static void one_leg(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	const struct rig_setup setup = {
		.id = ID, .status = SMB2_STATUS_SUCCESS, .key = key_a,
	};

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_setup(conn, &setup));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			facts_of(conn, ID).state);
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).keyless);
}

/* ksmbd answers for a session that nobody began: it is another one. */
static void nobody_began(struct kunit *test)
{
	static const u32 statuses[] = {
		SMB2_STATUS_SUCCESS, SMB2_STATUS_MORE_PROCESSING_REQUIRED,
	};
	struct smbsign_conn *conn = rig_open(test, 0), *other = rig_open(test, 0);
	unsigned int i;

	rig_negotiate(conn, SMB2_DIALECT_311, true);
	rig_negotiate(other, SMB2_DIALECT_311, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(other, ID + 1, key_b));
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
				rig_response(conn, ID, ID, statuses[i]));
		KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
				rig_response(conn, ID + 1, ID + 1, statuses[i]));
	}
	KUNIT_EXPECT_EQ(test, 0, rig_response(conn, ID, ID,
					      SMB2_STATUS_ACCESS_DENIED));
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.sessions);
	KUNIT_EXPECT_FALSE(test, is_known(ID));

	/* The first of two simultaneous legs has failed. */
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, ID, ID,
					      SMB2_STATUS_ACCESS_DENIED));
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, rig_response(conn, ID, ID,
							  SMB2_STATUS_SUCCESS));
}

/* A binding is verified with the session's key, then gets its own. */
static int binding_leg(struct smbsign_conn *to, u32 status, const u8 *key)
{
	const struct rig_setup setup = {
		.requested = ID, .id = ID, .status = status,
		.flags = SMB2_SETUP_FLAG_BINDING, .key = key,
	};

	return rig_setup(to, &setup);
}

static int begin_binding(struct smbsign_conn *to)
{
	return binding_leg(to, SMB2_STATUS_MORE_PROCESSING_REQUIRED, NULL);
}

static void bind(struct kunit *test)
{
	struct smbsign_conn *from = rig_open(test, 0), *to = rig_open(test, 0);
	struct smbsign_session_facts facts;

	rig_negotiate(from, SMB2_DIALECT_311, true);
	from->facts.encryption = true;
	rig_negotiate(to, SMB2_DIALECT_311, false);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(from, ID, key_a));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ELSEWHERE, facts_of(to, ID).state);
	KUNIT_EXPECT_FALSE(test, facts_of(to, ID).required);
	KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_a));

	KUNIT_ASSERT_EQ(test, 0, begin_binding(to));
	facts = facts_of(to, ID);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_IN_PROGRESS, facts.state);
	KUNIT_EXPECT_TRUE(test, facts.binding && facts.required &&
			  facts.ciphered);
	KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_a));
	/* The session ends where it began; its key is still used. */
	smbsign_session_drop_all(from);
	KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_a));

	KUNIT_ASSERT_EQ(test, 0, binding_leg(to, SMB2_STATUS_SUCCESS, key_b));
	facts = facts_of(to, ID);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED, facts.state);
	KUNIT_EXPECT_FALSE(test, facts.binding || facts.keyless);
	KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_b));
	/* A third channel, too, uses Session.SigningKey, not the second's key. */
	from = rig_open(test, 0);
	rig_negotiate(from, SMB2_DIALECT_311, false);
	KUNIT_EXPECT_TRUE(test, has_key(from, ID, key_a));
	/* A channel reauthenticates with Session.SigningKey. */
	KUNIT_EXPECT_EQ(test, 0, binding_leg(to, SMB2_STATUS_SUCCESS, key_a));
	KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_b));
}

/* A binding to an ended session must sign. */
static void bind_to_nothing(struct kunit *test)
{
	struct smbsign_conn *to = rig_open(test, 0);

	rig_negotiate(to, SMB2_DIALECT_300, false);
	KUNIT_ASSERT_EQ(test, 0, begin_binding(to));
	KUNIT_EXPECT_TRUE(test, facts_of(to, ID).required);
	KUNIT_EXPECT_FALSE(test, facts_of(to, ID).has_key);
	rig_close(test, to);
	/* Below 3.0 the flag means nothing: the session is simply not here. */
	to = rig_open(test, 0);
	rig_negotiate(to, SMB2_DIALECT_210, false);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, begin_binding(to));
	KUNIT_EXPECT_EQ(test, 0U, to->facts.sessions);
}

/* An exception from the policy is none from what the session's home demands. */
static void bind_from_exception(struct kunit *test)
{
	static const enum smbsign_policy_mode modes[] = {
		SMBSIGN_POLICY_NEGOTIATED, SMBSIGN_POLICY_REQUIRED,
	};
	struct smbsign_conn *from, *to;
	unsigned int i, excepted;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		for (excepted = 0; excepted < 2; excepted++) {
			around.policy.mode = SMBSIGN_POLICY_NEGOTIATED;
			from = rig_open(test, 0);
			to = rig_open(test, 0);
			from->excepted = excepted;
			to->excepted = true;
			rig_negotiate(from, SMB2_DIALECT_300, false);
			rig_negotiate(to, SMB2_DIALECT_300, false);
			KUNIT_ASSERT_EQ(test, 0, rig_authenticate(from, ID, key_a));
			around.policy.mode = modes[i];
			KUNIT_ASSERT_EQ(test, 0, begin_binding(to));
			KUNIT_EXPECT_EQ(test, i && !excepted,
					facts_of(to, ID).required);
			rig_close(test, from);
			rig_close(test, to);
		}
}

/* A guest's binding is a guest's. */
static void bind_guest(struct kunit *test)
{
	struct smbsign_conn *from = rig_open(test, 0), *to = rig_open(test, 0);

	rig_negotiate(from, SMB2_DIALECT_300, true);
	rig_negotiate(to, SMB2_DIALECT_300, false);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(from, ID, no_secret));
	KUNIT_ASSERT_EQ(test, 0, begin_binding(to));
	KUNIT_EXPECT_TRUE(test, facts_of(to, ID).guest);
	KUNIT_EXPECT_FALSE(test, facts_of(to, ID).required);
}

/* A new session cannot have an id that any connection knows. */
static void known_number(struct kunit *test)
{
	struct smbsign_conn *old = rig_open(test, 0), *new = rig_open(test, 0);
	const struct rig_setup one_leg = {
		.id = ID, .status = SMB2_STATUS_SUCCESS, .key = key_b,
	};
	const struct rig_setup last_leg = {
		.requested = ID, .id = ID, .status = SMB2_STATUS_SUCCESS,
		.key = key_a,
	};
	struct smbsign_conn *conns[] = { old, new };
	unsigned int turn;

	rig_negotiate(old, SMB2_DIALECT_300, true);
	rig_negotiate(new, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_response(old, 0, ID,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	/*
	 * In progress, established, ended; from another connection and from its
	 * own
	 */
	for (turn = 0; turn < 6; turn++) {
		if (turn == 2)
			KUNIT_ASSERT_EQ(test, 0, rig_setup(old, &last_leg));
		if (turn == 4)
			rig_end(ID);
		KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
				rig_response(conns[turn % 2], 0, ID,
					     SMB2_STATUS_MORE_PROCESSING_REQUIRED));
		KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
				rig_setup(conns[turn % 2], &one_leg));
		KUNIT_EXPECT_EQ(test, 0U, new->facts.sessions);
		KUNIT_EXPECT_EQ(test, turn < 4, old->facts.sessions);
		KUNIT_EXPECT_EQ(test, turn >= 2, has_key(old, ID, key_a));
	}
	rig_close(test, old);
	KUNIT_EXPECT_EQ(test, 0, rig_authenticate(new, ID, key_b));
	KUNIT_EXPECT_TRUE(test, has_key(new, ID, key_b));
}

/* ksmbd frees the id: the key stays, for the answers to come. */
static void ended(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0), *to = rig_open(test, 0);
	struct smbsign_session_facts facts;
	unsigned int turn;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_negotiate(to, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, begin_binding(to));
	KUNIT_ASSERT_EQ(test, 0, binding_leg(to, SMB2_STATUS_SUCCESS, key_b));
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, ID + 1,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	for (turn = 0; turn < 2; turn++) {
		rig_end(ID);
		rig_end(ID + 1);
		rig_end(ID + 2);
		facts = facts_of(conn, ID);
		KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ENDED, facts.state);
		KUNIT_EXPECT_TRUE(test, facts.required);
		KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
		KUNIT_EXPECT_TRUE(test, has_key(to, ID, key_b));
		KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_UNKNOWN,
				facts_of(conn, ID + 1).state);
		KUNIT_EXPECT_EQ(test, 0U, conn->facts.sessions);
		KUNIT_EXPECT_EQ(test, 0U, conn->facts.in_progress);
		KUNIT_EXPECT_EQ(test, 0U, conn->facts.required_sessions);
		KUNIT_EXPECT_EQ(test, 1U, conn->ended_count);
		KUNIT_EXPECT_EQ(test, 1U, to->ended_count);
		KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
	}
	KUNIT_EXPECT_TRUE(test, is_known(ID));
	KUNIT_EXPECT_FALSE(test, is_known(ID + 1));
	/* Later responses are ignored, and the session does not return. */
	rig_response(conn, ID, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, 0, rig_check(conn, ID, key_b));
	rig_response(conn, ID, ID, SMB2_STATUS_ACCESS_DENIED);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ENDED, facts_of(conn, ID).state);
	KUNIT_EXPECT_TRUE(test, has_key(conn, ID, key_a));
	KUNIT_EXPECT_EQ(test, 0U, conn->facts.sessions);
	KUNIT_EXPECT_EQ(test, (u64)SMB2_SESSION_ID_RELATED,
			smbsign_session_only(conn));
	smbsign_session_drop_all(conn);
	KUNIT_EXPECT_EQ(test, 0U, conn->ended_count);
	KUNIT_EXPECT_TRUE(test, is_known(ID));
	smbsign_session_drop_all(to);
	KUNIT_EXPECT_FALSE(test, is_known(ID));
}

/* The number of ended sessions is bounded: the oldest is dropped. */
static void ended_many(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	u64 i, last = 2 * SMBSIGN_SESSIONS_ENDED_MAX + 3;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	for (i = 1; i <= last; i++) {
		KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, i, key_a));
		rig_end(i);
		KUNIT_ASSERT_EQ(test, min_t(u32, i, SMBSIGN_SESSIONS_ENDED_MAX),
				conn->ended_count);
		KUNIT_ASSERT_TRUE(test, has_key(conn, i, key_a));
	}
	for (i = 1; i <= last; i++)
		KUNIT_ASSERT_EQ(test, i > last - SMBSIGN_SESSIONS_ENDED_MAX,
				is_known(i));
	/* In the order in which they end, not in which they begin */
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, 1, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, 2, key_a));
	rig_end(2);
	rig_end(1);
	KUNIT_EXPECT_TRUE(test, is_known(1) && is_known(2));
	KUNIT_EXPECT_FALSE(test, is_known(last - SMBSIGN_SESSIONS_ENDED_MAX + 2));
	KUNIT_EXPECT_TRUE(test, is_known(last - SMBSIGN_SESSIONS_ENDED_MAX + 3));
	rig_close(test, conn);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
}

/* An unknown session yields a key that nobody has. */
static void decoyed(struct kunit *test)
{
	static const u16 algorithms[] = { 0, 1, 2, 3, 15, 0xffff };
	struct smbsign_conn *conn = rig_open(test, 0), *other = rig_open(test, 0);
	struct smbsign_session_facts facts;
	unsigned int i;
	int grace;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	for (i = 0; i < ARRAY_SIZE(algorithms); i++) {
		conn->facts.algorithm = algorithms[i];
		facts = facts_of(conn, ID + 1);
		KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_UNKNOWN, facts.state);
		KUNIT_EXPECT_EQ(test, i < SMB2_SIGNING_COUNT, facts.has_key);
		if (!facts.has_key)
			continue;
		KUNIT_EXPECT_FALSE(test, has_key(conn, ID + 1, key_a));
		KUNIT_EXPECT_FALSE(test, has_key(conn, ID + 1, no_secret));
	}
	conn->facts.algorithm = SMB2_SIGNING_AES_CMAC;
	KUNIT_EXPECT_FALSE(test, facts_of(conn, 0).has_key);
	/* Nor does the time tell which sessions there are elsewhere. */
	rig_negotiate(other, SMB2_DIALECT_300, true);
	for (i = 0; i < SMB2_SIGNING_COUNT; i++) {
		other->facts.algorithm = algorithms[i];
		facts = facts_of(other, ID);
		KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ELSEWHERE, facts.state);
		KUNIT_EXPECT_EQ(test, algorithms[i], facts.algorithm);
		grace = smbsign_grace_enter();
		smbsign_key_put(smbsign_session_lookup(other, ID, true, &facts));
		smbsign_grace_leave(grace);
		KUNIT_EXPECT_EQ(test, SMB2_SIGNING_AES_CMAC, facts.algorithm);
	}
	/* ksmbd cannot be made to use that key. */
	KUNIT_EXPECT_EQ(test, 0ULL, rig_use_key(conn, SMB2_CMD_READ, 0, 1, ID + 1,
						false, key_a));
}

/* The first session that has sent what the new policy does not allow */
static void outgrown(struct kunit *test)
{
	struct smbsign_policy required = { .mode = SMBSIGN_POLICY_REQUIRED };
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_verdict verdict;
	int grace;
	u64 id = 0;

	rig_negotiate(conn, SMB2_DIALECT_300, false);
	verdict = smbsign_session_outgrown(conn, &required, &id);
	KUNIT_EXPECT_EQ(test, SMBSIGN_PASS, verdict.action);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 1, key_b));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 2, key_b));
	verdict = smbsign_session_outgrown(conn, &required, &id);
	KUNIT_EXPECT_EQ(test, SMBSIGN_PASS, verdict.action);
	grace = smbsign_grace_enter();
	smbsign_session_tolerate(conn, ID + 1);
	smbsign_session_tolerate(conn, ID + 7);
	smbsign_grace_leave(grace);
	KUNIT_EXPECT_TRUE(test, facts_of(conn, ID + 1).tolerated);
	KUNIT_EXPECT_FALSE(test, facts_of(conn, ID).tolerated);
	verdict = smbsign_session_outgrown(conn, &required, &id);
	KUNIT_EXPECT_EQ(test, SMBSIGN_ABORT, verdict.action);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_UNSIGNED, verdict.reason);
	KUNIT_EXPECT_EQ(test, ID + 1, id);
	/* An ended session has nothing waiting. */
	rig_end(ID + 1);
	verdict = smbsign_session_outgrown(conn, &required, &id);
	KUNIT_EXPECT_EQ(test, SMBSIGN_PASS, verdict.action);
}

static struct smbsign_key *session_key(struct smbsign_conn *conn, u64 id,
				       const u8 *raw)
{
	struct smb2_header header = { .session_id = cpu_to_le64(id) };
	int grace = smbsign_grace_enter();
	struct smbsign_key *key = smbsign_session_key(conn, &header, raw);

	/* The session still has a reference: the pointer can be compared. */
	smbsign_key_put(key);
	smbsign_grace_leave(grace);
	return key;
}

/* Find sessions by their keys, if the SessionId is left out */
static void by_key(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0), *other = rig_open(test, 0);
	const u64 related = SMB2_SESSION_ID_RELATED;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	rig_negotiate(other, SMB2_DIALECT_300, true);
	KUNIT_EXPECT_EQ(test, related, smbsign_session_only(conn));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_EXPECT_EQ(test, ID, smbsign_session_only(conn));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 1, key_b));
	KUNIT_EXPECT_EQ(test, related, smbsign_session_only(conn));

	KUNIT_EXPECT_EQ(test, ID,
			le64_to_cpu(smbsign_session_by_raw(conn, key_a)));
	KUNIT_EXPECT_EQ(test, ID + 1,
			le64_to_cpu(smbsign_session_by_raw(conn, key_b)));
	KUNIT_EXPECT_EQ(test, related,
			le64_to_cpu(smbsign_session_by_raw(conn, no_secret)));
	KUNIT_EXPECT_EQ(test, related,
			le64_to_cpu(smbsign_session_by_raw(other, key_a)));
	KUNIT_EXPECT_NOT_NULL(test, session_key(conn, ID, key_a));
	KUNIT_EXPECT_PTR_EQ(test, session_key(conn, ID, key_a),
			    session_key(conn, related, key_a));
	KUNIT_EXPECT_NULL(test, session_key(conn, ID, key_b));
	KUNIT_EXPECT_NULL(test, session_key(conn, ID + 2, key_a));
	KUNIT_EXPECT_NULL(test, session_key(conn, related, no_secret));
	KUNIT_EXPECT_NULL(test, session_key(other, ID, key_a));
}

static bool is_ours(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	return rig_use_key(conn, SMB2_CMD_WRITE, 0, 1, id, false, raw);
}

/* Does ksmbd check with the key that we verify with? */
static void same_key(struct kunit *test)
{
	u64 related = SMB2_SESSION_ID_RELATED;
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_conn *other = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_210, true);
	rig_negotiate(other, SMB2_DIALECT_210, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID + 1, key_b));
	KUNIT_EXPECT_TRUE(test, is_ours(conn, ID, key_a));
	KUNIT_EXPECT_FALSE(test, is_ours(conn, ID, key_b));
	KUNIT_EXPECT_TRUE(test, is_ours(conn, ID + 1, key_b));
	KUNIT_EXPECT_FALSE(test, is_ours(conn, ID + 2, key_a));
	KUNIT_EXPECT_FALSE(test, is_ours(other, ID, key_a));
	KUNIT_EXPECT_TRUE(test, is_ours(conn, related, key_a));
	KUNIT_EXPECT_FALSE(test, is_ours(conn, related, no_secret));
	KUNIT_EXPECT_FALSE(test, is_ours(other, related, key_a));
}

/* Whichever allocation fails, the session is not established. */
static void no_memory(struct kunit *test)
{
	struct smbsign_conn *conn;
	unsigned int i = 0, failed;
	int ret;

	do {
		conn = rig_open(test, 0);
		rig_negotiate(conn, SMB2_DIALECT_300, true);
		around.failed = 0;
		around.allocate = i++;
		ret = rig_authenticate(conn, ID, key_a);
		around.allocate = -1;
		failed = around.failed;
		if (failed) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
			KUNIT_EXPECT_NE(test, SMBSIGN_SESSION_ESTABLISHED,
					facts_of(conn, ID).state);
			KUNIT_EXPECT_FALSE(test, has_key(conn, ID, key_a));
		}
		rig_close(test, conn);
	} while (failed && i < 20);
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_GT(test, i, 2U);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
}

/* A session that was found can be read until the section ends. */
static void outlives(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_session *session;
	int grace;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	grace = smbsign_grace_enter();
	rcu_read_lock();
	session = smbsign_session_find(conn, ID, NULL);
	rcu_read_unlock();
	smbsign_session_drop_all(conn);
	KUNIT_EXPECT_EQ(test, session->id, ID);
	KUNIT_EXPECT_TRUE(test, session->facts.required);
	smbsign_grace_leave(grace);
}

/* An ending session releases its key: only the reader's reference is left. */
static void key_let_go(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_session_facts facts;
	struct smbsign_key *key;
	int grace;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
	grace = smbsign_grace_enter();
	key = smbsign_session_lookup(conn, ID, false, &facts);
	smbsign_grace_leave(grace);
	KUNIT_ASSERT_NOT_NULL(test, key);
	smbsign_session_drop_all(conn);
	surroundings_drain();
	grace = smbsign_grace_enter();
	smbsign_key_put(key);
	KUNIT_EXPECT_FALSE(test, smbsign_key_get(key));
	smbsign_grace_leave(grace);
}

#define MANY	1000

static void many(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	u64 i;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	for (i = 1; i <= MANY; i++)
		KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, i, key_a));
	KUNIT_EXPECT_EQ(test, (u32)MANY, conn->facts.required_sessions);
	for (i = 1; i <= MANY; i++)
		KUNIT_ASSERT_TRUE(test, facts_of(conn, i).has_key);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_UNKNOWN, facts_of(conn, i).state);
	rig_close(test, conn);
	KUNIT_EXPECT_EQ(test, 0L, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
}

/**
 * struct reader - a thread that looks while sessions come and go
 * @conn:	the connection that it looks from
 * @wrong:	keys that were not the session's
 * @found:	keys found
 */
struct reader {
	struct smbsign_conn	*conn;
	unsigned int		wrong;
	unsigned int		found;
};

static int read_on(void *data)
{
	u8 mac[SMB2_SIGNATURE_SIZE], expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_session_facts facts;
	struct reader *reader = data;
	struct smbsign_key *key;
	int grace;

	key = smbsign_key_alloc(SMB2_SIGNING_AES_CMAC, key_a);
	if (IS_ERR(key) || mac_with(key, expected))
		reader->wrong++;
	while (!kthread_should_stop()) {
		grace = smbsign_grace_enter();
		key = smbsign_session_lookup(reader->conn, ID, true, &facts);
		smbsign_grace_leave(grace);
		cond_resched();
		if (facts.state != SMBSIGN_SESSION_ELSEWHERE) {
			smbsign_key_put(key);
			continue;
		}
		/* Outside of the section, the reference keeps the key. */
		if (key && (mac_with(key, mac) ||
			    memcmp(mac, expected, sizeof(mac))))
			reader->wrong++;
		reader->found += !!key;
	}
	return 0;
}

/* Keys are used while their sessions end. */
static void come_and_go(struct kunit *test)
{
	struct reader reader = { .conn = rig_open(test, 0) };
	struct task_struct *task;
	unsigned int i;

	task = kthread_run(read_on, &reader, "smbsign_reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < 300; i++) {
		struct smbsign_conn *conn = rig_open(test, 0);

		rig_negotiate(conn, SMB2_DIALECT_300, true);
		KUNIT_EXPECT_EQ(test, 0, rig_authenticate(conn, ID, key_a));
		cond_resched();
		smbsign_session_drop_all(conn);
		rig_close(test, conn);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, 0U, reader.wrong);
	KUNIT_EXPECT_GT(test, reader.found, 0U);
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE_PARAM(log_in, login_gen_params),
	KUNIT_CASE(public_key),
	KUNIT_CASE(public_key_311),
	KUNIT_CASE(failures),
	KUNIT_CASE(reauthentication),
	KUNIT_CASE(own_nonces),
	KUNIT_CASE(channel_with_key_of_session),
	KUNIT_CASE(guest_reauthentication),
	KUNIT_CASE(reauthentication_21),
	KUNIT_CASE(elsewhere_without_key),
	KUNIT_CASE(key_of_ended),
	KUNIT_CASE(shown_by),
	KUNIT_CASE(checked_by),
	KUNIT_CASE(too_early),
	KUNIT_CASE(one_leg),
	KUNIT_CASE(nobody_began),
	KUNIT_CASE(bind),
	KUNIT_CASE(bind_to_nothing),
	KUNIT_CASE(bind_from_exception),
	KUNIT_CASE(bind_guest),
	KUNIT_CASE(known_number),
	KUNIT_CASE(ended),
	KUNIT_CASE(ended_many),
	KUNIT_CASE(decoyed),
	KUNIT_CASE(outgrown),
	KUNIT_CASE(by_key),
	KUNIT_CASE(same_key),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(outlives),
	KUNIT_CASE(key_let_go),
	KUNIT_CASE(many),
	KUNIT_CASE(come_and_go),
	{}
};

static struct kunit_suite session_suite = {
	.name = "smbsign_session",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = session_cases,
};

kunit_test_suite(session_suite);
