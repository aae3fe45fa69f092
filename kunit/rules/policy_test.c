// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts against a table of rules, for everything that can be asked.
 *
 * The rules are written from [MS-SMB2] and Documentation/, in another form than
 * the code: a list, of which the first rule that fits counts.  A question that
 * no rule fits, or a rule that no question uses, is a failure.
 */
#include "wire/frame.h"
#include "rules/policy.c"

#include "../surroundings.h"

/* Facts about a request, its session and the policy */
enum fact {
	SIGNED		= BIT(0),	/* the request has SMB2_FLAG_SIGNED */
	SINGLE		= BIT(1),	/* and is the only one in its frame */
	REQUIRED	= BIT(2),	/* the session must be signed */
	GUEST		= BIT(3),	/* its user is a guest or anonymous */
	KEYLESS		= BIT(4),	/* and may be: no key was shown */
	ENCRYPTED	= BIT(5),	/* it must be encrypted */
	BINDING		= BIT(6),	/* it is being bound here */
	KEY		= BIT(7),	/* there is a key to verify with */
	GUESTS_MAY	= BIT(8),	/* allow_guest=1 */
	/* of a SESSION_SETUP only */
	NEW		= BIT(9),	/* it names no session */
	BINDS		= BIT(10),	/* it has SMB2_SESSION_FLAG_BINDING */
	LONG		= BIT(11),	/* it is longer than possible */
};

#define FACTS		BIT(9)
#define SETUP_FACTS	BIT(12)

enum {
	AUDIT		= BIT(SMBSIGN_POLICY_AUDIT),
	NEGOTIATED	= BIT(SMBSIGN_POLICY_NEGOTIATED),
	DEMANDED	= BIT(SMBSIGN_POLICY_REQUIRED),
};

enum {
	UNKNOWN		= BIT(SMBSIGN_SESSION_UNKNOWN),
	ELSEWHERE	= BIT(SMBSIGN_SESSION_ELSEWHERE),
	IN_PROGRESS	= BIT(SMBSIGN_SESSION_IN_PROGRESS),
	ESTABLISHED	= BIT(SMBSIGN_SESSION_ESTABLISHED),
	ENDED		= BIT(SMBSIGN_SESSION_ENDED),
};

/* Dialects, and none yet */
enum {
	NONE		= BIT(0),
	D202		= BIT(1),
	D210		= BIT(2),
	D300		= BIT(3),
	D302		= BIT(4),
	D311		= BIT(5),
	D3XX		= D300 | D302 | D311,
	SOME		= D202 | D210 | D3XX,
};

static const u16 dialects[] = { 0, 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 };

#define CMD(name)	BIT(SMB2_CMD_##name)
#define OTHER_THAN(set)	(~(u32)(set))
/* Commands whose signature ksmbd checks itself, and that it always answers */
#define KSMBD_CHECKS	OTHER_THAN(CMD(NEGOTIATE) | CMD(SESSION_SETUP) | \
				   CMD(OPLOCK_BREAK) | CMD(ECHO) | CMD(CANCEL))

#define PASSED		{ SMBSIGN_PASS }
#define ALONE		{ SMBSIGN_PASS_ALONE }
#define VERIFIED	{ SMBSIGN_VERIFY }
#define PROVISIONALLY	{ SMBSIGN_PROVISIONAL }
#define ABORTED(reason)	{ SMBSIGN_ABORT, SMBSIGN_REASON_##reason }
#define REFUSED(reason, status) \
	{ SMBSIGN_REFUSE, SMBSIGN_REASON_##reason, SMB2_STATUS_##status }
#define VERIFIED_REFUSED(reason, status) \
	{ SMBSIGN_VERIFY, SMBSIGN_REASON_##reason, SMB2_STATUS_##status }

/**
 * struct rule - what happens to some requests
 * @why:	the section of [MS-SMB2], or the reason
 * @commands:	for these commands, 0 for all
 * @dialects:	on these dialects, 0 for all
 * @states:	on sessions in these states, 0 for all
 * @modes:	under these policies, 0 for all
 * @yes:	if all of these facts are true
 * @no:		and none of these
 * @verdict:	the verdict
 */
struct rule {
	const char		*why;
	u32			commands;
	u32			dialects;
	u32			states;
	u32			modes;
	u32			yes;
	u32			no;
	struct smbsign_verdict	verdict;
};

static const struct rule rules[] = {
	/* NEGOTIATE comes first, once, alone */
	{ "3.3.5.4: a second NEGOTIATE", .commands = CMD(NEGOTIATE),
	  .dialects = SOME, .verdict = ABORTED(NEGOTIATE_AGAIN) },
	{ "NEGOTIATE in a compound", .commands = CMD(NEGOTIATE), .no = SINGLE,
	  .verdict = ABORTED(MALFORMED) },
	{ "3.3.5.4: NEGOTIATE", .commands = CMD(NEGOTIATE), .verdict = ALONE },
	{ "3.3.5.2.2: anything else before it", .dialects = NONE,
	  .verdict = ABORTED(BEFORE_NEGOTIATE) },

	/* SESSION_SETUP: new sessions */
	{ "ksmbd runs what follows in the new session",
	  .commands = CMD(SESSION_SETUP), .no = SINGLE,
	  .verdict = ABORTED(MALFORMED) },
	{ "2.2.5: the token has 64 KiB at most", .commands = CMD(SESSION_SETUP),
	  .yes = LONG, .verdict = ABORTED(MALFORMED) },
	{ "3.3.5.5: binding to no session", .commands = CMD(SESSION_SETUP),
	  .yes = NEW | BINDS,
	  .verdict = REFUSED(BOUND_SESSION_UNKNOWN, USER_SESSION_DELETED) },
	{ "3.3.5.5.1: a new session", .commands = CMD(SESSION_SETUP),
	  .yes = NEW, .verdict = PASSED },

	/* SESSION_SETUP: bindings are signed with Session.SigningKey, 3.3.5.5 */
	{ "binding to a session unknown", .commands = CMD(SESSION_SETUP),
	  .states = UNKNOWN | ENDED, .yes = BINDING,
	  .verdict = REFUSED(BOUND_SESSION_UNKNOWN, USER_SESSION_DELETED) },
	{ "binding to a session unknown", .commands = CMD(SESSION_SETUP),
	  .states = UNKNOWN | ENDED, .dialects = D3XX, .yes = BINDS,
	  .verdict = REFUSED(BOUND_SESSION_UNKNOWN, USER_SESSION_DELETED) },
	{ "unsigned binding, a later leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .yes = BINDING, .no = SIGNED,
	  .verdict = REFUSED(UNSIGNED, ACCESS_DENIED) },
	{ "unsigned binding, the first leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .dialects = D3XX, .yes = BINDS,
	  .no = SIGNED, .verdict = REFUSED(UNSIGNED, ACCESS_DENIED) },
	{ "no key for a binding, a later leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .yes = BINDING, .no = KEY,
	  .verdict = REFUSED(NO_KEY, ACCESS_DENIED) },
	{ "no key for a binding, the first leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .dialects = D3XX, .yes = BINDS,
	  .no = KEY, .verdict = REFUSED(NO_KEY, ACCESS_DENIED) },
	{ "signed binding, a later leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .yes = BINDING,
	  .verdict = VERIFIED },
	{ "signed binding, the first leg", .commands = CMD(SESSION_SETUP),
	  .states = ELSEWHERE | IN_PROGRESS, .dialects = D3XX, .yes = BINDS,
	  .verdict = VERIFIED },

	/* SESSION_SETUP: other sessions that are not established here */
	{ "authentication goes on", .commands = CMD(SESSION_SETUP),
	  .states = IN_PROGRESS, .verdict = PASSED },
	{ "3.3.5.5: a channel before 3.x; who has the key gets a signed answer",
	  .commands = CMD(SESSION_SETUP), .states = UNKNOWN | ELSEWHERE | ENDED,
	  .yes = BINDS | SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(SESSION_UNKNOWN, REQUEST_NOT_ACCEPTED) },
	{ "3.3.5.5: a channel before 3.x", .commands = CMD(SESSION_SETUP),
	  .states = UNKNOWN | ELSEWHERE | ENDED, .yes = BINDS,
	  .verdict = REFUSED(SESSION_UNKNOWN, REQUEST_NOT_ACCEPTED) },
	{ "it names none that is here; who has the key gets a signed answer",
	  .commands = CMD(SESSION_SETUP), .states = UNKNOWN | ELSEWHERE | ENDED,
	  .yes = SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(SESSION_UNKNOWN, USER_SESSION_DELETED) },
	{ "it names none that is here", .commands = CMD(SESSION_SETUP),
	  .states = UNKNOWN | ELSEWHERE | ENDED,
	  .verdict = REFUSED(SESSION_UNKNOWN, USER_SESSION_DELETED) },

	/* Established sessions; here SESSION_SETUP is a reauthentication */
	{ "3.3.5.2.9: the same; who has the key gets a signed answer",
	  .commands = OTHER_THAN(CMD(SESSION_SETUP)), .states = ESTABLISHED,
	  .yes = ENCRYPTED | SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(NOT_ENCRYPTED, ACCESS_DENIED) },
	{ "3.3.5.2.9: plaintext on an encrypted session",
	  .commands = OTHER_THAN(CMD(SESSION_SETUP)), .states = ESTABLISHED,
	  .yes = ENCRYPTED, .verdict = REFUSED(NOT_ENCRYPTED, ACCESS_DENIED) },
	{ "3.3.5.7: TREE_CONNECT on 3.1.1, neither signed nor encrypted",
	  .commands = CMD(TREE_CONNECT), .states = ESTABLISHED,
	  .dialects = D311, .no = SIGNED | GUEST,
	  .verdict = ABORTED(TREE_CONNECT_UNSIGNED) },
	{ "a guest where everybody must sign, with his key",
	  .states = ESTABLISHED, .modes = DEMANDED, .yes = GUEST | SIGNED | KEY,
	  .no = GUESTS_MAY, .verdict = VERIFIED_REFUSED(GUEST, ACCESS_DENIED) },
	{ "who may be a guest there, with his key",
	  .states = ESTABLISHED, .modes = DEMANDED, .yes = KEYLESS | SIGNED | KEY,
	  .no = GUESTS_MAY, .verdict = VERIFIED_REFUSED(GUEST, ACCESS_DENIED) },
	{ "a guest where everybody must sign", .states = ESTABLISHED,
	  .modes = DEMANDED, .yes = GUEST, .no = GUESTS_MAY,
	  .verdict = REFUSED(GUEST, ACCESS_DENIED) },
	{ "who may be a guest there", .states = ESTABLISHED,
	  .modes = DEMANDED, .yes = KEYLESS, .no = GUESTS_MAY,
	  .verdict = REFUSED(GUEST, ACCESS_DENIED) },
	{ "3.3.5.5.2: bound already; who has the key gets a signed answer",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .dialects = D3XX, .yes = BINDS | SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(BOUND_ALREADY, REQUEST_NOT_ACCEPTED) },
	{ "not authenticated again: on 2.x, with a key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .dialects = D202 | D210, .yes = SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: a guest, with a key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = GUEST | SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: who may be a guest, with a key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = KEYLESS | SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "3.3.5.2.4: unsigned, and SigningRequired", .states = ESTABLISHED,
	  .yes = REQUIRED, .no = SIGNED,
	  .verdict = REFUSED(UNSIGNED, ACCESS_DENIED) },
	{ "policy=required: unsigned, not told, and no guest",
	  .states = ESTABLISHED, .modes = DEMANDED, .no = SIGNED | GUEST,
	  .verdict = ABORTED(UNSIGNED) },
	{ "3.3.5.5.2: unsigned, bound already", .commands = CMD(SESSION_SETUP),
	  .states = ESTABLISHED, .dialects = D3XX, .yes = BINDS, .no = SIGNED,
	  .verdict = REFUSED(BOUND_ALREADY, REQUEST_NOT_ACCEPTED) },
	{ "not authenticated again: on 2.x, unsigned",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .dialects = D202 | D210, .no = SIGNED,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: a guest, unsigned",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = GUEST, .no = SIGNED,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: who may be a guest, unsigned",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = KEYLESS, .no = SIGNED,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "unsigned, and nobody minds", .states = ESTABLISHED, .no = SIGNED,
	  .verdict = PASSED },
	{ "3.3.5.2.4: SIGNED is verified", .states = ESTABLISHED, .yes = KEY,
	  .verdict = VERIFIED },
	{ "ksmbd checks it, and shows the key", .commands = KSMBD_CHECKS,
	  .states = ESTABLISHED, .yes = SINGLE, .verdict = PROVISIONALLY },
	{ "no key, and SigningRequired", .states = ESTABLISHED,
	  .yes = REQUIRED, .verdict = REFUSED(NO_KEY, ACCESS_DENIED) },
	{ "policy=required: no key, and no guest", .states = ESTABLISHED,
	  .modes = DEMANDED, .no = GUEST,
	  .verdict = REFUSED(NO_KEY, ACCESS_DENIED) },
	{ "3.3.5.5.2: no key, bound already", .commands = CMD(SESSION_SETUP),
	  .states = ESTABLISHED, .dialects = D3XX, .yes = BINDS,
	  .verdict = REFUSED(BOUND_ALREADY, REQUEST_NOT_ACCEPTED) },
	{ "not authenticated again: on 2.x, no key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .dialects = D202 | D210,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: a guest, no key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = GUEST,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "not authenticated again: who may be a guest, no key",
	  .commands = CMD(SESSION_SETUP), .states = ESTABLISHED,
	  .yes = KEYLESS,
	  .verdict = REFUSED(AGAIN, USER_SESSION_DELETED) },
	{ "no key, and nobody minds", .states = ESTABLISHED,
	  .verdict = PASSED },

	/* No session here */
	{ "3.3.5.17: ECHO needs none, but one that has ended is none",
	  .commands = CMD(ECHO), .states = UNKNOWN | ELSEWHERE | IN_PROGRESS,
	  .verdict = PASSED },
	{ "3.3.5.2.9: not authenticated yet", .states = IN_PROGRESS,
	  .verdict = REFUSED(SESSION_IN_PROGRESS, USER_SESSION_DELETED) },
	{ "who has the key gets a signed answer", .yes = SIGNED | KEY,
	  .verdict = VERIFIED_REFUSED(SESSION_UNKNOWN, USER_SESSION_DELETED) },
	{ "3.3.5.2.9: no such session",
	  .verdict = REFUSED(SESSION_UNKNOWN, USER_SESSION_DELETED) },
};

/**
 * struct question - one question to the policy
 * @command:	Command; SMB2_CMD_COUNT stands for all unknown ones
 * @dialect:	index in dialects
 * @state:	enum smbsign_session_state
 * @mode:	enum smbsign_policy_mode
 * @facts:	enum fact
 */
struct question {
	u32	command;
	u32	dialect;
	u32	state;
	u32	mode;
	u32	facts;
};

static bool among(u32 set, u32 member)
{
	return !set || set & BIT(member);
}

static unsigned int find_rule(const struct question *ask)
{
	const struct rule *rule;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		rule = &rules[i];
		if (among(rule->commands, ask->command) &&
		    among(rule->dialects, ask->dialect) &&
		    among(rule->states, ask->state) &&
		    among(rule->modes, ask->mode) &&
		    (ask->facts & rule->yes) == rule->yes &&
		    !(ask->facts & rule->no))
			break;
	}
	return i;
}

static struct smbsign_session_facts session_of(const struct question *ask)
{
	return (struct smbsign_session_facts) {
		.state = ask->state,
		.required = ask->facts & REQUIRED,
		.guest = ask->facts & GUEST,
		.keyless = ask->facts & KEYLESS,
		.encrypted = ask->facts & ENCRYPTED,
		.binding = ask->facts & BINDING,
		.has_key = ask->facts & KEY,
	};
}

static struct smbsign_verdict judged(const struct question *ask)
{
	struct smbsign_session_facts session = session_of(ask);
	struct smbsign_conn_facts conn = { .dialect = dialects[ask->dialect] };
	struct smbsign_policy policy = {
		.mode = ask->mode,
		.allow_guest = ask->facts & GUESTS_MAY,
	};
	struct smbsign_element element = {
		.command = ask->command,
		.flags = ask->facts & SIGNED ? SMB2_FLAG_SIGNED : 0,
		.session_id = ask->facts & NEW ? 0 : 0x1234,
		.setup_flags = ask->facts & BINDS ? SMB2_SETUP_FLAG_BINDING : 0,
		.length = SMBSIGN_SETUP_MAX + !!(ask->facts & LONG),
	};

	return smbsign_policy_element(&policy, &conn, &session, &element,
				      ask->facts & SINGLE);
}

static bool same_verdict(const struct smbsign_verdict *a,
			 const struct smbsign_verdict *b)
{
	/* If the request passes, the reason means nothing. */
	bool reasons = a->action >= SMBSIGN_REFUSE || a->status;

	return a->action == b->action && a->status == b->status &&
	       (!reasons || a->reason == b->reason);
}

static void put_question(struct kunit *test, const struct question *ask,
			 unsigned int *used)
{
	struct smbsign_verdict verdict = judged(ask);
	unsigned int i = find_rule(ask);

	KUNIT_ASSERT_LT(test, i, (unsigned int)ARRAY_SIZE(rules));
	KUNIT_ASSERT_TRUE_MSG(test, same_verdict(&verdict, &rules[i].verdict),
			      "%s: command %u dialect %#x state %u mode %u facts %#x: action %u reason %u status %#x",
			      rules[i].why, ask->command,
			      dialects[ask->dialect], ask->state, ask->mode,
			      ask->facts, verdict.action, verdict.reason,
			      verdict.status);
	used[i]++;
}

static void all_facts(struct kunit *test, struct question *ask,
		      unsigned int *used)
{
	bool setup = ask->command == SMB2_CMD_SESSION_SETUP;
	u32 end = setup ? SETUP_FACTS : FACTS;

	for (ask->mode = 0; ask->mode <= SMBSIGN_POLICY_REQUIRED; ask->mode++) {
		for (ask->facts = 0; ask->facts < end; ask->facts++)
			put_question(test, ask, used);
	}
}

static void all_sessions(struct kunit *test, struct question *ask,
			 unsigned int *used)
{
	for (ask->dialect = 0; ask->dialect < ARRAY_SIZE(dialects);
	     ask->dialect++) {
		for (ask->state = 0; ask->state <= SMBSIGN_SESSION_ENDED;
		     ask->state++)
			all_facts(test, ask, used);
	}
}

/* Everything that can be asked of a request: 1,244,160 questions. */
static void truth_table(struct kunit *test)
{
	unsigned int used[ARRAY_SIZE(rules)] = { }, total = 0, i;
	struct question ask;

	for (ask.command = 0; ask.command <= SMB2_CMD_COUNT; ask.command++)
		all_sessions(test, &ask, used);
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		KUNIT_EXPECT_NE_MSG(test, 0U, used[i], "%s", rules[i].why);
		total += used[i];
	}
	KUNIT_EXPECT_EQ(test, 90U * (19 * FACTS + SETUP_FACTS), total);
}

/* When a session must be signed, 3.3.5.5.3 */
static const struct required_case {
	const char	*name;
	u16		mode;
	bool		guest;
	bool		client;
	bool		server;
	bool		required;
} required_cases[] = {
	/* SecurityMode of SESSION_SETUP, guest, NEGOTIATE of client, of server */
	{ "nobody demands it",		0, false, false, false, false },
	{ "only enabled",		1, false, false, false, false },
	{ "the client's NEGOTIATE",	1, false, true,  false, true },
	{ "the server's NEGOTIATE",	1, false, false, true,  true },
	{ "both NEGOTIATEs",		0, false, true,  true,  true },
	{ "SESSION_SETUP",		2, false, false, false, true },
	{ "SESSION_SETUP, with enabled", 3, false, false, false, true },
	{ "everybody",			3, false, true,  true,  true },
	{ "a guest, nobody",		0, true,  false, false, false },
	{ "a guest, enabled",		1, true,  false, false, false },
	{ "a guest, the client",	1, true,  true,  false, false },
	{ "a guest, the server",	1, true,  false, true,  false },
	{ "a guest, both",		0, true,  true,  true,  false },
	{ "a guest who says so",	2, true,  false, false, true },
	{ "a guest who repeats it",	3, true,  false, true,  false },
	{ "a guest, the client, twice",	3, true,  true,  false, true },
	{ "a guest, everybody",		3, true,  true,  true,  true },
	{ "bits that mean nothing",	0xfffc, false, false, false, false },
};

KUNIT_ARRAY_PARAM_DESC(required, required_cases, name);

static void session_required(struct kunit *test)
{
	const struct required_case *from = test->param_value;
	struct smbsign_conn_facts conn = {
		.client_required = from->client,
		.server_required = from->server,
	};

	KUNIT_EXPECT_EQ(test, from->required,
			smbsign_policy_session_required(&conn, from->mode,
							from->guest));
}

/* Required or not, by policy and user; holds for responses, too */
static void must(struct kunit *test)
{
	static const struct {
		enum smbsign_policy_mode mode;
		bool required, guest, must;
	} cases[] = {
		{ SMBSIGN_POLICY_AUDIT, false, false, false },
		{ SMBSIGN_POLICY_AUDIT, true, false, true },
		{ SMBSIGN_POLICY_AUDIT, true, true, true },
		{ SMBSIGN_POLICY_NEGOTIATED, false, false, false },
		{ SMBSIGN_POLICY_NEGOTIATED, false, true, false },
		{ SMBSIGN_POLICY_NEGOTIATED, true, false, true },
		{ SMBSIGN_POLICY_NEGOTIATED, true, true, true },
		{ SMBSIGN_POLICY_REQUIRED, false, false, true },
		{ SMBSIGN_POLICY_REQUIRED, false, true, false },
		{ SMBSIGN_POLICY_REQUIRED, true, false, true },
		{ SMBSIGN_POLICY_REQUIRED, true, true, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smbsign_policy policy = { .mode = cases[i].mode };
		struct smbsign_session_facts session = {
			.required = cases[i].required, .guest = cases[i].guest,
		};

		KUNIT_EXPECT_EQ(test, cases[i].must,
				smbsign_policy_must(&policy, &session));
	}
}

static void is_binding(struct kunit *test)
{
	unsigned int i, flags;

	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		struct smbsign_conn_facts conn = { .dialect = dialects[i] };

		for (flags = 0; flags <= U8_MAX; flags++)
			KUNIT_EXPECT_EQ(test, BIT(i) & D3XX && flags % 2,
					smbsign_policy_is_binding(&conn, flags));
	}
}

/* Facts of a connection that rule a compressed message out */
enum {
	CLIENT		= BIT(0),
	SERVER		= BIT(1),
	OPENING		= BIT(2),
	DEMANDING	= BIT(3),
	SESSIONS	= BIT(4),
	DIALECT		= BIT(5),
	UPGRADES	= BIT(6),
	ALL		= BIT(7),
};

static enum smbsign_action frame_expected(enum smbsign_frame_kind kind,
					  unsigned int mode, u32 facts,
					  enum smbsign_reason *reason)
{
	switch (kind) {
	case SMBSIGN_FRAME_COMPRESSED:
		*reason = SMBSIGN_REASON_COMPRESSED;
		/* There is a session, and nobody wants signing. */
		return (facts & ~(DIALECT | UPGRADES)) == SESSIONS &&
		       mode != SMBSIGN_POLICY_REQUIRED ? SMBSIGN_PASS :
							 SMBSIGN_ABORT;
	case SMBSIGN_FRAME_SMB1:
		*reason = SMBSIGN_REASON_SMB1;
		/* 3.3.5.3.1: it is the first message, and asks for SMB2. */
		return (facts & (DIALECT | UPGRADES)) == UPGRADES ?
		       SMBSIGN_PASS_ALONE : SMBSIGN_ABORT;
	default:
		*reason = SMBSIGN_REASON_NOT_SMB;
		return SMBSIGN_ABORT;
	}
}

static void one_frame(struct kunit *test, enum smbsign_frame_kind kind,
		      unsigned int mode, u32 facts)
{
	struct smbsign_conn_facts conn = {
		.dialect = facts & DIALECT ? 0x0311 : 0,
		.client_required = facts & CLIENT,
		.server_required = facts & SERVER,
		.in_progress = facts & OPENING ? 1 : 0,
		.required_sessions = facts & DEMANDING ? 1 : 0,
		.sessions = facts & SESSIONS ? 2 : 0,
	};
	struct smbsign_policy policy = { .mode = mode };
	enum smbsign_reason reason = 0;
	struct smbsign_verdict verdict =
		smbsign_policy_frame(&policy, &conn, kind, facts & UPGRADES);

	KUNIT_ASSERT_EQ_MSG(test, verdict.action,
			    frame_expected(kind, mode, facts, &reason),
			    "kind %u mode %u facts %#x", kind, mode, facts);
	if (verdict.action == SMBSIGN_ABORT)
		KUNIT_ASSERT_EQ(test, verdict.reason, reason);
}

static void frames(struct kunit *test)
{
	unsigned int kind, mode;
	u32 facts;

	for (kind = 0; kind <= SMBSIGN_FRAME_UNKNOWN; kind++) {
		for (mode = 0; mode <= SMBSIGN_POLICY_REQUIRED; mode++) {
			for (facts = 0; facts < ALL; facts++)
				one_frame(test, kind, mode, facts);
		}
	}
}

/* Encrypted messages need an established session with secret encryption keys */
static void one_encrypted(struct kunit *test, unsigned int state,
			  unsigned int mode, u32 bits)
{
	struct smbsign_session_facts session = {
		.state = state, .ciphered = bits & 1, .guest = bits & 2,
		.keyless = bits & 4,
	};
	struct smbsign_policy policy = { .mode = mode, .allow_guest = bits & 8 };
	bool keys = state == SMBSIGN_SESSION_ESTABLISHED && bits & 1;
	bool guest = mode == SMBSIGN_POLICY_REQUIRED && bits & 6 && !(bits & 8);
	struct smbsign_verdict verdict =
		smbsign_policy_encrypted(&policy, &session);

	KUNIT_ASSERT_EQ(test, verdict.action,
			keys && !guest ? SMBSIGN_PASS : SMBSIGN_ABORT);
	if (!keys)
		KUNIT_ASSERT_EQ(test, verdict.reason,
				SMBSIGN_REASON_ENCRYPTED_WITHOUT_SESSION);
	else if (guest)
		KUNIT_ASSERT_EQ(test, verdict.reason, SMBSIGN_REASON_GUEST);
}

static void encrypted(struct kunit *test)
{
	unsigned int state, mode, bits;

	for (state = 0; state <= SMBSIGN_SESSION_ENDED; state++) {
		for (mode = 0; mode <= SMBSIGN_POLICY_REQUIRED; mode++) {
			for (bits = 0; bits < 16; bits++)
				one_encrypted(test, state, mode, bits);
		}
	}
}

/* Only who shows a secret key, each time the same, may authenticate again. */
static void again(struct kunit *test)
{
	static const u16 dialects[] = {
		SMB2_DIALECT_202, SMB2_DIALECT_210, SMB2_DIALECT_300,
		SMB2_DIALECT_302, SMB2_DIALECT_311,
	};
	const struct smbsign_policy policy = {
		.mode = SMBSIGN_POLICY_NEGOTIATED, .allow_guest = true,
	};
	struct smbsign_element element = {
		.command = SMB2_CMD_SESSION_SETUP, .session_id = 5,
		.length = 200, .last = true,
	};
	struct smbsign_session_facts session = {
		.state = SMBSIGN_SESSION_ESTABLISHED, .has_key = true,
	};
	struct smbsign_conn_facts conn = { };
	struct smbsign_verdict verdict;
	u32 i, bits;
	bool may;

	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		for (bits = 0; bits < 8; bits++) {
			conn.dialect = dialects[i];
			session.guest = bits & 1;
			session.keyless = bits & 2;
			element.flags = bits & 4 ? SMB2_FLAG_SIGNED : 0;
			may = conn.dialect >= SMB2_DIALECT_300 && !(bits & 3);
			verdict = smbsign_policy_element(&policy, &conn,
							 &session, &element,
							 true);
			KUNIT_EXPECT_EQ_MSG(test, !may,
					    verdict.reason ==
					    SMBSIGN_REASON_AGAIN && verdict.status,
					    "dialect %x, %u", conn.dialect, bits);
		}
	}
}

/*
 * What passed under another policy and would not pass now: a guest's session,
 * and an unproven request of a session that must sign.
 */
static void one_outgrown(struct kunit *test, unsigned int state,
			 unsigned int mode, u32 bits)
{
	struct smbsign_session_facts session = {
		.state = state, .guest = bits & 1, .keyless = bits & 2,
		.required = bits & 4, .tolerated = bits & 8,
		.encrypted = bits & 16, .has_key = bits & 32,
	};
	struct smbsign_policy policy = { .mode = mode, .allow_guest = bits & 64 };
	bool demanded = mode == SMBSIGN_POLICY_REQUIRED;
	bool guest = demanded && bits & 3 && !(bits & 64);
	bool must = bits & 4 || (demanded && !(bits & 1));
	bool gone = state == SMBSIGN_SESSION_ESTABLISHED &&
		    (guest || (must && bits & 8));
	struct smbsign_verdict verdict =
		smbsign_policy_outgrown(&policy, &session);

	KUNIT_ASSERT_EQ_MSG(test, verdict.action,
			    gone ? SMBSIGN_ABORT : SMBSIGN_PASS,
			    "state %u mode %u bits %#x", state, mode, bits);
	if (gone)
		KUNIT_ASSERT_EQ(test, verdict.reason,
				guest ? SMBSIGN_REASON_GUEST :
					SMBSIGN_REASON_UNSIGNED);
	KUNIT_ASSERT_EQ(test, 0U, verdict.status);
}

static void outgrown(struct kunit *test)
{
	unsigned int state, mode, bits;

	for (state = 0; state <= SMBSIGN_SESSION_ENDED; state++) {
		for (mode = SMBSIGN_POLICY_NEGOTIATED;
		     mode <= SMBSIGN_POLICY_REQUIRED; mode++) {
			for (bits = 0; bits < 128; bits++)
				one_outgrown(test, state, mode, bits);
		}
	}
}

/* Does anything pass under @before that does not pass under @now? */
static void stricter(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 36; i++) {
		struct smbsign_policy now = {
			.mode = i % 3, .allow_guest = i / 3 % 2,
		};
		struct smbsign_policy before = {
			.mode = i / 6 % 3, .allow_guest = i / 18,
		};
		bool guests_out = before.allow_guest && !now.allow_guest;

		KUNIT_EXPECT_EQ_MSG(test, now.mode > before.mode || guests_out,
				    smbsign_policy_is_stricter(&now, &before),
				    "%u", i);
	}
}

/* ksmbd runs a compound in one session (3.3.5.2.7.2), but an ECHO in none. */
static void compound(struct kunit *test)
{
	static const u64 sessions[] = { 0, 1, 2, BIT_ULL(32), BIT_ULL(32) + 1,
					SMB2_SESSION_ID_RELATED };
	static const struct smbsign_verdict fine = PASSED;
	static const struct smbsign_verdict several =
		REFUSED(COMPOUND_SESSIONS, INVALID_PARAMETER);
	struct smbsign_element element = { };
	unsigned int i, number = ARRAY_SIZE(sessions);
	struct smbsign_verdict verdict;
	bool same;

	for (element.command = 0; element.command <= SMB2_CMD_COUNT;
	     element.command++) {
		for (i = 0; i < number * number; i++) {
			element.session_id = sessions[i / number];
			same = i / number == i % number ||
			       element.command == SMB2_CMD_ECHO;
			verdict = smbsign_policy_compound(&element,
							  sessions[i % number]);
			KUNIT_ASSERT_TRUE_MSG(test,
					      same_verdict(&verdict, same ?
							   &fine : &several),
					      "command %u %u", element.command,
					      i);
		}
	}
}

/* NEGOTIATE is not signed; on 3.1.1 it has one preauthentication context */
static void offer(struct kunit *test)
{
	static const struct {
		u32 flags;
		u8 dialects;
		struct smbsign_contexts contexts;
		struct smbsign_verdict verdict;
	} cases[] = {
		{ 0, 0x0f, { }, ALONE },
		{ 0, 0x0f, { .malformed = true }, ALONE },
		{ 0, 0x1f, { .preauth = 1 }, ALONE },
		{ 0, 0x10, { .preauth = 1 }, ALONE },
		{ 0, 0x1f, { .preauth = 0 },
		  REFUSED(NEGOTIATE_CONTEXTS, INVALID_PARAMETER) },
		{ 0, 0x1f, { .preauth = 2 },
		  REFUSED(NEGOTIATE_CONTEXTS, INVALID_PARAMETER) },
		{ 0, 0x1f, { .preauth = 1, .malformed = true },
		  REFUSED(NEGOTIATE_CONTEXTS, INVALID_PARAMETER) },
		{ SMB2_FLAG_SIGNED, 0x0f, { },
		  REFUSED(NEGOTIATE_SIGNED, INVALID_PARAMETER) },
		{ SMB2_FLAG_SIGNED, 0x1f, { .preauth = 1 },
		  REFUSED(NEGOTIATE_SIGNED, INVALID_PARAMETER) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smbsign_element element = { .flags = cases[i].flags };
		struct smbsign_offer said = { .dialects = cases[i].dialects };
		struct smbsign_verdict verdict =
			smbsign_policy_offer(&element, &said,
					     &cases[i].contexts);

		KUNIT_EXPECT_TRUE_MSG(test, same_verdict(&verdict,
							 &cases[i].verdict),
				      "case %u", i);
	}
}

#define H	BIT(SMB2_SIGNING_HMAC_SHA256)
#define C	BIT(SMB2_SIGNING_AES_CMAC)
#define G	BIT(SMB2_SIGNING_AES_GMAC)

/* The client's preference if it is allowed; no overlap is refused later */
static void algorithm(struct kunit *test)
{
	static const struct {
		u16 allowed, offered, order[3], chosen, hides, known;
	} cases[] = {
		{ H | C, H, { 0 }, 0 }, { H | C, C, { 1 }, 1 },
		{ H | C, H | C, { 0, 1 }, 0 }, { H | C, H | C, { 1, 0 }, 1 },
		{ H, H, { 0 }, 0 }, { H, C, { 1 }, 1 },
		{ H, H | C, { 0, 1 }, 0 }, { H, H | C, { 1, 0 }, 0 },
		{ C, H, { 0 }, 0 }, { C, C, { 1 }, 1 },
		{ C, H | C, { 0, 1 }, 1 }, { C, H | C, { 1, 0 }, 1 },
		{ H | C | G, G, { 2 }, 2, 1 }, { G, G, { 2 }, 2, 1 },
		{ H | C, G, { 2 }, 2 }, { G, H | C, { 0, 1 }, 0 },
		{ H | C | G, G | H, { 2, 0 }, 2 },
		{ H | C | G, H | C | G, { 2, 1, 0 }, 2 },
		{ H | C | G, H | C | G, { 0, 1, 2 }, 0 },
		{ C | G, H | C | G, { 0, 2, 1 }, 2 },
		{ H | C, H | C | G, { 2, 0, 1 }, 0 },
		{ H, H | C | G, { 2, 1, 0 }, 0 },
		/* None is allowed: the first that can be had */
		{ H, C | G, { 2, 1 }, 1, 0, H | C },
		{ H, C | G, { 2, 1 }, 2, 0, H | C | G },
		{ H, G, { 2 }, 2, 0, H | C },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smbsign_policy policy = {
			.algorithms = cases[i].allowed,
			.known = cases[i].known,
		};
		struct smbsign_contexts contexts = {
			.algorithms = cases[i].offered,
		};

		memcpy(contexts.offered, cases[i].order,
		       sizeof(contexts.offered));
		KUNIT_EXPECT_EQ_MSG(test, (bool)cases[i].hides,
				    smbsign_policy_hides_gmac(&policy,
							      &contexts),
				    "case %u", i);

		KUNIT_EXPECT_EQ_MSG(test, cases[i].chosen,
				    smbsign_policy_algorithm(&policy,
							     &contexts),
				    "case %u", i);
	}
}

/* The result: not below min_dialect, and only an allowed algorithm */
static void one_negotiated(struct kunit *test, unsigned int lowest,
			   unsigned int got, u16 allowed, u16 algorithm)
{
	struct smbsign_policy policy = {
		.min_dialect = dialects[lowest], .algorithms = allowed,
	};
	struct smbsign_negotiated said = {
		.dialect = dialects[got], .algorithm = algorithm,
	};
	bool known = (algorithm == 0 && allowed & H) ||
		     (algorithm == 1 && allowed & C) ||
		     (algorithm == 2 && allowed & G);
	struct smbsign_verdict verdict =
		smbsign_policy_negotiated(&policy, &said);

	if (got >= lowest && known) {
		KUNIT_ASSERT_EQ(test, verdict.action, SMBSIGN_PASS);
		return;
	}
	KUNIT_ASSERT_EQ(test, verdict.action, SMBSIGN_REFUSE);
	KUNIT_ASSERT_EQ(test, verdict.status, SMB2_STATUS_NOT_SUPPORTED);
	KUNIT_ASSERT_EQ(test, verdict.reason,
			got < lowest ? SMBSIGN_REASON_DIALECT :
				       SMBSIGN_REASON_ALGORITHM);
}

static void negotiated(struct kunit *test)
{
	static const u16 algorithms[] = { 0, 1, 2, 3, 15, 16, 31, 32, 33, 0xffff };
	unsigned int dialect, allowed, i;

	for (dialect = 1; dialect < ARRAY_SIZE(dialects); dialect++) {
		for (i = 0; i < ARRAY_SIZE(algorithms) * 5; i++) {
			for (allowed = 0; allowed <= (H | C | G); allowed++)
				one_negotiated(test, dialect, 1 + i % 5,
					       allowed, algorithms[i / 5]);
		}
	}
}

/* All else equal, do two sets of dialects lead to the same choice? */
static bool leads_there(unsigned int chosen, u32 shown, u32 said)
{
	unsigned int i;

	for (i = ARRAY_SIZE(dialects) - 1; i > chosen; i--) {
		/* The server would have chosen this one if it had seen it. */
		if (said & BIT(i - 1) && !(shown & BIT(i - 1)))
			return false;
	}
	return said & shown & BIT(chosen - 1);
}

static void one_choice(struct kunit *test, unsigned int chosen, u32 shown,
		       u32 said)
{
	struct smbsign_element element = { .flags = SMB2_FLAG_SIGNED };
	struct smbsign_conn_facts conn = { .dialect = dialects[chosen] };
	struct smbsign_offer first = { .dialects = shown };
	struct smbsign_offer again = { .dialects = said };
	/* 3.3.5.15.12: there is no such request on 3.1.1. */
	bool fine = dialects[chosen] != 0x0311 &&
		    leads_there(chosen, shown, said);

	KUNIT_ASSERT_EQ_MSG(test,
			    smbsign_policy_validate(&conn, &first, &element,
						    &again).action,
			    fine ? SMBSIGN_PASS : SMBSIGN_ABORT,
			    "%#x %#x %#x", dialects[chosen], shown, said);
}

static void validated_dialects(struct kunit *test)
{
	unsigned int chosen;
	u32 shown, said;

	for (chosen = 1; chosen < ARRAY_SIZE(dialects); chosen++) {
		for (shown = 0; shown < 32; shown++) {
			for (said = 0; said < 32; said++)
				one_choice(test, chosen, shown, said);
		}
	}
}

/* Change each field by one bit, in each of its bytes */
static void validated_fields(struct kunit *test)
{
	struct smbsign_conn_facts conn = { .dialect = SMB2_DIALECT_300 };
	struct smbsign_element element = { .flags = SMB2_FLAG_SIGNED };
	struct smbsign_offer first = {
		.capabilities = 0x7f, .security_mode = 1, .dialects = 0x07,
	}, again;
	unsigned int bit;

	fill_pattern(first.guid, sizeof(first.guid));
	again = first;
	KUNIT_EXPECT_EQ(test, SMBSIGN_PASS,
			smbsign_policy_validate(&conn, &first, &element,
						&again).action);
	for (bit = 0; bit < 32 + 16 + 128; bit++) {
		again = first;
		if (bit < 32)
			again.capabilities ^= BIT(bit);
		else if (bit < 48)
			again.security_mode ^= BIT(bit - 32);
		else
			again.guid[(bit - 48) / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_EQ_MSG(test, SMBSIGN_ABORT,
				    smbsign_policy_validate(&conn, &first,
							    &element,
							    &again).action,
				    "bit %u", bit);
	}
	element.flags = 0;
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_VALIDATE_NEGOTIATE,
			smbsign_policy_validate(&conn, &first, &element,
						&first).reason);
}

/* Which responses leave signed (3.3.4.1.1): the first that fits counts */
enum {
	R_SIGNED	= BIT(0),
	R_ASYNC		= BIT(1),
	R_PENDING	= BIT(2),
	R_NOTICE	= BIT(3),
	R_COPIED	= BIT(4),
	R_ASKED		= BIT(5),
	R_MUST		= BIT(6),
	R_KNOB		= BIT(7),
	R_ALL		= BIT(8),
};

static const struct signs_rule {
	const char	*why;
	u32		yes;
	u32		no;
	bool		signs;
} signs_rules[] = {
	{ "MessageId -1 answers nothing", R_NOTICE, 0, false },
	{ "interim response", R_PENDING, 0, false },
	{ "ksmbd signs it", R_SIGNED, 0, true },
	{ "sign_responses=0", 0, R_KNOB, false },
	{ "the request was signed", R_ASKED, 0, true },
	{ "the session must be", R_MUST, 0, true },
	{ "the request's Signature stands in it", R_COPIED, 0, true },
	{ "nobody signs", 0, 0, false },
};

static bool signs_expected(u32 facts)
{
	const struct signs_rule *rule = signs_rules;

	while ((facts & rule->yes) != rule->yes || facts & rule->no)
		rule++;
	return rule->signs;
}

static void signs(struct kunit *test)
{
	u32 facts;

	for (facts = 0; facts < R_ALL; facts++) {
		struct smbsign_policy policy = {
			.mode = SMBSIGN_POLICY_NEGOTIATED,
			.sign_responses = facts & R_KNOB,
		};
		struct smbsign_session_facts session = {
			.required = facts & R_MUST,
		};
		struct smb2_header header = {
			.flags = cpu_to_le32((facts & R_SIGNED ?
					      SMB2_FLAG_SIGNED : 0) |
					     (facts & R_ASYNC ?
					      SMB2_FLAG_ASYNC_COMMAND : 0)),
			.status = cpu_to_le32(facts & R_PENDING ?
					      SMB2_STATUS_PENDING : 0),
			.message_id = cpu_to_le64(facts & R_NOTICE ?
						  SMB2_MESSAGE_ID_NOTICE : 7),
			.signature[15] = facts & R_COPIED ? 1 : 0,
		};

		KUNIT_ASSERT_EQ_MSG(test, signs_expected(facts),
				    smbsign_policy_signs(&policy, &session,
							 &header,
							 facts & R_ASKED),
				    "facts %#x", facts);
	}
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(truth_table),
	KUNIT_CASE_PARAM(session_required, required_gen_params),
	KUNIT_CASE(must),
	KUNIT_CASE(is_binding),
	KUNIT_CASE(frames),
	KUNIT_CASE(encrypted),
	KUNIT_CASE(again),
	KUNIT_CASE(outgrown),
	KUNIT_CASE(stricter),
	KUNIT_CASE(compound),
	KUNIT_CASE(offer),
	KUNIT_CASE(algorithm),
	KUNIT_CASE(negotiated),
	KUNIT_CASE(validated_dialects),
	KUNIT_CASE(validated_fields),
	KUNIT_CASE(signs),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "smbsign_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
