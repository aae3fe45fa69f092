// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdicts once more.
 *
 * Each question is a list of rules: all conditions are computed, then the first
 * rule that applies gives the verdict.  Numbers stand as they do in [MS-SMB2]
 * and [MS-ERREF], so that a wrong constant of the module shows, too.
 */
#include <string.h>

#include "policy.h"

#define ACCESS_DENIED		0xc0000022
#define INVALID_PARAMETER	0xc000000d
#define NOT_SUPPORTED		0xc00000bb
#define NOT_ACCEPTED		0xc00000d0
#define SESSION_DELETED		0xc0000203
#define OUT_OF_SEQUENCE		0xc000042a

/* Commands, 2.2.1.2 */
enum { NEGOTIATE, SESSION_SETUP, TREE_CONNECT = 3, CANCEL = 12, ECHO, OPLOCK_BREAK = 18 };

struct rule {
	bool			applies;
	enum smbsign_action	action;
	enum smbsign_reason	reason;
	u32			status;
};

static struct smbsign_verdict first(const struct rule *rules)
{
	while (!rules->applies)
		rules++;
	return (struct smbsign_verdict) {
		rules->action, rules->reason, rules->status
	};
}

#define REFUSE(why, status)	SMBSIGN_REFUSE, SMBSIGN_REASON_##why, status
#define ABORT(why)		SMBSIGN_ABORT, SMBSIGN_REASON_##why, 0
#define LET(action)		SMBSIGN_##action, 0, 0
/* Refused in any case, but signed for who has the key */
#define IF_RIGHT(why, status)	SMBSIGN_VERIFY, SMBSIGN_REASON_##why, status

static bool is_signed(const struct smbsign_element *e)
{
	return e->flags & 8;
}

static bool required(const struct smbsign_policy *p)
{
	return p->mode == SMBSIGN_POLICY_REQUIRED;
}

bool oracle_policy_must(const struct smbsign_policy *p,
			const struct smbsign_session_facts *s)
{
	if (s->required)
		return true;
	return required(p) && !s->guest;
}

static bool unwelcome(const struct smbsign_policy *p,
		      const struct smbsign_session_facts *s)
{
	return required(p) && !p->allow_guest && (s->guest || s->keyless);
}

struct smbsign_verdict
oracle_policy_guest(const struct smbsign_policy *p,
		    const struct smbsign_session_facts *s)
{
	const struct rule rules[] = {
		{ unwelcome(p, s), REFUSE(GUEST, ACCESS_DENIED) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

struct smbsign_verdict
oracle_policy_frame(const struct smbsign_policy *p,
		    const struct smbsign_conn_facts *c,
		    enum smbsign_frame_kind kind, bool smb1_upgrades)
{
	/* Nothing inside of it can have had to be signed. */
	bool harmless = !required(p) && !c->client_required &&
			!c->server_required && c->required_sessions == 0 &&
			c->in_progress == 0 && c->sessions > 0;
	bool compressed = kind == SMBSIGN_FRAME_COMPRESSED;
	bool smb1 = kind == SMBSIGN_FRAME_SMB1;
	const struct rule rules[] = {
		{ compressed && harmless, LET(PASS) },
		{ compressed, ABORT(COMPRESSED) },
		{ smb1 && smb1_upgrades && c->dialect == 0, LET(PASS_ALONE) },
		{ smb1, ABORT(SMB1) },
		{ true, ABORT(NOT_SMB) },
	};

	return first(rules);
}

struct smbsign_verdict
oracle_policy_encrypted(const struct smbsign_policy *p,
			const struct smbsign_session_facts *s)
{
	const struct rule rules[] = {
		{ s->state != SMBSIGN_SESSION_ESTABLISHED,
		  ABORT(ENCRYPTED_WITHOUT_SESSION) },
		{ !s->ciphered, ABORT(ENCRYPTED_WITHOUT_SESSION) },
		{ unwelcome(p, s), ABORT(GUEST) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

/* Was it let send what @p would not let in? */
struct smbsign_verdict
oracle_policy_outgrown(const struct smbsign_policy *p,
		       const struct smbsign_session_facts *s)
{
	const struct rule rules[] = {
		{ s->state != SMBSIGN_SESSION_ESTABLISHED, LET(PASS) },
		{ unwelcome(p, s), ABORT(GUEST) },
		{ s->tolerated && s->required, ABORT(UNSIGNED) },
		{ s->tolerated && required(p) && !s->guest, ABORT(UNSIGNED) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

/* audit, negotiated, required: each lets in less; and so does one without guests. */
bool oracle_policy_is_stricter(const struct smbsign_policy *p,
			       const struct smbsign_policy *before)
{
	if (!p->allow_guest && before->allow_guest)
		return true;
	if (required(before))
		return false;
	return required(p) || (before->mode == SMBSIGN_POLICY_AUDIT &&
			       p->mode != SMBSIGN_POLICY_AUDIT);
}

/* 3.3.5.2.7, 3.3.5.17 */
struct smbsign_verdict
oracle_policy_compound(const struct smbsign_element *e, u64 session_id)
{
	const struct rule rules[] = {
		{ e->command == ECHO, LET(PASS) },
		{ e->session_id != session_id,
		  REFUSE(COMPOUND_SESSIONS, INVALID_PARAMETER) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

bool oracle_policy_is_binding(const struct smbsign_conn_facts *c, u8 flags)
{
	return flags % 2 && c->dialect >= 0x0300;
}

static bool ksmbd_checks(u16 command)
{
	static const u16 unchecked[] = {
		NEGOTIATE, SESSION_SETUP, CANCEL, ECHO, OPLOCK_BREAK,
	};
	unsigned int i;

	for (i = 0; i < 5; i++) {
		if (unchecked[i] == command)
			return false;
	}
	return true;
}

/* Only a request of a session that is established here. */
static struct smbsign_verdict
of_session(const struct smbsign_policy *p, const struct smbsign_conn_facts *c,
	   const struct smbsign_session_facts *s,
	   const struct smbsign_element *e, bool single)
{
	bool must = oracle_policy_must(p, s), sign = is_signed(e);
	bool setup = e->command == SESSION_SETUP;
	/* 3.3.5.5.2: the channel is there. */
	bool binds = setup && oracle_policy_is_binding(c, e->setup_flags);
	/* ksmbd might take the next user for this one. */
	bool never = setup && !binds &&
		     (c->dialect < 0x0300 || s->guest || s->keyless);
	const struct rule rules[] = {
		/* 3.3.5.2.9 */
		{ s->encrypted && e->command != SESSION_SETUP && sign &&
		  s->has_key, IF_RIGHT(NOT_ENCRYPTED, ACCESS_DENIED) },
		{ s->encrypted && e->command != SESSION_SETUP,
		  REFUSE(NOT_ENCRYPTED, ACCESS_DENIED) },
		/* 3.3.5.7 */
		{ e->command == TREE_CONNECT && c->dialect == 0x0311 &&
		  !s->guest && !sign, ABORT(TREE_CONNECT_UNSIGNED) },
		{ unwelcome(p, s) && sign && s->has_key,
		  IF_RIGHT(GUEST, ACCESS_DENIED) },
		{ unwelcome(p, s), REFUSE(GUEST, ACCESS_DENIED) },
		{ binds && sign && s->has_key,
		  IF_RIGHT(BOUND_ALREADY, NOT_ACCEPTED) },
		{ never && sign && s->has_key, IF_RIGHT(AGAIN, SESSION_DELETED) },
		/* 3.3.5.2.4 */
		{ sign && s->has_key, LET(VERIFY) },
		{ sign && single && ksmbd_checks(e->command), LET(PROVISIONAL) },
		{ sign && must, REFUSE(NO_KEY, ACCESS_DENIED) },
		{ must && s->required, REFUSE(UNSIGNED, ACCESS_DENIED) },
		{ must, ABORT(UNSIGNED) },
		{ binds, REFUSE(BOUND_ALREADY, NOT_ACCEPTED) },
		{ never, REFUSE(AGAIN, SESSION_DELETED) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

/* 3.3.5.5 */
static struct smbsign_verdict
setup(const struct smbsign_policy *p, const struct smbsign_conn_facts *c,
      const struct smbsign_session_facts *s, const struct smbsign_element *e,
      bool single)
{
	bool binds = s->binding || oracle_policy_is_binding(c, e->setup_flags);
	bool new = e->session_id == 0, key = is_signed(e) && s->has_key;
	bool ended = s->state == SMBSIGN_SESSION_ENDED;
	bool begun = s->state == SMBSIGN_SESSION_IN_PROGRESS;
	bool channel = e->setup_flags % 2;
	bool gmac_here = c->algorithm == 2, gmac_there = s->algorithm == 2;
	const struct rule rules[] = {
		{ !single, ABORT(MALFORMED) },
		{ e->length > 64 + 2 * 65535, ABORT(MALFORMED) },
		{ new && e->setup_flags % 2,
		  REFUSE(BOUND_SESSION_UNKNOWN, SESSION_DELETED) },
		{ new, LET(PASS) },
		{ binds && s->state == SMBSIGN_SESSION_UNKNOWN,
		  REFUSE(BOUND_SESSION_UNKNOWN, SESSION_DELETED) },
		{ binds && ended,
		  REFUSE(BOUND_SESSION_UNKNOWN, SESSION_DELETED) },
		{ binds && !is_signed(e), REFUSE(UNSIGNED, ACCESS_DENIED) },
		{ binds && !s->has_key, REFUSE(NO_KEY, ACCESS_DENIED) },
		{ binds && gmac_there && !gmac_here,
		  IF_RIGHT(BOUND_ALGORITHM, OUT_OF_SEQUENCE) },
		{ binds && gmac_here && !gmac_there,
		  IF_RIGHT(BOUND_ALGORITHM, NOT_SUPPORTED) },
		{ binds, LET(VERIFY) },
		/* 3.3.5.5: it must be one of this connection's */
		{ begun, LET(PASS) },
		{ channel && key, IF_RIGHT(SESSION_UNKNOWN, NOT_ACCEPTED) },
		{ channel, REFUSE(SESSION_UNKNOWN, NOT_ACCEPTED) },
		{ key, IF_RIGHT(SESSION_UNKNOWN, SESSION_DELETED) },
		{ true, REFUSE(SESSION_UNKNOWN, SESSION_DELETED) },
	};

	if (single && e->length <= 64 + 2 * 65535 && !new &&
	    s->state == SMBSIGN_SESSION_ESTABLISHED)
		return of_session(p, c, s, e, single);
	return first(rules);
}

struct smbsign_verdict
oracle_policy_element(const struct smbsign_policy *p,
		      const struct smbsign_conn_facts *c,
		      const struct smbsign_session_facts *s,
		      const struct smbsign_element *e, bool single)
{
	bool negotiate = e->command == NEGOTIATE;
	const struct rule rules[] = {
		/* 3.3.5.4, 3.3.5.2.2 */
		{ negotiate && c->dialect, ABORT(NEGOTIATE_AGAIN) },
		{ negotiate && !single, ABORT(MALFORMED) },
		{ negotiate, LET(PASS_ALONE) },
		{ !c->dialect, ABORT(BEFORE_NEGOTIATE) },
		/* 3.3.5.17 */
		{ e->command == ECHO && s->state != SMBSIGN_SESSION_ENDED,
		  LET(PASS) },
		{ s->state == SMBSIGN_SESSION_IN_PROGRESS,
		  REFUSE(SESSION_IN_PROGRESS, SESSION_DELETED) },
		/* 3.3.5.2.9; told to somebody who has the key */
		{ is_signed(e) && s->has_key,
		  IF_RIGHT(SESSION_UNKNOWN, SESSION_DELETED) },
		{ true, REFUSE(SESSION_UNKNOWN, SESSION_DELETED) },
	};

	if (c->dialect && e->command == SESSION_SETUP)
		return setup(p, c, s, e, single);
	if (c->dialect && !negotiate && s->state == SMBSIGN_SESSION_ESTABLISHED)
		return of_session(p, c, s, e, single);
	return first(rules);
}

struct smbsign_verdict
oracle_policy_offer(const struct smbsign_element *e,
		    const struct smbsign_offer *offer,
		    const struct smbsign_contexts *contexts)
{
	bool speaks_311 = offer->dialects & SMBSIGN_DIALECT_311;
	const struct rule rules[] = {
		{ is_signed(e), REFUSE(NEGOTIATE_SIGNED, INVALID_PARAMETER) },
		{ speaks_311 && contexts->malformed,
		  REFUSE(NEGOTIATE_CONTEXTS, INVALID_PARAMETER) },
		{ speaks_311 && contexts->preauth != 1,
		  REFUSE(NEGOTIATE_CONTEXTS, INVALID_PARAMETER) },
		{ true, LET(PASS_ALONE) },
	};

	return first(rules);
}

/* The client's order, without what is not allowed; if that leaves none, what is known. */
u16 oracle_policy_algorithm(const struct smbsign_policy *p,
			    const struct smbsign_contexts *contexts)
{
	const u16 wanted[] = { p->algorithms, p->known };
	unsigned int i, j;

	for (j = 0; j < 2; j++) {
		for (i = 0; i < 3; i++) {
			if (contexts->algorithms >> contexts->offered[i] & 1 &&
			    wanted[j] >> contexts->offered[i] & 1)
				return contexts->offered[i];
		}
	}
	return contexts->offered[0];
}

/* ksmbd answers if it finds one of its own. */
bool oracle_policy_hides_gmac(const struct smbsign_policy *p,
			      const struct smbsign_contexts *contexts)
{
	bool others = contexts->algorithms & 3;
	bool gmac = contexts->algorithms & 4;

	return gmac && !others && p->algorithms & 4;
}

/* 3.1.4.1: the nonce is unique on a connection only. */
bool oracle_policy_lends(const struct smbsign_session_facts *s)
{
	if (s->algorithm != 2)
		return false;
	return s->binding || s->state == SMBSIGN_SESSION_ELSEWHERE;
}

struct smbsign_verdict
oracle_policy_negotiated(const struct smbsign_policy *p,
			 const struct smbsign_negotiated *negotiated)
{
	const struct rule rules[] = {
		{ negotiated->dialect < p->min_dialect,
		  REFUSE(DIALECT, NOT_SUPPORTED) },
		/* 2.2.3.1.7 knows three, and the rest is not in any policy */
		{ negotiated->algorithm > 2, REFUSE(ALGORITHM, NOT_SUPPORTED) },
		{ !(p->algorithms >> negotiated->algorithm % 16 & 1),
		  REFUSE(ALGORITHM, NOT_SUPPORTED) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

/* Would NEGOTIATE, had it said @validated, have led to @dialect? 3.3.5.15.12 */
static bool leads_to(u16 dialect, u8 negotiated, u8 validated)
{
	static const u16 known[] = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 };
	bool named = false;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		if (!(validated >> i & 1))
			continue;
		if (known[i] == dialect)
			named = true;
		/* The server, not shown this one, chose another. */
		if (known[i] >= dialect && !(negotiated >> i & 1))
			return false;
	}
	return named;
}

struct smbsign_verdict
oracle_policy_validate(const struct smbsign_conn_facts *c,
		       const struct smbsign_offer *negotiated,
		       const struct smbsign_element *e,
		       const struct smbsign_offer *validated)
{
	bool same = negotiated->capabilities == validated->capabilities &&
		    negotiated->security_mode == validated->security_mode &&
		    !memcmp(negotiated->guid, validated->guid, 16);
	const struct rule rules[] = {
		{ c->dialect == 0x0311, ABORT(VALIDATE_NEGOTIATE) },
		{ !is_signed(e), ABORT(VALIDATE_NEGOTIATE) },
		{ !same, ABORT(VALIDATE_NEGOTIATE) },
		{ !leads_to(c->dialect, negotiated->dialects,
			    validated->dialects), ABORT(VALIDATE_NEGOTIATE) },
		{ true, LET(PASS) },
	};

	return first(rules);
}

static u64 get(const u8 *bytes, unsigned int at, unsigned int size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | bytes[at + size];
	return value;
}

/* 3.3.4.1.1 */
bool oracle_policy_signs(const struct smbsign_policy *p,
			 const struct smbsign_session_facts *s,
			 const u8 *response, bool answers_signed)
{
	u64 flags = get(response, 16, 4);
	bool interim = get(response, 8, 4) == 0x103;
	bool notice = get(response, 24, 8) == ~0ull;
	bool copied = get(response, 48, 8) || get(response, 56, 8);

	if (interim || notice)
		return false;
	if (flags & 8)
		return true;
	if (!p->sign_responses)
		return false;
	return answers_signed || copied || oracle_policy_must(p, s);
}

/* 3.3.5.5.3; a guest who says in SESSION_SETUP what only the server has said demands nothing */
bool oracle_policy_session_required(const struct smbsign_conn_facts *c,
				    u16 security_mode, bool guest)
{
	bool demands = security_mode & 2;

	if (!guest)
		return demands || c->client_required || c->server_required;
	return demands && (c->client_required || !c->server_required);
}
