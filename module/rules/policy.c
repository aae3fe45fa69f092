// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure verdicts: what may be passed to ksmbd.
 *
 * SigningRequired is computed here, from what went over the wire.  ksmbd's own
 * sess->sign is not used, because ksmbd clears it as soon as encryption was
 * negotiated.  Unknown input is refused, never skipped.
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "rules/policy.h"
#include "rules/verified.h"

static struct smbsign_verdict act(enum smbsign_action action)
{
	return (struct smbsign_verdict) { .action = action };
}

static struct smbsign_verdict refuse(enum smbsign_reason reason, u32 status)
{
	return (struct smbsign_verdict) {
		.action = SMBSIGN_REFUSE, .reason = reason, .status = status,
	};
}

static struct smbsign_verdict abort_for(enum smbsign_reason reason)
{
	return (struct smbsign_verdict) {
		.action = SMBSIGN_ABORT, .reason = reason,
	};
}

/*
 * An SMB1 NEGOTIATE may open a connection and ask for SMB2 (3.3.5.3.1).  No
 * other SMB1 message may pass.
 */
static struct smbsign_verdict judge_smb1(const struct smbsign_conn_facts *conn,
					 bool upgrades)
{
	if (conn->dialect || !upgrades)
		return abort_for(SMBSIGN_REASON_SMB1);
	return act(SMBSIGN_PASS_ALONE);
}

/*
 * A compressed message has its signature inside, so it may pass only if nothing
 * could demand one.  A NEGOTIATE inside it ends the connection.  A
 * SESSION_SETUP inside it is seen by its response (tx.c).
 */
static struct smbsign_verdict judge_compressed(const struct smbsign_policy *policy,
					       const struct smbsign_conn_facts *conn)
{
	if (policy->mode == SMBSIGN_POLICY_REQUIRED || conn->client_required ||
	    conn->server_required || conn->required_sessions ||
	    conn->in_progress || !conn->sessions)
		return abort_for(SMBSIGN_REASON_COMPRESSED);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_frame() - judge a message that is not plain SMB2
 * @policy:		the administrator's policy
 * @conn:		facts of the connection
 * @kind:		kind of the message
 * @smb1_upgrades:	it is an SMB1 NEGOTIATE that asks for SMB2
 *
 * Context: any.
 * Return: PASS if the whole message may pass, PASS_ALONE for an SMB1 NEGOTIATE,
 * or what is wrong with it.
 */
struct smbsign_verdict
smbsign_policy_frame(const struct smbsign_policy *policy,
		     const struct smbsign_conn_facts *conn,
		     enum smbsign_frame_kind kind, bool smb1_upgrades)
{
	switch (kind) {
	case SMBSIGN_FRAME_COMPRESSED:
		return judge_compressed(policy, conn);
	case SMBSIGN_FRAME_SMB1:
		return judge_smb1(conn, smb1_upgrades);
	default:
		return abort_for(SMBSIGN_REASON_NOT_SMB);
	}
}

/**
 * smbsign_policy_encrypted() - judge an encrypted message
 * @policy:	the administrator's policy
 * @session:	facts of the session in its transform header
 *
 * It passes, because ksmbd authenticates it (3.3.5.2.1).  But if a session has
 * no encryption keys, ksmbd would decrypt with a key of zeroes; and a guest's
 * keys are derived from one.
 *
 * Context: any.
 * Return: PASS or ABORT.
 */
struct smbsign_verdict
smbsign_policy_encrypted(const struct smbsign_policy *policy,
			 const struct smbsign_session_facts *session)
{
	if (session->state != SMBSIGN_SESSION_ESTABLISHED || !session->ciphered)
		return abort_for(SMBSIGN_REASON_ENCRYPTED_WITHOUT_SESSION);
	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)
		return abort_for(SMBSIGN_REASON_GUEST);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_must() - must a session's requests and responses be signed?
 * @policy:	the administrator's policy
 * @session:	facts of the session
 *
 * Context: any. [MS-SMB2] 3.3.5.2.4, 3.3.4.1.1.
 * Return: true if they must.
 */
bool smbsign_policy_must(const struct smbsign_policy *policy,
			 const struct smbsign_session_facts *session)
{
	return session->required ||
	       (policy->mode == SMBSIGN_POLICY_REQUIRED && !session->guest);
}

/**
 * smbsign_policy_guest() - is the user of this session allowed?
 * @policy:	the administrator's policy
 * @session:	facts of the session
 *
 * A guest's or anonymous user's signing key is no secret.
 *
 * Context: any.
 * Return: PASS or REFUSE.
 */
struct smbsign_verdict
smbsign_policy_guest(const struct smbsign_policy *policy,
		     const struct smbsign_session_facts *session)
{
	if ((session->guest || session->keyless) &&
	    policy->mode == SMBSIGN_POLICY_REQUIRED && !policy->allow_guest)
		return refuse(SMBSIGN_REASON_GUEST, SMB2_STATUS_ACCESS_DENIED);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_except() - make of the policy what holds for an exception
 * @policy:	the administrator's policy
 *
 * What either side demanded still holds.
 *
 * Context: any.
 */
void smbsign_policy_except(struct smbsign_policy *policy)
{
	if (policy->mode == SMBSIGN_POLICY_REQUIRED)
		policy->mode = SMBSIGN_POLICY_NEGOTIATED;
}

/**
 * smbsign_policy_is_stricter() - does a policy allow sessions less than the one
 *	before?
 * @policy:	the administrator's policy now
 * @before:	the policy before
 *
 * Context: any.
 * Return: true if something that passed would not pass now.
 */
bool smbsign_policy_is_stricter(const struct smbsign_policy *policy,
				const struct smbsign_policy *before)
{
	return policy->mode > before->mode ||
	       (before->allow_guest && !policy->allow_guest);
}

/**
 * smbsign_policy_outgrown() - has a session sent what the policy no longer
 *	allows?
 * @policy:	the administrator's policy now; not AUDIT
 * @session:	facts of the session
 *
 * What passed under another policy may be incomplete, or wait in ksmbd.
 *
 * Context: any.
 * Return: PASS or ABORT.
 */
struct smbsign_verdict
smbsign_policy_outgrown(const struct smbsign_policy *policy,
			const struct smbsign_session_facts *session)
{
	if (session->state != SMBSIGN_SESSION_ESTABLISHED)
		return act(SMBSIGN_PASS);
	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)
		return abort_for(SMBSIGN_REASON_GUEST);
	if (session->tolerated && smbsign_policy_must(policy, session))
		return abort_for(SMBSIGN_REASON_UNSIGNED);
	return act(SMBSIGN_PASS);
}

/* The rules for all requests of a session, signed or not. */
static struct smbsign_verdict
judge_admission(const struct smbsign_policy *policy,
		const struct smbsign_conn_facts *conn,
		const struct smbsign_session_facts *session,
		const struct smbsign_element *element)
{
	/* Reauthentication is not encrypted (3.3.5.2.9). */
	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)
		return refuse(SMBSIGN_REASON_NOT_ENCRYPTED,
			      SMB2_STATUS_ACCESS_DENIED);
	/* Its signature proves that nobody changed NEGOTIATE (3.3.5.7). */
	if (element->command == SMB2_CMD_TREE_CONNECT && !session->guest &&
	    conn->dialect == SMB2_DIALECT_311 &&
	    !(element->flags & SMB2_FLAG_SIGNED))
		return abort_for(SMBSIGN_REASON_TREE_CONNECT_UNSIGNED);
	return smbsign_policy_guest(policy, session);
}

/*
 * Verify a request even if it is refused.  A client that has the key then gets
 * a signed answer, which it can trust.
 */
static struct smbsign_verdict
make_answerable(struct smbsign_verdict verdict,
		const struct smbsign_session_facts *session,
		const struct smbsign_element *element)
{
	if (verdict.action == SMBSIGN_REFUSE && session->has_key &&
	    element->flags & SMB2_FLAG_SIGNED)
		verdict.action = SMBSIGN_VERIFY;
	return verdict;
}

static struct smbsign_verdict
judge_established(const struct smbsign_policy *policy,
		  const struct smbsign_conn_facts *conn,
		  const struct smbsign_session_facts *session,
		  const struct smbsign_element *element, bool single)
{
	struct smbsign_verdict verdict = judge_admission(policy, conn, session, element);
	bool must = smbsign_policy_must(policy, session);

	if (verdict.action != SMBSIGN_PASS)
		return make_answerable(verdict, session, element);
	if (!(element->flags & SMB2_FLAG_SIGNED)) {
		if (session->required)
			return refuse(SMBSIGN_REASON_UNSIGNED,
				      SMB2_STATUS_ACCESS_DENIED);
		/*
		 * The client was not told to sign.  After a reset, NEGOTIATE
		 * tells it.
		 */
		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :
			      act(SMBSIGN_PASS);
	}
	if (session->has_key)
		return act(SMBSIGN_VERIFY);
	if (single && smbsign_verified_by_ksmbd(element->command))
		return act(SMBSIGN_PROVISIONAL);
	if (must)
		return refuse(SMBSIGN_REASON_NO_KEY, SMB2_STATUS_ACCESS_DENIED);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_is_binding() - does a SESSION_SETUP request bind a session?
 * @conn:		facts of the connection
 * @setup_flags:	its Flags
 *
 * Context: any. [MS-SMB2] 3.3.5.5.
 * Return: true if it asks to.
 */
bool smbsign_policy_is_binding(const struct smbsign_conn_facts *conn,
			       u8 setup_flags)
{
	return conn->dialect >= SMB2_DIALECT_300 &&
	       setup_flags & SMB2_SETUP_FLAG_BINDING;
}

/*
 * The request names no session that it may use here: ended, elsewhere or
 * unknown.
 */
static struct smbsign_verdict
judge_unknown(const struct smbsign_session_facts *session,
	      const struct smbsign_element *element)
{
	return make_answerable(refuse(SMBSIGN_REASON_SESSION_UNKNOWN,
				      SMB2_STATUS_USER_SESSION_DELETED),
			       session, element);
}

static bool is_gmac(u16 algorithm)
{
	return algorithm == SMB2_SIGNING_AES_GMAC;
}

/* AES-GMAC, or the other algorithms: all channels of a session use one kind. */
static struct smbsign_verdict
judge_kind(const struct smbsign_conn_facts *conn,
	   const struct smbsign_session_facts *session)
{
	struct smbsign_verdict verdict = act(SMBSIGN_VERIFY);

	if (is_gmac(conn->algorithm) == is_gmac(session->algorithm))
		return verdict;
	verdict.reason = SMBSIGN_REASON_BOUND_ALGORITHM;
	verdict.status = is_gmac(conn->algorithm) ?
			 SMB2_STATUS_NOT_SUPPORTED :
			 SMB2_STATUS_REQUEST_OUT_OF_SEQUENCE;
	return verdict;
}

/*
 * A binding is signed with Session.SigningKey (3.3.5.5).  If the flag is
 * missing, ksmbd refuses it, and checks no signature.
 */
static struct smbsign_verdict
judge_binding(const struct smbsign_conn_facts *conn,
	      const struct smbsign_session_facts *session,
	      const struct smbsign_element *element)
{
	if (session->state == SMBSIGN_SESSION_UNKNOWN ||
	    session->state == SMBSIGN_SESSION_ENDED)
		return refuse(SMBSIGN_REASON_BOUND_SESSION_UNKNOWN,
			      SMB2_STATUS_USER_SESSION_DELETED);
	if (!(element->flags & SMB2_FLAG_SIGNED))
		return refuse(SMBSIGN_REASON_UNSIGNED, SMB2_STATUS_ACCESS_DENIED);
	if (!session->has_key)
		return refuse(SMBSIGN_REASON_NO_KEY, SMB2_STATUS_ACCESS_DENIED);
	return judge_kind(conn, session);
}

/* Refuse what would pass.  What would be verified is verified before. */
static struct smbsign_verdict refused_for(struct smbsign_verdict verdict,
					  enum smbsign_reason reason,
					  u32 status)
{
	if (verdict.action >= SMBSIGN_REFUSE || verdict.status)
		return verdict;
	verdict.reason = reason;
	verdict.status = status;
	if (verdict.action != SMBSIGN_VERIFY)
		verdict.action = SMBSIGN_REFUSE;
	return verdict;
}

/*
 * ksmbd can answer a login with success and yet leave the session unfinished,
 * or treat it as such again (Kerberos, 7.x).  Then the next authentication can
 * turn it into another user's session.  The key reveals that, because it is
 * another.  If the key proves nothing, or if ksmbd changes it each time (2.x),
 * no second authentication is allowed.
 */
static bool may_authenticate_again(const struct smbsign_conn_facts *conn,
				   const struct smbsign_session_facts *session)
{
	return conn->dialect >= SMB2_DIALECT_300 && !session->guest &&
	       !session->keyless;
}

/* SESSION_SETUP for a session that is established on this connection. */
static struct smbsign_verdict
setup_again(const struct smbsign_policy *policy,
	    const struct smbsign_conn_facts *conn,
	    const struct smbsign_session_facts *session,
	    const struct smbsign_element *element, bool single)
{
	struct smbsign_verdict verdict =
		judge_established(policy, conn, session, element, single);

	/* A second binding would change the channel's key (3.3.5.5.2). */
	if (smbsign_policy_is_binding(conn, element->setup_flags))
		return refused_for(verdict, SMBSIGN_REASON_BOUND_ALREADY,
				   SMB2_STATUS_REQUEST_NOT_ACCEPTED);
	if (!may_authenticate_again(conn, session))
		return refused_for(verdict, SMBSIGN_REASON_AGAIN,
				   SMB2_STATUS_USER_SESSION_DELETED);
	return verdict;
}

static struct smbsign_verdict
session_setup(const struct smbsign_policy *policy,
	      const struct smbsign_conn_facts *conn,
	      const struct smbsign_session_facts *session,
	      const struct smbsign_element *element, bool single)
{
	struct smbsign_verdict verdict;

	/* ksmbd would run whatever follows in the new session. */
	if (!single || element->length > SMBSIGN_SETUP_MAX)
		return abort_for(SMBSIGN_REASON_MALFORMED);
	/* A new session has nothing to sign with yet, and nothing to bind to. */
	if (!element->session_id && element->setup_flags & SMB2_SETUP_FLAG_BINDING)
		return refuse(SMBSIGN_REASON_BOUND_SESSION_UNKNOWN,
			      SMB2_STATUS_USER_SESSION_DELETED);
	if (!element->session_id)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_ESTABLISHED)
		return setup_again(policy, conn, session, element, single);
	if (session->binding ||
	    smbsign_policy_is_binding(conn, element->setup_flags))
		return judge_binding(conn, session, element);
	/* Authentication goes on. */
	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)
		return act(SMBSIGN_PASS);
	verdict = judge_unknown(session, element);
	/* Before 3.x a session has no channels (3.3.5.5). */
	if (element->setup_flags & SMB2_SETUP_FLAG_BINDING)
		verdict.status = SMB2_STATUS_REQUEST_NOT_ACCEPTED;
	return verdict;
}

/**
 * smbsign_policy_compound() - may a request be in a compound of this session?
 * @element:	a request that is not the first
 * @session_id:	SessionId of the first request
 *
 * ksmbd runs all requests in the session of the first; not every ksmbd compares
 * them.
 *
 * Context: any. [MS-SMB2] 3.3.5.2.7.
 * Return: PASS or REFUSE.
 */
struct smbsign_verdict
smbsign_policy_compound(const struct smbsign_element *element, u64 session_id)
{
	/* An ECHO needs no session (3.3.5.17). */
	if (element->session_id == session_id ||
	    element->command == SMB2_CMD_ECHO)
		return act(SMBSIGN_PASS);
	return refuse(SMBSIGN_REASON_COMPOUND_SESSIONS,
		      SMB2_STATUS_INVALID_PARAMETER);
}

/**
 * smbsign_policy_element() - judge one request
 * @policy:	the administrator's policy; AUDIT is judged like NEGOTIATED, and
 *		the caller lets the request pass
 * @conn:	facts of the connection
 * @session:	facts of the session that the request runs in
 * @element:	the request; the session_id of a related one is resolved
 * @single:	it is the only request of its frame
 *
 * Context: any. [MS-SMB2] 3.3.5.2.4, 3.3.5.2.9, 3.3.5.4, 3.3.5.5.
 * Return: the verdict.
 */
struct smbsign_verdict
smbsign_policy_element(const struct smbsign_policy *policy,
		       const struct smbsign_conn_facts *conn,
		       const struct smbsign_session_facts *session,
		       const struct smbsign_element *element, bool single)
{
	if (element->command == SMB2_CMD_NEGOTIATE) {
		if (conn->dialect)
			return abort_for(SMBSIGN_REASON_NEGOTIATE_AGAIN);
		return single ? act(SMBSIGN_PASS_ALONE) :
				abort_for(SMBSIGN_REASON_MALFORMED);
	}
	if (!conn->dialect)
		return abort_for(SMBSIGN_REASON_BEFORE_NEGOTIATE);
	if (element->command == SMB2_CMD_SESSION_SETUP)
		return session_setup(policy, conn, session, element, single);
	if (session->state == SMBSIGN_SESSION_ESTABLISHED)
		return judge_established(policy, conn, session, element, single);
	/*
	 * An ECHO needs no session (3.3.5.17), but an ended one would sign the
	 * answer.
	 */
	if (element->command == SMB2_CMD_ECHO &&
	    session->state != SMBSIGN_SESSION_ENDED)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)
		return refuse(SMBSIGN_REASON_SESSION_IN_PROGRESS,
			      SMB2_STATUS_USER_SESSION_DELETED);
	return judge_unknown(session, element);
}

/**
 * smbsign_policy_offer() - judge a NEGOTIATE request
 * @element:	the request
 * @offer:	what it says
 * @contexts:	what its contexts say on 3.1.1
 *
 * Context: any. [MS-SMB2] 3.3.5.2.4, 3.3.5.4.
 * Return: PASS_ALONE or REFUSE.
 */
struct smbsign_verdict
smbsign_policy_offer(const struct smbsign_element *element,
		     const struct smbsign_offer *offer,
		     const struct smbsign_contexts *contexts)
{
	if (element->flags & SMB2_FLAG_SIGNED)
		return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED,
			      SMB2_STATUS_INVALID_PARAMETER);
	if (offer->dialects & SMBSIGN_DIALECT_311 &&
	    (contexts->malformed || contexts->preauth != 1))
		return refuse(SMBSIGN_REASON_NEGOTIATE_CONTEXTS,
			      SMB2_STATUS_INVALID_PARAMETER);
	return act(SMBSIGN_PASS_ALONE);
}

static u16 first_offered(const struct smbsign_contexts *contexts, u16 among,
			 u16 otherwise)
{
	unsigned int i;

	for (i = 0; i < hweight16(contexts->algorithms); i++) {
		if (among & BIT(contexts->offered[i]))
			return contexts->offered[i];
	}
	return otherwise;
}

/**
 * smbsign_policy_algorithm() - choose a signing algorithm on 3.1.1
 * @policy:	the administrator's policy
 * @contexts:	what the client offers: at least one algorithm that we know
 *
 * Context: any. [MS-SMB2] 3.3.5.4.
 * Return: SMB2_SIGNING_*: the first in the client's list that the policy
 * allows; if it allows none, the first that messages can be signed with.
 */
u16 smbsign_policy_algorithm(const struct smbsign_policy *policy,
			     const struct smbsign_contexts *contexts)
{
	return first_offered(contexts, policy->algorithms,
			     first_offered(contexts, policy->known,
					   contexts->offered[0]));
}

/**
 * smbsign_policy_hides_gmac() - must ksmbd see another algorithm than the client
 *	offers?
 * @policy:	the administrator's policy
 * @contexts:	what the client offers
 *
 * ksmbd does not know AES-GMAC.  If nothing else is offered, its response names
 * no algorithm, and that means AES-CMAC.
 *
 * Context: any. [MS-SMB2] 2.2.4.1.7.
 * Return: true if it must.
 */
bool smbsign_policy_hides_gmac(const struct smbsign_policy *policy,
			       const struct smbsign_contexts *contexts)
{
	return contexts->algorithms == BIT(SMB2_SIGNING_AES_GMAC) &&
	       policy->algorithms & BIT(SMB2_SIGNING_AES_GMAC);
}

/**
 * smbsign_policy_negotiated() - judge what the NEGOTIATE response settles
 * @policy:	the administrator's policy
 * @negotiated:	the server's NEGOTIATE response
 *
 * Context: any.
 * Return: PASS or REFUSE.
 */
struct smbsign_verdict
smbsign_policy_negotiated(const struct smbsign_policy *policy,
			  const struct smbsign_negotiated *negotiated)
{
	if (negotiated->dialect < policy->min_dialect)
		return refuse(SMBSIGN_REASON_DIALECT,
			      SMB2_STATUS_NOT_SUPPORTED);
	if (negotiated->algorithm >= SMB2_SIGNING_COUNT ||
	    !(policy->algorithms & BIT(negotiated->algorithm)))
		return refuse(SMBSIGN_REASON_ALGORITHM,
			      SMB2_STATUS_NOT_SUPPORTED);
	return act(SMBSIGN_PASS);
}

/*
 * Would the dialects that the client says it offered have led to the same
 * choice?  If a higher one never reached the server, an attacker has removed
 * it.
 */
static bool same_choice(u16 dialect, u8 negotiated, u8 validated)
{
	u8 chosen = smbsign_dialect_bit(dialect);
	u8 hidden = validated & ~negotiated;

	return validated & chosen && hidden < chosen;
}

/**
 * smbsign_policy_signs() - must a response leave signed?
 * @policy:	the administrator's policy
 * @session:	facts of the session
 * @response:	header of the response, as ksmbd wrote it
 * @answers_signed: the request is known to have had SIGNED set
 *
 * ksmbd copies the request's Signature into the response.  If it is not zero,
 * the request was signed, so the response must be.
 *
 * Context: any. [MS-SMB2] 3.3.4.1.1.
 * Return: true if it must.
 */
bool smbsign_policy_signs(const struct smbsign_policy *policy,
			  const struct smbsign_session_facts *session,
			  const struct smb2_header *response, bool answers_signed)
{
	/* Another response has the MessageId, too, or any number of them have. */
	if (response->message_id == cpu_to_le64(SMB2_MESSAGE_ID_NOTICE) ||
	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))
		return false;
	if (response->flags & cpu_to_le32(SMB2_FLAG_SIGNED))
		return true;
	if (!policy->sign_responses)
		return false;
	return answers_signed || smbsign_policy_must(policy, session) ||
	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);
}

/**
 * smbsign_policy_lends() - is a nonce of another connection's used if a session's
 *	key signs here?
 * @session:	facts of the session, seen from this connection
 *
 * The nonce of AES-GMAC is a MessageId, and MessageIds belong to a connection.
 * A nonce used twice would give the key away.
 *
 * Context: any. [MS-SMB2] 3.1.4.1.
 * Return: true if smbsign_key_lend() must be asked.
 */
bool smbsign_policy_lends(const struct smbsign_session_facts *session)
{
	return is_gmac(session->algorithm) &&
	       (session->binding ||
		session->state == SMBSIGN_SESSION_ELSEWHERE);
}

/**
 * smbsign_policy_validate() - judge FSCTL_VALIDATE_NEGOTIATE_INFO
 * @conn:	facts of the connection
 * @negotiated:	what the NEGOTIATE request said
 * @element:	the request
 * @validated:	what it says
 *
 * Context: any. [MS-SMB2] 3.3.5.15.12.
 * Return: PASS or ABORT.
 */
struct smbsign_verdict
smbsign_policy_validate(const struct smbsign_conn_facts *conn,
			const struct smbsign_offer *negotiated,
			const struct smbsign_element *element,
			const struct smbsign_offer *validated)
{
	if (conn->dialect == SMB2_DIALECT_311 ||
	    !(element->flags & SMB2_FLAG_SIGNED) ||
	    validated->capabilities != negotiated->capabilities ||
	    validated->security_mode != negotiated->security_mode ||
	    memcmp(validated->guid, negotiated->guid,
		   sizeof(validated->guid)) ||
	    !same_choice(conn->dialect, negotiated->dialects,
			 validated->dialects))
		return abort_for(SMBSIGN_REASON_VALIDATE_NEGOTIATE);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_session_required() - must a new session sign?
 * @conn:		facts of the connection
 * @security_mode:	SecurityMode of its SESSION_SETUP requests, or-ed
 * @guest:		its user is a guest or anonymous
 *
 * Some clients demand signing in SESSION_SETUP because the server did in
 * NEGOTIATE, before they know that they are guests.  Then they do not sign: a
 * guest has nothing to sign with.  So a guest's demand counts only if it is the
 * client's own.
 *
 * Context: any. [MS-SMB2] 3.3.5.5.3.
 * Return: Session.SigningRequired.
 */
bool smbsign_policy_session_required(const struct smbsign_conn_facts *conn,
				     u16 security_mode, bool guest)
{
	if (guest && conn->server_required && !conn->client_required)
		return false;
	if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)
		return true;
	return !guest && (conn->client_required || conn->server_required);
}
