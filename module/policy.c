// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure verdicts: what may be handed to ksmbd.
 *
 * SigningRequired is computed here, from what went over the wire; ksmbd's own
 * sess->sign is not consulted, because ksmbd clears it as soon as encryption was
 * merely negotiated.  Unknown input is refused, never skipped.
 */
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
				   u8 command)
{
	if (conn->dialect || command != SMB1_COM_NEGOTIATE)
		return abort_for(SMBSIGN_REASON_SMB1);
	return act(SMBSIGN_PASS_ALONE);
}

/*
 * The signature of a compressed message lies inside.  It may pass only where
 * nothing could demand one.  A NEGOTIATE hidden in it ends the connection; a
 * SESSION_SETUP shows by its answer (tx.c).
 */
static struct smbsign_verdict compressed(enum smbsign_policy_mode mode,
					 const struct smbsign_conn_facts *conn)
{
	if (mode == SMBSIGN_POLICY_REQUIRED || conn->client_required ||
	    conn->server_required || conn->required_sessions ||
	    conn->in_progress || !conn->sessions)
		return abort_for(SMBSIGN_REASON_COMPRESSED);
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_frame() - judge a message by what kind it is
 * @mode:		policy
 * @conn:		facts of the connection
 * @kind:		kind of the message
 * @smb1_command:	command of an SMB1 message
 *
 * Encrypted messages pass: ksmbd authenticates them (3.3.5.2.1).
 *
 * Context: any.
 * Return: PASS where the message is to be handed on whole, VERIFY where its
 * elements are to be judged one by one, or what is wrong with it.
 */
struct smbsign_verdict
smbsign_policy_frame(enum smbsign_policy_mode mode,
		     const struct smbsign_conn_facts *conn,
		     enum smbsign_frame_kind kind, u8 smb1_command)
{
	switch (kind) {
	case SMBSIGN_FRAME_SMB2:
		return act(SMBSIGN_VERIFY);
	case SMBSIGN_FRAME_ENCRYPTED:
		if (!conn->sessions)
			return abort_for(SMBSIGN_REASON_ENCRYPTED_WITHOUT_SESSION);
		return act(SMBSIGN_PASS);
	case SMBSIGN_FRAME_COMPRESSED:
		return compressed(mode, conn);
	case SMBSIGN_FRAME_SMB1:
		return smb1(conn, smb1_command);
	default:
		return abort_for(SMBSIGN_REASON_NOT_SMB);
	}
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

static struct smbsign_verdict
established(bool must, const struct smbsign_session_facts *session,
	    const struct smbsign_element *element, bool single)
{
	if (!(element->flags & SMB2_FLAG_SIGNED)) {
		if (must)
			return refuse(SMBSIGN_REASON_UNSIGNED,
				      SMB2_STATUS_ACCESS_DENIED);
		return act(SMBSIGN_PASS);
	}
	if (session->has_key)
		return act(SMBSIGN_VERIFY);
	if (single && ksmbd_checks(element->command))
		return act(SMBSIGN_PROVISIONAL);
	if (must)
		return refuse(SMBSIGN_REASON_NO_KEY, SMB2_STATUS_ACCESS_DENIED);
	return act(SMBSIGN_PASS);
}

static bool is_binding(const struct smbsign_conn_facts *conn,
		       const struct smbsign_element *element)
{
	return conn->dialect >= SMB2_DIALECT_300 &&
	       element->setup_flags & SMB2_SETUP_FLAG_BINDING;
}

/*
 * A binding is signed with Session.SigningKey (3.3.5.5).  ksmbd refuses one
 * without the flag by itself, and checks no signature.
 */
static struct smbsign_verdict
binding(const struct smbsign_session_facts *session,
	const struct smbsign_element *element)
{
	if (session->state == SMBSIGN_SESSION_UNKNOWN)
		return refuse(SMBSIGN_REASON_BOUND_SESSION_UNKNOWN,
			      SMB2_STATUS_USER_SESSION_DELETED);
	if (!(element->flags & SMB2_FLAG_SIGNED))
		return refuse(SMBSIGN_REASON_UNSIGNED, SMB2_STATUS_ACCESS_DENIED);
	if (!session->has_key)
		return refuse(SMBSIGN_REASON_NO_KEY, SMB2_STATUS_ACCESS_DENIED);
	return act(SMBSIGN_VERIFY);
}

static struct smbsign_verdict
session_setup(bool must, const struct smbsign_conn_facts *conn,
	      const struct smbsign_session_facts *session,
	      const struct smbsign_element *element, bool single)
{
	/* A new session: nothing to sign with yet. */
	if (!element->session_id)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_ESTABLISHED)
		return established(must, session, element, single);
	if (session->binding || is_binding(conn, element))
		return binding(session, element);
	/* Authentication goes on, or ksmbd knows no such session here. */
	return act(SMBSIGN_PASS);
}

/**
 * smbsign_policy_element() - judge one request
 * @mode:	policy; AUDIT judges like NEGOTIATED, the caller then passes
 * @conn:	facts of the connection
 * @session:	facts of the session that the request runs in
 * @element:	the request, its session_id resolved if it is a related one
 * @single:	it is the only request of its frame
 *
 * Context: any. [MS-SMB2] 3.3.5.2.4, 3.3.5.2.9, 3.3.5.4, 3.3.5.5.
 * Return: the verdict.
 */
struct smbsign_verdict
smbsign_policy_element(enum smbsign_policy_mode mode,
		       const struct smbsign_conn_facts *conn,
		       const struct smbsign_session_facts *session,
		       const struct smbsign_element *element, bool single)
{
	bool must = session->required || mode == SMBSIGN_POLICY_REQUIRED;

	if (element->command == SMB2_CMD_NEGOTIATE) {
		if (conn->dialect)
			return abort_for(SMBSIGN_REASON_NEGOTIATE_AGAIN);
		return single ? act(SMBSIGN_PASS_ALONE) :
				abort_for(SMBSIGN_REASON_MALFORMED);
	}
	if (!conn->dialect)
		return abort_for(SMBSIGN_REASON_BEFORE_NEGOTIATE);
	if (element->command == SMB2_CMD_SESSION_SETUP)
		return session_setup(must, conn, session, element, single);
	if (session->state == SMBSIGN_SESSION_ESTABLISHED)
		return established(must, session, element, single);
	/* An ECHO needs no session (3.3.5.17). */
	if (element->command == SMB2_CMD_ECHO)
		return act(SMBSIGN_PASS);
	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)
		return refuse(SMBSIGN_REASON_SESSION_IN_PROGRESS,
			      SMB2_STATUS_USER_SESSION_DELETED);
	return refuse(SMBSIGN_REASON_SESSION_UNKNOWN,
		      SMB2_STATUS_USER_SESSION_DELETED);
}

/**
 * smbsign_policy_session_required() - must a new session be signed?
 * @conn:		facts of the connection
 * @security_mode:	SecurityMode of its SESSION_SETUP requests, or-ed
 * @session_flags:	SessionFlags of the final SESSION_SETUP response
 *
 * Context: any. [MS-SMB2] 3.3.5.5.3.
 * Return: Session.SigningRequired.
 */
bool smbsign_policy_session_required(const struct smbsign_conn_facts *conn,
				     u16 security_mode, u16 session_flags)
{
	if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)
		return true;
	if (session_flags & (SMB2_SESSION_IS_GUEST | SMB2_SESSION_IS_NULL))
		return false;
	return conn->client_required || conn->server_required;
}
