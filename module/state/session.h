/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions, as seen on the wire, and their keys. */
#ifndef SMBSIGN_SESSION_H
#define SMBSIGN_SESSION_H

#include <linux/limits.h>
#include <linux/list.h>
#include <linux/rhashtable-types.h>

#include "rules/policy.h"

struct smbsign_conn;
struct smbsign_key;

/*
 * The SessionIds that ksmbd/session_id.c allocates.  Below are those of SMB1,
 * and those from before smbsign was loaded.
 */
#define SMBSIGN_SESSION_ID_MIN		0x10000
#define SMBSIGN_SESSION_ID_MAX		INT_MAX
/* Ended sessions that a connection remembers; beyond, the oldest is dropped. */
#define SMBSIGN_SESSIONS_ENDED_MAX	128

/**
 * struct smbsign_session - a session on one connection (a channel, 3.3.1.14)
 * @id:			SessionId; no other session has it while anybody knows
 *			this one (ksmbd/session_id.c)
 * @index:		in the table of all sessions, by @id
 * @node:		in smbsign_conn.sessions; also read without its lock
 * @ended:		in smbsign_conn.ended, once ksmbd has ended it
 * @conn:		its connection
 * @facts:		what the policy needs; written under smbsign_conn.lock
 * @security_mode:	SecurityMode of its SESSION_SETUP requests, or-ed
 * @setup_flags:	their Flags, or-ed
 * @key:		the prepared key, or NULL; once set it never changes
 * @signing_key:	for a bound channel, Session.SigningKey; else NULL
 * @rcu:		freed after a grace period
 */
struct smbsign_session {
	u64				id;
	struct rhlist_head		index;
	struct list_head		node;
	struct list_head		ended;
	struct smbsign_conn		*conn;
	struct smbsign_session_facts	facts;
	u16				security_mode;
	u8				setup_flags;
	struct smbsign_key		*key;
	struct smbsign_key		*signing_key;
	struct rcu_head			rcu;
};

/* Can ksmbd/session_id.c have allocated it? */
static inline bool smbsign_session_id_is_ours(u64 session_id)
{
	return session_id >= SMBSIGN_SESSION_ID_MIN &&
	       session_id <= SMBSIGN_SESSION_ID_MAX;
}

int smbsign_session_init(void);
void smbsign_session_exit(void);

struct smbsign_session *smbsign_session_find(struct smbsign_conn *conn, u64 id,
					     struct smbsign_session **other);
struct smbsign_session *smbsign_session_add(struct smbsign_conn *conn, u64 id);
void smbsign_session_drop(struct smbsign_session *session);
void smbsign_session_drop_all(struct smbsign_conn *conn);
void smbsign_session_end(u64 id);

struct smbsign_key *smbsign_session_lookup(struct smbsign_conn *conn, u64 id,
					   bool binds,
					   struct smbsign_session_facts *facts);
struct smbsign_key *smbsign_session_signing_key(struct smbsign_session *session);
struct smbsign_key *smbsign_session_key(struct smbsign_conn *conn,
					const struct smb2_header *header,
					const u8 *raw);
bool smbsign_session_has_raw(const struct smbsign_session *session,
			     const u8 *raw);
struct smbsign_session *
smbsign_session_checked(struct smbsign_conn *conn,
			const struct smb2_header *header, const u8 *raw);
__le64 smbsign_session_by_raw(struct smbsign_conn *conn, const u8 *raw);
u64 smbsign_session_only(struct smbsign_conn *conn);
bool smbsign_session_is_on(struct smbsign_conn *conn, u64 id);
bool smbsign_session_is_known(u64 id);
void smbsign_session_tolerate(struct smbsign_conn *conn, u64 id);
struct smbsign_verdict
smbsign_session_outgrown(struct smbsign_conn *conn,
			 const struct smbsign_policy *policy, u64 *id);

#endif /* SMBSIGN_SESSION_H */
