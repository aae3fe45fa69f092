// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd decrypts, looked at once it has.
 *
 * The key is that of the session that the transform header names; the request is
 * run in the session that its own header names, and as it was encrypted, without
 * a signature.  Unless the two are one, whoever has keys of his own could speak for
 * any session of the connection.  ksmbd compares them itself since 6.12.117.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/uio.h>

#include "attach.h"
#include "decrypt.h"
#include "frame.h"
#include "grace.h"
#include "reason.h"

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

/*
 * Are all requests of a message in one session?  A related one may leave it out.
 * What is compressed inside cannot be read here: only a ksmbd that compares the
 * two itself knows compression.
 */
static bool all_in_session(const u8 *message, size_t length, u64 session_id)
{
	const struct smb2_header *header = (const void *)message;
	u64 id;
	u32 next;

	if (length >= sizeof(header->protocol_id) &&
	    header->protocol_id == SMB2_COMPRESSION_PROTOCOL_ID)
		return true;
	for (next = 0;; header = (const void *)message) {
		if (length < sizeof(*header) ||
		    header->protocol_id != SMB2_PROTOCOL_ID)
			return false;
		id = le64_to_cpu(header->session_id);
		if (id != session_id && !(next && id == SMB2_SESSION_ID_RELATED))
			return false;
		next = le32_to_cpu(header->next_command);
		if (!next)
			return true;
		if (!IS_ALIGNED(next, 8) || next > length)
			return false;
		message += next;
		length -= next;
	}
}

static int check(const struct kvec *vec, unsigned int vecs)
{
	const struct smb2_transform *transform;
	u64 id;

	if (vecs != 2 || vec[0].iov_len < SMB2_NBSS_SIZE + sizeof(*transform))
		return -EINVAL;
	transform = vec[0].iov_base + SMB2_NBSS_SIZE;
	id = le64_to_cpu(transform->session_id);
	if (all_in_session(vec[1].iov_base, vec[1].iov_len, id))
		return 0;
	smbsign_attach_kill(id, SMBSIGN_REASON_ENCRYPTED_FOR_ANOTHER);
	return -ECONNABORTED;
}

/**
 * smbsign_decrypt() - in place of ksmbd's function that decrypts a request
 * @work:	whatever ksmbd has it called with
 * @vec:	the NBSS and transform headers; what is encrypted
 * @vecs:	2
 * @encrypt:	0
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.2.1.1.
 * Return: as ksmbd's does; -ECONNABORTED: then the connections of the session are
 * given up; -EINVAL if it was not called as above.
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
		ret = check(vec, vecs);
		smbsign_grace_leave(grace);
	}
	smbsign_code_leave(code);
	return ret;
}
