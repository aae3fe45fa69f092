// SPDX-License-Identifier: GPL-2.0-only
/*
 * The administrator's knobs: net.smbsign.* and module parameters.
 *
 * Values are words; a wrong word is EINVAL and changes nothing.
 */
#include <linux/bits.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "compat/sysctl.h"
#include "report.h"
#include "sysctl.h"

/**
 * struct words - a knob whose values are words
 * @names:	the words
 * @count:	their number
 * @value:	index of the current one
 */
struct words {
	const char * const	*names;
	unsigned int		count;
	unsigned int		value;
};

static const char * const policy_names[] = {
	[SMBSIGN_POLICY_AUDIT] = "audit",
	[SMBSIGN_POLICY_NEGOTIATED] = "negotiated",
	[SMBSIGN_POLICY_REQUIRED] = "required",
};

static const char * const violation_names[] = { "deny", "reset" };
static const char * const existing_names[] = { "reset", "ignore" };

static const char * const dialect_names[] = {
	"2.0.2", "2.1", "3.0", "3.0.2", "3.1.1",
};

static const u16 dialects[] = {
	SMB2_DIALECT_202, SMB2_DIALECT_210, SMB2_DIALECT_300, SMB2_DIALECT_302,
	SMB2_DIALECT_311,
};

static const char * const algorithm_names[] = {
	[SMB2_SIGNING_HMAC_SHA256] = "hmac-sha256",
	[SMB2_SIGNING_AES_CMAC] = "aes-cmac",
};

static struct words policy = {
	.names = policy_names,
	.count = ARRAY_SIZE(policy_names),
	.value = SMBSIGN_POLICY_NEGOTIATED,
};

static struct words on_violation = {
	.names = violation_names,
	.count = ARRAY_SIZE(violation_names),
};

static struct words existing = {
	.names = existing_names,
	.count = ARRAY_SIZE(existing_names),
};

static struct words min_dialect = {
	.names = dialect_names,
	.count = ARRAY_SIZE(dialect_names),
};

/* BIT(SMB2_SIGNING_*) */
static u16 algorithms = BIT(SMB2_SIGNING_HMAC_SHA256) |
			BIT(SMB2_SIGNING_AES_CMAC);
static u8 allow_guest;
static u8 replay_window = 1;
static u8 sign_responses = 1;
static u8 audit_records;
static unsigned int softirq_bytes = 16384;
static unsigned int softirq_bytes_max = 1 << 20;
static unsigned int hold_bytes = 65536;
static unsigned int hold_bytes_min = 4096;
static unsigned int hold_bytes_max = 1 << 20;

static int words_set(struct words *words, const char *word)
{
	int index = __sysfs_match_string(words->names, words->count, word);

	if (index < 0)
		return -EINVAL;
	WRITE_ONCE(words->value, index);
	return 0;
}

static int param_set_words(const char *word, const struct kernel_param *kp)
{
	return words_set(kp->arg, word);
}

static int param_get_words(char *buffer, const struct kernel_param *kp)
{
	const struct words *words = kp->arg;

	return sysfs_emit(buffer, "%s\n",
			  words->names[READ_ONCE(words->value)]);
}

static const struct kernel_param_ops param_ops_words = {
	.set = param_set_words,
	.get = param_get_words,
};

#define param_check_words(name, p) __param_check(name, p, struct words)

static ushort port = 445;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port that ksmbd listens on (445)");
module_param_named(policy, policy, words, 0444);
MODULE_PARM_DESC(policy, "audit, negotiated or required (negotiated)");
module_param_named(existing, existing, words, 0444);
MODULE_PARM_DESC(existing,
		 "connections that exist at load: reset or ignore (reset)");

static int sysctl_words(const struct ctl_table *table, int write, void *buffer,
			size_t *length, loff_t *position)
{
	struct words *words = table->data;
	char word[16];
	struct ctl_table copy = { .data = word, .maxlen = sizeof(word) };
	int ret;

	strscpy(word, words->names[READ_ONCE(words->value)], sizeof(word));
	ret = proc_dostring(&copy, write, buffer, length, position);
	if (ret || !write)
		return ret;
	return words_set(words, word);
}

static int algorithms_set(char *list)
{
	unsigned int set = 0;
	char *word;
	int index;

	while ((word = strsep(&list, ","))) {
		index = match_string(algorithm_names,
				     ARRAY_SIZE(algorithm_names), word);
		if (index < 0)
			return -EINVAL;
		set |= BIT(index);
	}
	WRITE_ONCE(algorithms, set);
	return 0;
}

static void algorithms_show(char *list, size_t size)
{
	unsigned int set = READ_ONCE(algorithms), index;

	*list = '\0';
	for (index = 0; index < ARRAY_SIZE(algorithm_names); index++) {
		if (!(set & BIT(index)))
			continue;
		if (*list)
			strlcat(list, ",", size);
		strlcat(list, algorithm_names[index], size);
	}
}

static int sysctl_algorithms(const struct ctl_table *table, int write,
			     void *buffer, size_t *length, loff_t *position)
{
	char list[64];
	struct ctl_table copy = { .data = list, .maxlen = sizeof(list) };
	int ret;

	algorithms_show(list, sizeof(list));
	ret = proc_dostring(&copy, write, buffer, length, position);
	if (ret || !write)
		return ret;
	return algorithms_set(list);
}

/* What lies behind a knob tells how it is read and written. */
static int knob_access(const struct ctl_table *knob, int write, void *buffer,
		       size_t *length, loff_t *position)
{
	/* Not every kernel takes a const one. */
	struct ctl_table copy = *knob;

	if (!knob->data)
		return sysctl_algorithms(knob, write, buffer, length, position);
	switch (knob->maxlen) {
	case sizeof(u8):
		return proc_dou8vec_minmax(&copy, write, buffer, length,
					   position);
	case sizeof(unsigned int):
		return proc_douintvec_minmax(&copy, write, buffer, length,
					     position);
	default:
		return sysctl_words(knob, write, buffer, length, position);
	}
}

/* Makes a stricter policy hold for those who are connected. */
static void (*policy_enforce)(void);

#define KNOB_TEXT_MAX	64

static void knob_text(const struct ctl_table *knob, char text[KNOB_TEXT_MAX])
{
	size_t length = KNOB_TEXT_MAX - 1;
	loff_t position = 0;

	if (knob_access(knob, 0, text, &length, &position))
		length = 0;
	text[length] = '\0';
	strim(text);
}

/* Who changes the policy is told of, and, once that is asked for, recorded. */
static int sysctl_knob(const struct ctl_table *knob, int write, void *buffer,
		       size_t *length, loff_t *position)
{
	char old[KNOB_TEXT_MAX], new[KNOB_TEXT_MAX];
	struct smbsign_policy before, now;
	static DEFINE_MUTEX(knob_lock);
	bool records;
	int ret;

	if (!write)
		return knob_access(knob, write, buffer, length, position);
	mutex_lock(&knob_lock);
	records = smbsign_audit_records();
	smbsign_policy_get(&before);
	knob_text(knob, old);
	ret = knob_access(knob, write, buffer, length, position);
	knob_text(knob, new);
	if (strcmp(old, new))
		smbsign_report_knob(knob->procname, old, new,
				    records || smbsign_audit_records());
	smbsign_policy_get(&now);
	if (smbsign_policy_is_stricter(&now, &before))
		policy_enforce();
	mutex_unlock(&knob_lock);
	return ret;
}

SMBSIGN_COMPAT_PROC_HANDLER(sysctl_knob)

static struct ctl_table table[] = {
	{
		.procname	= "policy",
		.data		= &policy,
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
	},
	{
		.procname	= "on_violation",
		.data		= &on_violation,
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
	},
	{
		.procname	= "min_dialect",
		.data		= &min_dialect,
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
	},
	{
		.procname	= "algorithms",
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
	},
	{
		.procname	= "allow_guest",
		.data		= &allow_guest,
		.maxlen		= sizeof(allow_guest),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "replay_window",
		.data		= &replay_window,
		.maxlen		= sizeof(replay_window),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "sign_responses",
		.data		= &sign_responses,
		.maxlen		= sizeof(sign_responses),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "audit_records",
		.data		= &audit_records,
		.maxlen		= sizeof(audit_records),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "softirq_bytes",
		.data		= &softirq_bytes,
		.maxlen		= sizeof(softirq_bytes),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= SYSCTL_ZERO,
		.extra2		= &softirq_bytes_max,
	},
	{
		.procname	= "hold_bytes",
		.data		= &hold_bytes,
		.maxlen		= sizeof(hold_bytes),
		.mode		= 0644,
		.proc_handler	= smbsign_compat_proc_handler(sysctl_knob),
		.extra1		= &hold_bytes_min,
		.extra2		= &hold_bytes_max,
	},
	SMBSIGN_COMPAT_TABLE_END
};

static struct ctl_table_header *header;

/**
 * smbsign_sysctl_init() - make net.smbsign.*
 * @enforce:	called, where it may sleep, when the policy has become stricter
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_sysctl_init(void (*enforce)(void))
{
	policy_enforce = enforce;
	header = register_net_sysctl(&init_net, "net/smbsign", table);
	return header ? 0 : -ENOMEM;
}

/**
 * smbsign_sysctl_exit() - remove net.smbsign.*
 *
 * Context: process, may sleep; waits for those who read or write one.
 */
void smbsign_sysctl_exit(void)
{
	unregister_net_sysctl_table(header);
}

/**
 * smbsign_policy_mode() - net.smbsign.policy
 *
 * Context: any.
 * Return: the policy in force.
 */
enum smbsign_policy_mode smbsign_policy_mode(void)
{
	return READ_ONCE(policy.value);
}

/**
 * smbsign_policy_get() - all that the administrator wants of clients and ksmbd
 * @out:	filled in
 *
 * Context: any.
 */
void smbsign_policy_get(struct smbsign_policy *out)
{
	*out = (struct smbsign_policy) {
		.mode = smbsign_policy_mode(),
		.allow_guest = READ_ONCE(allow_guest),
		.min_dialect = dialects[READ_ONCE(min_dialect.value)],
		.algorithms = READ_ONCE(algorithms),
		.replay_window = READ_ONCE(replay_window),
		.sign_responses = READ_ONCE(sign_responses),
	};
}

/**
 * smbsign_reset_on_violation() - net.smbsign.on_violation
 *
 * Context: any.
 * Return: true if a violation resets the connection instead of being answered.
 */
bool smbsign_reset_on_violation(void)
{
	return READ_ONCE(on_violation.value);
}

/**
 * smbsign_softirq_bytes() - net.smbsign.softirq_bytes
 *
 * Context: any.
 * Return: the most bytes looked at in one softirq call; a larger request is left
 * to ksmbd's own thread.
 */
unsigned int smbsign_softirq_bytes(void)
{
	return READ_ONCE(softirq_bytes);
}

/**
 * smbsign_hold_bytes() - net.smbsign.hold_bytes
 *
 * Context: any.
 * Return: the largest frame that is held whole until it is verified, in bytes.
 */
unsigned int smbsign_hold_bytes(void)
{
	return READ_ONCE(hold_bytes);
}

/**
 * smbsign_port() - module parameter port
 *
 * Context: any.
 * Return: ksmbd's port, in host order.
 */
u16 smbsign_port(void)
{
	return port;
}

/**
 * smbsign_reset_existing() - module parameter existing
 *
 * Context: any.
 * Return: true if connections that exist at load are to be reset.
 */
bool smbsign_reset_existing(void)
{
	return !existing.value;
}

/**
 * smbsign_audit_records() - net.smbsign.audit_records
 *
 * Context: any.
 * Return: true if refusals and changes of policy are recorded for audit.
 */
bool smbsign_audit_records(void)
{
	return READ_ONCE(audit_records);
}

/**
 * smbsign_policy_name() - net.smbsign.policy, as it is written
 *
 * Context: any.
 * Return: the word.
 */
const char *smbsign_policy_name(void)
{
	return policy_names[smbsign_policy_mode()];
}
