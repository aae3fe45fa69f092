// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole module on a kernel that was built without an option it needs, or
 * with one it cannot work with.  It logs that, and refuses to load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

static int __init smbsign_init(void)
{
	pr_err("this kernel is not supported, it was built %s\n",
	       SMBSIGN_OTHERWISE);
	return -EOPNOTSUPP;
}

module_init(smbsign_init);

MODULE_DESCRIPTION("Keeps the SMB signing policy of ksmbd's connections");
MODULE_AUTHOR("The smbsign authors");
MODULE_LICENSE("GPL");
