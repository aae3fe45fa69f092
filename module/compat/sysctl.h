/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc_handler takes a const table since 6.11; the compiler tells which one
 * this kernel takes.  register_net_sysctl() is a macro since 6.6, and counts
 * the entries; before that, an empty entry had to end the table.
 */
#ifndef SMBSIGN_COMPAT_SYSCTL_H
#define SMBSIGN_COMPAT_SYSCTL_H

#include <linux/sysctl.h>
#include <net/net_namespace.h>

#define SMBSIGN_PROC_HANDLER_IS_CONST					\
	__builtin_types_compatible_p(proc_handler *,			\
				     int (*)(const struct ctl_table *,	\
					     int, void *, size_t *,	\
					     loff_t *))

/* Make @function, which takes a const table, fit either prototype. */
#define SMBSIGN_COMPAT_PROC_HANDLER(function)				\
static int __maybe_unused						\
function##_mutable(struct ctl_table *table, int write, void *buffer,	\
		   size_t *length, loff_t *position)			\
{									\
	return function(table, write, buffer, length, position);	\
}

/* The variant of @function that a struct ctl_table takes. */
#define smbsign_compat_proc_handler(function)				\
	__builtin_choose_expr(SMBSIGN_PROC_HANDLER_IS_CONST, function,	\
			      function##_mutable)

#ifdef register_net_sysctl
#define SMBSIGN_COMPAT_TABLE_END
#else
#define SMBSIGN_COMPAT_TABLE_END	{ }
#endif

#endif /* SMBSIGN_COMPAT_SYSCTL_H */
