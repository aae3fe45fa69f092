// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys, seen where ksmbd uses them.
 *
 * ksmbd_sign_smb2_pdu() and ksmbd_sign_smb3_pdu() have had one list of arguments
 * from 6.1 to 7.3: ksmbd's connection, the key of 16 bytes, and the message in
 * pieces, the first of which begins with its SMB2 header.  An ftrace callback
 * looks at them and changes nothing.  ksmbd's connection is only compared, never
 * looked into.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/uio.h>

#include "conn.h"
#include "grace.h"
#include "observe.h"
#include "session.h"

static char * const sign_functions[] = {
	"ksmbd_sign_smb2_pdu", "ksmbd_sign_smb3_pdu",
};

/* Any ksmbd has it; if it is there, the functions above must be, too. */
static char * const connection_function = "ksmbd_conn_handler_loop";

/* Connections by what ksmbd calls them. */
static DEFINE_HASHTABLE(names, 10);
static DEFINE_SPINLOCK(names_lock);

static DEFINE_MUTEX(armed_lock);
static bool armed;

/**
 * smbsign_observe_name() - tell by what name ksmbd knows a connection
 * @conn:		the connection
 * @ksmbd_conn:		the name, a pointer that is never dereferenced
 *
 * Context: process.
 */
void smbsign_observe_name(struct smbsign_conn *conn, void *ksmbd_conn)
{
	spin_lock_bh(&names_lock);
	if (ksmbd_conn && !conn->ksmbd_conn && !conn->closed) {
		WRITE_ONCE(conn->ksmbd_conn, ksmbd_conn);
		hash_add_rcu(names, &conn->by_ksmbd_conn,
			     (unsigned long)ksmbd_conn);
	}
	spin_unlock_bh(&names_lock);
}

/**
 * smbsign_observe_forget() - a connection ends
 * @conn:	the connection
 *
 * ksmbd frees its struct only after it has closed the socket, so no other
 * connection has the same name at the same time.
 *
 * Context: any but hard interrupt.
 */
void smbsign_observe_forget(struct smbsign_conn *conn)
{
	spin_lock_bh(&names_lock);
	conn->closed = true;
	if (conn->ksmbd_conn)
		hash_del_rcu(&conn->by_ksmbd_conn);
	spin_unlock_bh(&names_lock);
}

static struct smbsign_conn *named(void *ksmbd_conn)
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

static void key_used(void *ksmbd_conn, const u8 *key, const struct kvec *vec,
		     int vecs)
{
	struct smbsign_conn *conn;
	int grace;

	if (vecs < 1 || vec->iov_len < sizeof(struct smb2_header))
		return;
	grace = smbsign_grace_enter();
	conn = named(ksmbd_conn);
	if (conn)
		smbsign_session_key_seen(conn, vec->iov_base, key);
	smbsign_grace_leave(grace);
}

/* In ksmbd's worker, preemption off: it must not sleep. */
static void notrace sign_called(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *regs)
{
	key_used((void *)ftrace_regs_get_argument(regs, 0),
		 (const u8 *)ftrace_regs_get_argument(regs, 1),
		 (const struct kvec *)ftrace_regs_get_argument(regs, 2),
		 (int)ftrace_regs_get_argument(regs, 3));
}

/* PERMANENT: kernel.ftrace_enabled=0 must not blind us. */
static struct ftrace_ops sign_ops = {
	.func = sign_called,
	.flags = FTRACE_OPS_FL_RECURSION | FTRACE_OPS_FL_PERMANENT,
};

static bool exists(char *function)
{
	static struct ftrace_ops probe_ops;
	bool found = !ftrace_set_filter(&probe_ops, function, strlen(function),
					1);

	/* For good: an ftrace_ops cannot be used again after this. */
	ftrace_free_filter(&probe_ops);
	return found;
}

/* A filter set anew takes the place of the one from an earlier ksmbd. */
static int arm(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(sign_functions); i++) {
		ret = ftrace_set_filter(&sign_ops, sign_functions[i],
					strlen(sign_functions[i]), !i);
		if (ret) {
			pr_err("this ksmbd has no %s() to learn keys from\n",
			       sign_functions[i]);
			return ret;
		}
	}
	ret = register_ftrace_function(&sign_ops);
	if (ret)
		pr_err("cannot trace ksmbd's signing functions: %d\n", ret);
	armed = !ret;
	return ret;
}

static void disarm(void)
{
	if (!armed)
		return;
	unregister_ftrace_function(&sign_ops);
	armed = false;
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
 * smbsign_observe_init() - watch ksmbd, now or as soon as it is loaded
 *
 * Context: process, may sleep.
 * Return: 0, or an error if ksmbd is loaded and cannot be watched.
 */
int smbsign_observe_init(void)
{
	int ret;

	ret = register_module_notifier(&module_block);
	if (ret)
		return ret;
	mutex_lock(&armed_lock);
	if (!armed && exists(connection_function))
		ret = arm();
	mutex_unlock(&armed_lock);
	if (ret)
		smbsign_observe_exit();
	return ret;
}

/**
 * smbsign_observe_exit() - stop watching
 *
 * Context: process, may sleep; no callback runs any more when it returns.
 */
void smbsign_observe_exit(void)
{
	unregister_module_notifier(&module_block);
	mutex_lock(&armed_lock);
	disarm();
	ftrace_free_filter(&sign_ops);
	mutex_unlock(&armed_lock);
}
