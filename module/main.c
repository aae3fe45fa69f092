// SPDX-License-Identifier: GPL-2.0-only
/* smbsign enforces SMB signing for ksmbd. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "admin/exceptions.h"
#include "admin/sysctl.h"
#include "base/grace.h"
#include "gate/ahead.h"
#include "gate/queue.h"
#include "ksmbd/hooks.h"
#include "mac/derive.h"
#include "mac/mac.h"
#include "procfs.h"
#include "socket/attach.h"
#include "socket/enforce.h"
#include "state/session.h"

/*
 * No task enters the module any more, but one may be on its way in, inside, or
 * on its way out.  The first wait is for tasks that were preempted after they
 * read a pointer to one of our functions, and before they called it.  The
 * second is for grace sections.  The third is for tasks that wait for a peer:
 * they do so in a code section, which they begin before they leave the grace
 * section.  The fourth is for the last instructions of tasks that have left,
 * and the last for objects that are being freed.
 */
static void drain_callers(void)
{
	synchronize_rcu_tasks();
	synchronize_srcu(&smbsign_grace);
	synchronize_srcu(&smbsign_code);
	synchronize_rcu_tasks();
	srcu_barrier(&smbsign_grace);
	/* A freed session may have queued its key. */
	srcu_barrier(&smbsign_grace);
}

static void crypto_exit(void)
{
	smbsign_derive_exit();
	smbsign_mac_exit();
}

static int __init crypto_init(void)
{
	int ret = smbsign_mac_init();

	if (!ret)
		ret = smbsign_derive_init();
	if (!ret)
		return 0;
	pr_err("the kernel's crypto lacks AES-CMAC, HMAC-SHA256 or SHA-512: %d\n",
	       ret);
	crypto_exit();
	return ret;
}

static int __init smbsign_init(void)
{
	int ret;

	ret = smbsign_queue_init() ?: crypto_init();
	if (ret)
		return ret;
	ret = smbsign_session_init();
	if (ret)
		goto err_crypto;
	ret = smbsign_sysctl_init(smbsign_enforce);
	if (ret)
		goto err_session;
	ret = smbsign_procfs_init();
	if (ret)
		goto err_sysctl;
	ret = smbsign_ahead_init();
	if (ret)
		goto err_procfs;
	/* The hooks come first: keys must be seen from the first connection on. */
	ret = smbsign_hooks_init();
	if (ret)
		goto err_ahead;
	ret = smbsign_attach_init();
	if (ret)
		goto err_hooks;
	pr_info("guarding ksmbd on port %u, policy %s\n", smbsign_port(),
		smbsign_policy_name());
	return 0;

err_hooks:
	smbsign_hooks_exit();
err_ahead:
	smbsign_ahead_exit();
err_procfs:
	smbsign_procfs_exit();
err_sysctl:
	smbsign_sysctl_exit();
	/* A hook, a file or a knob may have led somebody to us. */
	drain_callers();
	smbsign_exceptions_exit();
err_session:
	smbsign_session_exit();
err_crypto:
	crypto_exit();
	return ret;
}

static void __exit smbsign_exit(void)
{
	/* A stricter policy looks at every connection, outside of any section. */
	smbsign_sysctl_exit();
	smbsign_attach_exit();
	smbsign_ahead_exit();
	smbsign_hooks_exit();
	drain_callers();
	smbsign_procfs_exit();
	smbsign_exceptions_exit();
	smbsign_session_exit();
	crypto_exit();
	pr_info("ksmbd is not guarded any more\n");
}

module_init(smbsign_init);
module_exit(smbsign_exit);

MODULE_DESCRIPTION("Keeps the SMB signing policy of ksmbd's connections");
MODULE_AUTHOR("The smbsign authors");
MODULE_VERSION(SMBSIGN_VERSION);
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: cmac hmac sha256 sha512 aesni_intel ghash_ce");
