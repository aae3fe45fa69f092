// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure verdicts: what may be handed to ksmbd.
 *
 * SigningRequired is computed here, from what went over the wire; ksmbd's own
 * sess->sign is not consulted, because ksmbd clears it as soon as encryption was
 * merely negotiated.  Unknown input is refused, never skipped.
 */
#include <linux/bits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "policy.h"

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
 * An SMB1 NEGOTIATE may open a connection and ask for SMB2 (3.3.5.3.1); no other
 * SMB1 message has a place here.
 */
static struct smbsign_verdict smb1(const struct smbsign_conn_facts *conn,
				   bool upgrades)
{
	if (conn->dialect || !upgrades)
		return abort_for(SMBSIGN_REASON_SMB1);
	return act(SMBSIGN_PASS_ALONE);
}

/*
 * The signature of a compressed message lies inside.  It may pass only where
 * nothing could demand one.  A NEGOTIATE hidden in it ends the connection; a
 * SESSION_SETUP shows by its answer (tx.c).
 */
static struct smbsign_verdict compressed(const struct smbsign_policy *policy,
					 const struct smbsign_conn_facts *conn)
{
	if (policy->mode == SMBSIGN_POLICY_REQUIRED || conn->client_required ||
	    conn->server_required || conn->required_sessions ||
	    conn->in_progress || !conn->sessions)
		return abort_for(SMBSIGN_REASON_COMPRESSED);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_frame() - judge a message that is not SMB2 in the plain
 * @policy:		what the administrator wants
 * @conn:		facts of the connection
 * @kind:		kind of the message
 * @smb1_upgrades:	it is an SMB1 NEGOTIATE that asks for SMB2
 *
 * Context: any.
 * Return: PASS where the message is to be handed on whole, PASS_ALONE for an SMB1
 * NEGOTIATE, or what is wrong with it.
 */
struct smbsign_verdict
smbsign_policy_frame(const struct smbsign_policy *policy,
		     const struct smbsign_conn_facts *conn,
		     enum smbsign_frame_kind kind, bool smb1_upgrades)
{
	switch (kind) {
	case SMBSIGN_FRAME_COMPRESSED:
		return compressed(policy, conn);
	case SMBSIGN_FRAME_SMB1:
		return smb1(conn, smb1_upgrades);
	default:
		return abort_for(SMBSIGN_REASON_NOT_SMB);
	}
}

/**
 * smbsign_policy_encrypted() - judge an encrypted message
 * @policy:	what the administrator wants
 * @session:	facts of the session that its transform header names
 *
 * It passes: ksmbd authenticates it (3.3.5.2.1).  But a session without keys to
 * encrypt with ksmbd would decrypt for with a key of zeroes; and a guest's are
 * derived from that.
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

/*
 * Commands whose signature ksmbd, from 6.1 to 7.3, checks itself if the flag is
 * set, and answers in any case.  Only such a one may be let through to show the
 * session's key.
 */
static bool ksmbd_checks(u16 command)
{
	switch (command) {
	case SMB2_CMD_NEGOTIATE:
	case SMB2_CMD_SESSION_SETUP:
	case SMB2_CMD_OPLOCK_BREAK:
	case SMB2_CMD_ECHO:
	case SMB2_CMD_CANCEL:
		return false;
	default:
		return true;
	}
}

/**
 * smbsign_policy_must() - must what a session sends and gets be signed?
 * @policy:	what the administrator wants
 * @session:	facts of the session
 *
 * Context: any. [MS-SMB2] 3.3.5.2.4, 3.3.4.1.1.
 * Return: true if it must.
 */
bool smbsign_policy_must(const struct smbsign_policy *policy,
			 const struct smbsign_session_facts *session)
{
	return session->required ||
	       (policy->mode == SMBSIGN_POLICY_REQUIRED && !session->guest);
}

/**
 * smbsign_policy_guest() - may this session be, as far as its user goes?
 * @policy:	what the administrator wants
 * @session:	facts of the session
 *
 * What a guest or an anonymous user signs with is no secret.
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
 * smbsign_policy_is_stricter() - does it let in less of what a session sends?
 * @policy:	what the administrator wants now
 * @before:	what he wanted
 *
 * Context: any.
 * Return: true if something that was let in would not be now.
 */
bool smbsign_policy_is_stricter(const struct smbsign_policy *policy,
				const struct smbsign_policy *before)
{
	return policy->mode > before->mode ||
	       (before->allow_guest && !policy->allow_guest);
}

/**
 * smbsign_policy_outgrown() - has a session sent what would not be let in now?
 * @policy:	what the administrator wants now; not AUDIT
 * @session:	facts of the session
 *
 * What ksmbd has been given under another policy may be incomplete yet, or wait.
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

/* What goes for every request of a session, signed or not. */
static struct smbsign_verdict
admitted(const struct smbsign_policy *policy,
	 const struct smbsign_conn_facts *conn,
	 const struct smbsign_session_facts *session,
	 const struct smbsign_element *element)
{
	/* Reauthentication is not encrypted (3.3.5.2.9). */
	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)
		return refuse(SMBSIGN_REASON_NOT_ENCRYPTED,
			      SMB2_STATUS_ACCESS_DENIED);
	/* It proves that NEGOTIATE was not tampered with (3.3.5.7). */
	if (element->command == SMB2_CMD_TREE_CONNECT && !session->guest &&
	    conn->dialect == SMB2_DIALECT_311 &&
	    !(element->flags & SMB2_FLAG_SIGNED))
		return abort_for(SMBSIGN_REASON_TREE_CONNECT_UNSIGNED);
	return smbsign_policy_guest(policy, session);
}

/*
 * What is refused is verified all the same: who has the key gets an answer that is
 * signed with it, and so one that he can trust.
 */
static struct smbsign_verdict
answerable(struct smbsign_verdict verdict,
	   const struct smbsign_session_facts *session,
	   const struct smbsign_element *element)
{
	if (verdict.action == SMBSIGN_REFUSE && session->has_key &&
	    element->flags & SMB2_FLAG_SIGNED)
		verdict.action = SMBSIGN_VERIFY;
	return verdict;
}

static struct smbsign_verdict
established(const struct smbsign_policy *policy,
	    const struct smbsign_conn_facts *conn,
	    const struct smbsign_session_facts *session,
	    const struct smbsign_element *element, bool single)
{
	struct smbsign_verdict verdict = admitted(policy, conn, session, element);
	bool must = smbsign_policy_must(policy, session);

	if (verdict.action != SMBSIGN_PASS)
		return answerable(verdict, session, element);
	if (!(element->flags & SMB2_FLAG_SIGNED)) {
		if (session->required)
			return refuse(SMBSIGN_REASON_UNSIGNED,
				      SMB2_STATUS_ACCESS_DENIED);
		/* Who was not told to sign comes again, and is told in NEGOTIATE. */
		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :
			      act(SMBSIGN_PASS);
	}
	if (session->has_key)
		return act(SMBSIGN_VERIFY);
	if (single && ksmbd_checks(element->command))
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

/* It names no session that may be used here: one that has ended, or is elsewhere. */
static struct smbsign_verdict
unknown(const struct smbsign_session_facts *session,
	const struct smbsign_element *element)
{
	return answerable(refuse(SMBSIGN_REASON_SESSION_UNKNOWN,
				 SMB2_STATUS_USER_SESSION_DELETED),
			  session, element);
}

/*
 * A binding is signed with Session.SigningKey (3.3.5.5).  ksmbd refuses one
 * without the flag by itself, and checks no signature.
 */
static struct smbsign_verdict
binding(const struct smbsign_session_facts *session,
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
	return act(SMBSIGN_VERIFY);
}

/* What would pass is refused; verified first, if it would have been. */
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
 * ksmbd can answer a login with success and yet leave the session unfinished, or take
 * it for such again (Kerberos, 7.x): the next authentication is then another user's,
 * whoever that is.  What keeps him out is that his key is another; so where the key
 * proves nothing, or ksmbd changes it each time, as on 2.x, there is none.
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
		established(policy, conn, session, element, single);

	/* Another channel where there is one: its key would change (3.3.5.5.2). */
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
	/* ksmbd would run what follows it in the new session. */
	if (!single || element->length > SMBSIGN_SETUP_MAX)
		return abort_for(SMBSIGN_REASON_MALFORMED);
	/* A new session: nothing to sign with yet, and nothing to bind to. */
	if (!element->session_id && element->setup_flags & SMB2_SETUP_FLAG_BINDING)
		return refuse(SMBSIGN_REASON_BOUND_SESSION_UNKNOWN,
			      SMB2_STATUS_USER_SESSION_DELETED);
	if (!element->session_id)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_ESTABLISHED)
		return setup_again(policy, conn, session, element, single);
	if (session->binding ||
	    smbsign_policy_is_binding(conn, element->setup_flags))
		return binding(session, element);
	/* Authentication goes on. */
	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)
		return act(SMBSIGN_PASS);
	return unknown(session, element);
}

/**
 * smbsign_policy_compound() - may a request be in a compound of that session?
 * @element:	a request, not the first
 * @session_id:	the session of the first
 *
 * ksmbd runs all of them in the session of the first, and not every ksmbd compares.
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
 * @policy:	what the administrator wants; AUDIT judges like NEGOTIATED, the
 *		caller then passes
 * @conn:	facts of the connection
 * @session:	facts of the session that the request runs in
 * @element:	the request, its session_id resolved if it is a related one
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
		return established(policy, conn, session, element, single);
	/* An ECHO needs no session (3.3.5.17); but its answer would be signed. */
	if (element->command == SMB2_CMD_ECHO &&
	    session->state != SMBSIGN_SESSION_ENDED)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)
		return refuse(SMBSIGN_REASON_SESSION_IN_PROGRESS,
			      SMB2_STATUS_USER_SESSION_DELETED);
	return unknown(session, element);
}

/**
 * smbsign_policy_offer() - judge a NEGOTIATE request
 * @element:	the request
 * @offer:	what it says
 * @contexts:	what it says on 3.1.1
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

/**
 * smbsign_policy_algorithm() - choose a signing algorithm on 3.1.1
 * @policy:	what the administrator wants
 * @contexts:	what the client offers, at least one that we know
 *
 * Context: any. [MS-SMB2] 3.3.5.4.
 * Return: SMB2_SIGNING_*, what the client prefers of what the policy allows.
 */
u16 smbsign_policy_algorithm(const struct smbsign_policy *policy,
			     const struct smbsign_contexts *contexts)
{
	u16 both = policy->algorithms & contexts->algorithms;

	if (!both || both & BIT(contexts->preferred))
		return contexts->preferred;
	return both & BIT(SMB2_SIGNING_AES_CMAC) ? SMB2_SIGNING_AES_CMAC :
						   SMB2_SIGNING_HMAC_SHA256;
}

/**
 * smbsign_policy_negotiated() - judge what was agreed on
 * @policy:	what the administrator wants
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
	if (negotiated->algorithm > SMB2_SIGNING_AES_GMAC ||
	    !(policy->algorithms & BIT(negotiated->algorithm)))
		return refuse(SMBSIGN_REASON_ALGORITHM,
			      SMB2_STATUS_NOT_SUPPORTED);
	return act(SMBSIGN_PASS);
}

/*
 * Would the dialects that the client says it named have led to the one that was
 * chosen?  A higher one that the server was never shown was taken out on the way.
 */
static bool same_choice(u16 dialect, u8 negotiated, u8 validated)
{
	u8 chosen = smbsign_dialect_bit(dialect);
	u8 hidden = validated & ~negotiated;

	return validated & chosen && hidden < chosen;
}

/**
 * smbsign_policy_signs() - is a response to leave signed?
 * @policy:	what the administrator wants
 * @session:	facts of the session
 * @response:	header of the response, as ksmbd wrote it
 * @answers_signed: the request is known to have had SIGNED set
 *
 * ksmbd copies the request's Signature into the response: where it is not zero,
 * the request was signed, and the response is to be.
 *
 * Context: any. [MS-SMB2] 3.3.4.1.1.
 * Return: true if it is.
 */
bool smbsign_policy_signs(const struct smbsign_policy *policy,
			  const struct smbsign_session_facts *session,
			  const struct smb2_header *response, bool answers_signed)
{
	bool async = response->flags & cpu_to_le32(SMB2_FLAG_ASYNC_COMMAND);

	if (response->flags & cpu_to_le32(SMB2_FLAG_SIGNED))
		return true;
	if (!policy->sign_responses ||
	    response->message_id == cpu_to_le64(SMB2_MESSAGE_ID_NOTICE) ||
	    (async && response->status == cpu_to_le32(SMB2_STATUS_PENDING)))
		return false;
	return answers_signed || smbsign_policy_must(policy, session) ||
	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);
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
 * smbsign_policy_session_required() - must a new session be signed?
 * @conn:		facts of the connection
 * @security_mode:	SecurityMode of its SESSION_SETUP requests, or-ed
 * @guest:		its user is a guest or anonymous
 *
 * Context: any. [MS-SMB2] 3.3.5.5.3.
 * Return: Session.SigningRequired.
 */
bool smbsign_policy_session_required(const struct smbsign_conn_facts *conn,
				     u16 security_mode, bool guest)
{
	if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)
		return true;
	return !guest && (conn->client_required || conn->server_required);
}
