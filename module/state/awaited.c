// SPDX-License-Identifier: GPL-2.0-only
/* Requests whose responses matter, and why each is awaited. */
#include <linux/slab.h>

#include "state/awaited.h"
#include "state/conn.h"

/*
 * No client has more requests in flight than ksmbd grants credits (8192).  The
 * limit is well below that because refused requests cost memory.
 */
#define AWAITED_MAX	1024
/*
 * Sessions that a connection may have in the making at a time.  No client logs
 * on that many users at once; ksmbd 7.3 allows one.
 */
#define SETUPS_MAX	256
/* All sessions of a connection together. */
#define SESSIONS_MAX	4096

/**
 * smbsign_awaited_alloc() - describe a request whose response matters
 * @kind:	why it matters
 * @element:	the request
 * @header:	its header if it is refused, else NULL
 *
 * Context: any.
 * Return: the entry, on no list yet, or NULL.
 */
struct smbsign_awaited *
smbsign_awaited_alloc(enum smbsign_awaited_kind kind,
		      const struct smbsign_element *element,
		      const struct smb2_header *header)
{
	struct smbsign_awaited *awaited = kzalloc(sizeof(*awaited),
						   GFP_ATOMIC | __GFP_NOWARN);

	if (!awaited)
		return NULL;
	INIT_LIST_HEAD(&awaited->node);
	awaited->kind = kind;
	awaited->message_id = element->message_id;
	awaited->session_id = element->session_id;
	awaited->security_mode = element->security_mode;
	awaited->setup_flags = element->setup_flags;
	if (header)
		awaited->header = *header;
	return awaited;
}

/**
 * smbsign_awaited_free() - free entries that are not awaited
 * @list:	a list of them; empty on return
 *
 * Context: any.
 */
void smbsign_awaited_free(struct list_head *list)
{
	struct smbsign_awaited *awaited, *next;

	list_for_each_entry_safe(awaited, next, list, node)
		kfree_sensitive(awaited);
	INIT_LIST_HEAD(list);
}

/* Is its response signed before it leaves? */
static bool is_signed_early(const struct smbsign_awaited *awaited)
{
	return awaited->kind == SMBSIGN_AWAITED_SETUP ||
	       awaited->kind == SMBSIGN_AWAITED_REFUSED;
}

/*
 * AES-GMAC would sign two such responses with one nonce if they have one
 * MessageId: it stays due until the first of them leaves.  Only where a
 * MessageId may have passed twice is there anything to look for.
 */
static bool has_twin(const struct smbsign_conn *conn,
		     const struct smbsign_awaited *awaited)
{
	const struct smbsign_awaited *other;

	if (!conn->due || !conn->repeats || !is_signed_early(awaited))
		return false;
	list_for_each_entry(other, &conn->awaited, node) {
		if (other->message_id == awaited->message_id &&
		    is_signed_early(other))
			return true;
	}
	return false;
}

/* Entries of one list have no twins: they are of one kind, or SETUP and alone. */
static int may_await(const struct smbsign_conn *conn,
		     const struct list_head *list, unsigned int count)
{
	const struct smbsign_awaited *awaited;

	if (conn->awaited_count + count > AWAITED_MAX)
		return -ENOBUFS;
	list_for_each_entry(awaited, list, node) {
		if (has_twin(conn, awaited))
			return -EALREADY;
	}
	return 0;
}

/**
 * smbsign_awaited_add() - await the responses to requests
 * @conn:	the connection
 * @list:	one entry or more; empty on return
 *
 * Context: any but hard interrupt.
 * Return: 0; -ENOBUFS if too many are awaited already; -EALREADY if AES-GMAC
 * cannot sign one of the responses beside another one that is awaited.
 */
int smbsign_awaited_add(struct smbsign_conn *conn, struct list_head *list)
{
	unsigned int count = list_count_nodes(list);
	int ret;

	spin_lock_bh(&conn->lock);
	ret = may_await(conn, list, count);
	if (!ret) {
		conn->awaited_count += count;
		list_splice_tail_init(list, &conn->awaited);
	}
	spin_unlock_bh(&conn->lock);
	if (ret)
		smbsign_awaited_free(list);
	return ret;
}

/* Does this response answer that request? */
static bool is_answered_by(const struct smb2_header *response,
			   const struct smbsign_awaited *awaited)
{
	u16 command = le16_to_cpu(response->command);

	if (awaited->message_id != le64_to_cpu(response->message_id))
		return false;
	switch (awaited->kind) {
	case SMBSIGN_AWAITED_REFUSED:
		return command == SMB2_CMD_ECHO;
	case SMBSIGN_AWAITED_NEGOTIATE:
		return command == SMB2_CMD_NEGOTIATE;
	case SMBSIGN_AWAITED_SETUP:
		return command == SMB2_CMD_SESSION_SETUP &&
		       (!awaited->session_id ||
			awaited->session_id ==
			le64_to_cpu(response->session_id));
	default:
		return true;
	}
}

static struct smbsign_awaited *awaited_find(struct smbsign_conn *conn,
					    const struct smb2_header *response)
{
	struct smbsign_awaited *awaited;

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(awaited, &conn->awaited, node) {
		if (is_answered_by(response, awaited))
			return awaited;
	}
	return NULL;
}

/**
 * smbsign_awaited_of() - find the request that a message of ksmbd belongs to
 * @conn:	the connection
 * @kind:	what its response is awaited for
 * @header:	header of the request, or of its response
 *
 * Context: any but hard interrupt, under smbsign_conn.lock.
 * Return: the entry, or NULL.
 */
struct smbsign_awaited *
smbsign_awaited_of(struct smbsign_conn *conn,
		   enum smbsign_awaited_kind kind,
		   const struct smb2_header *header)
{
	u64 id = le64_to_cpu(header->session_id);
	struct smbsign_awaited *awaited;

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(awaited, &conn->awaited, node) {
		if (awaited->kind == kind &&
		    awaited->message_id == le64_to_cpu(header->message_id) &&
		    (!awaited->session_id || awaited->session_id == id))
			return awaited;
	}
	return NULL;
}

/**
 * smbsign_awaited_setups_full() - are too many sessions in the making?
 * @conn:	the connection
 *
 * Counts the sessions that wait for another leg, and the requests for a new
 * session that are not answered yet.
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.3.5.5.
 * Return: true if a SESSION_SETUP that names no session is one too many.
 */
bool smbsign_awaited_setups_full(struct smbsign_conn *conn)
{
	const struct smbsign_awaited *awaited;
	unsigned int setups;

	spin_lock_bh(&conn->lock);
	setups = conn->facts.in_progress;
	list_for_each_entry(awaited, &conn->awaited, node)
		setups += awaited->kind == SMBSIGN_AWAITED_SETUP &&
			  !awaited->session_id;
	setups = conn->facts.sessions >= SESSIONS_MAX ? SETUPS_MAX : setups;
	spin_unlock_bh(&conn->lock);
	return setups >= SETUPS_MAX;
}

/**
 * smbsign_awaited_is_setup() - is a SESSION_SETUP with this MessageId awaited
 *	already?
 * @conn:	the connection
 * @message_id:	MessageId
 *
 * ksmbd's keys and hashes are matched to a request by MessageId, so it must be
 * unique.
 *
 * Context: any but hard interrupt.
 * Return: true if one is.
 */
bool smbsign_awaited_is_setup(struct smbsign_conn *conn, u64 message_id)
{
	const struct smbsign_awaited *awaited;
	bool found = false;

	spin_lock_bh(&conn->lock);
	list_for_each_entry(awaited, &conn->awaited, node)
		found |= awaited->kind == SMBSIGN_AWAITED_SETUP &&
			 awaited->message_id == message_id;
	spin_unlock_bh(&conn->lock);
	return found;
}

/**
 * smbsign_awaited_leg() - does a response answer a SESSION_SETUP that named a
 *	session?
 * @conn:	the connection
 * @response:	header of the response
 * @shown:	set to smbsign_key.serial of the key that the client has shown
 *		it has, or to 0
 *
 * A request that names no session makes a new one, whatever SessionId it gets.
 *
 * Context: any but hard interrupt.
 * Return: true if it does.
 */
bool smbsign_awaited_leg(struct smbsign_conn *conn,
			 const struct smb2_header *response, u64 *shown)
{
	struct smbsign_awaited *awaited;
	bool leg;

	spin_lock_bh(&conn->lock);
	awaited = awaited_find(conn, response);
	leg = awaited && awaited->kind == SMBSIGN_AWAITED_SETUP &&
	      awaited->session_id;
	*shown = leg ? awaited->shown : 0;
	spin_unlock_bh(&conn->lock);
	return leg;
}

/**
 * smbsign_awaited_by() - find the request that a response answers
 * @conn:	the connection
 * @response:	header of the response
 *
 * Context: process, under smbsign_tx.lock: only writers remove entries.
 * Return: the entry, or NULL.
 */
struct smbsign_awaited *
smbsign_awaited_by(struct smbsign_conn *conn,
		   const struct smb2_header *response)
{
	struct smbsign_awaited *awaited;

	lockdep_assert_held(&conn->tx.lock);
	spin_lock_bh(&conn->lock);
	awaited = awaited_find(conn, response);
	spin_unlock_bh(&conn->lock);
	return awaited;
}

/**
 * smbsign_awaited_done() - forget a request that has been answered
 * @conn:	the connection
 * @awaited:	the entry
 *
 * Context: process, under smbsign_tx.lock.
 */
void smbsign_awaited_done(struct smbsign_conn *conn,
			  struct smbsign_awaited *awaited)
{
	lockdep_assert_held(&conn->tx.lock);
	spin_lock_bh(&conn->lock);
	list_del(&awaited->node);
	conn->awaited_count--;
	spin_unlock_bh(&conn->lock);
	kfree_sensitive(awaited);
}
