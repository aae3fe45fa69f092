// SPDX-License-Identifier: GPL-2.0-only
/*
 * The functions of ksmbd that are watched or replaced.
 *
 * ksmbd_sign_smb2_pdu() and ksmbd_sign_smb3_pdu() have had the same arguments
 * from 6.1 to 7.3: ksmbd's connection, the 16-byte key, the message in pieces
 * (the first begins with the SMB2 header), and where the signature goes.  They
 * show the key.  Responses are signed as they leave (gate/sign.c), so these
 * functions need not sign them; but they sign what is long, as it would hold
 * up the responses behind it there.
 *
 * ksmbd_gen_preauth_integrity_hash() gets every NEGOTIATE and SESSION_SETUP
 * message of 3.1.1 before it is hashed.  A response has not been sent by then,
 * so it can still be changed.  ksmbd_crypt_message() gets every response that
 * leaves encrypted, and decrypts every encrypted request (decrypt.c).
 *
 * ksmbd_acquire_smb2_uid() and ksmbd_release_id() allocate and free SessionIds
 * (session_id.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "base/grace.h"
#include "compat/redirect.h"
#include "gate/negotiate.h"
#include "gate/setup.h"
#include "ksmbd/abi.h"
#include "ksmbd/decrypt.h"
#include "ksmbd/ftrace_check.h"
#include "ksmbd/hooks.h"
#include "ksmbd/session_id.h"
#include "mac/mac.h"
#include "state/conn.h"
#include "state/credits.h"
#include "state/registry.h"
#include "state/session.h"
#include "wire/response.h"

/* Every ksmbd has this function: if it is there, the hooked ones must be, too. */
static char * const connection_function = "ksmbd_conn_handler_loop";

static DEFINE_MUTEX(armed_lock);

/* May responses leave encrypted or compressed, or pass a transparent gate? */
static bool wraps_messages(const struct smbsign_conn *conn)
{
	return READ_ONCE(conn->encrypted) ||
	       READ_ONCE(conn->facts.compression) ||
	       smbsign_gate_is_transparent(conn);
}

/*
 * Must a response be signed when ksmbd signs it?  Others are signed as they
 * leave.  Inside an encrypted message nobody looks at the signature; AES-GMAC
 * makes none there, lest a nonce is used twice.
 */
static bool needs_signature(const struct smbsign_conn *conn)
{
	return wraps_messages(conn) &&
	       READ_ONCE(conn->facts.algorithm) != SMB2_SIGNING_AES_GMAC;
}

static size_t length_of(const struct kvec *vec, int vecs)
{
	return iov_length((const struct iovec *)vec, vecs);
}

/* The offset of the length of what follows, in the responses that have it apart. */
#define LENGTH_AT	(sizeof(struct smb2_header) + 4)

/*
 * Does a message begin here?  In some responses ksmbd 6.x shows us another piece
 * instead: for a READ that fails behind one that succeeds in a compound, what
 * the latter has read; for a security descriptor, the descriptor.  Responses in
 * two pieces have a length there that must fit, but for padding.
 */
static bool is_header(const struct kvec *vec, int vecs)
{
	const struct smb2_header *header = vec->iov_base;
	size_t rest;
	u32 length;

	if (vecs < 1 || vec->iov_len < sizeof(*header) ||
	    header->protocol_id != SMB2_PROTOCOL_ID ||
	    header->structure_size != cpu_to_le16(sizeof(*header)))
		return false;
	if (vecs == 1)
		return true;
	if (vec->iov_len < LENGTH_AT + sizeof(length) ||
	    vec->iov_len > LENGTH_AT + 12 || !smb2_is_response(header))
		return false;
	length = get_unaligned_le32(vec->iov_base + LENGTH_AT);
	rest = length_of(vec + 1, vecs - 1);
	return rest >= length && rest - length < 8;
}

/* Shorter ones are signed as they leave, except for what is read. */
#define LONG_RESPONSE	SZ_4K

/*
 * Is a response signed in ksmbd's worker?  What may leave inside of something is
 * not: AES-GMAC must not sign it.
 */
static bool is_signed_ahead(struct smbsign_conn *conn,
			    const struct smb2_header *header, size_t length)
{
	return (length >= LONG_RESPONSE ||
		header->command == cpu_to_le16(SMB2_CMD_READ)) &&
	       !wraps_messages(conn) &&
	       smbsign_credits_may_sign_ahead(conn, header);
}

/* The MAC of a message, by the negotiated algorithm and with our key. */
static int compute_signature(struct smbsign_conn *conn, const u8 *raw,
			     const struct kvec *vec, int vecs, u8 *signature)
{
	struct smbsign_key *key = smbsign_session_key(conn, vec->iov_base, raw);

	return key ? smbsign_mac_pieces(key, vec, vecs, signature) : -ENOKEY;
}

/* Runs in place of ksmbd's own functions. */
static int sign_instead(void *ksmbd_conn, const u8 *raw, const struct kvec *vec,
			int vecs, u8 *signature)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_registry_named(ksmbd_conn);
	int ret = -ENOKEY;

	if (conn)
		ret = compute_signature(conn, raw, vec, vecs, signature);

	/* ksmbd 7.3 ignores the return value. */
	if (ret)
		get_random_bytes(signature, SMB2_SIGNATURE_SIZE);
	smbsign_grace_leave(grace);
	return ret;
}

/*
 * The same for a long response.  If it cannot be signed here, it is signed as it
 * leaves.  That is also where it is decided whether the signature may leave.
 */
static int sign_ahead(void *ksmbd_conn, const u8 *raw, const struct kvec *vec,
		      int vecs, u8 *signature)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_registry_named(ksmbd_conn);
	const struct smb2_header *header = vec->iov_base;
	struct smbsign_key *key = NULL;
	u64 serial;

	memset(signature, 0, SMB2_SIGNATURE_SIZE);
	if (conn)
		key = smbsign_session_key(conn, header, raw);
	if (key) {
		serial = key->serial;
		if (!smbsign_mac_pieces(key, vec, vecs, signature))
			smbsign_credits_signed_ahead(conn, header,
						     length_of(vec, vecs),
						     serial, signature);
	}
	smbsign_grace_leave(grace);
	return 0;
}

/* The same if the signature is in place already. */
static int sign_done(void *ksmbd_conn, const u8 *raw, const struct kvec *vec,
		     int vecs, u8 *signature)
{
	return 0;
}

/*
 * Would ksmbd sign a response with another algorithm than was negotiated?  On
 * 3.1.1 it knows only AES-CMAC.
 */
static bool ksmbd_differs(struct smbsign_conn *conn,
			  const struct smb2_header *header, const u8 *raw)
{
	struct smbsign_key *key;
	bool known;

	if (READ_ONCE(conn->facts.dialect) < SMB2_DIALECT_300 ||
	    READ_ONCE(conn->facts.algorithm) == SMB2_SIGNING_AES_CMAC)
		return false;
	key = smbsign_session_key(conn, header, raw);
	known = key;
	smbsign_key_put(key);
	return known;
}

/* ksmbd copies it from a compounded request, even to a response sent alone. */
#define RELATED	cpu_to_le64(SMB2_SESSION_ID_RELATED)

typedef int (*sign_function)(void *ksmbd_conn, const u8 *raw,
			     const struct kvec *vec, int vecs, u8 *signature);

/*
 * The function that signs in place of ksmbd, or NULL.  A response is signed as
 * it leaves.  For a request, ksmbd computes the signature to compare it with
 * the one received.  The gate has compared them already, but only for the key
 * it knows: if ours was not made of the key that ksmbd brings, ksmbd computes
 * with its own, and finds another signature.
 */
static sign_function signer_of(void *ksmbd_conn, const u8 *raw,
			       const struct kvec *vec, int vecs, u8 *signature)
{
	struct smbsign_conn *conn = smbsign_registry_named(ksmbd_conn);
	struct smb2_header *header = vec->iov_base;
	u64 key;

	if (!conn)
		return NULL;
	/* ksmbd computes.  If it is of a response, that is signed as it leaves. */
	if (!is_header(vec, vecs))
		return NULL;
	key = smbsign_setup_key_seen(conn, header, raw);
	if (smb2_is_response(header) && header->session_id == RELATED)
		header->session_id = smbsign_session_by_raw(conn, raw);
	if (smb2_is_response(header) &&
	    is_signed_ahead(conn, header, length_of(vec, vecs)))
		return sign_ahead;
	if (smb2_is_response(header) && !needs_signature(conn)) {
		memset(signature, 0, SMB2_SIGNATURE_SIZE);
		return sign_done;
	}
	if (smb2_is_response(header))
		return ksmbd_differs(conn, header, raw) ? sign_instead : NULL;
	if (!key)
		return NULL;
	if (!wraps_messages(conn) &&
	    smbsign_credits_take_verified(conn, header, length_of(vec, vecs),
					  key, signature))
		return sign_done;
	return sign_instead;
}

/* Runs in ksmbd's worker with preemption off: it must not sleep. */
static void notrace sign_called(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();
	sign_function function =
		signer_of((void *)ftrace_regs_get_argument(regs, 0),
			  (const u8 *)ftrace_regs_get_argument(regs, 1),
			  (const struct kvec *)ftrace_regs_get_argument(regs, 2),
			  (int)ftrace_regs_get_argument(regs, 3),
			  (u8 *)ftrace_regs_get_argument(regs, 4));

	if (function)
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)function);
	smbsign_grace_leave(grace);
}

static void hash_message(struct smbsign_conn *conn, u8 *frame, const u8 *hash)
{
	u32 length = smb2_nbss_length(frame);
	struct smb2_header *header = (void *)(frame + SMB2_NBSS_SIZE);

	if (length < sizeof(*header))
		return;
	if (header->command == cpu_to_le16(SMB2_CMD_NEGOTIATE)) {
		if (smb2_is_response(header))
			smbsign_negotiate_hashed(conn, (u8 *)header, length);
		else
			smbsign_negotiate_unhide(conn, (u8 *)header, length);
	} else if (header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP)) {
		if (smb2_is_response(header))
			smbsign_setup_sign(conn, header, length);
		else
			smbsign_setup_preauth(conn, header, length, hash);
	}
}

/* (conn, frame, hash), before the frame is hashed */
static void notrace preauth_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn;

	conn = smbsign_registry_named((void *)ftrace_regs_get_argument(regs, 0));
	if (conn)
		hash_message(conn, (u8 *)ftrace_regs_get_argument(regs, 1),
			     (u8 *)ftrace_regs_get_argument(regs, 2));
	smbsign_grace_leave(grace);
}

/* A message of responses, which tx.c will not see. */
static void answered_encrypted(struct smbsign_conn *conn, const struct kvec *vec,
			       unsigned int vecs)
{
	struct smb2_header header;
	struct msghdr msg = { };
	size_t offset = 0;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, vecs,
		      length_of(vec, vecs));
	do {
		if (!smbsign_response_peek(&msg, offset, &header,
					   sizeof(header)))
			return;
		smbsign_credits_answered(conn, &header);
		offset += le32_to_cpu(header.next_command);
	} while (header.next_command);
}

static void encrypts(void *work, const struct kvec *vec, unsigned int vecs)
{
	struct smbsign_conn *conn = smbsign_decrypt_conn(work);

	if (!conn || vecs < 2)
		return;
	if (READ_ONCE(conn->negotiation.told))
		smbsign_negotiate_validated_at(vec[1].iov_base, vec[1].iov_len);
	answered_encrypted(conn, vec + 1, vecs - 1);
}

static void notrace acquire_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	ftrace_regs_set_instruction_pointer(regs,
					    (unsigned long)smbsign_session_id_take);
}

/* (table of ids, id), before the id is freed */
static void notrace release_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();

	smbsign_session_id_give_back((void *)ftrace_regs_get_argument(regs, 0),
				     (int)ftrace_regs_get_argument(regs, 1));
	smbsign_grace_leave(grace);
}

/* Where ksmbd's function continues after its hook. */
static unsigned long crypt_body;

/* (connection or work, pieces, their number, whether to encrypt) */
static void notrace crypt_called(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();

	if (!(int)ftrace_regs_get_argument(regs, 3)) {
		WRITE_ONCE(crypt_body, ip + MCOUNT_INSN_SIZE);
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)smbsign_decrypt);
	} else {
		encrypts((void *)ftrace_regs_get_argument(regs, 0),
			 (void *)ftrace_regs_get_argument(regs, 1),
			 (unsigned int)ftrace_regs_get_argument(regs, 2));
	}
	smbsign_grace_leave(grace);
}

static void notrace by_ksmbd_called(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops,
				    struct ftrace_regs *regs)
{
	ftrace_regs_set_instruction_pointer(regs, READ_ONCE(crypt_body));
}

/**
 * struct hook - a function, of ksmbd or called in its place, and its hook
 * @function:	its name
 * @ops:	the hook
 * @armed:	@ops is registered
 *
 * Each ftrace_ops has one function, and all are IPMODIFY.  If memory runs out,
 * ftrace_set_filter() reports success without adding the function.  An empty
 * filter means the whole kernel, and ftrace refuses that only to IPMODIFY.
 */
struct hook {
	char			*function;
	struct ftrace_ops	ops;
	bool			armed;
};

#define HOOK(name, callback) {						\
	.function = name,						\
	.ops = { .func = callback, .flags = SMBSIGN_REDIRECT_FLAGS },	\
}

static struct hook hooks[] = {
	HOOK("smbsign_decrypt_by_ksmbd", by_ksmbd_called),
	HOOK("ksmbd_sign_smb2_pdu", sign_called),
	HOOK("ksmbd_sign_smb3_pdu", sign_called),
	HOOK("ksmbd_gen_preauth_integrity_hash", preauth_called),
	HOOK("ksmbd_crypt_message", crypt_called),
	HOOK("ksmbd_acquire_smb2_uid", acquire_called),
	HOOK("ksmbd_release_id", release_called),
};

/* Returns 0, -EINVAL if there is no such function, or another error. */
static int hooked_function_exists(char *function)
{
	static struct ftrace_ops probe_ops;
	int ret = ftrace_set_filter(&probe_ops, function, strlen(function), 1);

	/* An ftrace_ops cannot be used again after this. */
	ftrace_free_filter(&probe_ops);
	return ret;
}

/* The new filter replaces the one for an earlier ksmbd. */
static int arm_hook(struct hook *hook)
{
	int ret = ftrace_set_filter(&hook->ops, hook->function,
				    strlen(hook->function), 1);

	if (ret) {
		pr_err("cannot find %s() of ksmbd: %d\n", hook->function,
		       ret);
		return ret;
	}
	ret = register_ftrace_function(&hook->ops);
	if (ret)
		pr_err("cannot hook %s(): %d\n", hook->function, ret);
	hook->armed = !ret;
	return ret;
}

/*
 * Disarm in reverse order: code that a later hook has led here still calls the
 * first hook's function.
 */
static void disarm_hooks(void)
{
	unsigned int i;

	for (i = ARRAY_SIZE(hooks); i-- > 0;) {
		if (hooks[i].armed)
			unregister_ftrace_function(&hooks[i].ops);
		hooks[i].armed = false;
	}
}

static int arm_hooks(void)
{
	int ret = smbsign_abi_check();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks) && !ret; i++)
		ret = arm_hook(&hooks[i]);
	if (ret)
		disarm_hooks();
	return ret;
}

/*
 * ksmbd is loaded or unloaded.  Its functions can be hooked before its init
 * runs.  If that fails, ksmbd is not loaded.
 */
static int module_event(struct notifier_block *block, unsigned long event,
			void *data)
{
	const struct module *module = data;
	int ret = 0;

	if (strcmp(module->name, "ksmbd"))
		return NOTIFY_DONE;
	mutex_lock(&armed_lock);
	/* What was hooked before is gone, whether we were told or not. */
	if (event == MODULE_STATE_COMING || event == MODULE_STATE_GOING)
		disarm_hooks();
	if (event == MODULE_STATE_COMING)
		ret = arm_hooks();
	mutex_unlock(&armed_lock);
	return notifier_from_errno(ret);
}

static struct notifier_block module_block = {
	.notifier_call = module_event,
};

/**
 * smbsign_hooks_init() - hook ksmbd, now or as soon as it is loaded
 *
 * Context: process, may sleep.
 * Return: 0, or an error if functions cannot be redirected, or if ksmbd is
 * loaded and cannot be hooked.
 */
int smbsign_hooks_init(void)
{
	int ret;

	ret = smbsign_ftrace_check();
	if (ret)
		return ret;
	ret = register_module_notifier(&module_block);
	if (ret)
		return ret;
	mutex_lock(&armed_lock);
	if (!hooks[0].armed) {
		ret = hooked_function_exists(connection_function);
		/* It is fine if ksmbd is not loaded yet. */
		ret = ret == -EINVAL ? 0 : ret ?: arm_hooks();
	}
	mutex_unlock(&armed_lock);
	if (ret)
		smbsign_hooks_exit();
	return ret;
}

/**
 * smbsign_hooks_exit() - unhook ksmbd
 *
 * Context: process, may sleep; no callback runs any more on return.
 */
void smbsign_hooks_exit(void)
{
	unsigned int i;

	unregister_module_notifier(&module_block);
	mutex_lock(&armed_lock);
	disarm_hooks();
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		ftrace_free_filter(&hooks[i].ops);
	mutex_unlock(&armed_lock);
}
