// SPDX-License-Identifier: GPL-2.0-only
/* smbsign: SMB signing that ksmbd cannot be talked out of. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "attach.h"
#include "derive.h"
#include "grace.h"
#include "mac.h"
#include "queue.h"
#include "redirect.h"
#include "session.h"
#include "stats.h"
#include "sysctl.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Nobody enters any more, but somebody may be on the way in, inside, or on the
 * way out.  The first wait is for those who had read a pointer to one of our
 * functions and were preempted before they called it; the second for those
 * inside; the third for those of them who went on to wait for a peer, which they
 * do in a section of the other kind, begun before they left that one; the fourth
 * for the last instructions of those who have left; the last for what is being freed.
 */
static void drain(void)
{
	synchronize_rcu_tasks();
	synchronize_srcu(&smbsign_grace);
	synchronize_srcu(&smbsign_code);
	synchronize_rcu_tasks();
	srcu_barrier(&smbsign_grace);
	/* A session's end can let a key go. */
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
	ret = smbsign_sysctl_init(smbsign_attach_enforce);
	if (ret)
		goto err_session;
	ret = smbsign_stats_init();
	if (ret)
		goto err_sysctl;
	/* Keys can be learned before the first connection is guarded. */
	ret = smbsign_redirect_init();
	if (ret)
		goto err_stats;
	ret = smbsign_attach_init();
	if (ret)
		goto err_redirect;
	pr_info("guarding ksmbd on port %u, policy %s\n", smbsign_port(),
		smbsign_policy_name());
	return 0;

err_redirect:
	smbsign_redirect_exit();
	drain();
err_stats:
	smbsign_stats_exit();
err_sysctl:
	smbsign_sysctl_exit();
err_session:
	smbsign_session_exit();
err_crypto:
	crypto_exit();
	return ret;
}

static void __exit smbsign_exit(void)
{
	smbsign_attach_exit();
	smbsign_redirect_exit();
	drain();
	smbsign_stats_exit();
	smbsign_sysctl_exit();
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
MODULE_SOFTDEP("pre: cmac hmac sha256 sha512 aesni_intel");
