// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksmbd's functions that we watch, and those that we take the place of.
 *
 * ksmbd_sign_smb2_pdu() and ksmbd_sign_smb3_pdu() have had one list of arguments
 * from 6.1 to 7.3: ksmbd's connection, the key of 16 bytes, the message in
 * pieces, the first of which begins with its SMB2 header, and where the signature
 * goes.  They show the key.  Responses are signed as they leave (sign.c), so for
 * them there is nothing left to do.
 *
 * ksmbd_gen_preauth_integrity_hash() gets every NEGOTIATE and SESSION_SETUP
 * message of 3.1.1 before it is hashed, and a response before it is sent: what it
 * says can still be changed.  ksmbd_crypt_message() gets every response that
 * leaves encrypted, and decrypts every request that comes so (decrypt.c).
 *
 * ksmbd_acquire_smb2_uid() and ksmbd_release_id() give a session its number and take
 * it back (number.c).
 *
 * ksmbd's connection is only compared, never looked into.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "compat/redirect.h"
#include "conn.h"
#include "decrypt.h"
#include "derive.h"
#include "grace.h"
#include "mac.h"
#include "negotiate.h"
#include "number.h"
#include "prototypes.h"
#include "redirect.h"
#include "session.h"
#include "sign.h"
#include "trial.h"

/* Any ksmbd has it; if it is there, the functions we hook must be, too. */
static char * const connection_function = "ksmbd_conn_handler_loop";

/* Connections by what ksmbd calls them. */
static DEFINE_HASHTABLE(names, 10);
static DEFINE_SPINLOCK(names_lock);

static DEFINE_MUTEX(armed_lock);

/**
 * smbsign_redirect_name() - tell by what name ksmbd knows a connection
 * @conn:		the connection
 * @ksmbd_conn:		the name, a pointer that is never dereferenced
 *
 * Context: process.
 */
void smbsign_redirect_name(struct smbsign_conn *conn, void *ksmbd_conn)
{
	spin_lock_bh(&names_lock);
	if (ksmbd_conn && !conn->ksmbd_conn && !conn->forgotten) {
		WRITE_ONCE(conn->ksmbd_conn, ksmbd_conn);
		hash_add_rcu(names, &conn->by_ksmbd_conn,
			     (unsigned long)ksmbd_conn);
	}
	spin_unlock_bh(&names_lock);
}

/**
 * smbsign_redirect_forget() - a connection ends
 * @conn:	the connection
 *
 * ksmbd frees its struct only after it has closed the socket, so no other
 * connection has the same name at the same time.
 *
 * Context: any but hard interrupt.
 */
void smbsign_redirect_forget(struct smbsign_conn *conn)
{
	spin_lock_bh(&names_lock);
	conn->forgotten = true;
	if (conn->ksmbd_conn)
		hash_del_rcu(&conn->by_ksmbd_conn);
	spin_unlock_bh(&names_lock);
}

/**
 * smbsign_redirect_named() - the connection that ksmbd knows by a name
 * @ksmbd_conn:	the name
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: the connection, or NULL.
 */
struct smbsign_conn *smbsign_redirect_named(const void *ksmbd_conn)
{
	struct smbsign_conn *conn;

	hash_for_each_possible_rcu(names, conn, by_ksmbd_conn,
				   (unsigned long)ksmbd_conn,
				   srcu_read_lock_held(&smbsign_grace)) {
		if (conn->ksmbd_conn == ksmbd_conn)
			return conn;
	}
	return NULL;
}

static bool is_response(const struct smb2_header *header)
{
	return header->flags & cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR);
}

/* May responses leave in a form that cannot be signed then, or as they are? */
static bool wraps(const struct smbsign_conn *conn)
{
	return READ_ONCE(conn->encrypted) ||
	       READ_ONCE(conn->facts.compression) ||
	       READ_ONCE(conn->rx.state) == SMBSIGN_RX_TRANSPARENT;
}

/* The MAC of a message, by what was negotiated and with the key we know. */
static int compute(struct smbsign_conn *conn, const u8 *raw,
		   const struct kvec *vec, int vecs, u8 *signature)
{
	struct smbsign_key *key = smbsign_session_key(conn, vec->iov_base, raw);
	struct smbsign_mac mac __uninitialized;
	int ret;

	if (!key)
		return -ENOKEY;
	mac.key = NULL;
	ret = smbsign_mac_begin(&mac, key);
	for (; !ret && vecs; vec++, vecs--)
		ret = smbsign_mac_update(&mac, vec->iov_base, vec->iov_len);
	if (!ret)
		ret = smbsign_mac_end(&mac, signature);
	smbsign_mac_cancel(&mac);
	return ret;
}

/* In place of ksmbd's own functions. */
static int sign_instead(void *ksmbd_conn, const u8 *raw, const struct kvec *vec,
			int vecs, u8 *signature)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn = smbsign_redirect_named(ksmbd_conn);
	int ret = conn ? compute(conn, raw, vec, vecs, signature) : -ENOKEY;

	/* 7.3 does not look at what we return. */
	if (ret)
		get_random_bytes(signature, SMB2_SIGNATURE_SIZE);
	smbsign_grace_leave(grace);
	return ret;
}

/* The same, where the signature is there already. */
static int sign_done(void *ksmbd_conn, const u8 *raw, const struct kvec *vec,
		     int vecs, u8 *signature)
{
	return 0;
}

/*
 * Would ksmbd sign a response by another algorithm than was negotiated?  On 3.1.1 it
 * knows AES-CMAC only.
 */
static bool differs(struct smbsign_conn *conn, const struct smb2_header *header,
		    const u8 *raw)
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

/* ksmbd copies it from a request of a compound, also where it answers alone. */
#define RELATED	cpu_to_le64(SMB2_SESSION_ID_RELATED)

typedef int (*sign_function)(void *ksmbd_conn, const u8 *raw,
			     const struct kvec *vec, int vecs, u8 *signature);

/*
 * Who is to sign in place of ksmbd, or NULL.  A response is signed as it leaves.
 * With the signature of a request ksmbd compares what the request had: the gate
 * has found that out already.  But only with the key that ksmbd brings: where ours
 * was not made of it, ksmbd computes with its own, and finds another signature.
 */
static sign_function signer(void *ksmbd_conn, const u8 *raw,
			    const struct kvec *vec, int vecs, u8 *signature)
{
	struct smb2_header *header = vec->iov_base;
	struct smbsign_conn *conn;
	u64 key;

	if (vecs < 1 || vec->iov_len < sizeof(*header))
		return NULL;
	conn = smbsign_redirect_named(ksmbd_conn);
	if (!conn)
		return NULL;
	key = smbsign_session_key_seen(conn, header, raw);
	if (is_response(header) && header->session_id == RELATED)
		header->session_id = smbsign_session_by_raw(conn, raw);
	if (is_response(header) && !wraps(conn)) {
		memset(signature, 0, SMB2_SIGNATURE_SIZE);
		return sign_done;
	}
	if (is_response(header))
		return differs(conn, header, raw) ? sign_instead : NULL;
	if (!key)
		return NULL;
	if (!wraps(conn) &&
	    smbsign_conn_take_verified(conn, header, key, signature))
		return sign_done;
	return sign_instead;
}

/* In ksmbd's worker, preemption off: it must not sleep. */
static void notrace sign_called(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();
	sign_function function =
		signer((void *)ftrace_regs_get_argument(regs, 0),
		       (const u8 *)ftrace_regs_get_argument(regs, 1),
		       (const struct kvec *)ftrace_regs_get_argument(regs, 2),
		       (int)ftrace_regs_get_argument(regs, 3),
		       (u8 *)ftrace_regs_get_argument(regs, 4));

	if (function)
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)function);
	smbsign_grace_leave(grace);
}

/* The reader stands still until a NEGOTIATE is answered: what it left stays. */
static void negotiate_response(struct smbsign_conn *conn, u8 *message,
			       u32 length)
{
	const struct smbsign_rx *rx = &conn->rx;

	smbsign_negotiate_demand(message, length);
	smbsign_negotiate_algorithm(message, length, &rx->contexts);
	smbsign_negotiate_compression(message, length, rx->offer.security_mode &
				      SMB2_SECURITY_SIGNING_REQUIRED);
}

static void preauth_message(struct smbsign_conn *conn, u8 *frame, const u8 *hash)
{
	u32 length = get_unaligned_be32(frame) & 0xffffff;
	struct smb2_header *header = (void *)(frame + SMB2_NBSS_SIZE);
	bool response;

	if (length < sizeof(*header))
		return;
	response = is_response(header);
	if (header->command == cpu_to_le16(SMB2_CMD_NEGOTIATE)) {
		if (response)
			negotiate_response(conn, (u8 *)header, length);
	} else if (header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP)) {
		if (response)
			smbsign_sign_leg(conn, header, length);
		else
			smbsign_session_preauth(conn, header, length, hash);
	}
}

/* (conn, frame, hash), before the frame is hashed */
static void notrace preauth_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();
	struct smbsign_conn *conn;

	conn = smbsign_redirect_named((void *)ftrace_regs_get_argument(regs, 0));
	if (conn)
		preauth_message(conn, (u8 *)ftrace_regs_get_argument(regs, 1),
				(u8 *)ftrace_regs_get_argument(regs, 2));
	smbsign_grace_leave(grace);
}

static void encrypted_message(const struct kvec *vec)
{
	const struct smb2_transform *transform;

	if (vec[0].iov_len < SMB2_NBSS_SIZE + sizeof(*transform))
		return;
	transform = vec[0].iov_base + SMB2_NBSS_SIZE;
	if (smbsign_session_was_told(le64_to_cpu(transform->session_id)))
		smbsign_negotiate_validated(vec[1].iov_base, vec[1].iov_len);
}

static void notrace acquire_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	ftrace_regs_set_instruction_pointer(regs,
					    (unsigned long)smbsign_number_take);
}

/* (table of numbers, number), before it is given back */
static void notrace release_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();

	smbsign_number_give_back((void *)ftrace_regs_get_argument(regs, 0),
				 (int)ftrace_regs_get_argument(regs, 1));
	smbsign_grace_leave(grace);
}

/* Where ksmbd's function goes on, behind its hook. */
static unsigned long crypt_body;

/* (connection or work, pieces, their number, whether it is to be encrypted) */
static void notrace crypt_called(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *regs)
{
	int grace = smbsign_grace_enter();

	if (!(int)ftrace_regs_get_argument(regs, 3)) {
		WRITE_ONCE(crypt_body, ip + MCOUNT_INSN_SIZE);
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)smbsign_decrypt);
	} else if ((unsigned int)ftrace_regs_get_argument(regs, 2) > 1) {
		encrypted_message((void *)ftrace_regs_get_argument(regs, 1));
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
 * struct hook - a function, of ksmbd or that calls it, and what is done instead
 * @function:	its name
 * @ops:	what is done
 * @armed:	@ops is registered
 *
 * One function each, and all IPMODIFY: where memory runs out, ftrace_set_filter()
 * says that all is well and leaves the function out.  A filter without any
 * stands for the whole kernel, and that only IPMODIFY is refused.
 */
struct hook {
	char			*function;
	struct ftrace_ops	ops;
	bool			armed;
};

static struct hook hooks[] = {
	{
		.function = "smbsign_decrypt_by_ksmbd",
		.ops = { .func = by_ksmbd_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_sign_smb2_pdu",
		.ops = { .func = sign_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_sign_smb3_pdu",
		.ops = { .func = sign_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_gen_preauth_integrity_hash",
		.ops = { .func = preauth_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_crypt_message",
		.ops = { .func = crypt_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_acquire_smb2_uid",
		.ops = { .func = acquire_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
	{
		.function = "ksmbd_release_id",
		.ops = { .func = release_called, .flags = SMBSIGN_REDIRECT_FLAGS },
	},
};

/* 0, -EINVAL if there is no such function, or what kept us from looking. */
static int find(char *function)
{
	static struct ftrace_ops probe_ops;
	int ret = ftrace_set_filter(&probe_ops, function, strlen(function), 1);

	/* For good: an ftrace_ops cannot be used again after this. */
	ftrace_free_filter(&probe_ops);
	return ret;
}

/* A filter set anew takes the place of the one from an earlier ksmbd. */
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

/* The reverse order of arm(): the first is used by who was led to us by another. */
static void disarm(void)
{
	unsigned int i;

	for (i = ARRAY_SIZE(hooks); i-- > 0;) {
		if (hooks[i].armed)
			unregister_ftrace_function(&hooks[i].ops);
		hooks[i].armed = false;
	}
}

static int arm(void)
{
	int ret = smbsign_prototypes_check();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks) && !ret; i++)
		ret = arm_hook(&hooks[i]);
	if (ret)
		disarm();
	return ret;
}

/*
 * ksmbd comes and goes.  Its functions can be traced before its init runs; if
 * they cannot, it is not loaded at all.
 */
static int module_event(struct notifier_block *block, unsigned long event,
			void *data)
{
	const struct module *module = data;
	int ret = 0;

	if (strcmp(module->name, "ksmbd"))
		return NOTIFY_DONE;
	mutex_lock(&armed_lock);
	/* Loaded anew: what was watched before is gone, whoever told us. */
	if (event == MODULE_STATE_COMING || event == MODULE_STATE_GOING)
		disarm();
	if (event == MODULE_STATE_COMING)
		ret = arm();
	mutex_unlock(&armed_lock);
	return notifier_from_errno(ret);
}

static struct notifier_block module_block = {
	.notifier_call = module_event,
};

/**
 * smbsign_redirect_init() - watch ksmbd, now or as soon as it is loaded
 *
 * Context: process, may sleep.
 * Return: 0, or an error if no function can be redirected, or if ksmbd is loaded
 * and cannot be watched.
 */
int smbsign_redirect_init(void)
{
	int ret;

	ret = smbsign_trial();
	if (ret)
		return ret;
	ret = register_module_notifier(&module_block);
	if (ret)
		return ret;
	mutex_lock(&armed_lock);
	if (!hooks[0].armed) {
		ret = find(connection_function);
		/* No ksmbd yet is fine. */
		ret = ret == -EINVAL ? 0 : ret ?: arm();
	}
	mutex_unlock(&armed_lock);
	if (ret)
		smbsign_redirect_exit();
	return ret;
}

/**
 * smbsign_redirect_exit() - stop watching
 *
 * Context: process, may sleep; no callback runs any more when it returns.
 */
void smbsign_redirect_exit(void)
{
	unsigned int i;

	unregister_module_notifier(&module_block);
	mutex_lock(&armed_lock);
	disarm();
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		ftrace_free_filter(&hooks[i].ops);
	mutex_unlock(&armed_lock);
}
