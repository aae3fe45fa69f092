// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applies a stricter policy to connections that exist.
 *
 * Requests judged under the old policy may be in the queue, complete or not, or
 * wait in ksmbd.  If a connection has sent what the new policy does not allow,
 * it is cut, and nothing more of it is executed.
 */
#include <net/sock.h>

#include "admin/sysctl.h"
#include "base/grace.h"
#include "socket/enforce.h"
#include "state/conn.h"
#include "state/end.h"
#include "state/registry.h"
#include "state/session.h"

/* Has it sent what is no longer allowed?  Sets *@id to the session, or 0. */
static struct smbsign_verdict
judge_connection(struct smbsign_conn *conn, const struct smbsign_policy *policy,
		 u64 *id)
{
	struct smbsign_verdict verdict = { .action = SMBSIGN_ABORT };
	u8 excused = READ_ONCE(conn->excused);

	*id = 0;
	if (excused)
		verdict.reason = excused - 1;
	else if (conn->compressed && policy->mode == SMBSIGN_POLICY_REQUIRED)
		verdict.reason = SMBSIGN_REASON_COMPRESSED;
	else
		verdict = smbsign_session_outgrown(conn, policy, id);
	return verdict;
}

/* Under the socket lock, inside smbsign_grace_enter(); @policy is not AUDIT. */
static void enforce_on(struct smbsign_conn *conn,
		       const struct smbsign_policy *policy)
{
	struct smbsign_element element = { .command = SMB2_CMD_COUNT };
	struct smbsign_verdict verdict =
		judge_connection(conn, policy, &element.session_id);

	if (verdict.action == SMBSIGN_PASS)
		return;
	smbsign_end_cut(conn, &element, verdict.reason);
	smbsign_conn_kick(conn);
}

static void enforce_locked(struct smbsign_conn *conn,
			   const struct smbsign_policy *policy)
{
	int grace = smbsign_grace_enter();
	struct sock *sk = conn->sk;

	lock_sock(sk);
	if (smbsign_conn_of(sk) == conn)
		enforce_on(conn, policy);
	release_sock(sk);
	smbsign_grace_leave(grace);
	/* The reader thread may not look for a while. */
	smbsign_end_abort(conn);
}

/**
 * smbsign_enforce() - apply the policy to all connections
 *
 * Context: process, may sleep, under no socket lock; one caller at a time.
 */
void smbsign_enforce(void)
{
	struct smbsign_conn *conn = NULL;
	struct smbsign_policy policy;
	static u32 turn;

	smbsign_policy_get(&policy);
	turn++;
	while ((conn = smbsign_registry_walk(conn, turn))) {
		enforce_locked(conn, &policy);
		cond_resched();
	}
}
