// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd decrypts, looked at once it has.
 *
 * The key is that of the session that the transform header names; the request is
 * run in the session that its own header names, and as it was encrypted, without
 * a signature.  Unless the two are one, whoever has keys of his own could speak for
 * any session of the connection.  ksmbd compares them itself since 6.12.117.
 *
 * Its MessageIds show only now, and only what ksmbd has authenticated may use them up.
 * They are in one window with those of requests in the plain (3.3.5.2.3); ksmbd 6.x
 * has none, and would execute a message again that somebody sends again.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/uio.h>

#include "attach.h"
#include "conn.h"
#include "decrypt.h"
#include "frame.h"
#include "grace.h"
#include "reason.h"
#include "redirect.h"
#include "report.h"
#include "session.h"
#include "sysctl.h"

/**
 * smbsign_decrypt_by_ksmbd() - ksmbd's own function
 * @work:	whatever ksmbd has it called with
 * @vec:	the NBSS and transform headers; what is encrypted
 * @vecs:	2
 * @encrypt:	0
 *
 * Its entry is redirected into ksmbd's function, behind the place where that one is
 * redirected to us (redirect.c).  Not static, as ftrace must find it by its name.
 *
 * Context: process, may sleep.
 * Return: as ksmbd's does; -EOPNOTSUPP where nothing is redirected any more.
 */
noinline int smbsign_decrypt_by_ksmbd(void *work, struct kvec *vec,
				      unsigned int vecs, int encrypt)
{
	return -EOPNOTSUPP;
}

/* Are all requests of a message in one session? */
static bool all_in_session(struct smbsign_decrypted decrypted)
{
	struct smbsign_element element;
	int ret;

	do {
		ret = smbsign_frame_decrypted(&decrypted, &element);
	} while (ret > 0);
	return !ret;
}

static int request_ids(struct smbsign_conn *conn,
		       const struct smbsign_element *element)
{
	u16 charge = READ_ONCE(conn->facts.multi_credit) ?
		     element->credit_charge : 1;

	/* CANCEL uses no MessageId (3.3.5.16). */
	if (element->command == SMB2_CMD_CANCEL)
		return 0;
	return smbsign_conn_use(conn, element->message_id, charge);
}

/* The MessageIds of a message that is sound; 0, -EALREADY or -ENOMEM. */
static int message_ids(struct smbsign_conn *conn,
		       struct smbsign_decrypted decrypted)
{
	struct smbsign_element element;
	int ret = 0;

	while (!ret && smbsign_frame_decrypted(&decrypted, &element) > 0)
		ret = request_ids(conn, &element);
	return ret;
}

static void repeated(struct smbsign_conn *conn, u64 session_id, bool audit)
{
	const struct smbsign_element element = {
		.command = SMB2_CMD_COUNT, .session_id = session_id,
	};

	if (audit)
		smbsign_report(conn, &element, SMBSIGN_REASON_MESSAGE_ID,
			       SMBSIGN_REPORT_AUDIT);
	smbsign_conn_repeats(conn);
}

/* Not sent before?  What the policy makes of it is as in the plain (rx.c). */
static int check_window(struct smbsign_conn *conn,
			const struct smbsign_decrypted *decrypted)
{
	int ret = message_ids(conn, *decrypted);
	struct smbsign_policy policy;

	smbsign_policy_get(&policy);
	if (!ret)
		return 0;
	if (ret == -EALREADY && (policy.mode == SMBSIGN_POLICY_AUDIT ||
				 !policy.replay_window)) {
		repeated(conn, decrypted->session_id, policy.replay_window);
		return 0;
	}
	smbsign_conn_kill(conn, ret == -ENOMEM ? SMBSIGN_REASON_NO_MEMORY :
						 SMBSIGN_REASON_MESSAGE_ID);
	return -ECONNABORTED;
}

/* ksmbd calls it with its connection, or with what has that as its first member. */
static struct smbsign_conn *conn_of(void *work)
{
	return smbsign_redirect_named(work) ?:
	       smbsign_redirect_named(*(void **)work);
}

static int check(void *work, const struct kvec *vec, unsigned int vecs)
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
		smbsign_attach_kill(id, SMBSIGN_REASON_ENCRYPTED_FOR_ANOTHER);
		return -ECONNABORTED;
	}
	conn = conn_of(work);
	if (conn)
		return check_window(conn, &decrypted);
	/* A connection that is not guarded has no session that is known. */
	return smbsign_session_is_known(id) ? -ECONNABORTED : 0;
}

/**
 * smbsign_decrypt() - in place of ksmbd's function that decrypts a request
 * @work:	whatever ksmbd has it called with
 * @vec:	the NBSS and transform headers; what is encrypted
 * @vecs:	2
 * @encrypt:	0
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.2.1.1, 3.3.5.2.3.
 * Return: as ksmbd's does; -ECONNABORTED: then the connection, or all of the session,
 * are given up; -EINVAL if it was not called as above.
 */
int smbsign_decrypt(void *work, struct kvec *vec, unsigned int vecs, int encrypt)
{
	/* By a pointer, as a call to a function it sees is the compiler's. */
	int (*by_ksmbd)(void *work, struct kvec *vec, unsigned int vecs,
			int encrypt) = smbsign_decrypt_by_ksmbd;
	int code = smbsign_code_enter(), grace, ret;

	OPTIMIZER_HIDE_VAR(by_ksmbd);
	ret = by_ksmbd(work, vec, vecs, encrypt);
	if (!ret) {
		grace = smbsign_grace_enter();
		ret = check(work, vec, vecs);
		smbsign_grace_leave(grace);
	}
	smbsign_code_leave(code);
	return ret;
}
