/* SPDX-License-Identifier: GPL-2.0-only */
/* A guarded connection of ksmbd. */
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

#include "gate/gate.h"
#include "gate/negotiate.h"
#include "gate/tx.h"
#include "rules/due.h"
#include "rules/exceptions.h"
#include "rules/policy.h"
#include "rules/verified.h"
#include "rules/window.h"

/**
 * union smbsign_peer - a client's address, for the log
 * @any:	its family
 * @in:		an IPv4 address
 * @in6:	an IPv6 address
 *
 * A struct sockaddr_storage would take more room than the rest of a connection.
 */
union smbsign_peer {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/**
 * enum smbsign_life - the stages of a connection's life
 * @SMBSIGN_LIFE_OPEN:	it is guarded
 * @SMBSIGN_LIFE_EOF:	ksmbd is told that its client has closed it
 * @SMBSIGN_LIFE_CUT:	it must be reset
 * @SMBSIGN_LIFE_GONE:	its socket is detached
 */
enum smbsign_life {
	SMBSIGN_LIFE_OPEN,
	SMBSIGN_LIFE_EOF,
	SMBSIGN_LIFE_CUT,
	SMBSIGN_LIFE_GONE,
};

/**
 * struct smbsign_conn - a guarded connection
 * @sk:			its socket; valid until it is detached, or with a
 *			reference to it
 * @node:		in the list of all connections
 * @listed:		it is on that list; under the list's lock
 * @turn:		the latest walk over that list that has met it; under
 *			the list's lock
 * @base:		the proto that the socket had before
 * @data_ready:		the callback that the socket had before
 * @peer:		the client's address
 * @begun:		when it was guarded, seconds since 1970
 * @ksmbd_conn:		ksmbd's own pointer for the connection, never
 *			dereferenced
 * @by_ksmbd_conn:	in the table of those pointers, once @ksmbd_conn is
 *			known
 * @users:		references: the socket's, and those of code that may
 *			sleep
 * @life:		written by end.c under the socket lock, read without it
 * @refused_for:	reason of the latest refusal, reset or audit report,
 *			plus 1; 0: none yet. Written by report.c, read without a
 *			lock
 * @foreseen:		why policy=required would refuse it, plus 1; 0: nothing
 *			yet. Written under @lock, read without it
 * @excused:		reason, plus 1, for which policy=audit has let something
 *			pass; 0: nothing. Written by report.c, read without a
 *			lock
 * @excepted:		an exception from policy=required holds; written under
 *			the socket lock, read without it
 * @exception:		the one that counts what it lets in, or all zeroes;
 *			under the socket lock
 * @compressed:		a compressed request has passed; set under the socket
 *			lock
 * @encrypted:		an encrypted request has passed; set under the socket
 *			lock
 * @kick:		incremented to make the reader look again
 * @requests:		requests judged; under the socket lock
 * @refusals:		requests refused; under the socket lock
 * @gate:		the receiving side; under the socket lock
 * @negotiation:	what its NEGOTIATE says
 * @tx:			the sending side; its lock is taken outside the socket
 *			lock
 * @lock:		protects the members below
 * @closed:		the connection has ended: no session may be added
 * @facts:		what is known about the connection; its dialect is read
 *			without @lock, for reports
 * @window:		MessageIds that the client may use
 * @due:		MessageIds whose responses may be signed with AES-GMAC;
 *			NULL for other algorithms
 * @verified:		signatures that need not be computed again for ksmbd
 * @ahead:		signatures of responses that have not left yet
 * @repeats:		a MessageId may have passed twice, so it identifies no
 *			request any more
 * @sessions:		its sessions
 * @ended:		the sessions that ksmbd has ended, the oldest first
 * @ended_count:	their number
 * @awaited:		requests whose responses matter
 * @awaited_count:	their number
 * @rcu:		freed after a grace period
 */
struct smbsign_conn {
	struct sock		*sk;
	struct list_head	node;
	bool			listed;
	u32			turn;
	struct proto		*base;
	void			(*data_ready)(struct sock *sk);
	union smbsign_peer	peer;
	time64_t		begun;
	void			*ksmbd_conn;
	struct hlist_node	by_ksmbd_conn;
	refcount_t		users;
	enum smbsign_life	life;
	u8			refused_for;
	u8			foreseen;
	u8			excused;
	bool			excepted;
	struct smbsign_prefix	exception;
	bool			compressed;
	bool			encrypted;
	atomic_t		kick;
	u64			requests;
	u64			refusals;

	struct smbsign_gate	gate;
	struct smbsign_negotiation negotiation;
	struct smbsign_tx	tx;

	spinlock_t		lock;		/* all below */
	bool			closed;
	struct smbsign_conn_facts facts;
	struct smbsign_window	window;
	struct smbsign_due	*due;
	struct smbsign_verified	verified;
	struct smbsign_verified	ahead;
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
struct smbsign_conn *smbsign_conn_get(const struct sock *sk);
void smbsign_conn_put(struct smbsign_conn *conn);
void smbsign_conn_copy_facts(struct smbsign_conn *conn,
			     struct smbsign_conn_facts *facts);
void smbsign_conn_kick(struct smbsign_conn *conn);

#endif /* SMBSIGN_CONN_H */
