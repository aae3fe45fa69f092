// SPDX-License-Identifier: GPL-2.0-only
/*
 * SESSION_SETUP, request and response: how a session is made.
 *
 * A session begins with the response that first names it.  The response with
 * STATUS_SUCCESS establishes it, and it ends when ksmbd frees its SessionId.
 * ksmbd shows the session's key while it answers the request that establishes
 * the session; if it shows none then, the key is the one it checks the first
 * signed request with.  That also settles whether the session must sign and
 * whose it is, and nothing later takes it back.
 *
 * The order of events: the gate judges the request and awaits the response; on
 * 3.1.1 ksmbd hashes the request; ksmbd signs its response, and shows the key;
 * tx.c takes the response in before it leaves.
 */
#include <crypto/utils.h>
#include <linux/string.h>

#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/count.h"
#include "gate/setup.h"
#include "gate/sign.h"
#include "mac/mac.h"
#include "state/awaited.h"
#include "state/conn.h"
#include "state/session.h"
#include "wire/response.h"

/**
 * smbsign_setup_limit() - refuse a new session if there are too many
 * @conn:	the connection
 * @element:	a SESSION_SETUP request
 * @verdict:	the verdict so far; set to REFUSE if the session is one too many
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.3.5.5.1.
 */
void smbsign_setup_limit(struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 struct smbsign_verdict *verdict)
{
	if (!element->session_id && smbsign_awaited_setups_full(conn))
		*verdict = (struct smbsign_verdict) {
			.action = SMBSIGN_REFUSE,
			.reason = SMBSIGN_REASON_SETUPS,
			.status = SMB2_STATUS_INSUFFICIENT_RESOURCES,
		};
}

/**
 * smbsign_setup_preauth() - a SESSION_SETUP request of 3.1.1 is being hashed
 * @conn:	the connection
 * @request:	the request's SMB2 header, followed by the rest of it
 * @length:	bytes at @request
 * @hash:	the hash before this request
 *
 * The session's key is derived with the hash after the last request.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 */
void smbsign_setup_preauth(struct smbsign_conn *conn,
			   const struct smb2_header *request, u32 length,
			   const u8 *hash)
{
	u8 after[SMBSIGN_PREAUTH_SIZE];
	struct smbsign_awaited *awaited;

	if (length > SMBSIGN_SETUP_MAX ||
	    smbsign_derive_preauth(hash, (const u8 *)request, length, after))
		return;
	spin_lock_bh(&conn->lock);
	awaited = smbsign_awaited_of(conn, SMBSIGN_AWAITED_SETUP, request);
	if (awaited)
		memcpy(awaited->leg.preauth, after, sizeof(after));
	spin_unlock_bh(&conn->lock);
}

static bool is_setup_success(const struct smb2_header *header)
{
	return header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP) &&
	       header->status == cpu_to_le32(SMB2_STATUS_SUCCESS);
}

static void note_shown(struct smbsign_awaited *awaited, const u8 *raw)
{
	if (!awaited)
		return;
	memcpy(awaited->leg.raw, raw, SMB2_KEY_SIZE);
	awaited->leg.shown = true;
}

/**
 * smbsign_setup_key_seen() - ksmbd signs or checks a message with a key
 * @conn:	the connection
 * @header:	the message's SMB2 header
 * @raw:	the key that ksmbd uses
 *
 * The key is the session's only if the message is the answer to the
 * SESSION_SETUP that makes the session, or the one request that ksmbd was given
 * to check for that.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 * Return: for a request, smbsign_key.serial of the session's key if it was made
 * of @raw, else 0; for a response 0.
 */
u64 smbsign_setup_key_seen(struct smbsign_conn *conn,
			   const struct smb2_header *header, const u8 *raw)
{
	struct smbsign_session *session = NULL;
	u64 serial = 0;

	if (smb2_is_response(header) && !is_setup_success(header))
		return 0;
	spin_lock_bh(&conn->lock);
	if (!smb2_is_response(header))
		session = smbsign_session_checked(conn, header, raw);
	if (session)
		serial = session->key->serial;
	else
		note_shown(smbsign_awaited_of(conn, smb2_is_response(header) ?
						 SMBSIGN_AWAITED_SETUP :
						 SMBSIGN_AWAITED_PROVISIONAL,
						 header), raw);
	spin_unlock_bh(&conn->lock);
	return serial;
}

static bool is_binding(const struct smbsign_conn *conn,
		       const struct smbsign_awaited *request)
{
	return request->session_id &&
	       smbsign_policy_is_binding(&conn->facts, request->setup_flags);
}

static void session_require(struct smbsign_session *session)
{
	/* Once required, always required: a reauthentication cannot undo it. */
	if (!session->facts.required) {
		session->facts.required = true;
		session->conn->facts.required_sessions++;
	}
}

/*
 * The first leg of a binding.  What holds for the session on its other
 * connection holds here, even if it has ended there, or if this connection is
 * an exception from the policy.
 */
static void session_bind(struct smbsign_session *session)
{
	struct smbsign_session_facts *facts = &session->facts;
	struct smbsign_session *other = NULL;
	struct smbsign_policy policy;

	facts->binding = true;
	smbsign_session_find(session->conn, session->id, &other);
	if (!other) {
		session_require(session);
		return;
	}
	facts->ciphered = READ_ONCE(other->facts.ciphered);
	facts->encrypted = READ_ONCE(other->facts.encrypted);
	facts->guest = READ_ONCE(other->facts.guest);
	smbsign_policy_get(other->conn, &policy);
	if (READ_ONCE(other->facts.required) ||
	    smbsign_policy_must(&policy, facts))
		session_require(session);
	/* Pairs with smp_load_acquire() in key_take(). */
	smp_store_release(&session->signing_key, smbsign_session_signing_key(other));
}

/*
 * On 3.x ksmbd signs the last response of an authentication, except a guest's.
 * It leaves IS_GUEST out if it sets ENCRYPT_DATA.
 */
static bool is_keyless(const struct smbsign_session *session)
{
	return !session->key &&
	       session->conn->facts.dialect >= SMB2_DIALECT_300;
}

/* ksmbd makes no encryption keys if the client asks for a binding. */
static bool is_ciphered(const struct smbsign_session *session)
{
	return session->conn->facts.encryption &&
	       !(session->setup_flags & SMB2_SETUP_FLAG_BINDING);
}

static void session_new(struct smbsign_session *session, u16 session_flags)
{
	struct smbsign_session_facts *facts = &session->facts;

	session->conn->facts.in_progress--;
	WRITE_ONCE(facts->state, SMBSIGN_SESSION_ESTABLISHED);
	facts->guest |= !!(session_flags & (SMB2_SESSION_IS_GUEST |
					    SMB2_SESSION_IS_NULL));
	if (!facts->binding) {
		facts->keyless = is_keyless(session);
		facts->ciphered = is_ciphered(session);
	}
	facts->binding = false;
	if (facts->guest)
		smbsign_count(SMBSIGN_COUNT_GUESTS);
}

/* The first success settles whether the session is a guest's. */
static void session_establish(struct smbsign_session *session,
			      u16 session_flags)
{
	struct smbsign_session_facts *facts = &session->facts;

	facts->encrypted |= !!(session_flags & SMB2_SESSION_ENCRYPT_DATA);
	if (facts->state == SMBSIGN_SESSION_IN_PROGRESS)
		session_new(session, session_flags);
	if (facts->state == SMBSIGN_SESSION_ESTABLISHED &&
	    smbsign_policy_session_required(&session->conn->facts,
					    session->security_mode,
					    facts->guest))
		session_require(session);
}

static void session_failed(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = smbsign_session_find(conn, id, NULL);
	if (session && session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
		smbsign_session_drop(session);
	spin_unlock_bh(&conn->lock);
}

/*
 * Find the session that a leg belongs to.  A request without SessionId makes a
 * new session, with an id that nobody knows yet.  A binding brings a session
 * here.  Any other request names a session that is here.
 */
static struct smbsign_session *
session_named(struct smbsign_conn *conn, const struct smbsign_awaited *request,
	      u64 id)
{
	struct smbsign_session *session = smbsign_session_find(conn, id, NULL);

	if (request->session_id && session)
		return session;
	if (request->session_id ? !is_binding(conn, request) :
				  smbsign_session_is_known(id))
		return ERR_PTR(-EKEYREJECTED);
	return smbsign_session_add(conn, id) ?: ERR_PTR(-ENOMEM);
}

/* A leg was answered: note the session, and what the client said about it. */
static int session_note(struct smbsign_conn *conn,
			const struct smbsign_awaited *request, u64 id)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = session_named(conn, request, id);
	if (!IS_ERR(session)) {
		session->security_mode |= request->security_mode;
		session->setup_flags |= request->setup_flags;
		if (is_binding(conn, request) && !session->facts.binding &&
		    session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
			session_bind(session);
	}
	spin_unlock_bh(&conn->lock);
	return PTR_ERR_OR_ZERO(session);
}

static void session_succeeded(struct smbsign_conn *conn, u64 id,
			      u16 session_flags)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = smbsign_session_find(conn, id, NULL);
	if (session)
		session_establish(session, session_flags);
	spin_unlock_bh(&conn->lock);
}

/*
 * On 3.1.1 a channel's key comes from the hash of its own exchange.  But ksmbd
 * notes on the connection whether the latest SESSION_SETUP was a binding, and
 * looks there again as it signs: if another SESSION_SETUP comes in between, it
 * brings the session's key for the channel.  That key must not sign here: its
 * MessageIds are those of another connection.
 */
static bool is_key_of_elsewhere(const struct smbsign_session *session,
				const u8 *raw)
{
	return session->conn->facts.dialect == SMB2_DIALECT_311 &&
	       session->signing_key &&
	       !crypto_memneq(session->signing_key->raw, raw, SMB2_KEY_SIZE);
}

/*
 * Must the session's key still be learned (1), or is it known (0)?  If ksmbd
 * now shows another key, the session has changed hands.  That does not hold for
 * channels, which reauthenticate with Session.SigningKey, nor on 2.x, where
 * only policy=audit lets the session live.
 */
static int session_wants_key(struct smbsign_conn *conn,
			     const struct smbsign_awaited *request, u64 id)
{
	const struct smbsign_leg *leg = &request->leg;
	struct smbsign_session *session;
	int ret = 0;

	if (!leg->shown)
		return 0;
	spin_lock_bh(&conn->lock);
	session = smbsign_session_find(conn, id, NULL);
	/*
	 * An ended session needs its key, too: its last response must be
	 * signed.
	 */
	if (session && !session->key)
		ret = is_key_of_elsewhere(session, leg->raw) ? -EKEYREJECTED : 1;
	else if (session && session->facts.state != SMBSIGN_SESSION_ENDED &&
		 conn->facts.dialect >= SMB2_DIALECT_300 &&
		 !session->signing_key && !smbsign_session_has_raw(session, leg->raw))
		ret = -EKEYREJECTED;
	spin_unlock_bh(&conn->lock);
	return ret;
}

/* All below was used, and is answered: the key signs nothing there. */
static u64 first_own(const struct smbsign_conn *conn, u64 message_id)
{
	u64 first = min(conn->window.low, message_id);

	return conn->due ? min(first, smbsign_due_lowest(conn->due)) : first;
}

static void session_set_key(struct smbsign_conn *conn, u64 id,
			    struct smbsign_key *key, u64 message_id, bool public)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = smbsign_session_find(conn, id, NULL);
	if (session && !session->key) {
		session->facts.guest |= public;
		key->own = first_own(conn, message_id);
		/* Pairs with smp_load_acquire() in key_take(). */
		smp_store_release(&session->key, key);
		smbsign_count(SMBSIGN_COUNT_KEYS_LEARNED);
		key = NULL;
	}
	spin_unlock_bh(&conn->lock);
	smbsign_key_put(key);
}

/**
 * smbsign_setup_shown() - take in the key that ksmbd has shown while it
 *	answered a request
 * @conn:	the connection
 * @request:	the request
 * @id:		SessionId of its response
 *
 * Context: process, may sleep, inside smbsign_grace_enter(), under
 * smbsign_tx.lock.
 * Return: 0, even if there is nothing to take in; -EKEYREJECTED if the session
 * has another key; or the error of smbsign_derive_public() or
 * smbsign_key_alloc().
 */
int smbsign_setup_shown(struct smbsign_conn *conn,
			const struct smbsign_awaited *request, u64 id)
{
	const struct smbsign_leg *leg = &request->leg;
	struct smbsign_key *key;
	int public, ret;

	lockdep_assert_held(&conn->tx.lock);
	ret = session_wants_key(conn, request, id);
	if (ret <= 0)
		return ret;
	public = smbsign_derive_public(conn->facts.dialect, leg->preauth,
				       leg->raw);
	if (public < 0)
		return public;
	key = smbsign_key_alloc(conn->facts.algorithm, leg->raw);
	if (IS_ERR(key))
		return PTR_ERR(key);
	session_set_key(conn, id, key, request->message_id, public);
	return 0;
}

/**
 * smbsign_setup_answered() - a SESSION_SETUP response is about to be sent
 * @conn:		the connection
 * @request:		the request it answers
 * @id:			SessionId of the response
 * @status:		its Status
 * @session_flags:	its SessionFlags
 *
 * Context: process, inside smbsign_grace_enter(), under smbsign_tx.lock; before
 * the response is sent, so that the client cannot use the session earlier.
 * [MS-SMB2] 3.3.5.5.3.
 * Return: 0, or an error, and then the response must not be sent: -EKEYREJECTED
 * if ksmbd names another session than the request, or that of
 * smbsign_setup_shown().
 */
int smbsign_setup_answered(struct smbsign_conn *conn,
			   const struct smbsign_awaited *request, u64 id,
			   u32 status, u16 session_flags)
{
	int ret;

	lockdep_assert_held(&conn->tx.lock);
	if (!id)
		return 0;
	if (status != SMB2_STATUS_SUCCESS &&
	    status != SMB2_STATUS_MORE_PROCESSING_REQUIRED) {
		session_failed(conn, id);
		return 0;
	}
	ret = session_note(conn, request, id);
	if (ret || status != SMB2_STATUS_SUCCESS)
		return ret;
	/* The key tells whose session it is. */
	ret = smbsign_setup_shown(conn, request, id);
	if (!ret)
		session_succeeded(conn, id, session_flags);
	return ret;
}

/* The end of the authentication shows who is a guest, whatever a client sent. */
static struct smbsign_verdict judge_guest(struct smbsign_conn *conn,
					  const struct smbsign_policy *policy,
					  u64 id)
{
	const struct smbsign_element element = {
		.command = SMB2_CMD_SESSION_SETUP,
		.session_id = id,
	};
	struct smbsign_policy required = *policy;
	struct smbsign_session_facts facts;
	struct smbsign_verdict verdict;

	required.mode = SMBSIGN_POLICY_REQUIRED;
	smbsign_key_put(smbsign_session_lookup(conn, id, false, &facts));
	verdict = smbsign_policy_guest(&required, &facts);
	if (verdict.action == SMBSIGN_REFUSE &&
	    policy->mode != SMBSIGN_POLICY_REQUIRED)
		smbsign_report_foreseen(conn, &element, verdict.reason);
	return smbsign_policy_guest(policy, &facts);
}

/**
 * smbsign_setup_response() - take in a SESSION_SETUP response
 * @conn:	the connection
 * @policy:	the administrator's policy
 * @request:	the request it answers
 * @response:	the response
 * @verdict:	set to REFUSE, and to what the client gets instead, if the
 *		client is a guest and guests are not allowed; else unchanged
 *
 * Context: process, may sleep, inside smbsign_grace_enter(), under
 * smbsign_tx.lock, before the response is sent. [MS-SMB2] 3.3.5.5.3.
 * Return: 0, or an error, and then the response must not be sent: -EPROTO if it
 * is malformed, -EKEYREJECTED if it is about another session than the request,
 * or -ENOMEM.
 */
int smbsign_setup_response(struct smbsign_conn *conn,
			   const struct smbsign_policy *policy,
			   const struct smbsign_awaited *request,
			   const struct smbsign_response *response,
			   struct smbsign_verdict *verdict)
{
	bool success = response->header.status ==
		       cpu_to_le32(SMB2_STATUS_SUCCESS);
	u64 id = le64_to_cpu(response->header.session_id);
	struct smb2_session_setup_response setup = { };
	int ret;

	if (success &&
	    (response->length < sizeof(response->header) + sizeof(setup) ||
	     !smbsign_response_peek(response->msg, response->offset +
				    sizeof(response->header),
				    &setup, sizeof(setup))))
		return -EPROTO;
	if (success && !smbsign_session_id_is_ours(id))
		return -EKEYREJECTED;
	ret = smbsign_setup_answered(conn, request, id,
				     le32_to_cpu(response->header.status),
				     le16_to_cpu(setup.session_flags));
	if (!ret && success)
		*verdict = judge_guest(conn, policy, id);
	return ret;
}

/**
 * smbsign_setup_sign() - sign a SESSION_SETUP response before it is hashed
 * @conn:	the connection
 * @header:	the response, from its SMB2 header on
 * @length:	bytes at @header
 *
 * On 3.1.1 every leg but the last is part of the preauthentication hash,
 * signature included.  When the response leaves, it is signed again, with the
 * same result.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep. [MS-SMB2] 3.3.4.1.1, 3.3.5.5.
 */
void smbsign_setup_sign(struct smbsign_conn *conn, struct smb2_header *header,
			u32 length)
{
	struct smbsign_policy policy;
	u64 shown;

	if (header->status == cpu_to_le32(SMB2_STATUS_SUCCESS) ||
	    !smbsign_awaited_leg(conn, header, &shown))
		return;
	smbsign_policy_get(conn, &policy);
	smbsign_sign_whole(conn, &policy, header, length,
			   le64_to_cpu(header->session_id), shown);
}
