/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection of ksmbd that is guarded. */
#ifndef SMBSIGN_CONN_H
#define SMBSIGN_CONN_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "derive.h"
#include "policy.h"
#include "rx.h"
#include "verified.h"
#include "window.h"

/**
 * enum smbsign_awaited_kind - what a response is awaited for
 * @SMBSIGN_AWAITED_NEGOTIATE:	it settles the connection; rx stands still
 * @SMBSIGN_AWAITED_SETUP:	it makes or completes a session
 * @SMBSIGN_AWAITED_PROVISIONAL: it shows that ksmbd has checked; rx stands still
 * @SMBSIGN_AWAITED_UNPROVEN:	it must not be signed: nobody knows who has asked
 * @SMBSIGN_AWAITED_REFUSED:	it is ksmbd's answer to the ECHO that took a
 *				refused request's place, to be turned into an error
 */
enum smbsign_awaited_kind {
	SMBSIGN_AWAITED_NEGOTIATE,
	SMBSIGN_AWAITED_SETUP,
	SMBSIGN_AWAITED_PROVISIONAL,
	SMBSIGN_AWAITED_UNPROVEN,
	SMBSIGN_AWAITED_REFUSED,
};

/**
 * struct smbsign_leg - what ksmbd shows of a session while it answers a request
 * @raw:	the key that it uses
 * @shown:	it has shown one
 * @preauth:	on 3.1.1 the hash behind the request: a key is derived with it
 */
struct smbsign_leg {
	u8				raw[SMB2_KEY_SIZE];
	bool				shown;
	u8				preauth[SMBSIGN_PREAUTH_SIZE];
};

/**
 * struct smbsign_awaited - a request whose response matters to us
 * @node:		in smbsign_conn.awaited
 * @kind:		why
 * @message_id:		MessageId
 * @session_id:		SessionId of the request
 * @security_mode:	SecurityMode of the request
 * @setup_flags:	Flags of a SESSION_SETUP
 * @status:		for REFUSED the status to answer with; for NEGOTIATE the
 *			status to answer with in ksmbd's place, or 0
 * @shown:		for SETUP and REFUSED, smbsign_key.serial of the key that it was
 *			signed with, or 0
 * @header:		for REFUSED, the request's header as it came
 * @leg:		for SETUP and PROVISIONAL, what ksmbd shows as it answers
 */
struct smbsign_awaited {
	struct list_head		node;
	enum smbsign_awaited_kind	kind;
	u64				message_id;
	u64				session_id;
	u16				security_mode;
	u8				setup_flags;
	u32				status;
	u64				shown;
	union {
		struct smb2_header	header;
		struct smbsign_leg	leg;
	};
};

/**
 * union smbsign_peer - an address, to be shown; a struct sockaddr_storage has more
 *			room than all the rest of a connection
 * @any:	its family
 * @in:		an IPv4 address
 * @in6:	an IPv6 address
 */
union smbsign_peer {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/**
 * struct smbsign_unsent - a message of ksmbd that TCP had no room for at all
 * @header:	of its first response, as it is written again, or of protocol 0
 * @status:	what is said in its place, or 0
 */
struct smbsign_unsent {
	struct smb2_header	header;
	u32			status;
};

/**
 * struct smbsign_conn - a guarded connection
 * @sk:			its socket; ours while we are attached
 * @node:		in the list of all connections
 * @listed:		it is; under that list's lock
 * @enforced:		the latest change of the policy that was enforced here; likewise
 * @base:		the proto the socket had
 * @data_ready:		the callback the socket had
 * @peer:		the client's address
 * @ksmbd_conn:		ksmbd's own name for the connection, never dereferenced
 * @by_ksmbd_conn:	in the table of redirect.c, once @ksmbd_conn is known
 * @forgotten:		gone from that table for good
 * @users:		its socket, and whoever waits for a peer
 * @refused_for:	reason of the latest refusal, plus 1; 0: none yet. Written by
 *			whoever refuses, read by anybody
 * @foreseen:		why policy=required would refuse it, plus 1; 0: nothing yet.
 *			Written under @lock, read by anybody
 * @rx:			what came in; under the socket lock
 * @tx_lock:		serialises writers; outside of the socket lock
 * @tx_left:		bytes of ksmbd's current response not written yet; @tx_lock
 * @tx_unsent:		what became of the message before, where it is to be written
 *			again; @tx_lock
 * @told:		ksmbd's NEGOTIATE response was made to demand signing; @tx_lock
 * @excused:		reason, plus 1, for which policy=audit has let something in; 0:
 *			nothing. Written by whoever reports, read by anybody
 * @compressed:		a compressed request was let in; set under the socket lock
 * @encrypted:		an encrypted request was let in; set under the socket lock
 * @kick:		raised to make the reader look again
 * @requests:		requests judged; under the socket lock
 * @refusals:		requests refused; under the socket lock
 * @lock:		protects what follows
 * @closed:		the connection has ended, no session may be added
 * @facts:		what is known of the connection
 * @window:		MessageIds that the client may use
 * @verified:		signatures that ksmbd need not compute
 * @repeats:		a MessageId may come twice: it tells no request any more
 * @sessions:		its sessions
 * @ended:		those that ksmbd has ended, the oldest first
 * @ended_count:	their number
 * @awaited:		requests whose responses matter
 * @awaited_count:	their number
 * @rcu:		freed after a grace period
 */
struct smbsign_conn {
	struct sock		*sk;
	struct list_head	node;
	bool			listed;
	u32			enforced;
	struct proto		*base;
	void			(*data_ready)(struct sock *sk);
	union smbsign_peer	peer;
	void			*ksmbd_conn;
	struct hlist_node	by_ksmbd_conn;
	bool			forgotten;
	refcount_t		users;
	u8			refused_for;
	u8			excused;
	u8			foreseen;
	struct smbsign_rx	rx;

	struct mutex		tx_lock;	/* writers */
	u32			tx_left;
	struct smbsign_unsent	tx_unsent;
	bool			told;

	bool			compressed;
	bool			encrypted;
	atomic_t		kick;
	u64			requests;
	u64			refusals;

	spinlock_t		lock;		/* all below */
	bool			closed;
	struct smbsign_conn_facts facts;
	struct smbsign_window	window;
	struct smbsign_verified	verified;
	bool			repeats;
	struct list_head	sessions;
	struct list_head	ended;
	unsigned int		ended_count;
	struct list_head	awaited;
	unsigned int		awaited_count;

	struct rcu_head		rcu;
};

/**
 * smbsign_conn_of() - the guarded connection of a socket
 * @sk:		a TCP socket
 *
 * Context: inside smbsign_grace_enter(), or under the socket lock.
 * Return: the connection, or NULL if the socket is not (or no longer) guarded.
 */
static inline struct smbsign_conn *smbsign_conn_of(const struct sock *sk)
{
	return rcu_dereference_raw(inet_csk(sk)->icsk_ulp_data);
}

struct smbsign_conn *smbsign_conn_alloc(struct sock *sk, gfp_t gfp);
void smbsign_conn_free(struct smbsign_conn *conn);
struct smbsign_conn *smbsign_conn_get(const struct sock *sk);
void smbsign_conn_put(struct smbsign_conn *conn);
struct smbsign_awaited *
smbsign_awaited_alloc(enum smbsign_awaited_kind kind,
		      const struct smbsign_element *element,
		      const struct smb2_header *header);
void smbsign_awaited_free(struct list_head *list);
int smbsign_conn_await(struct smbsign_conn *conn, struct list_head *list);
struct smbsign_awaited *
smbsign_conn_awaited(struct smbsign_conn *conn,
		     const struct smb2_header *response);
struct smbsign_awaited *
smbsign_conn_expected(struct smbsign_conn *conn,
		      enum smbsign_awaited_kind kind,
		      const struct smb2_header *header);
bool smbsign_conn_leg(struct smbsign_conn *conn,
		      const struct smb2_header *response, u64 *shown);
void smbsign_conn_answered(struct smbsign_conn *conn,
			   struct smbsign_awaited *awaited);
void smbsign_conn_kick(struct smbsign_conn *conn);
void smbsign_conn_kill(struct smbsign_conn *conn, enum smbsign_reason reason);
bool smbsign_conn_setups_full(struct smbsign_conn *conn);
bool smbsign_conn_is_awaited(struct smbsign_conn *conn, u64 message_id);
void smbsign_conn_repeats(struct smbsign_conn *conn);
void smbsign_conn_verified(struct smbsign_conn *conn,
			   const struct smbsign_element *element, u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_conn_take_verified(struct smbsign_conn *conn,
				const struct smb2_header *header, u64 key,
				u8 signature[SMB2_SIGNATURE_SIZE]);
int smbsign_conn_grant(struct smbsign_conn *conn, u32 credits, gfp_t gfp);
int smbsign_conn_use(struct smbsign_conn *conn, u64 id, u32 charge);
int smbsign_conn_unsee(struct smbsign_conn *conn, gfp_t gfp);

#endif /* SMBSIGN_CONN_H */
