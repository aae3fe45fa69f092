// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries a redirect on a function of our own, in the same way as ksmbd's are
 * redirected.
 *
 * A redirect fails if kernel.ftrace_enabled is off, if ftrace has shut itself
 * down after a fault, or if the architecture leaves the instruction pointer
 * alone.  Without this test, that would show only when ksmbd is loaded, long
 * after the administrator was told that all is well.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "compat/redirect.h"
#include "ksmbd/ftrace_check.h"

#define SUBJECT		"smbsign_ftrace_subject"
#define NOT_REDIRECTED	1

/**
 * smbsign_ftrace_subject() - the function that the test redirects
 * @a:	not used
 * @b:	not used
 * @c:	not used
 * @d:	not used
 * @e:	not used
 *
 * It is not static, because ftrace finds it by name.
 *
 * Context: any.
 * Return: NOT_REDIRECTED.
 */
noinline int smbsign_ftrace_subject(long a, long b, long c, long d, long e)
{
	return NOT_REDIRECTED;
}

/* Are the arguments where they should be? */
static int subject_instead(long a, long b, long c, long d, long e)
{
	return a == 2 && b == 3 && c == 5 && d == 7 && e == 11 ? 0 : -ENXIO;
}

static void notrace subject_called(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	if (ftrace_regs_get_argument(regs, 0) == 2 &&
	    ftrace_regs_get_argument(regs, 4) == 11)
		ftrace_regs_set_instruction_pointer
			(regs, (unsigned long)subject_instead);
}

static int try_redirect(struct ftrace_ops *ops)
{
	/* Call through a pointer: the compiler may fold a direct call. */
	int (*subject)(long a, long b, long c, long d, long e) =
		smbsign_ftrace_subject;
	int ret = register_ftrace_function(ops);

	if (ret)
		return ret;
	OPTIMIZER_HIDE_VAR(subject);
	ret = subject(2, 3, 5, 7, 11);
	unregister_ftrace_function(ops);
	return ret == NOT_REDIRECTED ? -EOPNOTSUPP : ret;
}

/**
 * smbsign_ftrace_check() - can functions be redirected on this kernel?
 *
 * Context: process, may sleep.
 * Return: 0 if they can, or an error, which is logged.
 */
int smbsign_ftrace_check(void)
{
	/*
	 * Good for one load: an ftrace_ops cannot be used again once it is
	 * freed.
	 */
	static struct ftrace_ops ops = {
		.func = subject_called,
		.flags = SMBSIGN_REDIRECT_FLAGS,
	};
	char name[] = SUBJECT;
	int ret = ftrace_set_filter(&ops, name, strlen(name), 1);

	ret = ret ?: try_redirect(&ops);
	ftrace_free_filter(&ops);
	if (ret)
		pr_err("this kernel does not redirect functions (is kernel.ftrace_enabled 1?): %d\n",
		       ret);
	return ret;
}
