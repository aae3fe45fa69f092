/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions, as they show on the wire, and their keys. */
#ifndef SMBSIGN_SESSION_H
#define SMBSIGN_SESSION_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>

#include "derive.h"
#include "policy.h"

struct smbsign_awaited;
struct smbsign_conn;
struct smbsign_key;

/* Ended sessions that a connection remembers; the one before the oldest goes. */
#define SMBSIGN_SESSIONS_ENDED_MAX	128

/**
 * struct smbsign_session - a session on one connection (a channel, 3.3.1.14)
 * @id:			SessionId: no other session has it for as long as anybody
 *			knows this one (number.c)
 * @index:		in the table of all sessions, by @id
 * @node:		in smbsign_conn.sessions; read without its lock, too
 * @ended:		in smbsign_conn.ended, once ksmbd has ended it
 * @conn:		its connection
 * @facts:		what the policy asks; written under smbsign_conn.lock
 * @security_mode:	SecurityMode of its SESSION_SETUP requests, or-ed
 * @setup_flags:	their Flags, or-ed
 * @raw:		the key that @key was made of, as ksmbd has it
 * @key:		the key prepared, or NULL; once set it never changes
 * @signing_key:	for a bound channel, Session.SigningKey, else NULL
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
	u8				raw[SMB2_KEY_SIZE];
	struct smbsign_key		*key;
	struct smbsign_key		*signing_key;
	struct rcu_head			rcu;
};

int smbsign_session_init(void);
void smbsign_session_exit(void);

struct smbsign_key *smbsign_session_facts(struct smbsign_conn *conn, u64 id,
					  struct smbsign_session_facts *facts);
int smbsign_session_response(struct smbsign_conn *conn,
			     const struct smbsign_awaited *request, u64 id,
			     u32 status, u16 session_flags);
int smbsign_session_shown(struct smbsign_conn *conn,
			  const struct smbsign_awaited *request, u64 id);
u64 smbsign_session_key_seen(struct smbsign_conn *conn,
			     const struct smb2_header *header, const u8 *raw);
void smbsign_session_preauth(struct smbsign_conn *conn,
			     const struct smb2_header *request, u32 length,
			     const u8 *hash);
struct smbsign_key *smbsign_session_key(struct smbsign_conn *conn,
					const struct smb2_header *header,
					const u8 *raw);
__le64 smbsign_session_by_raw(struct smbsign_conn *conn, const u8 *raw);
u64 smbsign_session_only(struct smbsign_conn *conn);
bool smbsign_session_is_on(struct smbsign_conn *conn, u64 id);
bool smbsign_session_is_known(u64 id);
bool smbsign_session_was_told(u64 id);
void smbsign_session_tolerate(struct smbsign_conn *conn, u64 id);
struct smbsign_verdict
smbsign_session_outgrown(struct smbsign_conn *conn,
			 const struct smbsign_policy *policy, u64 *id);
void smbsign_session_end(u64 id);
void smbsign_session_drop_all(struct smbsign_conn *conn);

#endif /* SMBSIGN_SESSION_H */
