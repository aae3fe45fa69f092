// SPDX-License-Identifier: GPL-2.0-only
/*
 * The administrator's knobs: net.smbsign.* and module parameters.
 *
 * Values are words.  A wrong word is EINVAL, and changes nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "admin/audit.h"
#include "admin/exceptions.h"
#include "admin/sysctl.h"
#include "compat/sysctl.h"
#include "mac/mac.h"
#include "state/conn.h"

struct smbsign_knob_values smbsign_knobs = {
	.policy = SMBSIGN_POLICY_NEGOTIATED,
	.algorithms = BIT(SMB2_SIGNING_HMAC_SHA256) |
		      BIT(SMB2_SIGNING_AES_CMAC) | BIT(SMB2_SIGNING_AES_GMAC),
	.replay_window = 1,
	.sign_responses = 1,
	.softirq_bytes = 16384,
	.hold_bytes = 65536,
	.port = 445,
};

/**
 * struct words - a knob with words for values
 * @names:	the words
 * @count:	their number
 * @value:	index of the current word
 */
struct words {
	const char * const	*names;
	unsigned int		count;
	unsigned int		*value;
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
	[SMB2_SIGNING_AES_GMAC] = "aes-gmac",
};

#define WORDS(knob, list)				\
	static struct words knob = {			\
		.names = list,				\
		.count = ARRAY_SIZE(list),		\
		.value = &smbsign_knobs.knob,		\
	}

WORDS(policy, policy_names);
WORDS(on_violation, violation_names);
WORDS(existing, existing_names);
WORDS(min_dialect, dialect_names);

static unsigned int bytes_max = 1 << 20;
static unsigned int hold_bytes_min = 4096;

static int words_set(struct words *words, const char *word)
{
	int index = __sysfs_match_string(words->names, words->count, word);

	if (index < 0)
		return -EINVAL;
	WRITE_ONCE(*words->value, index);
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
			  words->names[READ_ONCE(*words->value)]);
}

static const struct kernel_param_ops param_ops_words = {
	.set = param_set_words,
	.get = param_get_words,
};

#define param_check_words(name, p) __param_check(name, p, struct words)

module_param_named(port, smbsign_knobs.port, ushort, 0444);
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

	strscpy(word, words->names[READ_ONCE(*words->value)], sizeof(word));
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
	WRITE_ONCE(smbsign_knobs.algorithms, set);
	return 0;
}

static void algorithms_show(char *list, size_t size)
{
	unsigned int set = READ_ONCE(smbsign_knobs.algorithms), index;

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

/* The type of a knob's data decides how it is read and written. */
static int knob_access(const struct ctl_table *knob, int write, void *buffer,
		       size_t *length, loff_t *position)
{
	/* Older kernels do not take a const table. */
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

/* Applies the policy to connections that exist. */
static void (*policy_enforce)(const struct smbsign_policy *before);
/* What is logged of a change is what happened. */
static DEFINE_MUTEX(knob_lock);

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

/* Log a change of a knob, and record it if audit_records says so. */
static int sysctl_knob(const struct ctl_table *knob, int write, void *buffer,
		       size_t *length, loff_t *position)
{
	char old[KNOB_TEXT_MAX], new[KNOB_TEXT_MAX];
	struct smbsign_policy before, now;
	bool records;
	int ret;

	if (!write)
		return knob_access(knob, write, buffer, length, position);
	mutex_lock(&knob_lock);
	records = smbsign_audit_records();
	smbsign_policy_get(NULL, &before);
	knob_text(knob, old);
	ret = knob_access(knob, write, buffer, length, position);
	knob_text(knob, new);
	if (strcmp(old, new)) {
		pr_notice("net.smbsign.%s is %s, was %s\n", knob->procname, new,
			  old);
		if (records || smbsign_audit_records())
			smbsign_audit_change(knob->procname, old, new);
	}
	smbsign_policy_get(NULL, &now);
	if (smbsign_policy_is_stricter(&now, &before))
		policy_enforce(&before);
	mutex_unlock(&knob_lock);
	return ret;
}

SMBSIGN_COMPAT_PROC_HANDLER(sysctl_knob)

static int exceptions_read(void *buffer, size_t *length, loff_t *position)
{
	char *text = smbsign_exceptions_text();
	struct ctl_table copy = { .data = text };
	int ret;

	if (!text)
		return -ENOMEM;
	copy.maxlen = strlen(text) + 1;
	ret = proc_dostring(&copy, 0, buffer, length, position);
	kvfree(text);
	return ret;
}

/*
 * A shell or dd may write a long list in pieces, and one that ends inside of an
 * address may be an address, too.  mksh and dd write so many bytes at a time, and
 * others more.
 */
#define PIECE_MIN	512
/* sysctl(8) splits longer lists than this if they are EINVAL. */
#define SYSCTL_LINE	4096

static int exceptions_write(const char *text, size_t length, loff_t position)
{
	struct smbsign_policy before;
	int ret;

	if (position || (length >= PIECE_MIN && text[length - 1] != '\n')) {
		pr_notice("net.smbsign.exceptions is unchanged: write it in one piece, which ends with a newline\n");
		return -EINVAL;
	}
	mutex_lock(&knob_lock);
	smbsign_policy_get(NULL, &before);
	ret = smbsign_exceptions_set(text, length, smbsign_audit_records());
	if (!ret)
		policy_enforce(&before);
	mutex_unlock(&knob_lock);
	return ret;
}

static int sysctl_exceptions(const struct ctl_table *knob, int write,
			     void *buffer, size_t *length, loff_t *position)
{
	int ret;

	if (!write)
		return exceptions_read(buffer, length, position);
	ret = exceptions_write(buffer, *length, *position);
	if (!ret)
		*position += *length;
	/* It splits at a comma, so each piece is a list: let it give up. */
	return ret == -EINVAL && *length > SYSCTL_LINE ? -EBADMSG : ret;
}

SMBSIGN_COMPAT_PROC_HANDLER(sysctl_exceptions)

#define KNOB(name)						\
	.procname	= name,						\
	.mode		= 0644,						\
	.proc_handler	= smbsign_compat_proc_handler(sysctl_knob)
/* Who is not protected is for root to see. */
#define KNOB_OF_ROOT(name, handler)					\
	.procname	= name,						\
	.mode		= 0600,						\
	.proc_handler	= smbsign_compat_proc_handler(handler)
#define KNOB_VALUE(name)						\
	KNOB(#name),							\
	.data		= &smbsign_knobs.name,				\
	.maxlen		= sizeof(smbsign_knobs.name)
#define KNOB_SWITCH(name)						\
	KNOB_VALUE(name), .extra1 = SYSCTL_ZERO, .extra2 = SYSCTL_ONE

static struct ctl_table table[] = {
	{ KNOB("policy"), .data = &policy },
	{ KNOB("on_violation"), .data = &on_violation },
	{ KNOB("min_dialect"), .data = &min_dialect },
	{ KNOB("algorithms") },
	{ KNOB_SWITCH(allow_guest) },
	{ KNOB_SWITCH(replay_window) },
	{ KNOB_SWITCH(sign_responses) },
	{ KNOB_SWITCH(audit_records) },
	{
		KNOB_VALUE(softirq_bytes),
		.extra1 = SYSCTL_ZERO, .extra2 = &bytes_max,
	},
	{
		KNOB_VALUE(hold_bytes),
		.extra1 = &hold_bytes_min, .extra2 = &bytes_max,
	},
	{ KNOB_OF_ROOT("exceptions", sysctl_exceptions) },
	SMBSIGN_COMPAT_TABLE_END
};

static struct ctl_table_header *header;

/**
 * smbsign_sysctl_init() - create net.smbsign.*
 * @enforce:	called with the policy before, where it may sleep, when the policy
 *		has become stricter or its exceptions have changed
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_sysctl_init(void (*enforce)(const struct smbsign_policy *before))
{
	policy_enforce = enforce;
	header = register_net_sysctl(&init_net, "net/smbsign", table);
	return header ? 0 : -ENOMEM;
}

/**
 * smbsign_sysctl_exit() - remove net.smbsign.*
 *
 * Context: process, may sleep; waits until nobody reads or writes a knob.
 */
void smbsign_sysctl_exit(void)
{
	unregister_net_sysctl_table(header);
}

static u16 known_algorithms(void)
{
	u16 known = 0, algorithm;

	for (algorithm = 0; algorithm < SMB2_SIGNING_COUNT; algorithm++)
		known |= smbsign_mac_knows(algorithm) ? BIT(algorithm) : 0;
	return known;
}

/**
 * smbsign_policy_get() - get the administrator's policy
 * @conn:	for this connection; NULL: where there is no exception
 * @out:	filled in
 *
 * Context: any.
 */
void smbsign_policy_get(const struct smbsign_conn *conn,
			struct smbsign_policy *out)
{
	const struct smbsign_knob_values *knobs = &smbsign_knobs;

	*out = (struct smbsign_policy) {
		.mode = READ_ONCE(knobs->policy),
		.allow_guest = READ_ONCE(knobs->allow_guest),
		.min_dialect = dialects[READ_ONCE(knobs->min_dialect)],
		.algorithms = READ_ONCE(knobs->algorithms) & known_algorithms(),
		.known = known_algorithms(),
		.replay_window = READ_ONCE(knobs->replay_window),
		.sign_responses = READ_ONCE(knobs->sign_responses),
		.resets = READ_ONCE(knobs->on_violation),
	};
	if (conn && READ_ONCE(conn->excepted))
		smbsign_policy_except(out);
}

/**
 * smbsign_policy_name() - the current word of net.smbsign.policy
 *
 * Context: any.
 * Return: the word.
 */
const char *smbsign_policy_name(void)
{
	return policy_names[READ_ONCE(smbsign_knobs.policy)];
}

/**
 * smbsign_algorithm_name() - a signing algorithm as net.smbsign.algorithms has it
 * @algorithm:	SMB2_SIGNING_*
 *
 * Context: any.
 * Return: the word.
 */
const char *smbsign_algorithm_name(u16 algorithm)
{
	return algorithm < ARRAY_SIZE(algorithm_names) ?
	       algorithm_names[algorithm] : "other";
}
