// SPDX-License-Identifier: GPL-2.0-only
/*
 * All of the module on a kernel that was built without what it stands on, or with what it
 * cannot stand: says so and is refused.
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
