// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applies a policy that has changed to connections that exist.
 *
 * Requests judged under the old policy may be in the queue, complete or not, or
 * wait in ksmbd.  If a connection has sent what the new policy does not allow,
 * it is cut, and nothing more of it is executed.
 */
#include <net/sock.h>

#include "admin/exceptions.h"
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

/*
 * Apply the exceptions.  Has the policy become stricter for this connection?
 * Under AUDIT nothing is cut.
 */
static bool is_stricter_on(struct smbsign_conn *conn,
			   const struct smbsign_policy *before,
			   struct smbsign_policy *policy)
{
	struct smbsign_policy was = *before;

	if (conn->excepted)
		smbsign_policy_except(&was);
	smbsign_exceptions_apply(conn);
	smbsign_policy_get(conn, policy);
	return policy->mode != SMBSIGN_POLICY_AUDIT &&
	       smbsign_policy_is_stricter(policy, &was);
}

/* Under the socket lock, inside smbsign_grace_enter(). */
static void enforce_on(struct smbsign_conn *conn,
		       const struct smbsign_policy *before)
{
	struct smbsign_element element = { .command = SMB2_CMD_COUNT };
	struct smbsign_verdict verdict;
	struct smbsign_policy policy;

	if (!is_stricter_on(conn, before, &policy))
		return;
	verdict = judge_connection(conn, &policy, &element.session_id);
	if (verdict.action == SMBSIGN_PASS)
		return;
	smbsign_end_cut(conn, &element, verdict.reason);
	smbsign_conn_kick(conn);
}

static void enforce_locked(struct smbsign_conn *conn,
			   const struct smbsign_policy *before)
{
	int grace = smbsign_grace_enter();
	struct sock *sk = conn->sk;

	lock_sock(sk);
	if (smbsign_conn_of(sk) == conn)
		enforce_on(conn, before);
	release_sock(sk);
	smbsign_grace_leave(grace);
	/* The reader thread may not look for a while. */
	smbsign_end_abort(conn);
}

/**
 * smbsign_enforce() - apply the policy and its exceptions to all connections
 * @before:	the policy before
 *
 * Context: process, may sleep, under no socket lock; one caller at a time.
 */
void smbsign_enforce(const struct smbsign_policy *before)
{
	struct smbsign_conn *conn = NULL;
	static u32 turn;

	turn++;
	while ((conn = smbsign_registry_walk(conn, turn))) {
		enforce_locked(conn, before);
		cond_resched();
	}
}
