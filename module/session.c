// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions, as they show on the wire, and their keys.
 *
 * A session begins with the SESSION_SETUP response that first names it and is
 * established by the one that says STATUS_SUCCESS.  Its key comes from ksmbd's
 * own use of it (redirect.c).  What must be signed is settled when it is
 * established, and nothing that comes later takes it back.
 */
#include <crypto/utils.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "conn.h"
#include "grace.h"
#include "mac.h"
#include "session.h"
#include "stats.h"

static const struct rhashtable_params table_params = {
	.key_len = sizeof_field(struct smbsign_session, id),
	.key_offset = offsetof(struct smbsign_session, id),
	.head_offset = offsetof(struct smbsign_session, index),
	.automatic_shrinking = true,
};

/* All sessions of all connections, by SessionId. */
static struct rhltable table;

/**
 * smbsign_session_init() - make the table of sessions
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_session_init(void)
{
	return rhltable_init(&table, &table_params);
}

/**
 * smbsign_session_exit() - free the table; no session may be left
 *
 * Context: process, may sleep.
 */
void smbsign_session_exit(void)
{
	rhltable_destroy(&table);
}

static void assert_grace(void)
{
	RCU_LOCKDEP_WARN(!srcu_read_lock_held(&smbsign_grace),
			 "sessions are found in a grace period");
}

/*
 * The session on @conn; *@other is set to one elsewhere that is established.  They
 * stay until the caller leaves his grace period.
 */
static struct smbsign_session *find(struct smbsign_conn *conn, u64 id,
				    struct smbsign_session **other)
{
	struct smbsign_session *session, *found = NULL;
	struct rhlist_head *list, *pos;

	assert_grace();
	rcu_read_lock(); /* the table may be resized meanwhile */
	list = rhltable_lookup(&table, &id, table_params);
	rhl_for_each_entry_rcu(session, pos, list, index) {
		if (session->conn == conn)
			found = session;
		else if (other && !READ_ONCE(session->stale) &&
			 session->facts.state == SMBSIGN_SESSION_ESTABLISHED)
			*other = session;
	}
	rcu_read_unlock();
	return found;
}

/* The same, where there is no need to know of others; most have one session. */
static struct smbsign_session *find_here(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session =
		list_first_or_null_rcu(&conn->sessions, struct smbsign_session,
				       node);

	assert_grace();
	return session && session->id == id ? session : find(conn, id, NULL);
}

static struct smbsign_key *key_take(struct smbsign_key **from)
{
	/* Pairs with smp_store_release() where a key is published. */
	struct smbsign_key *key = smp_load_acquire(from);

	return key && smbsign_key_get(key) ? key : NULL;
}

/* Session.SigningKey: a bound channel keeps it beside its own key. */
static struct smbsign_key *signing_key_of(struct smbsign_session *session)
{
	return key_take(&session->signing_key) ?: key_take(&session->key);
}

/*
 * A number that ksmbd has given away since stays that of the session here: ksmbd
 * finds another one's only where a session was bound.  Whether it was given away
 * is told by answers, and one of them may have overtaken the other.
 */
static bool is_its_own(const struct smbsign_session *session)
{
	return !READ_ONCE(session->stale) || !READ_ONCE(session->conn->bound);
}

/**
 * smbsign_session_facts() - what the policy must know of a session
 * @conn:	the connection a request came on
 * @id:		its SessionId, in host order
 * @facts:	filled in
 *
 * A binding in progress and a session that is established on other connections
 * only are shown with Session.SigningKey, which verifies a binding (3.3.5.5).
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: a key to verify with, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_facts(struct smbsign_conn *conn, u64 id,
					  struct smbsign_session_facts *facts)
{
	struct smbsign_session *session, *other = NULL;
	struct smbsign_key *key = NULL;

	*facts = (struct smbsign_session_facts) { };
	if (!id)
		return NULL;

	session = find_here(conn, id);
	if (session && is_its_own(session)) {
		spin_lock_bh(&conn->lock);
		*facts = session->facts;
		spin_unlock_bh(&conn->lock);
		key = key_take(facts->binding ? &session->signing_key :
						&session->key);
	} else {
		find(conn, id, &other);
	}
	if (other) {
		facts->state = SMBSIGN_SESSION_ELSEWHERE;
		key = signing_key_of(other);
	}

	facts->has_key = key;
	return key;
}

static void session_free(struct rcu_head *rcu)
{
	struct smbsign_session *session =
		container_of(rcu, struct smbsign_session, rcu);

	smbsign_key_put(session->signing_key);
	smbsign_key_put(session->key);
	kfree_sensitive(session);
}

static void session_drop(struct smbsign_session *session)
{
	struct smbsign_conn *conn = session->conn;

	lockdep_assert_held(&conn->lock);
	rhltable_remove(&table, &session->index, table_params);
	list_del_rcu(&session->node);
	conn->facts.sessions--;
	conn->facts.in_progress -= session->facts.state ==
				   SMBSIGN_SESSION_IN_PROGRESS;
	conn->facts.required_sessions -= session->facts.required;
	smbsign_gauge_add(SMBSIGN_GAUGE_SESSIONS, -1);
	smbsign_grace_call(&session->rcu, session_free);
}

static struct smbsign_session *session_add(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session;

	lockdep_assert_held(&conn->lock);
	if (conn->closed)
		return NULL;
	session = kzalloc(sizeof(*session), GFP_ATOMIC | __GFP_NOWARN);
	if (!session)
		return NULL;
	session->id = id;
	session->conn = conn;
	session->facts.state = SMBSIGN_SESSION_IN_PROGRESS;
	if (rhltable_insert(&table, &session->index, table_params)) {
		kfree(session);
		return NULL;
	}
	list_add_rcu(&session->node, &conn->sessions);
	conn->facts.sessions++;
	conn->facts.in_progress++;
	smbsign_gauge_add(SMBSIGN_GAUGE_SESSIONS, 1);
	return session;
}

/* Sessions by this number on other connections are not this one any more. */
static void outdate_others(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session;
	struct rhlist_head *list, *pos;

	rcu_read_lock();
	list = rhltable_lookup(&table, &id, table_params);
	rhl_for_each_entry_rcu(session, pos, list, index) {
		if (session->conn == conn)
			continue;
		WRITE_ONCE(session->conn->outdated, true);
		WRITE_ONCE(session->stale, true);
	}
	rcu_read_unlock();
}

/*
 * A request without SessionId makes a new session.  ksmbd uses the numbers of
 * sessions again that are gone, so an old one by that name is not this one.
 */
static struct smbsign_session *
session_renew(struct smbsign_session *old)
{
	struct smbsign_conn *conn = old->conn;
	struct smbsign_session *session;
	u64 id = old->id;

	/* A key seen and not used yet is the new session's. */
	if (!old->raw_seen) {
		session_drop(old);
		return session_add(conn, id);
	}
	session = session_add(conn, id);
	if (session) {
		session->raw_seen = true;
		memcpy(session->raw, old->raw, SMB2_KEY_SIZE);
	}
	session_drop(old);
	return session;
}

static struct smbsign_session *
session_named(struct smbsign_conn *conn, const struct smbsign_awaited *request,
	      u64 id)
{
	struct smbsign_session *session = find(conn, id, NULL);

	if (!request->session_id)
		outdate_others(conn, id);
	if (!session)
		session = session_add(conn, id);
	else if (session->announced && !request->session_id)
		session = session_renew(session);
	if (session)
		session->announced = true;
	return session;
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
 * The first leg of a binding: what holds for the session elsewhere holds here, also
 * when it has ended there.
 */
static void session_bind(struct smbsign_session *session)
{
	struct smbsign_session_facts *facts = &session->facts;
	struct smbsign_session *other = NULL;

	facts->binding = true;
	find(session->conn, session->id, &other);
	if (!other || READ_ONCE(other->facts.required))
		session_require(session);
	if (!other)
		return;
	facts->ciphered = READ_ONCE(other->facts.ciphered);
	facts->encrypted = READ_ONCE(other->facts.encrypted);
	facts->guest = READ_ONCE(other->facts.guest);
	/* Pairs with smp_load_acquire() in key_take(). */
	smp_store_release(&session->signing_key, signing_key_of(other));
}

/*
 * ksmbd signs the last response of an authentication on 3.x, but not a guest's;
 * and it does not tell IS_GUEST where it tells ENCRYPT_DATA.
 */
static bool is_keyless(const struct smbsign_session *session)
{
	return !session->key &&
	       session->conn->facts.dialect >= SMB2_DIALECT_300;
}

/* ksmbd makes no keys to encrypt with for what asks to be a binding. */
static bool is_ciphered(const struct smbsign_session *session)
{
	return session->conn->facts.encryption &&
	       !(session->setup_flags & SMB2_SETUP_FLAG_BINDING);
}

static void session_new(struct smbsign_session *session)
{
	struct smbsign_session_facts *facts = &session->facts;

	session->conn->facts.in_progress--;
	facts->state = SMBSIGN_SESSION_ESTABLISHED;
	if (!facts->binding) {
		facts->keyless = is_keyless(session);
		facts->ciphered = is_ciphered(session);
	}
	facts->binding = false;
	if (facts->guest)
		smbsign_count(SMBSIGN_COUNT_GUESTS);
}

static void session_establish(struct smbsign_session *session,
			      u16 session_flags)
{
	struct smbsign_session_facts *facts = &session->facts;

	facts->guest |= !!(session_flags & (SMB2_SESSION_IS_GUEST |
					    SMB2_SESSION_IS_NULL));
	facts->encrypted |= !!(session_flags & SMB2_SESSION_ENCRYPT_DATA);
	if (facts->state == SMBSIGN_SESSION_IN_PROGRESS)
		session_new(session);
	if (smbsign_policy_session_required(&session->conn->facts,
					    session->security_mode,
					    facts->guest))
		session_require(session);
}

static void session_failed(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session = find(conn, id, NULL);

	if (session && session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
		session_drop(session);
}

/* A leg was answered: note the session, and what its client says of it. */
static int session_note(struct smbsign_conn *conn,
			const struct smbsign_awaited *request, u64 id)
{
	struct smbsign_session *session = session_named(conn, request, id);

	if (!session)
		return -ENOMEM;
	session->security_mode |= request->security_mode;
	session->setup_flags |= request->setup_flags;
	/* Reauthentication keeps the keys; ksmbd's on 2.1 does not (3.3.5.5.2). */
	if (request->session_id && session->key &&
	    session->facts.state == SMBSIGN_SESSION_ESTABLISHED)
		session->raw_seen = false;
	if (smbsign_policy_is_binding(&conn->facts, request->setup_flags) &&
	    request->session_id && !session->facts.binding &&
	    session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
		session_bind(session);
	return 0;
}

static int session_answered(struct smbsign_conn *conn,
			    const struct smbsign_awaited *request, u64 id,
			    u32 status)
{
	int ret = 0;

	spin_lock_bh(&conn->lock);
	if (status == SMB2_STATUS_SUCCESS ||
	    status == SMB2_STATUS_MORE_PROCESSING_REQUIRED)
		ret = session_note(conn, request, id);
	else
		session_failed(conn, id);
	spin_unlock_bh(&conn->lock);
	return ret;
}

static void session_succeeded(struct smbsign_conn *conn, u64 id,
			      u16 session_flags)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = find(conn, id, NULL);
	if (session)
		session_establish(session, session_flags);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_session_response() - a SESSION_SETUP response is about to be sent
 * @conn:		the connection
 * @request:		the request it answers
 * @id:			SessionId of the response
 * @status:		its Status
 * @session_flags:	its SessionFlags
 *
 * Context: process, inside smbsign_grace_enter(); before the response is sent,
 * so that the client cannot use the session earlier. [MS-SMB2] 3.3.5.5.3.
 * Return: 0, or -ENOMEM: then the response must not be sent.
 */
int smbsign_session_response(struct smbsign_conn *conn,
			     const struct smbsign_awaited *request, u64 id,
			     u32 status, u16 session_flags)
{
	int ret;

	if (!id)
		return 0;
	ret = session_answered(conn, request, id, status);
	/* What key it is tells whose session it is. */
	if (!ret)
		ret = smbsign_session_prepare(conn, id);
	if (!ret && status == SMB2_STATUS_SUCCESS)
		session_succeeded(conn, id, session_flags);
	return ret;
}

static bool is_response(const struct smb2_header *header)
{
	return header->flags & cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR);
}

static bool is_setup_success(const struct smb2_header *header)
{
	return header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP) &&
	       is_response(header) &&
	       header->status == cpu_to_le32(SMB2_STATUS_SUCCESS);
}

/*
 * Whose key is it?  ksmbd runs a compound in the session of its first request,
 * and does not compare the SessionId of a NEGOTIATE, SESSION_SETUP or ECHO with
 * it: their headers can name another session than the one whose key is used.
 */
static bool shows_key(const struct smbsign_session *session,
		      const struct smb2_header *header)
{
	if (is_setup_success(header))
		return true;
	switch (le16_to_cpu(header->command)) {
	case SMB2_CMD_NEGOTIATE:
	case SMB2_CMD_SESSION_SETUP:
	case SMB2_CMD_ECHO:
		return false;
	default:
		return !session->key &&
		       session->facts.state == SMBSIGN_SESSION_ESTABLISHED;
	}
}

/* A response that says nothing new of the session's key. */
static bool is_usual(struct smbsign_conn *conn, const struct smb2_header *header)
{
	struct smbsign_session *session;

	if (!is_response(header) || is_setup_success(header))
		return false;
	session = find_here(conn, le64_to_cpu(header->session_id));
	return session && READ_ONCE(session->key);
}

static struct smbsign_session *find_by_raw(struct smbsign_conn *conn,
					   const u8 raw[SMB2_KEY_SIZE])
{
	struct smbsign_session *session;

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(session, &conn->sessions, node) {
		if (!session->raw_seen && session->key &&
		    !crypto_memneq(session->raw, raw, SMB2_KEY_SIZE))
			return session;
	}
	return NULL;
}

/**
 * smbsign_session_key_seen() - ksmbd signs or checks a message
 * @conn:	the connection
 * @header:	the message's SMB2 header
 * @raw:	the key that ksmbd uses
 *
 * The first key seen is the session's.  Another one replaces it only where ksmbd
 * signs a successful SESSION_SETUP with it: what ksmbd then expects is that key.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 * Return: for a request, smbsign_key.serial of the key that the session's are
 * verified with, if it is that very key, else 0.
 */
u64 smbsign_session_key_seen(struct smbsign_conn *conn,
			     const struct smb2_header *header,
			     const u8 raw[SMB2_KEY_SIZE])
{
	u64 id = le64_to_cpu(header->session_id), serial = 0;
	struct smbsign_session *session;

	if (is_usual(conn, header))
		return 0;
	spin_lock_bh(&conn->lock);
	session = find_here(conn, id);
	/* Authentication in one leg: the response names the session only later. */
	if (!session && is_setup_success(header))
		session = session_add(conn, id);
	if (session && shows_key(session, header) &&
	    (!session->key || memcmp(session->raw, raw, SMB2_KEY_SIZE))) {
		memcpy(session->raw, raw, SMB2_KEY_SIZE);
		session->raw_seen = true;
	}
	if (id == SMB2_SESSION_ID_RELATED)
		session = find_by_raw(conn, raw);
	if (session && session->key && !session->raw_seen &&
	    !crypto_memneq(session->raw, raw, SMB2_KEY_SIZE))
		serial = session->key->serial;
	spin_unlock_bh(&conn->lock);
	return serial;
}

/**
 * smbsign_session_preauth() - a SESSION_SETUP request of 3.1.1 is being hashed
 * @conn:	the connection
 * @request:	the request's SMB2 header, the rest of it behind
 * @length:	bytes at @request
 * @hash:	the value before it
 *
 * With the value after the last one the session's key is derived.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 */
void smbsign_session_preauth(struct smbsign_conn *conn,
			     const struct smb2_header *request, u32 length,
			     const u8 *hash)
{
	u8 after[SMBSIGN_PREAUTH_SIZE];
	struct smbsign_session *session;

	if (length > SMBSIGN_SETUP_MAX ||
	    smbsign_derive_preauth(hash, (const u8 *)request, length, after))
		return;
	spin_lock_bh(&conn->lock);
	session = find(conn, le64_to_cpu(request->session_id), NULL);
	if (session)
		memcpy(session->preauth, after, sizeof(after));
	spin_unlock_bh(&conn->lock);
}

static struct smbsign_key *key_by_raw(struct smbsign_conn *conn,
				      const u8 raw[SMB2_KEY_SIZE])
{
	struct smbsign_session *session;
	struct smbsign_key *key = NULL;

	spin_lock_bh(&conn->lock);
	session = find_by_raw(conn, raw);
	if (session)
		key = key_take(&session->key);
	spin_unlock_bh(&conn->lock);
	return key;
}

/**
 * smbsign_session_by_raw() - whose key is it?
 * @conn:	the connection
 * @raw:	a key that ksmbd uses
 *
 * Context: any but hard interrupt.
 * Return: SessionId, as on the wire; SMB2_SESSION_ID_RELATED if nobody's.
 */
__le64 smbsign_session_by_raw(struct smbsign_conn *conn,
			      const u8 raw[SMB2_KEY_SIZE])
{
	struct smbsign_session *session;
	u64 id = SMB2_SESSION_ID_RELATED;

	spin_lock_bh(&conn->lock);
	session = find_by_raw(conn, raw);
	if (session)
		id = session->id;
	spin_unlock_bh(&conn->lock);
	return cpu_to_le64(id);
}

/**
 * smbsign_session_only() - the session of a connection that has only one
 * @conn:	the connection
 *
 * Context: any but hard interrupt.
 * Return: SessionId, or SMB2_SESSION_ID_RELATED.
 */
u64 smbsign_session_only(struct smbsign_conn *conn)
{
	u64 id = SMB2_SESSION_ID_RELATED;

	spin_lock_bh(&conn->lock);
	if (list_is_singular(&conn->sessions))
		id = list_first_entry(&conn->sessions, struct smbsign_session,
				      node)->id;
	spin_unlock_bh(&conn->lock);
	return id;
}

/**
 * smbsign_session_key() - the key that a request was verified with
 * @conn:	the connection
 * @header:	the request's SMB2 header
 * @raw:	the key that ksmbd would use, for one that leaves its session out
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the key, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_key(struct smbsign_conn *conn,
					const struct smb2_header *header,
					const u8 raw[SMB2_KEY_SIZE])
{
	u64 id = le64_to_cpu(header->session_id);
	struct smbsign_session *session;
	struct smbsign_key *key = NULL;

	if (id == SMB2_SESSION_ID_RELATED)
		return key_by_raw(conn, raw);
	session = find_here(conn, id);
	if (session)
		key = key_take(&session->key);
	return key;
}

/**
 * smbsign_session_is_on() - is a session established on a connection?
 * @conn:	the connection
 * @id:		SessionId
 *
 * Context: any, inside smbsign_grace_enter().
 * Return: true if it is, and its number is not another's by now.
 */
bool smbsign_session_is_on(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session = find_here(conn, id);

	return session && !READ_ONCE(session->stale) &&
	       READ_ONCE(session->facts.state) == SMBSIGN_SESSION_ESTABLISHED;
}

/**
 * smbsign_session_was_told() - was a session's client told that it must sign,
 *	where ksmbd would not have said so?
 * @id:		SessionId
 *
 * Context: any, inside smbsign_grace_enter().
 * Return: true if it was, on one of its connections.
 */
bool smbsign_session_was_told(u64 id)
{
	struct smbsign_session *session;
	struct rhlist_head *list, *pos;
	bool told = false;

	rcu_read_lock();
	list = rhltable_lookup(&table, &id, table_params);
	rhl_for_each_entry_rcu(session, pos, list, index)
		told |= READ_ONCE(session->conn->told);
	rcu_read_unlock();
	return told;
}

/**
 * struct seen - a key that ksmbd was seen to use, to be prepared
 * @algorithm:	SMB2_SIGNING_*
 * @dialect:	the dialect
 * @raw:	the key
 * @preauth:	on 3.1.1 the hash that it was derived with
 */
struct seen {
	u16	algorithm;
	u16	dialect;
	u8	raw[SMB2_KEY_SIZE];
	u8	preauth[SMBSIGN_PREAUTH_SIZE];
};

/* Take the key seen out of the session, if there is one. */
static bool session_take_seen(struct smbsign_conn *conn, u64 id,
			      struct seen *seen)
{
	struct smbsign_session *session;
	bool found = false;

	spin_lock_bh(&conn->lock);
	session = find(conn, id, NULL);
	if (session && session->raw_seen) {
		found = true;
		memcpy(seen->raw, session->raw, SMB2_KEY_SIZE);
		memcpy(seen->preauth, session->preauth, SMBSIGN_PREAUTH_SIZE);
		session->raw_seen = false;
		seen->algorithm = conn->facts.algorithm;
		seen->dialect = conn->facts.dialect;
	}
	spin_unlock_bh(&conn->lock);
	return found;
}

static void session_set_key(struct smbsign_conn *conn, u64 id,
			    struct smbsign_key *key, bool public)
{
	struct smbsign_session *session;
	struct smbsign_key *old = key;

	spin_lock_bh(&conn->lock);
	session = find(conn, id, NULL);
	if (session) {
		old = session->key;
		session->facts.guest |= public;
		/* Pairs with smp_load_acquire() in key_take(). */
		smp_store_release(&session->key, key);
		smbsign_count(SMBSIGN_COUNT_KEYS_LEARNED);
	}
	spin_unlock_bh(&conn->lock);
	smbsign_key_put(old);
}

/**
 * smbsign_session_prepare() - prepare the key that ksmbd was seen to use
 * @conn:	the connection
 * @id:		SessionId
 *
 * Context: process, may sleep, inside smbsign_grace_enter().
 * Return: 0, also if there is nothing to prepare, or the error of
 * smbsign_key_alloc().
 */
int smbsign_session_prepare(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_key *key;
	struct seen seen;
	int public;

	if (!session_take_seen(conn, id, &seen))
		return 0;
	public = smbsign_derive_public(seen.dialect, seen.preauth, seen.raw);
	key = smbsign_key_alloc(seen.algorithm, seen.raw);
	memzero_explicit(&seen, sizeof(seen));
	if (public < 0 || IS_ERR(key)) {
		if (!IS_ERR(key))
			smbsign_key_put(key);
		return public < 0 ? public : PTR_ERR(key);
	}
	session_set_key(conn, id, key, public);
	return 0;
}

/**
 * smbsign_session_drop_all() - forget the sessions of a connection that ends
 * @conn:	the connection
 *
 * Context: any but hard interrupt.
 */
void smbsign_session_drop_all(struct smbsign_conn *conn)
{
	struct smbsign_session *session, *next;

	spin_lock_bh(&conn->lock);
	conn->closed = true;
	list_for_each_entry_safe(session, next, &conn->sessions, node)
		session_drop(session);
	spin_unlock_bh(&conn->lock);
}
