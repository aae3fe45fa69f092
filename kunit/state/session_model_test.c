// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions against a model: everything that ksmbd and clients may do, in any
 * order, and after each step all that can be asked.
 *
 * The model is an array of what each connection knows about each SessionId.
 */
#include <linux/slab.h>

#include "../rig.h"

#include "base/grace.h"
#include "state/session.h"

#define CONNS	3
#define IDS	4
#define FIRST	0x10000
#define STEPS	8000

/* Keys by number: a user's per session, and a channel's per connection, too */
#define NO_KEY		0
#define USER(id)	(1 + (id))
#define CHANNEL(c, id)	(1 + IDS + (c) * IDS + (id))
#define PUBLIC		(1 + IDS + CONNS * IDS)
#define KEYS		(PUBLIC + 1)
/* Not a key of anybody */
#define DECOY		KEYS

static const u16 dialects[] = {
	SMB2_DIALECT_210, SMB2_DIALECT_300, SMB2_DIALECT_311,
};

/**
 * struct known - what a connection knows about a SessionId
 * @facts:	what the policy is told; UNKNOWN if nothing
 * @key:	its key
 * @key_by:	the algorithm that it is used with
 * @signing:	Session.SigningKey of a channel
 * @signing_by:	the algorithm that this one is used with
 * @mode:	SecurityMode of all its requests, or-ed
 * @flags:	their Flags
 * @since:	the step in which it began
 * @settled:	it was seen established, with a key
 * @guest:	it was a guest's then
 * @over:	it was seen to have ended
 */
struct known {
	struct smbsign_session_facts	facts;
	unsigned int			key;
	u16				key_by;
	unsigned int			signing;
	u16				signing_by;
	u16				mode;
	u8				flags;
	u32				since;
	bool				settled;
	bool				guest;
	bool				over;
};

/**
 * struct model - the model, and what it is compared with
 * @test:	the case
 * @chance:	the random numbers
 * @step:	steps done
 * @conn:	connections
 * @known:	what they know
 * @learned:	keys learned
 * @guests:	guests' sessions established
 * @raw:	keys, as ksmbd has them
 * @mac:	MACs of an empty message with them, by algorithm
 */
struct model {
	struct kunit		*test;
	struct rnd_state	chance;
	u32			step;
	struct smbsign_conn	*conn[CONNS];
	struct known		known[CONNS][IDS];
	u32			learned;
	u32			guests;
	u8			raw[KEYS][SMB2_KEY_SIZE];
	u8			mac[2][KEYS][SMB2_SIGNATURE_SIZE];
};

static u32 roll(struct model *m, u32 sides)
{
	return prandom_u32_state(&m->chance) % sides;
}

static bool is_here(const struct known *known)
{
	return known->facts.state != SMBSIGN_SESSION_UNKNOWN;
}

static bool is_live(const struct known *known)
{
	return known->facts.state == SMBSIGN_SESSION_IN_PROGRESS ||
	       known->facts.state == SMBSIGN_SESSION_ESTABLISHED;
}

static bool is_3(const struct smbsign_conn *conn)
{
	return conn->facts.dialect >= SMB2_DIALECT_300;
}

static bool is_known_anywhere(struct model *m, u32 id)
{
	u32 c;

	for (c = 0; c < CONNS; c++) {
		if (is_here(&m->known[c][id]))
			return true;
	}
	return false;
}

/* The other connection where it was established first */
static struct known *elsewhere(struct model *m, u32 c, u32 id)
{
	struct known *found = NULL, *known;
	u32 other;

	for (other = 0; other < CONNS; other++) {
		known = &m->known[other][id];
		if (other == c ||
		    known->facts.state != SMBSIGN_SESSION_ESTABLISHED)
			continue;
		if (!found || known->since < found->since)
			found = known;
	}
	return found;
}

static void model_signing_key(const struct known *known, unsigned int *key,
			      u16 *by)
{
	*key = known->signing ? known->signing : known->key;
	*by = known->signing ? known->signing_by : known->key_by;
}

static void model_bind(struct model *m, u32 c, u32 id)
{
	struct known *known = &m->known[c][id], *other = elsewhere(m, c, id);

	known->facts.binding = true;
	if (!other) {
		known->facts.required = true;
		return;
	}
	if (other->facts.required)
		known->facts.required = true;
	known->facts.ciphered = other->facts.ciphered;
	known->facts.encrypted = other->facts.encrypted;
	known->facts.guest = other->facts.guest;
	model_signing_key(other, &known->signing, &known->signing_by);
}

static int model_key(struct model *m, u32 c, u32 id, unsigned int key)
{
	struct known *known = &m->known[c][id];

	if (!key || !is_here(known))
		return 0;
	/* A channel has a key of its own, where keys depend on the exchange. */
	if (!known->key && known->signing == key &&
	    m->conn[c]->facts.dialect == SMB2_DIALECT_311)
		return -EKEYREJECTED;
	if (!known->key) {
		known->key = key;
		known->key_by = m->conn[c]->facts.algorithm;
		if (key == PUBLIC)
			known->facts.guest = true;
		m->learned++;
		return 0;
	}
	/* Channels reauthenticate with the session's key. */
	if (is_live(known) && is_3(m->conn[c]) && !known->signing && known->key != key)
		return -EKEYREJECTED;
	return 0;
}

static void model_success(struct model *m, u32 c, u32 id, u16 session_flags)
{
	const struct smbsign_conn_facts *conn = &m->conn[c]->facts;
	struct known *known = &m->known[c][id];

	if (session_flags & SMB2_SESSION_ENCRYPT_DATA)
		known->facts.encrypted = true;
	if (known->facts.state == SMBSIGN_SESSION_IN_PROGRESS) {
		known->facts.state = SMBSIGN_SESSION_ESTABLISHED;
		if (session_flags & (SMB2_SESSION_IS_GUEST |
				     SMB2_SESSION_IS_NULL))
			known->facts.guest = true;
		if (known->facts.guest)
			m->guests++;
		if (!known->facts.binding) {
			known->facts.keyless = is_3(m->conn[c]) && !known->key;
			known->facts.ciphered = conn->encryption &&
				!(known->flags & SMB2_SETUP_FLAG_BINDING);
		}
		known->facts.binding = false;
	}
	if (known->facts.state != SMBSIGN_SESSION_ESTABLISHED)
		return;
	if (known->mode & SMB2_SECURITY_SIGNING_REQUIRED &&
	    (!known->facts.guest || conn->client_required ||
	     !conn->server_required))
		known->facts.required = true;
	if (!known->facts.guest &&
	    (conn->client_required || conn->server_required))
		known->facts.required = true;
}

static int model_leg(struct model *m, u32 c, u32 id,
		     const struct rig_setup *setup, unsigned int key)
{
	struct known *known = &m->known[c][id];
	bool names = setup->requested;
	bool binds = names && is_3(m->conn[c]) &&
		     setup->flags & SMB2_SETUP_FLAG_BINDING;
	int ret;

	if (setup->status == SMB2_STATUS_ACCESS_DENIED) {
		if (known->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
			*known = (struct known) { };
		return 0;
	}
	if (!names && is_known_anywhere(m, id))
		return -EKEYREJECTED;
	if (names && !is_here(known) && !binds)
		return -EKEYREJECTED;
	if (!is_here(known)) {
		known->facts.state = SMBSIGN_SESSION_IN_PROGRESS;
		known->since = m->step;
	}
	known->mode |= setup->mode;
	known->flags |= setup->flags;
	if (binds && !known->facts.binding &&
	    known->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
		model_bind(m, c, id);
	if (setup->status != SMB2_STATUS_SUCCESS)
		return 0;
	ret = model_key(m, c, id, key);
	if (!ret)
		model_success(m, c, id, setup->session_flags);
	return ret;
}

static void model_end(struct model *m, u32 id)
{
	struct known *known;
	u32 c;

	for (c = 0; c < CONNS; c++) {
		known = &m->known[c][id];
		if (known->facts.state == SMBSIGN_SESSION_ESTABLISHED)
			known->facts.state = SMBSIGN_SESSION_ENDED;
		else if (known->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
			*known = (struct known) { };
	}
}

/* Steps: what ksmbd or a client does, in both */

static unsigned int some_key(struct model *m, u32 c, u32 id)
{
	switch (roll(m, 10)) {
	case 0:
	case 1:
		return NO_KEY;
	case 2:
	case 3:
		return CHANNEL(c, id);
	case 4:
		return PUBLIC;
	case 5:
		/* A first key could not be told from the session's own. */
		if (m->known[c][id].key)
			return USER((id + 1) % IDS);
		fallthrough;
	default:
		return USER(id);
	}
}

static void step_leg(struct model *m, u32 c, u32 id)
{
	static const u32 statuses[] = {
		SMB2_STATUS_SUCCESS, SMB2_STATUS_SUCCESS, SMB2_STATUS_SUCCESS,
		SMB2_STATUS_MORE_PROCESSING_REQUIRED,
		SMB2_STATUS_MORE_PROCESSING_REQUIRED, SMB2_STATUS_ACCESS_DENIED,
	};
	static const u16 session_flags[] = {
		0, 0, 0, 0, 0, SMB2_SESSION_IS_GUEST, SMB2_SESSION_IS_NULL,
		SMB2_SESSION_ENCRYPT_DATA,
	};
	struct rig_setup setup = {
		.requested = roll(m, 3) ? FIRST + id : 0,
		.id = FIRST + id,
		.status = statuses[roll(m, ARRAY_SIZE(statuses))],
		.mode = roll(m, 6) ? 1 : 3,
		.flags = roll(m, 3) ? 0 : SMB2_SETUP_FLAG_BINDING,
		.session_flags = session_flags[roll(m, ARRAY_SIZE(session_flags))],
	};
	unsigned int key = some_key(m, c, id);

	/* Only the end of an authentication is signed with it. */
	if (setup.status != SMB2_STATUS_SUCCESS)
		key = NO_KEY;
	if (key)
		setup.key = m->raw[key];
	KUNIT_ASSERT_EQ_MSG(m->test, model_leg(m, c, id, &setup, key),
			    rig_setup(m->conn[c], &setup),
			    "step %u: leg of %u on %u", m->step, id, c);
}

static void step_check(struct model *m, u32 c, u32 id)
{
	unsigned int key = some_key(m, c, id);

	KUNIT_ASSERT_EQ_MSG(m->test, model_key(m, c, id, key),
			    rig_check(m->conn[c], FIRST + id,
				      key ? m->raw[key] : NULL),
			    "step %u: check of %u on %u", m->step, id, c);
}

/* ksmbd uses a key for a message that is not awaited: nothing is learned. */
static void step_stray(struct model *m, u32 c, u32 id)
{
	static const u16 commands[] = {
		SMB2_CMD_SESSION_SETUP, SMB2_CMD_READ, SMB2_CMD_ECHO,
	};

	rig_use_key(m->conn[c], commands[roll(m, ARRAY_SIZE(commands))], 0, 1,
		    FIRST + id, roll(m, 2), m->raw[1 + roll(m, KEYS - 1)]);
}

static void step_tolerate(struct model *m, u32 c, u32 id)
{
	int grace = smbsign_grace_enter();

	smbsign_session_tolerate(m->conn[c], FIRST + id);
	smbsign_grace_leave(grace);
	if (is_here(&m->known[c][id]))
		m->known[c][id].facts.tolerated = true;
}

static void open_conn(struct model *m, u32 c)
{
	struct smbsign_conn *conn = rig_open(m->test, 0);

	rig_negotiate(conn, dialects[roll(m, ARRAY_SIZE(dialects))],
		      !roll(m, 3));
	conn->facts.client_required = !roll(m, 3);
	conn->facts.encryption = roll(m, 2);
	m->conn[c] = conn;
}

static void step_close(struct model *m, u32 c)
{
	rig_close(m->test, m->conn[c]);
	memset(m->known[c], 0, sizeof(m->known[c]));
	open_conn(m, c);
}

static void do_step(struct model *m)
{
	u32 c = roll(m, CONNS), id = roll(m, IDS), what = roll(m, 100);

	if (what < 70) {
		step_leg(m, c, id);
	} else if (what < 80) {
		step_check(m, c, id);
	} else if (what < 86) {
		step_stray(m, c, id);
	} else if (what < 92) {
		step_tolerate(m, c, id);
	} else if (what < 96) {
		model_end(m, id);
		rig_end(FIRST + id);
	} else {
		step_close(m, c);
	}
}

/* What is asked, of both */

static int mac_with(struct smbsign_key *key, u8 out[SMB2_SIGNATURE_SIZE])
{
	static const struct smb2_header header;
	struct smbsign_mac mac = { };

	return smbsign_mac_begin(&mac, key, &header) ?:
	       smbsign_mac_end(&mac, out);
}

/* Tell by its MAC which key it is.  Releases @key. */
static unsigned int which(struct model *m, struct smbsign_key *key, u16 *by)
{
	u8 mac[SMB2_SIGNATURE_SIZE];
	unsigned int i;

	if (!key)
		return NO_KEY;
	KUNIT_EXPECT_EQ(m->test, 0, mac_with(key, mac));
	for (*by = 0; *by < ARRAY_SIZE(m->mac); ++*by) {
		for (i = 1; i < KEYS; i++) {
			if (!memcmp(mac, m->mac[*by][i], sizeof(mac)))
				return i;
		}
	}
	return DECOY;
}

static void model_facts(struct model *m, u32 c, u32 id,
			struct smbsign_session_facts *facts, unsigned int *key,
			u16 *by)
{
	struct known *known = &m->known[c][id], *other = elsewhere(m, c, id);

	*facts = known->facts;
	*key = known->key;
	*by = known->key_by;
	if (is_here(known) && known->facts.binding) {
		*key = known->signing;
		*by = known->signing_by;
	} else if (!is_here(known) && other) {
		facts->state = SMBSIGN_SESSION_ELSEWHERE;
		model_signing_key(other, key, by);
	}
	if (!is_here(known) && !*key)
		*key = DECOY;
	facts->has_key = *key;
}

/* The session whose key it is, or @id if it is public, or nobody's */
static u32 owner(unsigned int key, u32 id)
{
	return key == NO_KEY || key >= PUBLIC ? id : (key - 1) % IDS;
}

/* What holds whatever the model says. */
static void promises(struct model *m, u32 c, u32 id,
		     const struct smbsign_session_facts *facts, unsigned int key)
{
	struct known *known = &m->known[c][id];

	KUNIT_ASSERT_EQ(m->test, id, owner(key, id));
	if (known->over)
		KUNIT_ASSERT_EQ(m->test, SMBSIGN_SESSION_ENDED, facts->state);
	if (facts->state == SMBSIGN_SESSION_ENDED)
		known->over = true;
	if (known->settled)
		KUNIT_ASSERT_EQ(m->test, known->guest, facts->guest);
	if (facts->state == SMBSIGN_SESSION_ESTABLISHED && facts->has_key) {
		known->settled = true;
		known->guest = facts->guest;
	}
	if (key == PUBLIC && facts->state == SMBSIGN_SESSION_ESTABLISHED &&
	    !known->signing)
		KUNIT_ASSERT_TRUE(m->test, facts->guest);
}

static bool same_facts(const struct smbsign_session_facts *a,
		       const struct smbsign_session_facts *b)
{
	/* Answers no longer change a session that has ended. */
	bool over = a->state == SMBSIGN_SESSION_ENDED;

	return a->state == b->state && a->required == b->required &&
	       a->guest == b->guest && a->keyless == b->keyless &&
	       (over || a->encrypted == b->encrypted) &&
	       a->ciphered == b->ciphered && a->binding == b->binding &&
	       a->tolerated == b->tolerated && a->has_key == b->has_key;
}

static void ask(struct model *m, u32 c, u32 id)
{
	struct smbsign_session_facts facts, expected;
	unsigned int key, expected_key;
	u16 by = 0, expected_by = 0;
	int grace;

	model_facts(m, c, id, &expected, &expected_key, &expected_by);
	grace = smbsign_grace_enter();
	key = which(m, smbsign_session_lookup(m->conn[c], FIRST + id, true, &facts),
		    &by);
	smbsign_grace_leave(grace);
	KUNIT_ASSERT_EQ_MSG(m->test, facts.state, expected.state,
			    "step %u: %u on %u", m->step, id, c);
	KUNIT_ASSERT_EQ_MSG(m->test, key, expected_key, "step %u: %u on %u",
			    m->step, id, c);
	if (key && key < KEYS)
		KUNIT_ASSERT_EQ(m->test, by, expected_by);
	KUNIT_ASSERT_TRUE_MSG(m->test, same_facts(&facts, &expected),
			      "step %u: %u on %u: required %u guest %u keyless %u encrypted %u ciphered %u binding %u tolerated %u has_key %u",
			      m->step, id, c, facts.required, facts.guest,
			      facts.keyless, facts.encrypted, facts.ciphered,
			      facts.binding, facts.tolerated, facts.has_key);
	promises(m, c, id, &facts, key);
}

static u32 ask_conn(struct model *m, u32 c)
{
	u32 live = 0, in_progress = 0, required = 0, over = 0, id;
	const struct smbsign_conn *conn = m->conn[c];
	const struct known *known;

	for (id = 0; id < IDS; id++) {
		ask(m, c, id);
		known = &m->known[c][id];
		live += is_live(known);
		required += is_live(known) && known->facts.required;
		in_progress += known->facts.state == SMBSIGN_SESSION_IN_PROGRESS;
		over += known->facts.state == SMBSIGN_SESSION_ENDED;
	}
	KUNIT_ASSERT_EQ(m->test, live, conn->facts.sessions);
	KUNIT_ASSERT_EQ(m->test, in_progress, conn->facts.in_progress);
	KUNIT_ASSERT_EQ(m->test, required, conn->facts.required_sessions);
	KUNIT_ASSERT_EQ(m->test, over, conn->ended_count);
	return live;
}

static void ask_all(struct model *m)
{
	long live = 0;
	int grace;
	u32 c, id;

	for (c = 0; c < CONNS; c++)
		live += ask_conn(m, c);
	KUNIT_ASSERT_EQ(m->test, live, around.gauges[SMBSIGN_GAUGE_SESSIONS]);
	KUNIT_ASSERT_EQ(m->test, m->learned,
			around.events[SMBSIGN_COUNT_KEYS_LEARNED]);
	KUNIT_ASSERT_EQ(m->test, m->guests, around.events[SMBSIGN_COUNT_GUESTS]);
	grace = smbsign_grace_enter();
	for (id = 0; id < IDS; id++)
		KUNIT_EXPECT_EQ(m->test, is_known_anywhere(m, id),
				smbsign_session_is_known(FIRST + id));
	smbsign_grace_leave(grace);
}

static void make_keys(struct model *m)
{
	struct smbsign_key *key;
	unsigned int i, by;

	for (i = 1; i < KEYS; i++) {
		if (i != PUBLIC)
			memset(m->raw[i], i, SMB2_KEY_SIZE);
		for (by = 0; by < ARRAY_SIZE(m->mac); by++) {
			key = smbsign_key_alloc(by, m->raw[i]);
			KUNIT_ASSERT_FALSE(m->test, IS_ERR(key));
			KUNIT_ASSERT_EQ(m->test, 0, mac_with(key, m->mac[by][i]));
		}
	}
}

static void play(struct kunit *test, u32 seed)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 c;

	KUNIT_ASSERT_NOT_NULL(test, m);
	kunit_info(test, "seed %#x", seed);
	m->test = test;
	prandom_seed_state(&m->chance, seed);
	make_keys(m);
	for (c = 0; c < CONNS; c++)
		open_conn(m, c);
	for (m->step = 1; m->step <= STEPS; m->step++) {
		do_step(m);
		ask_all(m);
	}
}

/* Another seed each time */
static void any(struct kunit *test)
{
	play(test, get_random_u32());
}

static void seeded(struct kunit *test)
{
	play(test, *(const u32 *)test->param_value);
}

static const u32 seeds[] = { 1, 2, 3 };

static void seed_name(const u32 *seed, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "seed %u", *seed);
}

KUNIT_ARRAY_PARAM(seed, seeds, seed_name);

static struct kunit_case model_cases[] = {
	KUNIT_CASE_PARAM(seeded, seed_gen_params),
	KUNIT_CASE(any),
	{}
};

static struct kunit_suite model_suite = {
	.name = "smbsign_session_model",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);
