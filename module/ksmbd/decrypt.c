// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks requests that ksmbd has decrypted.
 *
 * ksmbd decrypts a request with the key of the session in the transform
 * header.  It runs the request in the session in the request's own header, and,
 * because it was encrypted, without a signature.  If the two differ, a client
 * with keys of its own could speak for any session of the connection.  ksmbd
 * compares them itself since 6.12.117.
 *
 * Only now can MessageIds be seen, and only authenticated requests may use
 * them.  They share one window with those of unencrypted requests (3.3.5.2.3).
 * ksmbd 6.x has no window, and would execute a replayed message again.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/uio.h>

#include "admin/sysctl.h"
#include "base/grace.h"
#include "gate/verdict.h"
#include "ksmbd/decrypt.h"
#include "state/conn.h"
#include "state/credits.h"
#include "state/end.h"
#include "state/registry.h"
#include "state/session.h"

/**
 * smbsign_decrypt_by_ksmbd() - call ksmbd's own function
 * @work:	whatever ksmbd passes
 * @vec:	the NBSS and transform headers; the encrypted part
 * @vecs:	2
 * @encrypt:	0
 *
 * This function's entry is redirected into ksmbd's function, to the place after
 * the hook that leads here (hooks.c).  It is not static, because ftrace finds
 * it by name.
 *
 * Context: process, may sleep.
 * Return: as ksmbd's does; -EOPNOTSUPP if nothing is redirected any more.
 */
noinline int smbsign_decrypt_by_ksmbd(void *work, struct kvec *vec,
				      unsigned int vecs, int encrypt)
{
	return -EOPNOTSUPP;
}

/* Do all requests of a message name one session? */
static bool all_in_session(struct smbsign_decrypted decrypted)
{
	struct smbsign_element element;
	int ret;

	do {
		ret = smbsign_frame_decrypted(&decrypted, &element);
	} while (ret > 0);
	return !ret;
}

/* Use the MessageIds of a well-formed message.  0, -EALREADY or -ENOMEM. */
static int use_hidden_ids(struct smbsign_conn *conn,
			  struct smbsign_decrypted decrypted)
{
	struct smbsign_element element;
	int ret = 0;

	while (!ret && smbsign_frame_decrypted(&decrypted, &element) > 0)
		ret = smbsign_credits_use_hidden(conn, &element);
	return ret;
}

/* Replayed?  The policy decides as for unencrypted requests (gate/request.c). */
static int check_window(struct smbsign_conn *conn,
			const struct smbsign_decrypted *decrypted)
{
	static const struct smbsign_verdict replayed = {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MESSAGE_ID,
	};
	const struct smbsign_element element = {
		.command = SMB2_CMD_COUNT, .session_id = decrypted->session_id,
	};
	int ret = use_hidden_ids(conn, *decrypted);
	struct smbsign_policy policy;

	if (!ret)
		return 0;
	smbsign_policy_get(conn, &policy);
	if (ret == -EALREADY &&
	    (!policy.replay_window ||
	     !smbsign_verdict_settle(conn, &policy, &element, &replayed))) {
		smbsign_credits_repeat(conn);
		return 0;
	}
	smbsign_end_cut_now(conn, ret == -ENOMEM ? SMBSIGN_REASON_NO_MEMORY :
						   SMBSIGN_REASON_MESSAGE_ID);
	return -ECONNABORTED;
}

/**
 * smbsign_decrypt_conn() - whose message does ksmbd encrypt or decrypt?
 * @work:	what ksmbd passes: its connection, or a struct that begins with
 *		a pointer to it
 *
 * Context: any, inside smbsign_grace_enter().
 * Return: the connection, or NULL if it is not guarded.
 */
struct smbsign_conn *smbsign_decrypt_conn(void *work)
{
	return smbsign_registry_named(work) ?:
	       smbsign_registry_named(*(void **)work);
}

static int check_decrypted(void *work, const struct kvec *vec, unsigned int vecs)
{
	const struct smb2_transform *transform;
	struct smbsign_decrypted decrypted;
	struct smbsign_conn *conn;
	u64 id;

	if (vecs != 2 || vec[0].iov_len < SMB2_NBSS_SIZE + sizeof(*transform))
		return -EINVAL;
	transform = vec[0].iov_base + SMB2_NBSS_SIZE;
	id = le64_to_cpu(transform->session_id);
	decrypted = (struct smbsign_decrypted) {
		.message = vec[1].iov_base, .left = vec[1].iov_len,
		.session_id = id,
	};
	if (!all_in_session(decrypted)) {
		smbsign_end_cut_session(id,
					SMBSIGN_REASON_ENCRYPTED_FOR_ANOTHER);
		return -ECONNABORTED;
	}
	conn = smbsign_decrypt_conn(work);
	if (conn)
		return check_window(conn, &decrypted);
	/* A connection that is not guarded has no known session. */
	return smbsign_session_is_known(id) ? -ECONNABORTED : 0;
}

/**
 * smbsign_decrypt() - runs in place of ksmbd's function that decrypts a request
 * @work:	whatever ksmbd passes
 * @vec:	the NBSS and transform headers; the encrypted part
 * @vecs:	2
 * @encrypt:	0
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.2.1.1, 3.3.5.2.3.
 * Return: as ksmbd's does; -ECONNABORTED if the connection, or every connection
 * of the session, is cut; -EINVAL if it was not called as above.
 */
int smbsign_decrypt(void *work, struct kvec *vec, unsigned int vecs, int encrypt)
{
	/* Call through a pointer: the compiler may fold a direct call. */
	int (*by_ksmbd)(void *work, struct kvec *vec, unsigned int vecs,
			int encrypt) = smbsign_decrypt_by_ksmbd;
	int code = smbsign_code_enter(), grace, ret;

	OPTIMIZER_HIDE_VAR(by_ksmbd);
	ret = by_ksmbd(work, vec, vecs, encrypt);
	if (!ret) {
		grace = smbsign_grace_enter();
		ret = check_decrypted(work, vec, vecs);
		smbsign_grace_leave(grace);
	}
	smbsign_code_leave(code);
	return ret;
}
