// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions and their keys: found, added, ended, dropped.
 *
 * A SessionId identifies a session: ksmbd never reuses one
 * (ksmbd/session_id.c).  gate/setup.c makes sessions, and decides what is
 * settled then.
 */
#include <crypto/utils.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "base/count.h"
#include "base/grace.h"
#include "mac/mac.h"
#include "state/conn.h"
#include "state/session.h"

static const struct rhashtable_params table_params = {
	.key_len = sizeof_field(struct smbsign_session, id),
	.key_offset = offsetof(struct smbsign_session, id),
	.head_offset = offsetof(struct smbsign_session, index),
	.automatic_shrinking = true,
};

/* All sessions of all connections, by SessionId. */
static struct rhltable table;

/*
 * Keys that nobody has, by algorithm.  A signature for a session that does not
 * exist is checked with one of them, so that timing does not tell which
 * sessions exist elsewhere.
 */
static struct smbsign_key *decoys[SMB2_SIGNING_COUNT];

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
		if (!smbsign_mac_knows(i))
			continue;
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
 * smbsign_session_init() - set up the table of sessions
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

/**
 * smbsign_session_find() - find a session on a connection
 * @conn:	the connection
 * @id:		SessionId
 * @other:	if not NULL, set to one established on another connection, if
 *		any
 *
 * Sessions stay valid until the caller leaves its grace section.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the session, or NULL.
 */
struct smbsign_session *smbsign_session_find(struct smbsign_conn *conn, u64 id,
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

/* The same without other connections; most connections have one session. */
static struct smbsign_session *session_here(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session *session =
		list_first_or_null_rcu(&conn->sessions, struct smbsign_session,
				       node);

	assert_grace();
	return session && session->id == id ? session :
					      smbsign_session_find(conn, id, NULL);
}

static struct smbsign_key *key_take(struct smbsign_key **from)
{
	/*
	 * Pairs with smp_store_release() in gate/setup.c, where a key is
	 * published.
	 */
	struct smbsign_key *key = smp_load_acquire(from);

	return key && smbsign_key_get(key) ? key : NULL;
}

/**
 * smbsign_session_signing_key() - get Session.SigningKey
 * @session:	a session; a bound channel keeps that key next to its own
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the key, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_signing_key(struct smbsign_session *session)
{
	return key_take(&session->signing_key) ?: key_take(&session->key);
}

static struct smbsign_key *decoy_key(const struct smbsign_conn *conn)
{
	u16 algorithm = READ_ONCE(conn->facts.algorithm);

	return algorithm < ARRAY_SIZE(decoys) ? key_take(&decoys[algorithm]) :
						NULL;
}

/*
 * Only a binding may be signed with another algorithm than the connection's.
 * For other requests it would tell, by the time it takes, which sessions there
 * are.
 */
static struct smbsign_key *key_of_elsewhere(const struct smbsign_conn *conn,
					    struct smbsign_session *other,
					    bool binds)
{
	struct smbsign_key *key = smbsign_session_signing_key(other);

	if (binds || !key ||
	    key->algorithm == READ_ONCE(conn->facts.algorithm))
		return key;
	smbsign_key_put(key);
	return NULL;
}

/**
 * smbsign_session_lookup() - get what the policy must know about a session
 * @conn:	the connection that the request came on
 * @id:		its SessionId, in host order
 * @binds:	the request may be one that binds the session
 * @facts:	filled in
 *
 * A binding in progress, and a session established only on other connections,
 * yield Session.SigningKey, which verifies a binding (3.3.5.5).  An unknown
 * session yields a key that verifies nothing.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: a key to verify with, with a reference, or NULL.
 */
struct smbsign_key *smbsign_session_lookup(struct smbsign_conn *conn, u64 id,
					   bool binds,
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
		smbsign_session_find(conn, id, &other);
		if (other)
			facts->state = SMBSIGN_SESSION_ELSEWHERE;
		key = other ? key_of_elsewhere(conn, other, binds) : NULL;
		if (!key)
			key = decoy_key(conn);
	}
	facts->has_key = key;
	if (key)
		facts->algorithm = key->algorithm;
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

/* The session no longer counts among those of its connection. */
static void session_uncount(struct smbsign_session *session)
{
	struct smbsign_conn_facts *facts = &session->conn->facts;

	facts->sessions--;
	facts->in_progress -= session->facts.state ==
			      SMBSIGN_SESSION_IN_PROGRESS;
	facts->required_sessions -= session->facts.required;
	smbsign_gauge_add(SMBSIGN_GAUGE_SESSIONS, -1);
}

/**
 * smbsign_session_drop() - forget a session
 * @session:	the session
 *
 * Context: any but hard interrupt, under smbsign_conn.lock.
 */
void smbsign_session_drop(struct smbsign_session *session)
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

/**
 * smbsign_session_add() - add a session to a connection
 * @conn:	the connection
 * @id:		SessionId
 *
 * Context: any but hard interrupt, under smbsign_conn.lock.
 * Return: the session, or NULL if there is no memory or the connection has
 * ended.
 */
struct smbsign_session *smbsign_session_add(struct smbsign_conn *conn, u64 id)
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

/**
 * smbsign_session_has_raw() - was a session's key made of this key of ksmbd?
 * @session:	a session that has a key
 * @raw:	a key of ksmbd
 *
 * Context: any, under smbsign_conn.lock.
 * Return: true if it was.
 */
bool smbsign_session_has_raw(const struct smbsign_session *session,
			     const u8 *raw)
{
	return !crypto_memneq(session->key->raw, raw, SMB2_KEY_SIZE);
}

/* Does ksmbd use this key for the session?  An ended session has none. */
static bool is_its_key(const struct smbsign_session *session, const u8 *raw)
{
	return session->key &&
	       session->facts.state == SMBSIGN_SESSION_ESTABLISHED &&
	       smbsign_session_has_raw(session, raw);
}

static struct smbsign_session *session_by_raw(struct smbsign_conn *conn,
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

/**
 * smbsign_session_checked() - find the session of a request that ksmbd checks
 * @conn:	the connection
 * @header:	the request's SMB2 header
 * @raw:	the key that ksmbd checks the request with
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(), under
 * smbsign_conn.lock.
 * Return: the session if @raw is its key, or NULL.
 */
struct smbsign_session *
smbsign_session_checked(struct smbsign_conn *conn,
			const struct smb2_header *header, const u8 *raw)
{
	u64 id = le64_to_cpu(header->session_id);
	struct smbsign_session *session;

	lockdep_assert_held(&conn->lock);
	if (id == SMB2_SESSION_ID_RELATED)
		return session_by_raw(conn, raw);
	session = session_here(conn, id);
	return session && is_its_key(session, raw) ? session : NULL;
}

/**
 * smbsign_session_key() - get the key for a request that ksmbd checks
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
	session = smbsign_session_checked(conn, header, raw);
	if (session)
		key = key_take(&session->key);
	spin_unlock_bh(&conn->lock);
	return key;
}

/**
 * smbsign_session_by_raw() - find the session that has a key
 * @conn:	the connection
 * @raw:	a key that ksmbd uses
 *
 * Context: any but hard interrupt.
 * Return: SessionId, as on the wire; SMB2_SESSION_ID_RELATED if there is none.
 */
__le64 smbsign_session_by_raw(struct smbsign_conn *conn, const u8 *raw)
{
	struct smbsign_session *session;
	u64 id = SMB2_SESSION_ID_RELATED;

	spin_lock_bh(&conn->lock);
	session = session_by_raw(conn, raw);
	if (session)
		id = session->id;
	spin_unlock_bh(&conn->lock);
	return cpu_to_le64(id);
}

/**
 * smbsign_session_only() - get the session of a connection that has only one
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
 * Return: true if one does, even if the session has ended.
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
 * smbsign_session_tolerate() - note that an unproven request passes
 * @conn:	the connection
 * @id:		SessionId of the request
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(), under the
 * socket lock.
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
 * smbsign_session_outgrown() - has a session sent what the policy no longer
 *	allows?
 * @conn:	the connection
 * @policy:	the administrator's policy now
 * @id:		set to the SessionId of the session that has
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: PASS if none has, else ABORT and why.
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
 * ksmbd has ended a session, but may still write answers.  Keep the key to sign
 * them for a while.
 */
static void session_ended(struct smbsign_session *session)
{
	struct smbsign_conn *conn = session->conn;

	lockdep_assert_held(&conn->lock);
	session_uncount(session);
	WRITE_ONCE(session->facts.state, SMBSIGN_SESSION_ENDED);
	list_add_tail(&session->ended, &conn->ended);
	if (++conn->ended_count > SMBSIGN_SESSIONS_ENDED_MAX)
		smbsign_session_drop(list_first_entry(&conn->ended,
						      struct smbsign_session, ended));
}

/**
 * smbsign_session_end() - ksmbd frees a SessionId
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
			smbsign_session_drop(session);
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
		smbsign_session_drop(session);
	spin_unlock_bh(&conn->lock);
}
