// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules/policy.c promises, for all policies, facts and requests.
 *
 * Each function is one property; properties.py says in words which, and where
 * the words are from.  Nothing is assumed of the facts, unless a function says so,
 * but that enums have one of their values.
 */
#include "admin/report.h"
#include "gate/verdict.h"
#include "oracle/policy.h"
#include "prove.h"
#include "rules/verified.h"

struct facts {
	struct smbsign_policy		policy;
	struct smbsign_conn_facts	conn;
	struct smbsign_session_facts	session;
	struct smbsign_element		element;
	bool				single;
};

static struct smbsign_policy any_policy(void)
{
	struct smbsign_policy policy = ANY(struct smbsign_policy);

	ASSUME_ENUM(policy.mode, SMBSIGN_POLICY_REQUIRED);
	ASSUME_BOOL(policy.allow_guest);
	ASSUME_BOOL(policy.replay_window);
	ASSUME_BOOL(policy.sign_responses);
	ASSUME_BOOL(policy.resets);
	return policy;
}

static struct smbsign_conn_facts any_conn(void)
{
	struct smbsign_conn_facts conn = ANY(struct smbsign_conn_facts);

	ASSUME_BOOL(conn.multi_credit);
	ASSUME_BOOL(conn.encryption);
	ASSUME_BOOL(conn.compression);
	ASSUME_BOOL(conn.client_required);
	ASSUME_BOOL(conn.server_required);
	return conn;
}

static struct smbsign_session_facts any_session(void)
{
	struct smbsign_session_facts session = ANY(struct smbsign_session_facts);

	ASSUME_ENUM(session.state, SMBSIGN_SESSION_ENDED);
	ASSUME_BOOL(session.required);
	ASSUME_BOOL(session.guest);
	ASSUME_BOOL(session.keyless);
	ASSUME_BOOL(session.encrypted);
	ASSUME_BOOL(session.ciphered);
	ASSUME_BOOL(session.binding);
	ASSUME_BOOL(session.tolerated);
	ASSUME_BOOL(session.has_key);
	return session;
}

static struct smbsign_element any_element(void)
{
	struct smbsign_element element = ANY(struct smbsign_element);

	ASSUME_BOOL(element.last);
	return element;
}

static struct facts any_facts(void)
{
	return (struct facts) {
		.policy = any_policy(), .conn = any_conn(),
		.session = any_session(), .element = any_element(),
		.single = ANY_BOOL(),
	};
}

static struct smbsign_verdict judge(const struct facts *f)
{
	return smbsign_policy_element(&f->policy, &f->conn, &f->session,
				      &f->element, f->single);
}

static bool is_signed(const struct facts *f)
{
	return f->element.flags & SMB2_FLAG_SIGNED;
}

static bool is_setup(const struct facts *f)
{
	return f->element.command == SMB2_CMD_SESSION_SETUP;
}

static bool is_negotiate(const struct facts *f)
{
	return f->element.command == SMB2_CMD_NEGOTIATE;
}

/* Is it a request of the session?  A first SESSION_SETUP is of none. */
static bool is_of_session(const struct facts *f)
{
	return !is_negotiate(f) && (!is_setup(f) || f->element.session_id);
}

static bool is_established(const struct facts *f)
{
	return f->session.state == SMBSIGN_SESSION_ESTABLISHED;
}

/* README, "Choose a policy": what client or server demanded; or everybody but guests. */
static bool must_sign(const struct facts *f)
{
	return f->session.required ||
	       (f->policy.mode == SMBSIGN_POLICY_REQUIRED && !f->session.guest);
}

/* Does ksmbd get it, without anybody's having checked a signature? */
static bool passes(struct smbsign_verdict verdict)
{
	return verdict.action == SMBSIGN_PASS ||
	       verdict.action == SMBSIGN_PASS_ALONE;
}

/* Can ksmbd get it, with whatever signature? */
static bool may_pass(struct smbsign_verdict verdict)
{
	return passes(verdict) || verdict.action == SMBSIGN_PROVISIONAL ||
	       (verdict.action == SMBSIGN_VERIFY && !verdict.status);
}

static bool unwelcome(const struct facts *f)
{
	return f->policy.mode == SMBSIGN_POLICY_REQUIRED &&
	       !f->policy.allow_guest && (f->session.guest || f->session.keyless);
}

static bool is_gmac(u16 algorithm)
{
	return algorithm == SMB2_SIGNING_AES_GMAC;
}

void unsigned_never_passes(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_established(&f) && must_sign(&f) && is_of_session(&f));
	PROVE(!passes(verdict));
	if (!is_signed(&f))
		PROVE(!may_pass(verdict));
	REACHED(!is_signed(&f) && verdict.action == SMBSIGN_REFUSE);
	REACHED(!is_signed(&f) && verdict.action == SMBSIGN_ABORT);
	REACHED(may_pass(verdict) && f.element.command == SMB2_CMD_WRITE);
	REACHED(f.policy.mode == SMBSIGN_POLICY_AUDIT);
}

void only_verified_with_a_key(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	if (verdict.action == SMBSIGN_VERIFY)
		PROVE(f.session.has_key && is_signed(&f));
	if (is_established(&f) && is_of_session(&f) && is_signed(&f) &&
	    f.session.has_key)
		PROVE(!passes(verdict) && verdict.action != SMBSIGN_PROVISIONAL);
	REACHED(verdict.action == SMBSIGN_VERIFY && !verdict.status);
	REACHED(verdict.action == SMBSIGN_VERIFY && verdict.status);
}

void provisional_only_alone(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(verdict.action == SMBSIGN_PROVISIONAL);
	PROVE(f.single && is_signed(&f) && !f.session.has_key);
	PROVE(is_established(&f));
	/* These ksmbd does not check. */
	PROVE(!is_setup(&f) && !is_negotiate(&f) &&
	      f.element.command != SMB2_CMD_ECHO &&
	      f.element.command != SMB2_CMD_CANCEL &&
	      f.element.command != SMB2_CMD_OPLOCK_BREAK);
	REACHED(f.element.command == SMB2_CMD_TREE_CONNECT);
}

void no_session_no_request(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(!is_established(&f) && !is_setup(&f) && !is_negotiate(&f));
	if (f.element.command != SMB2_CMD_ECHO ||
	    f.session.state == SMBSIGN_SESSION_ENDED)
		PROVE(!may_pass(verdict));
	REACHED(may_pass(verdict));
	REACHED(f.session.state == SMBSIGN_SESSION_IN_PROGRESS &&
		verdict.action == SMBSIGN_REFUSE);
	REACHED(f.session.state == SMBSIGN_SESSION_ELSEWHERE &&
		verdict.action == SMBSIGN_VERIFY);
}

void ended_is_ended(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(f.session.state == SMBSIGN_SESSION_ENDED && is_of_session(&f));
	PROVE(!may_pass(verdict));
	REACHED(is_setup(&f));
	REACHED(f.element.command == SMB2_CMD_ECHO);
}

void guests_are_refused(void)
{
	struct facts f = any_facts();

	ASSUME(is_established(&f) && unwelcome(&f));
	if (is_of_session(&f))
		PROVE(!may_pass(judge(&f)));
	PROVE(smbsign_policy_guest(&f.policy, &f.session).action == SMBSIGN_REFUSE);
	PROVE(smbsign_policy_encrypted(&f.policy, &f.session).action == SMBSIGN_ABORT);
	PROVE(smbsign_policy_outgrown(&f.policy, &f.session).action == SMBSIGN_ABORT);
	REACHED(is_of_session(&f) && f.session.has_key && is_signed(&f));
	REACHED(f.session.ciphered);
}

void tree_connect_is_signed(void)
{
	struct facts f = any_facts();

	ASSUME(f.conn.dialect == SMB2_DIALECT_311 && !f.session.guest &&
	       f.element.command == SMB2_CMD_TREE_CONNECT && !is_signed(&f));
	PROVE(!may_pass(judge(&f)));
	REACHED(is_established(&f) && !must_sign(&f));
}

void bindings_are_verified(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_setup(&f) && (smbsign_policy_is_binding(&f.conn, f.element.setup_flags) ||
				(f.session.binding && f.element.session_id)));
	PROVE(!passes(verdict) || is_established(&f));
	PROVE(verdict.action != SMBSIGN_PROVISIONAL);
	if (may_pass(verdict) && !is_established(&f)) {
		PROVE(verdict.action == SMBSIGN_VERIFY && is_signed(&f) &&
		      f.session.has_key);
		PROVE(f.session.state == SMBSIGN_SESSION_ELSEWHERE ||
		      f.session.state == SMBSIGN_SESSION_IN_PROGRESS);
		PROVE(is_gmac(f.conn.algorithm) == is_gmac(f.session.algorithm));
	}
	/* 3.3.5.5.2: not twice */
	if (is_established(&f) &&
	    smbsign_policy_is_binding(&f.conn, f.element.setup_flags))
		PROVE(!may_pass(verdict) || !f.element.session_id);
	/* To nothing */
	if (!f.element.session_id)
		PROVE(!may_pass(verdict));
	REACHED(may_pass(verdict) && f.session.state == SMBSIGN_SESSION_ELSEWHERE);
	REACHED(may_pass(verdict) && f.session.state == SMBSIGN_SESSION_IN_PROGRESS);
	REACHED(is_established(&f) && verdict.reason == SMBSIGN_REASON_BOUND_ALREADY);
}

void reauthentication_is_verified(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_established(&f) && is_setup(&f) && f.element.session_id);
	if (must_sign(&f) && may_pass(verdict))
		PROVE(verdict.action == SMBSIGN_VERIFY && is_signed(&f) &&
		      f.session.has_key);
	/* Where the key would not keep another user out */
	if (f.conn.dialect < SMB2_DIALECT_300 || f.session.guest ||
	    f.session.keyless)
		PROVE(!may_pass(verdict));
	REACHED(must_sign(&f) && may_pass(verdict));
	REACHED(!must_sign(&f) && passes(verdict));
}

void setup_is_alone(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_setup(&f) || is_negotiate(&f));
	if (!f.single)
		PROVE(verdict.action == SMBSIGN_ABORT);
	REACHED(is_setup(&f) && f.single && passes(verdict));
	REACHED(is_negotiate(&f) && f.single && passes(verdict));
}

void negotiate_is_first_and_once(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);
	struct smbsign_offer offer = ANY(struct smbsign_offer);
	struct smbsign_contexts contexts = ANY(struct smbsign_contexts);
	struct smbsign_verdict offered;

	ASSUME_BOOL(contexts.malformed);
	offered = smbsign_policy_offer(&f.element, &offer, &contexts);
	if (is_negotiate(&f) && f.conn.dialect)
		PROVE(verdict.action == SMBSIGN_ABORT);
	if (!is_negotiate(&f) && !f.conn.dialect)
		PROVE(verdict.action == SMBSIGN_ABORT);
	if (may_pass(offered))
		PROVE(!is_signed(&f));
	if (may_pass(offered) && offer.dialects & SMBSIGN_DIALECT_311)
		PROVE(contexts.preauth == 1 && !contexts.malformed);
	REACHED(is_negotiate(&f) && passes(verdict) && passes(offered));
	REACHED(may_pass(offered) && offer.dialects & SMBSIGN_DIALECT_311);
}

void encrypted_only(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_established(&f) && f.session.encrypted && !is_negotiate(&f) &&
	       !is_setup(&f));
	PROVE(!may_pass(verdict));
	REACHED(is_signed(&f) && f.session.has_key);
	REACHED(f.element.command == SMB2_CMD_ECHO);
}

void encrypted_needs_keys(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict =
		smbsign_policy_encrypted(&f.policy, &f.session);

	if (verdict.action != SMBSIGN_ABORT) {
		PROVE(verdict.action == SMBSIGN_PASS);
		PROVE(is_established(&f) && f.session.ciphered && !unwelcome(&f));
	}
	REACHED(passes(verdict));
	REACHED(verdict.reason == SMBSIGN_REASON_GUEST);
}

void what_is_no_request_is_cut(void)
{
	struct facts f = any_facts();
	enum smbsign_frame_kind kind = ANY(enum smbsign_frame_kind);
	bool upgrades = ANY_BOOL();
	struct smbsign_verdict verdict;

	ASSUME_ENUM(kind, SMBSIGN_FRAME_UNKNOWN);
	verdict = smbsign_policy_frame(&f.policy, &f.conn, kind, upgrades);
	if (verdict.action != SMBSIGN_ABORT) {
		PROVE(passes(verdict));
		PROVE(kind == SMBSIGN_FRAME_COMPRESSED || kind == SMBSIGN_FRAME_SMB1);
	}
	if (passes(verdict) && kind == SMBSIGN_FRAME_COMPRESSED)
		PROVE(f.policy.mode != SMBSIGN_POLICY_REQUIRED &&
		      !f.conn.client_required && !f.conn.server_required &&
		      !f.conn.required_sessions && !f.conn.in_progress);
	if (passes(verdict) && kind == SMBSIGN_FRAME_SMB1)
		PROVE(!f.conn.dialect && upgrades);
	REACHED(passes(verdict) && kind == SMBSIGN_FRAME_COMPRESSED);
	REACHED(passes(verdict) && kind == SMBSIGN_FRAME_SMB1);
}

void compounds_have_one_session(void)
{
	struct facts f = any_facts();
	u64 first = ANY(u64);
	struct smbsign_verdict verdict =
		smbsign_policy_compound(&f.element, first);

	if (may_pass(verdict))
		PROVE(f.element.session_id == first ||
		      f.element.command == SMB2_CMD_ECHO);
	REACHED(passes(verdict) && f.element.command == SMB2_CMD_WRITE);
	REACHED(verdict.action == SMBSIGN_REFUSE);
}

/* Is @b at least as strict as @a? */
static bool as_strict(const struct smbsign_policy *a, const struct smbsign_policy *b)
{
	return b->mode >= a->mode && b->allow_guest <= a->allow_guest;
}

static bool may_pass_frame(const struct smbsign_policy *policy, const struct facts *f,
			   enum smbsign_frame_kind kind)
{
	return passes(smbsign_policy_frame(policy, &f->conn, kind, f->single));
}

void stricter_lets_in_less(void)
{
	struct facts lax = any_facts(), strict = lax;
	enum smbsign_frame_kind kind = ANY(enum smbsign_frame_kind);

	strict.policy = any_policy();
	ASSUME_ENUM(kind, SMBSIGN_FRAME_UNKNOWN);
	ASSUME(as_strict(&lax.policy, &strict.policy));
	PROVE(!may_pass(judge(&strict)) || may_pass(judge(&lax)));
	PROVE(!passes(judge(&strict)) || passes(judge(&lax)));
	PROVE(!may_pass_frame(&strict.policy, &lax, kind) ||
	      may_pass_frame(&lax.policy, &lax, kind));
	PROVE(!passes(smbsign_policy_encrypted(&strict.policy, &lax.session)) ||
	      passes(smbsign_policy_encrypted(&lax.policy, &lax.session)));
	PROVE(!passes(smbsign_policy_guest(&strict.policy, &lax.session)) ||
	      passes(smbsign_policy_guest(&lax.policy, &lax.session)));
	REACHED(!may_pass(judge(&strict)) && may_pass(judge(&lax)));
	REACHED(may_pass(judge(&strict)) && strict.policy.mode > lax.policy.mode);
}

void exceptions_are_held_to_negotiated(void)
{
	struct facts f = any_facts(), excepted = f;

	smbsign_policy_except(&excepted.policy);
	PROVE(as_strict(&excepted.policy, &f.policy));
	PROVE(!may_pass(judge(&f)) || may_pass(judge(&excepted)));
	if (is_established(&f) && is_of_session(&f) && f.session.required && !is_signed(&f))
		PROVE(!may_pass(judge(&excepted)));
	REACHED(!may_pass(judge(&f)) && may_pass(judge(&excepted)));
	if (f.policy.mode == SMBSIGN_POLICY_REQUIRED)
		f.policy.mode = SMBSIGN_POLICY_NEGOTIATED;
	PROVE(!memcmp(&f.policy, &excepted.policy, sizeof(f.policy)));
}

void stricter_is_noticed(void)
{
	struct facts before = any_facts(), now = before;

	now.policy = any_policy();
	if (may_pass(judge(&before)) && !may_pass(judge(&now)))
		PROVE(smbsign_policy_is_stricter(&now.policy, &before.policy));
	if (smbsign_policy_encrypted(&before.policy, &before.session).action !=
	    smbsign_policy_encrypted(&now.policy, &now.session).action &&
	    !passes(smbsign_policy_encrypted(&now.policy, &now.session)))
		PROVE(smbsign_policy_is_stricter(&now.policy, &before.policy));
	PROVE(!smbsign_policy_is_stricter(&now.policy, &now.policy));
	REACHED(may_pass(judge(&before)) && !may_pass(judge(&now)));
}

/* The gate sets tolerated when such a request passes: request.c */
void outgrown_are_cut(void)
{
	struct facts before = any_facts(), now = before;

	now.policy = any_policy();
	ASSUME(is_established(&before) && is_of_session(&before));
	ASSUME(passes(judge(&before)) && !may_pass(judge(&now)));
	ASSUME(now.session.tolerated);
	PROVE(smbsign_policy_outgrown(&now.policy, &now.session).action ==
	      SMBSIGN_ABORT);
	REACHED(now.session.guest);
	REACHED(!now.session.guest && now.policy.mode == SMBSIGN_POLICY_REQUIRED);
}

void audit_refuses_nothing(void)
{
	struct facts f = any_facts();
	struct smbsign_conn conn = {};
	struct smbsign_verdict verdict = judge(&f);
	enum smbsign_action action =
		smbsign_verdict_settle(&conn, &f.policy, &f.element, &verdict);
	bool refused = verdict.action >= SMBSIGN_REFUSE || verdict.status;

	if (f.policy.mode == SMBSIGN_POLICY_AUDIT) {
		PROVE(action < SMBSIGN_REFUSE);
		PROVE(conn.reports == refused);
		if (refused)
			PROVE(action == SMBSIGN_PASS && conn.reason == verdict.reason &&
			      conn.outcome == SMBSIGN_OUTCOME_AUDIT);
		else
			PROVE(action == verdict.action);
	} else {
		PROVE(action == verdict.action && !conn.reports);
	}
	REACHED(f.policy.mode == SMBSIGN_POLICY_AUDIT && verdict.action == SMBSIGN_ABORT);
	REACHED(f.policy.mode == SMBSIGN_POLICY_AUDIT && verdict.status &&
		verdict.action == SMBSIGN_VERIFY);
	REACHED(f.policy.mode == SMBSIGN_POLICY_AUDIT && action == SMBSIGN_VERIFY);
}

void audit_foretells_negotiated(void)
{
	struct facts audit = any_facts(), negotiated = audit;
	struct smbsign_verdict a, n;

	audit.policy.mode = SMBSIGN_POLICY_AUDIT;
	negotiated.policy.mode = SMBSIGN_POLICY_NEGOTIATED;
	a = judge(&audit);
	n = judge(&negotiated);
	PROVE(a.action == n.action && a.reason == n.reason && a.status == n.status);
	REACHED(a.action == SMBSIGN_REFUSE);
	REACHED(a.action == SMBSIGN_VERIFY);
}

void refusals_have_a_reason(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	PROVE(verdict.action <= SMBSIGN_ABORT && verdict.reason < SMBSIGN_REASON_NR);
	if (verdict.action == SMBSIGN_REFUSE)
		PROVE(verdict.status >> 30 == 3);
	if (verdict.action == SMBSIGN_ABORT || passes(verdict) ||
	    verdict.action == SMBSIGN_PROVISIONAL)
		PROVE(!verdict.status);
	if (verdict.action == SMBSIGN_VERIFY)
		PROVE(!verdict.status || verdict.status >> 30 == 3);
	REACHED(verdict.action == SMBSIGN_REFUSE);
	REACHED(verdict.action == SMBSIGN_ABORT);
}

/*
 * Who is refused after he has signed gets a signed answer, so he must be verified
 * before.
 */
void refusals_are_verified_first(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);

	ASSUME(is_established(&f) && is_of_session(&f));
	ASSUME(is_signed(&f) && f.session.has_key);
	PROVE(verdict.action == SMBSIGN_VERIFY || verdict.action == SMBSIGN_ABORT);
	REACHED(verdict.status == SMB2_STATUS_ACCESS_DENIED);
}

void demands_are_kept(void)
{
	struct smbsign_conn_facts conn = any_conn();
	u16 security_mode = ANY(u16);
	bool guest = ANY_BOOL();
	bool required =
		smbsign_policy_session_required(&conn, security_mode, guest);
	bool demands = security_mode & SMB2_SECURITY_SIGNING_REQUIRED;

	/* A guest may repeat what the server said, and demand nothing himself. */
	if (demands && (!guest || conn.client_required || !conn.server_required))
		PROVE(required);
	if (!guest && (conn.client_required || conn.server_required))
		PROVE(required);
	if (guest && conn.server_required && !conn.client_required)
		PROVE(!required);
	if (required)
		PROVE(conn.client_required || conn.server_required || demands);
	REACHED(required && guest && conn.server_required);
	REACHED(!required && guest && demands);
}

void responses_are_signed(void)
{
	struct facts f = any_facts();
	struct smb2_header response = ANY(struct smb2_header);
	bool answers_signed = ANY_BOOL();
	bool signs = smbsign_policy_signs(&f.policy, &f.session, &response,
					  answers_signed);
	bool exempt = response.message_id == ~0ULL ||
		      response.status == SMB2_STATUS_PENDING;

	if ((must_sign(&f) || answers_signed) && f.policy.sign_responses)
		PROVE(signs || exempt);
	if (response.flags & SMB2_FLAG_SIGNED)
		PROVE(signs || exempt);
	/* Under AES-GMAC nothing may be signed that another response follows. */
	if (exempt)
		PROVE(!signs);
	REACHED(signs);
	REACHED(!signs && !exempt);
}

static struct smbsign_contexts any_contexts(void)
{
	struct smbsign_contexts contexts = ANY(struct smbsign_contexts);
	unsigned int i, all = 0, count = ANY(unsigned int);

	/* What smbsign_frame_offer() fills in */
	ASSUME(count >= 1 && count <= SMB2_SIGNING_COUNT);
	for (i = 0; i < SMB2_SIGNING_COUNT; i++) {
		if (i >= count) {
			contexts.offered[i] = 0;
			continue;
		}
		ASSUME(contexts.offered[i] < SMB2_SIGNING_COUNT);
		ASSUME(!(all & 1u << contexts.offered[i]));
		all |= 1u << contexts.offered[i];
	}
	contexts.algorithms = all;
	return contexts;
}

void algorithm_is_offered_and_allowed(void)
{
	struct smbsign_policy policy = any_policy();
	struct smbsign_contexts contexts = any_contexts();
	u16 chosen = smbsign_policy_algorithm(&policy, &contexts);
	struct smbsign_negotiated negotiated = ANY(struct smbsign_negotiated);
	unsigned int i;

	PROVE(chosen < SMB2_SIGNING_COUNT && contexts.algorithms & 1u << chosen);
	if (policy.algorithms & contexts.algorithms)
		PROVE(policy.algorithms & 1u << chosen);
	/* Nothing that the kernel lacks, if the client offers anything else */
	else if (policy.known & contexts.algorithms)
		PROVE(policy.known & 1u << chosen);
	/* The client's first choice of those */
	for (i = 0; i < SMB2_SIGNING_COUNT && contexts.offered[i] != chosen; i++)
		PROVE(!(policy.algorithms & 1u << contexts.offered[i]));
	if (passes(smbsign_policy_negotiated(&policy, &negotiated)))
		PROVE(negotiated.dialect >= policy.min_dialect &&
		      negotiated.algorithm < SMB2_SIGNING_COUNT &&
		      policy.algorithms & 1u << negotiated.algorithm);
	REACHED(contexts.offered[0] != chosen);
	REACHED(passes(smbsign_policy_negotiated(&policy, &negotiated)));
}

static bool same_offer(const struct smbsign_offer *a, const struct smbsign_offer *b)
{
	return a->capabilities == b->capabilities &&
	       a->security_mode == b->security_mode &&
	       !memcmp(a->guid, b->guid, sizeof(a->guid));
}

void validation_finds_changes(void)
{
	struct facts f = any_facts();
	struct smbsign_offer negotiated = ANY(struct smbsign_offer);
	struct smbsign_offer validated = ANY(struct smbsign_offer);
	struct smbsign_verdict verdict =
		smbsign_policy_validate(&f.conn, &negotiated, &f.element, &validated);
	u8 hidden = validated.dialects & ~negotiated.dialects;
	u8 chosen = smbsign_dialect_bit(f.conn.dialect);

	if (passes(verdict)) {
		PROVE(f.conn.dialect != SMB2_DIALECT_311 && is_signed(&f));
		PROVE(same_offer(&negotiated, &validated));
		/* No dialect was taken out that is as good as the chosen one. */
		PROVE(chosen && validated.dialects & chosen && hidden < chosen);
	} else {
		PROVE(verdict.action == SMBSIGN_ABORT);
	}
	REACHED(passes(verdict));
	REACHED(!passes(verdict) && is_signed(&f) && same_offer(&negotiated, &validated));
}

void lent_keys_are_asked_for(void)
{
	struct smbsign_session_facts session = any_session();

	if (is_gmac(session.algorithm) &&
	    (session.binding || session.state == SMBSIGN_SESSION_ELSEWHERE))
		PROVE(smbsign_policy_lends(&session));
	REACHED(smbsign_policy_lends(&session));
	REACHED(!smbsign_policy_lends(&session) && is_gmac(session.algorithm));
}

static bool same(struct smbsign_verdict a, struct smbsign_verdict b)
{
	return a.action == b.action && a.reason == b.reason && a.status == b.status;
}

void oracle_agrees_on_requests(void)
{
	struct facts f = any_facts();
	struct smbsign_verdict verdict = judge(&f);
	u64 first = ANY(u64);

	PROVE(same(verdict, oracle_policy_element(&f.policy, &f.conn, &f.session,
						  &f.element, f.single)));
	PROVE(same(smbsign_policy_compound(&f.element, first),
		   oracle_policy_compound(&f.element, first)));
	REACHED(verdict.action == SMBSIGN_VERIFY);
	REACHED(verdict.action == SMBSIGN_ABORT);
}

void oracle_agrees_on_the_rest(void)
{
	struct facts f = any_facts();
	struct smbsign_policy before = any_policy();
	struct smbsign_negotiated negotiated = ANY(struct smbsign_negotiated);
	struct smbsign_offer offer = ANY(struct smbsign_offer);
	struct smbsign_offer validated = ANY(struct smbsign_offer);
	struct smbsign_contexts contexts = any_contexts();
	enum smbsign_frame_kind kind = ANY(enum smbsign_frame_kind);
	u8 response[sizeof(struct smb2_header)];
	u16 security_mode = ANY(u16);

	ASSUME_ENUM(kind, SMBSIGN_FRAME_UNKNOWN);
	ASSUME_BOOL(contexts.malformed);
	ASSUME(offer.dialects < 32 && validated.dialects < 32);
	PROVE(same(smbsign_policy_frame(&f.policy, &f.conn, kind, f.single),
		   oracle_policy_frame(&f.policy, &f.conn, kind, f.single)));
	PROVE(same(smbsign_policy_encrypted(&f.policy, &f.session),
		   oracle_policy_encrypted(&f.policy, &f.session)));
	PROVE(same(smbsign_policy_outgrown(&f.policy, &f.session),
		   oracle_policy_outgrown(&f.policy, &f.session)));
	PROVE(same(smbsign_policy_guest(&f.policy, &f.session),
		   oracle_policy_guest(&f.policy, &f.session)));
	PROVE(same(smbsign_policy_offer(&f.element, &offer, &contexts),
		   oracle_policy_offer(&f.element, &offer, &contexts)));
	PROVE(same(smbsign_policy_negotiated(&f.policy, &negotiated),
		   oracle_policy_negotiated(&f.policy, &negotiated)));
	PROVE(same(smbsign_policy_validate(&f.conn, &offer, &f.element, &validated),
		   oracle_policy_validate(&f.conn, &offer, &f.element, &validated)));
	PROVE(smbsign_policy_algorithm(&f.policy, &contexts) ==
	      oracle_policy_algorithm(&f.policy, &contexts));
	PROVE(smbsign_policy_hides_gmac(&f.policy, &contexts) ==
	      oracle_policy_hides_gmac(&f.policy, &contexts));
	PROVE(smbsign_policy_is_stricter(&f.policy, &before) ==
	      oracle_policy_is_stricter(&f.policy, &before));
	PROVE(smbsign_policy_signs(&f.policy, &f.session, (const void *)response,
				   f.single) ==
	      oracle_policy_signs(&f.policy, &f.session, response, f.single));
	PROVE(smbsign_policy_lends(&f.session) == oracle_policy_lends(&f.session));
	PROVE(smbsign_policy_session_required(&f.conn, security_mode, f.single) ==
	      oracle_policy_session_required(&f.conn, security_mode, f.single));
	REACHED(offer.dialects & SMBSIGN_DIALECT_311);
}
