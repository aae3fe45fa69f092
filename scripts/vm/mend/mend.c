// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksmbd of Debian 12's Linux 6.1.192 calls opinfo_put(NULL) when a directory is
 * opened without a lease, and dies of it: no client gets as far as to list one.
 * In guests with that kernel, such a call does nothing; all else is as Debian has
 * it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>

static char * const function = "opinfo_put";

static void nothing(void *opinfo)
{
}

static void notrace put_called(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	if (!regs_get_kernel_argument(&regs->regs, 0))
		ftrace_instruction_pointer_set(regs, (unsigned long)nothing);
}

static struct ftrace_ops ops = {
	.func = put_called,
	.flags = FTRACE_OPS_FL_RECURSION | FTRACE_OPS_FL_PERMANENT |
		 FTRACE_OPS_FL_IPMODIFY,
};

static int mend(void)
{
	return ftrace_set_filter(&ops, function, strlen(function), 1) ?:
	       register_ftrace_function(&ops);
}

static int module_event(struct notifier_block *block, unsigned long event,
			void *data)
{
	const struct module *module = data;

	if (strcmp(module->name, "ksmbd"))
		return NOTIFY_DONE;
	if (event == MODULE_STATE_COMING)
		return notifier_from_errno(mend());
	if (event == MODULE_STATE_GOING)
		unregister_ftrace_function(&ops);
	return NOTIFY_OK;
}

static struct notifier_block module_block = {
	.notifier_call = module_event,
};

static int __init mend_init(void)
{
	pr_info("%s(NULL) of ksmbd will do nothing\n", function);
	return register_module_notifier(&module_block);
}

module_init(mend_init);

MODULE_DESCRIPTION("Lets ksmbd of Linux 6.1.192 live through the opening of a directory");
MODULE_LICENSE("GPL");
