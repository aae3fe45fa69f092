// SPDX-License-Identifier: GPL-2.0-only
/*
 * A redirect tried on a function of our own, in the way that ksmbd's are
 * redirected.
 *
 * What can be in the way (ftrace switched off by kernel.ftrace_enabled, or for good
 * after a fault of its own; an architecture that leaves the instruction pointer
 * alone) would else show only when ksmbd is loaded, long after the administrator
 * was told that all is well.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "compat/redirect.h"
#include "trial.h"

#define SUBJECT		"smbsign_trial_subject"
#define NOT_REDIRECTED	1

/**
 * smbsign_trial_subject() - what the redirect is tried on
 * @a:	not used
 * @b:	not used
 * @c:	not used
 * @d:	not used
 * @e:	not used
 *
 * Not static, as ftrace must find it by its name.
 *
 * Context: any.
 * Return: NOT_REDIRECTED.
 */
noinline int smbsign_trial_subject(long a, long b, long c, long d, long e)
{
	return NOT_REDIRECTED;
}

/* Are the arguments where they should be? */
static int instead(long a, long b, long c, long d, long e)
{
	return a == 2 && b == 3 && c == 5 && d == 7 && e == 11 ? 0 : -ENXIO;
}

static void notrace called(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	if (ftrace_regs_get_argument(regs, 0) == 2 &&
	    ftrace_regs_get_argument(regs, 4) == 11)
		ftrace_regs_set_instruction_pointer(regs,
						    (unsigned long)instead);
}

static int try(struct ftrace_ops *ops)
{
	/* By a pointer, as a call to a function it sees is the compiler's. */
	int (*subject)(long a, long b, long c, long d, long e) =
		smbsign_trial_subject;
	int ret = register_ftrace_function(ops);

	if (ret)
		return ret;
	OPTIMIZER_HIDE_VAR(subject);
	ret = subject(2, 3, 5, 7, 11);
	unregister_ftrace_function(ops);
	return ret == NOT_REDIRECTED ? -EOPNOTSUPP : ret;
}

/**
 * smbsign_trial() - can functions be redirected on this kernel?
 *
 * Context: process, may sleep.
 * Return: 0 if they can, or an error, having said so.
 */
int smbsign_trial(void)
{
	/* For one load: an ftrace_ops cannot be used again once it is freed. */
	static struct ftrace_ops ops = {
		.func = called,
		.flags = SMBSIGN_REDIRECT_FLAGS,
	};
	char name[] = SUBJECT;
	int ret = ftrace_set_filter(&ops, name, strlen(name), 1);

	ret = ret ?: try(&ops);
	ftrace_free_filter(&ops);
	if (ret)
		pr_err("this kernel does not redirect functions (is kernel.ftrace_enabled 1?): %d\n",
		       ret);
	return ret;
}
