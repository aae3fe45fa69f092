// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions, as they show on the wire, and their keys.
 *
 * A session is its number: ksmbd gives none twice (number.c).  It begins with the
 * SESSION_SETUP response that first names it, is established by the one that says
 * STATUS_SUCCESS, and ends when ksmbd gives its number back.  Its key is the one
 * that ksmbd shows while it answers the request that establishes it; where it shows
 * none then, the one that it checks the first signed request with.  What must be
 * signed, and whose session it is, is settled then, and nothing that comes later
 * takes it back.
 */
#include <crypto/utils.h>
#include <linux/random.h>
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

/*
 * Keys that nobody has, by algorithm.  A signature for a session that does not exist
 * is compared with theirs, so that time does not tell which ones exist elsewhere.
 */
static struct smbsign_key *decoys[SMB2_SIGNING_AES_CMAC + 1];

static void decoys_free(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(decoys); i++) {
		smbsign_key_put(decoys[i]);
		decoys[i] = NULL;
	}
	srcu_barrier(&smbsign_grace);
}

static int decoys_alloc(void)
{
	u8 raw[SMB2_KEY_SIZE];
	struct smbsign_key *key;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(decoys); i++) {
		get_random_bytes(raw, sizeof(raw));
		key = smbsign_key_alloc(i, raw);
		memzero_explicit(raw, sizeof(raw));
		if (IS_ERR(key))
			return PTR_ERR(key);
		decoys[i] = key;
	}
	return 0;
}

/**
 * smbsign_session_init() - make the table of sessions
 *
 * Context: process, may sleep; after smbsign_mac_init().
 * Return: 0, -ENOMEM, or the error of the kernel's crypto.
 */
int smbsign_session_init(void)
{
	int ret = decoys_alloc() ?: rhltable_init(&table, &table_params);

	if (ret)
		decoys_free();
	return ret;
}

/**
 * smbsign_session_exit() - free the table; no session may be left
 *
 * Context: process, may sleep.
 */
void smbsign_session_exit(void)
{
	rhltable_destroy(&table);
	decoys_free();
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
static struct smbsign_session *session_find(struct smbsign_conn *conn, u64 id,
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
		else if (other && READ_ONCE(session->facts.state) ==
				  SMBSIGN_SESSION_ESTABLISHED)
			*other = session;
	}
	rcu_read_unlock();
	return found;
}

/* The same, where there is no need to know of others; most have one session. */
static struct smbsign_session *session_here(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session =
		list_first_or_null_rcu(&conn->sessions, struct smbsign_session,
				       node);

	assert_grace();
	return session && session->id == id ? session :
					      session_find(conn, id, NULL);
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

static struct smbsign_key *decoy(const struct smbsign_conn *conn)
{
	u16 algorithm = READ_ONCE(conn->facts.algorithm);

	return algorithm < ARRAY_SIZE(decoys) ? key_take(&decoys[algorithm]) :
						NULL;
}

/**
 * smbsign_session_facts() - what the policy must know of a session
 * @conn:	the connection a request came on
 * @id:		its SessionId, in host order
 * @facts:	filled in
 *
 * A binding in progress and a session that is established on other connections
 * only are shown with Session.SigningKey, which verifies a binding (3.3.5.5); one
 * that is not known at all with a key that verifies nothing.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: a key to verify with, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_facts(struct smbsign_conn *conn, u64 id,
					  struct smbsign_session_facts *facts)
{
	struct smbsign_session *session, *other = NULL;
	struct smbsign_key *key;

	*facts = (struct smbsign_session_facts) { };
	if (!id)
		return NULL;

	session = session_here(conn, id);
	if (session) {
		spin_lock_bh(&conn->lock);
		*facts = session->facts;
		spin_unlock_bh(&conn->lock);
		key = key_take(facts->binding ? &session->signing_key :
						&session->key);
	} else {
		session_find(conn, id, &other);
		if (other)
			facts->state = SMBSIGN_SESSION_ELSEWHERE;
		key = (other ? signing_key_of(other) : NULL) ?: decoy(conn);
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
	smbsign_grace_freed(sizeof(*session));
}

/* It is no longer one of the sessions that its connection has. */
static void session_uncount(struct smbsign_session *session)
{
	struct smbsign_conn_facts *facts = &session->conn->facts;

	facts->sessions--;
	facts->in_progress -= session->facts.state ==
			      SMBSIGN_SESSION_IN_PROGRESS;
	facts->required_sessions -= session->facts.required;
	smbsign_gauge_add(SMBSIGN_GAUGE_SESSIONS, -1);
}

static void session_drop(struct smbsign_session *session)
{
	struct smbsign_conn *conn = session->conn;

	lockdep_assert_held(&conn->lock);
	if (session->facts.state == SMBSIGN_SESSION_ENDED) {
		list_del(&session->ended);
		conn->ended_count--;
	} else {
		session_uncount(session);
	}
	WRITE_ONCE(session->facts.state, SMBSIGN_SESSION_UNKNOWN);
	rhltable_remove(&table, &session->index, table_params);
	list_del_rcu(&session->node);
	smbsign_grace_free(&session->rcu, session_free, sizeof(*session));
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
	session_find(session->conn, session->id, &other);
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

/* Whether it is a guest's is settled the first time. */
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
	session = session_find(conn, id, NULL);
	if (session && session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
		session_drop(session);
	spin_unlock_bh(&conn->lock);
}

static bool is_binding(const struct smbsign_conn *conn,
		       const struct smbsign_awaited *request)
{
	return request->session_id &&
	       smbsign_policy_is_binding(&conn->facts, request->setup_flags);
}

/*
 * The session that a leg belongs to.  A request without SessionId makes a new one,
 * whose number nobody knows yet, and a binding brings one here; any other names
 * one that is here.
 */
static struct smbsign_session *
session_named(struct smbsign_conn *conn, const struct smbsign_awaited *request,
	      u64 id)
{
	struct smbsign_session *session = session_find(conn, id, NULL);

	if (request->session_id && session)
		return session;
	if (request->session_id ? !is_binding(conn, request) :
				  smbsign_session_is_known(id))
		return ERR_PTR(-EKEYREJECTED);
	return session_add(conn, id) ?: ERR_PTR(-ENOMEM);
}

/* A leg was answered: note the session, and what its client says of it. */
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
	session = session_find(conn, id, NULL);
	if (session)
		session_establish(session, session_flags);
	spin_unlock_bh(&conn->lock);
}

static bool is_same_key(const struct smbsign_session *session, const u8 *raw)
{
	return !crypto_memneq(session->raw, raw, SMB2_KEY_SIZE);
}

/* Is it what ksmbd uses for the session?  Not for one that has ended. */
static bool is_its_key(const struct smbsign_session *session, const u8 *raw)
{
	return session->key &&
	       session->facts.state == SMBSIGN_SESSION_ESTABLISHED &&
	       is_same_key(session, raw);
}

/*
 * Is the session's key still to be learned, 1, or known, 0?  If ksmbd has another one
 * by now, the session is somebody else's.  Not so for channels, which are authenticated
 * again with Session.SigningKey, nor on 2.x, where only audit lets a session be.
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
	session = session_find(conn, id, NULL);
	/* Also of one that has ended: its last answer is to be signed. */
	if (session && !session->key)
		ret = 1;
	else if (session && session->facts.state != SMBSIGN_SESSION_ENDED &&
		 conn->facts.dialect >= SMB2_DIALECT_300 &&
		 !session->signing_key && !is_same_key(session, leg->raw))
		ret = -EKEYREJECTED;
	spin_unlock_bh(&conn->lock);
	return ret;
}

static void session_set_key(struct smbsign_conn *conn, u64 id,
			    struct smbsign_key *key,
			    const struct smbsign_leg *leg, bool public)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = session_find(conn, id, NULL);
	if (session && !session->key) {
		memcpy(session->raw, leg->raw, SMB2_KEY_SIZE);
		session->facts.guest |= public;
		/* Pairs with smp_load_acquire() in key_take(). */
		smp_store_release(&session->key, key);
		smbsign_count(SMBSIGN_COUNT_KEYS_LEARNED);
		key = NULL;
	}
	spin_unlock_bh(&conn->lock);
	smbsign_key_put(key);
}

/**
 * smbsign_session_shown() - take in the key that ksmbd has shown with a request
 * @conn:	the connection
 * @request:	the request
 * @id:		SessionId of its response
 *
 * Context: process, may sleep, inside smbsign_grace_enter(), under
 * smbsign_conn.tx_lock.
 * Return: 0, also if there is nothing to take in; -EKEYREJECTED if the session has
 * another key; or the error of smbsign_key_alloc().
 */
int smbsign_session_shown(struct smbsign_conn *conn,
			  const struct smbsign_awaited *request, u64 id)
{
	const struct smbsign_leg *leg = &request->leg;
	struct smbsign_key *key;
	int public, ret;

	lockdep_assert_held(&conn->tx_lock);
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
	session_set_key(conn, id, key, leg, public);
	return 0;
}

/**
 * smbsign_session_response() - a SESSION_SETUP response is about to be sent
 * @conn:		the connection
 * @request:		the request it answers
 * @id:			SessionId of the response
 * @status:		its Status
 * @session_flags:	its SessionFlags
 *
 * Context: process, inside smbsign_grace_enter(), under smbsign_conn.tx_lock;
 * before the response is sent, so that the client cannot use the session earlier.
 * [MS-SMB2] 3.3.5.5.3.
 * Return: 0; -ENOMEM or -EKEYREJECTED, if ksmbd speaks of another session than the
 * request: then the response must not be sent.
 */
int smbsign_session_response(struct smbsign_conn *conn,
			     const struct smbsign_awaited *request, u64 id,
			     u32 status, u16 session_flags)
{
	int ret;

	lockdep_assert_held(&conn->tx_lock);
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
	/* What key it is tells whose session it is. */
	ret = smbsign_session_shown(conn, request, id);
	if (!ret)
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
	       header->status == cpu_to_le32(SMB2_STATUS_SUCCESS);
}

static void note_shown(struct smbsign_awaited *awaited, const u8 *raw)
{
	if (!awaited)
		return;
	memcpy(awaited->leg.raw, raw, SMB2_KEY_SIZE);
	awaited->leg.shown = true;
}

static struct smbsign_session *find_by_raw(struct smbsign_conn *conn,
					   const u8 *raw)
{
	struct smbsign_session *session;

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(session, &conn->sessions, node) {
		if (is_its_key(session, raw))
			return session;
	}
	return NULL;
}

/* The session of a request that ksmbd checks with @raw, if that is its key. */
static struct smbsign_session *find_checked(struct smbsign_conn *conn,
					    const struct smb2_header *header,
					    const u8 *raw)
{
	u64 id = le64_to_cpu(header->session_id);
	struct smbsign_session *session;

	lockdep_assert_held(&conn->lock);
	if (id == SMB2_SESSION_ID_RELATED)
		return find_by_raw(conn, raw);
	session = session_here(conn, id);
	return session && is_its_key(session, raw) ? session : NULL;
}

/**
 * smbsign_session_key_seen() - ksmbd signs or checks a message
 * @conn:	the connection
 * @header:	the message's SMB2 header
 * @raw:	the key that ksmbd uses
 *
 * It belongs to the session only where it answers the SESSION_SETUP that makes it,
 * or checks the one request that it was given for that.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 * Return: for a request, smbsign_key.serial of the key that the session's are
 * verified with, if it was made of that very key, else 0.
 */
u64 smbsign_session_key_seen(struct smbsign_conn *conn,
			     const struct smb2_header *header, const u8 *raw)
{
	struct smbsign_session *session = NULL;
	u64 serial = 0;

	if (is_response(header) && !is_setup_success(header))
		return 0;
	spin_lock_bh(&conn->lock);
	if (!is_response(header))
		session = find_checked(conn, header, raw);
	if (session)
		serial = session->key->serial;
	else
		note_shown(smbsign_conn_expected(conn, is_response(header) ?
						 SMBSIGN_AWAITED_SETUP :
						 SMBSIGN_AWAITED_PROVISIONAL,
						 header), raw);
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
	struct smbsign_awaited *awaited;

	if (length > SMBSIGN_SETUP_MAX ||
	    smbsign_derive_preauth(hash, (const u8 *)request, length, after))
		return;
	spin_lock_bh(&conn->lock);
	awaited = smbsign_conn_expected(conn, SMBSIGN_AWAITED_SETUP, request);
	if (awaited)
		memcpy(awaited->leg.preauth, after, sizeof(after));
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_session_key() - the key that ksmbd's check of a request is replaced with
 * @conn:	the connection
 * @header:	the request's SMB2 header
 * @raw:	the key that ksmbd would use
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the key that was made of @raw, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_key(struct smbsign_conn *conn,
					const struct smb2_header *header,
					const u8 *raw)
{
	struct smbsign_session *session;
	struct smbsign_key *key = NULL;

	spin_lock_bh(&conn->lock);
	session = find_checked(conn, header, raw);
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
__le64 smbsign_session_by_raw(struct smbsign_conn *conn, const u8 *raw)
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
 * smbsign_session_only() - the session of a connection that has only one now
 * @conn:	the connection
 *
 * Context: any but hard interrupt.
 * Return: SessionId, or SMB2_SESSION_ID_RELATED.
 */
u64 smbsign_session_only(struct smbsign_conn *conn)
{
	struct smbsign_session *session;
	u64 id = SMB2_SESSION_ID_RELATED;

	spin_lock_bh(&conn->lock);
	list_for_each_entry(session, &conn->sessions, node) {
		if (conn->facts.sessions != 1)
			break;
		if (session->facts.state != SMBSIGN_SESSION_ENDED)
			id = session->id;
	}
	spin_unlock_bh(&conn->lock);
	return id;
}

/**
 * smbsign_session_is_on() - is a session established on a connection?
 * @conn:	the connection
 * @id:		SessionId
 *
 * Context: any, inside smbsign_grace_enter().
 * Return: true if it is.
 */
bool smbsign_session_is_on(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session = session_here(conn, id);

	return session && READ_ONCE(session->facts.state) ==
			  SMBSIGN_SESSION_ESTABLISHED;
}

/**
 * smbsign_session_is_known() - does any connection remember a session?
 * @id:		SessionId
 *
 * Context: any, inside smbsign_grace_enter().
 * Return: true if one does, also of a session that has ended.
 */
bool smbsign_session_is_known(u64 id)
{
	bool known;

	assert_grace();
	rcu_read_lock();
	known = rhltable_lookup(&table, &id, table_params);
	rcu_read_unlock();
	return known;
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

	assert_grace();
	rcu_read_lock();
	list = rhltable_lookup(&table, &id, table_params);
	rhl_for_each_entry_rcu(session, pos, list, index)
		told |= READ_ONCE(session->conn->told);
	rcu_read_unlock();
	return told;
}

/**
 * smbsign_session_tolerate() - a request that proves nothing is let in
 * @conn:	the connection
 * @id:		SessionId of the request
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(), under the socket
 * lock.
 */
void smbsign_session_tolerate(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	session = session_here(conn, id);
	if (session)
		session->facts.tolerated = true;
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_session_outgrown() - has a session sent what would not be let in now?
 * @conn:	the connection
 * @policy:	what the administrator wants now
 * @id:		set to the SessionId of one that has
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: PASS if none has, or ABORT and why.
 */
struct smbsign_verdict
smbsign_session_outgrown(struct smbsign_conn *conn,
			 const struct smbsign_policy *policy, u64 *id)
{
	struct smbsign_verdict verdict = { .action = SMBSIGN_PASS };
	struct smbsign_session *session;

	spin_lock_bh(&conn->lock);
	list_for_each_entry(session, &conn->sessions, node) {
		verdict = smbsign_policy_outgrown(policy, &session->facts);
		*id = session->id;
		if (verdict.action != SMBSIGN_PASS)
			break;
	}
	spin_unlock_bh(&conn->lock);
	return verdict;
}

/*
 * ksmbd has ended a session, but may not have written all of its answers yet: what
 * they are signed with stays for a while.
 */
static void session_ended(struct smbsign_session *session)
{
	struct smbsign_conn *conn = session->conn;

	lockdep_assert_held(&conn->lock);
	session_uncount(session);
	WRITE_ONCE(session->facts.state, SMBSIGN_SESSION_ENDED);
	list_add_tail(&session->ended, &conn->ended);
	if (++conn->ended_count > SMBSIGN_SESSIONS_ENDED_MAX)
		session_drop(list_first_entry(&conn->ended,
					      struct smbsign_session, ended));
}

/**
 * smbsign_session_end() - ksmbd gives the number of a session back
 * @id:		SessionId
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 */
void smbsign_session_end(u64 id)
{
	struct smbsign_session *session;
	struct rhlist_head *list, *pos;

	assert_grace();
	rcu_read_lock();
	list = rhltable_lookup(&table, &id, table_params);
	rhl_for_each_entry_rcu(session, pos, list, index) {
		spin_lock_bh(&session->conn->lock);
		if (session->facts.state == SMBSIGN_SESSION_ESTABLISHED)
			session_ended(session);
		else if (session->facts.state == SMBSIGN_SESSION_IN_PROGRESS)
			session_drop(session);
		spin_unlock_bh(&session->conn->lock);
	}
	rcu_read_unlock();
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
