// SPDX-License-Identifier: GPL-2.0-only
/* A connection of ksmbd that is guarded: its making, and what it waits for. */
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/ipv6.h>

#include "conn.h"
#include "grace.h"
#include "session.h"

/*
 * More requests than ksmbd lets a client have in flight (8192 credits) are no
 * client's; refusals are bounded well below, they cost memory.
 */
#define AWAITED_MAX	1024
/*
 * Sessions that may be in the making on a connection at a time; no client logs so
 * many users on at once.  ksmbd 7.3 lets one.
 */
#define SETUPS_MAX	256
/* Sessions of a connection in all. */
#define SESSIONS_MAX	4096

/* ksmbd's listeners are IPv6 sockets: an IPv4 client is shown as one. */
static void peer_of(const struct sock *sk, union smbsign_peer *peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		peer->in6.sin6_family = AF_INET6;
		peer->in6.sin6_port = inet_sk(sk)->inet_dport;
		peer->in6.sin6_addr = sk->sk_v6_daddr;
		return;
	}
#endif
	peer->in.sin_family = AF_INET;
	peer->in.sin_port = inet_sk(sk)->inet_dport;
	peer->in.sin_addr.s_addr = inet_sk(sk)->inet_daddr;
}

/**
 * smbsign_conn_alloc() - make a connection
 * @sk:		its socket, locked, with nothing read from it yet
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows.
 * Return: the connection, or NULL.
 */
struct smbsign_conn *smbsign_conn_alloc(struct sock *sk, gfp_t gfp)
{
	struct smbsign_conn *conn = kzalloc(sizeof(*conn), gfp);

	if (!conn)
		return NULL;
	conn->sk = sk;
	conn->base = sk->sk_prot;
	conn->data_ready = sk->sk_data_ready;
	refcount_set(&conn->users, 1);
	mutex_init(&conn->tx_lock);
	spin_lock_init(&conn->lock);
	INIT_LIST_HEAD(&conn->sessions);
	INIT_LIST_HEAD(&conn->ended);
	INIT_LIST_HEAD(&conn->awaited);
	smbsign_window_init(&conn->window);
	peer_of(sk, &conn->peer);
	smbsign_rx_init(&conn->rx, tcp_sk(sk)->copied_seq);
	return conn;
}

static void conn_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct smbsign_conn, rcu));
	smbsign_grace_freed(sizeof(struct smbsign_conn));
}

/*
 * What only those use who have a reference, or the socket's lock, or @lock.  The
 * last of these look once more, and find nothing.
 */
static void conn_empty(struct smbsign_conn *conn)
{
	struct smbsign_verified_entry *entry;
	unsigned long *used = NULL;
	LIST_HEAD(awaited);

	spin_lock_bh(&conn->lock);
	list_splice_init(&conn->awaited, &awaited);
	conn->awaited_count = 0;
	if (conn->window.used != conn->window.small)
		used = conn->window.used;
	smbsign_window_init(&conn->window);
	entry = conn->verified.entry;
	conn->verified = (struct smbsign_verified) { };
	spin_unlock_bh(&conn->lock);

	smbsign_awaited_free(&awaited);
	smbsign_rx_destroy(&conn->rx);
	kfree(used);
	kfree(entry);
}

/**
 * smbsign_conn_get() - hold on to the connection of a socket
 * @sk:		a TCP socket
 *
 * What it has stays until smbsign_conn_put(), also when it is let go of meanwhile.
 *
 * Context: any; inside smbsign_grace_enter().
 * Return: the connection, or NULL if the socket is not (or no longer) guarded.
 */
struct smbsign_conn *smbsign_conn_get(const struct sock *sk)
{
	struct smbsign_conn *conn = smbsign_conn_of(sk);

	return conn && refcount_inc_not_zero(&conn->users) ? conn : NULL;
}

/**
 * smbsign_conn_put() - let go of a connection
 * @conn:	the connection
 *
 * Nothing but the struct itself has to wait until nobody can see it.
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_put(struct smbsign_conn *conn)
{
	if (!refcount_dec_and_test(&conn->users))
		return;
	conn_empty(conn);
	smbsign_grace_free(&conn->rcu, conn_free, sizeof(*conn));
}

/**
 * smbsign_conn_free() - free a connection that no socket leads to any more
 * @conn:	the connection, or NULL
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_free(struct smbsign_conn *conn)
{
	if (!conn)
		return;
	smbsign_session_drop_all(conn);
	smbsign_conn_put(conn);
}

/**
 * smbsign_awaited_alloc() - describe a request whose response matters
 * @kind:	why it does
 * @element:	the request
 * @header:	its header, for one that is refused, else NULL
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
 * smbsign_awaited_free() - free entries that nobody waits for
 * @list:	a list of them; empty afterwards
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

/**
 * smbsign_conn_await() - wait for the responses of requests
 * @conn:	the connection
 * @list:	one entry or several; empty afterwards
 *
 * Context: any but hard interrupt.
 * Return: 0, or -ENOBUFS if too many are waited for already.
 */
int smbsign_conn_await(struct smbsign_conn *conn, struct list_head *list)
{
	unsigned int count = list_count_nodes(list);
	int ret = 0;

	spin_lock_bh(&conn->lock);
	if (conn->awaited_count + count <= AWAITED_MAX) {
		conn->awaited_count += count;
		list_splice_tail_init(list, &conn->awaited);
	} else {
		ret = -ENOBUFS;
	}
	spin_unlock_bh(&conn->lock);
	if (ret)
		smbsign_awaited_free(list);
	return ret;
}

/* Does this response answer that request? */
static bool answers(const struct smb2_header *response,
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

static struct smbsign_awaited *find_awaited(struct smbsign_conn *conn,
					    const struct smb2_header *response)
{
	struct smbsign_awaited *awaited;

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(awaited, &conn->awaited, node) {
		if (answers(response, awaited))
			return awaited;
	}
	return NULL;
}

/**
 * smbsign_conn_expected() - the request that a message of ksmbd's belongs to
 * @conn:	the connection
 * @kind:	what its response is awaited for
 * @header:	header of the request, or of its response
 *
 * Context: any but hard interrupt, under smbsign_conn.lock.
 * Return: the entry, or NULL.
 */
struct smbsign_awaited *
smbsign_conn_expected(struct smbsign_conn *conn,
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
 * smbsign_conn_setups_full() - are too many sessions in the making?
 * @conn:	the connection
 *
 * Those that have been answered, and the requests for one that still wait for it.
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.3.5.5.
 * Return: true if a SESSION_SETUP that names no session is one too many.
 */
bool smbsign_conn_setups_full(struct smbsign_conn *conn)
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
 * smbsign_conn_is_awaited() - does a SESSION_SETUP with that MessageId wait already?
 * @conn:	the connection
 * @message_id:	MessageId
 *
 * What ksmbd shows of a session is found by it, so it must be the only one.
 *
 * Context: any but hard interrupt.
 * Return: true if one does.
 */
bool smbsign_conn_is_awaited(struct smbsign_conn *conn, u64 message_id)
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
 * smbsign_conn_leg() - does a response answer a SESSION_SETUP of a session that
 *	there was already?
 * @conn:	the connection
 * @response:	header of the response
 * @shown:	set to smbsign_key.serial of the key that the client has shown to
 *		have, or to 0
 *
 * A request that names no session makes a new one, whatever number it gets.
 *
 * Context: any but hard interrupt.
 * Return: true if it does.
 */
bool smbsign_conn_leg(struct smbsign_conn *conn,
		      const struct smb2_header *response, u64 *shown)
{
	struct smbsign_awaited *awaited;
	bool leg;

	spin_lock_bh(&conn->lock);
	awaited = find_awaited(conn, response);
	leg = awaited && awaited->kind == SMBSIGN_AWAITED_SETUP &&
	      awaited->session_id;
	*shown = leg ? awaited->shown : 0;
	spin_unlock_bh(&conn->lock);
	return leg;
}

/**
 * smbsign_conn_awaited() - find the request that a response answers
 * @conn:	the connection
 * @response:	header of the response
 *
 * Context: process, under smbsign_conn.tx_lock: only writers remove entries.
 * Return: the entry, or NULL.
 */
struct smbsign_awaited *
smbsign_conn_awaited(struct smbsign_conn *conn,
		     const struct smb2_header *response)
{
	struct smbsign_awaited *awaited;

	lockdep_assert_held(&conn->tx_lock);
	spin_lock_bh(&conn->lock);
	awaited = find_awaited(conn, response);
	spin_unlock_bh(&conn->lock);
	return awaited;
}

/**
 * smbsign_conn_answered() - forget a request that has been answered
 * @conn:	the connection
 * @awaited:	the entry
 *
 * Context: process, under smbsign_conn.tx_lock.
 */
void smbsign_conn_answered(struct smbsign_conn *conn,
			   struct smbsign_awaited *awaited)
{
	lockdep_assert_held(&conn->tx_lock);
	spin_lock_bh(&conn->lock);
	list_del(&awaited->node);
	conn->awaited_count--;
	spin_unlock_bh(&conn->lock);
	kfree_sensitive(awaited);
}

/**
 * smbsign_conn_kick() - make the reader look again
 * @conn:	the connection, its socket alive
 *
 * Context: any but hard interrupt.
 */
void smbsign_conn_kick(struct smbsign_conn *conn)
{
	/* Pairs with the reader's look at it between two waits. */
	atomic_inc(&conn->kick);
	conn->data_ready(conn->sk);
}

/**
 * smbsign_conn_kill() - give a connection up
 * @conn:	the connection
 * @reason:	why
 *
 * Context: process, may sleep, not under the socket lock.
 */
void smbsign_conn_kill(struct smbsign_conn *conn, enum smbsign_reason reason)
{
	lock_sock(conn->sk);
	smbsign_rx_kill(conn, &conn->rx.element, reason);
	release_sock(conn->sk);
	smbsign_conn_kick(conn);
}

/* Grant if there is room; returns the size that the window wants, or 0. */
static u32 grant(struct smbsign_conn *conn, u32 credits)
{
	u32 size;

	spin_lock_bh(&conn->lock);
	size = smbsign_window_wanted(&conn->window, credits);
	if (size <= conn->window.size) {
		smbsign_window_grant(&conn->window, credits);
		size = 0;
	}
	spin_unlock_bh(&conn->lock);
	return size;
}

/**
 * smbsign_conn_grant() - the client is granted credits
 * @conn:	the connection
 * @credits:	how many
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows; before the client can know of them.
 * Return: 0 or -ENOMEM.
 */
int smbsign_conn_grant(struct smbsign_conn *conn, u32 credits, gfp_t gfp)
{
	u32 size = grant(conn, credits);
	unsigned long *used;

	if (!size)
		return 0;
	used = kzalloc(size / BITS_PER_BYTE, gfp);
	if (!used)
		return -ENOMEM;
	spin_lock_bh(&conn->lock);
	used = smbsign_window_resize(&conn->window, used, size);
	smbsign_window_grant(&conn->window, credits);
	spin_unlock_bh(&conn->lock);
	kfree(used);
	return 0;
}

/* How many bits the window wants to remember ids up to there, also unseen ones. */
static u32 wanted_for(const struct smbsign_window *window, u64 id, u32 charge)
{
	u64 end = id + max(charge, 1U);

	if (id >= SMBSIGN_WINDOW_END || end <= window->high)
		return window->size;
	return smbsign_window_wanted(window, min_t(u64, end - window->high,
						   SMBSIGN_WINDOW_LARGE));
}

/* Use ids if the window has room for them; else *@size is what it wants. */
static int window_use(struct smbsign_conn *conn, u64 id, u32 charge, u32 *size)
{
	int ret = 0;

	spin_lock_bh(&conn->lock);
	*size = wanted_for(&conn->window, id, charge);
	if (*size <= conn->window.size) {
		*size = 0;
		if (!smbsign_window_use(&conn->window, id, charge))
			ret = -EALREADY;
	}
	spin_unlock_bh(&conn->lock);
	return ret;
}

/**
 * smbsign_conn_use() - a request that was encrypted uses ids
 * @conn:	the connection, which carries what hides its ids
 * @id:		MessageId
 * @charge:	CreditCharge
 *
 * Requests are decrypted side by side, and may overtake each other by far: the window
 * grows for that.
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.2.3.
 * Return: 0; -EALREADY if one of them was used before, or lies far behind; -ENOMEM.
 */
int smbsign_conn_use(struct smbsign_conn *conn, u64 id, u32 charge)
{
	unsigned long *used;
	u32 size;
	int ret = window_use(conn, id, charge, &size);

	if (!size)
		return ret;
	used = kzalloc(size / BITS_PER_BYTE, GFP_KERNEL);
	if (!used)
		return -ENOMEM;
	spin_lock_bh(&conn->lock);
	used = smbsign_window_resize(&conn->window, used, size);
	ret = smbsign_window_use(&conn->window, id, charge) ? 0 : -EALREADY;
	spin_unlock_bh(&conn->lock);
	kfree(used);
	return ret;
}

/**
 * smbsign_conn_unsee() - MessageIds and credits are hidden from now on
 * @conn:	the connection
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int smbsign_conn_unsee(struct smbsign_conn *conn, gfp_t gfp)
{
	spin_lock_bh(&conn->lock);
	smbsign_window_unsee(&conn->window);
	spin_unlock_bh(&conn->lock);
	/* For the memory that the window wants now. */
	return smbsign_conn_grant(conn, 0, gfp);
}

/**
 * smbsign_conn_repeats() - a MessageId is let in that is no new one, or unseen
 * @conn:	the connection
 *
 * In audit, or with replay_window=0.  From now on ksmbd checks itself: what it asks
 * for could be another request than the one that was verified.
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_conn_repeats(struct smbsign_conn *conn)
{
	spin_lock_bh(&conn->lock);
	conn->repeats = true;
	spin_unlock_bh(&conn->lock);
}

static void verified_grow(struct smbsign_conn *conn)
{
	u8 bits = smbsign_verified_wanted(&conn->verified);
	struct smbsign_verified_entry *entry;

	if (!bits)
		return;
	entry = kcalloc(1 << bits, sizeof(*entry), GFP_ATOMIC | __GFP_NOWARN);
	if (entry)
		kfree(smbsign_verified_resize(&conn->verified, entry, bits));
}

/* Will ksmbd ask for it?  CANCEL has the MessageId of another request. */
static bool asked_for(u16 command)
{
	switch (command) {
	case SMB2_CMD_NEGOTIATE:
	case SMB2_CMD_SESSION_SETUP:
	case SMB2_CMD_CANCEL:
	case SMB2_CMD_ECHO:
	case SMB2_CMD_OPLOCK_BREAK:
		return false;
	default:
		return true;
	}
}

/**
 * smbsign_conn_verified() - the gate has verified a request
 * @conn:	the connection
 * @element:	the request
 * @key:	smbsign_key.serial of the key
 * @signature:	its Signature
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_conn_verified(struct smbsign_conn *conn,
			   const struct smbsign_element *element, u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE])
{
	if (!asked_for(element->command))
		return;
	spin_lock_bh(&conn->lock);
	if (!conn->verified.entry)
		verified_grow(conn);
	if (!smbsign_verified_note(&conn->verified, element->message_id, key,
				   signature))
		verified_grow(conn);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_conn_take_verified() - the signature of a request that was verified
 * @conn:	the connection
 * @header:	the request's SMB2 header
 * @key:	smbsign_key.serial of the key that would be computed with
 * @signature:	filled in
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: true if it is known, and was verified with that key.
 */
bool smbsign_conn_take_verified(struct smbsign_conn *conn,
				const struct smb2_header *header, u64 key,
				u8 signature[SMB2_SIGNATURE_SIZE])
{
	bool taken;

	if (!asked_for(le16_to_cpu(header->command)) ||
	    header->flags & cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR))
		return false;
	spin_lock_bh(&conn->lock);
	taken = !conn->repeats &&
		smbsign_verified_take(&conn->verified,
				      le64_to_cpu(header->message_id), key,
				      signature);
	spin_unlock_bh(&conn->lock);
	return taken;
}
