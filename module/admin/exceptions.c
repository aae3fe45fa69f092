// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exceptions from policy=required that are in force, and their use.
 *
 * A connection is compared with them when it is guarded, and when they change:
 * a request costs nothing.  An exception that is not needed any more lets
 * nothing in; what it lets in is counted for that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "admin/audit.h"
#include "admin/exceptions.h"
#include "state/conn.h"

/**
 * struct use - what an exception is good for
 * @connections:	connections that it has covered
 * @let_in:		those on which something was let in that required would
 *			refuse
 * @since:		when it was listed, seconds since 1970
 * @last:		when the latest of @let_in was; 0: none
 */
struct use {
	atomic64_t	connections;
	atomic64_t	let_in;
	time64_t	since;
	time64_t	last;
};

struct exceptions {
	unsigned int		count;
	struct smbsign_prefix	prefix[SMBSIGN_EXCEPTIONS_MAX];
	struct use		use[SMBSIGN_EXCEPTIONS_MAX];
};

/* NULL: there are none. */
static struct exceptions __rcu *in_force;
/* Serialises who changes the list, and who shows it. */
static DEFINE_MUTEX(exceptions_lock);

static struct exceptions *in_force_locked(void)
{
	return rcu_dereference_protected(in_force,
					 lockdep_is_held(&exceptions_lock));
}

/* Its index in @list, or -1. */
static int match(const struct exceptions *list, const struct smbsign_conn *conn)
{
	const union smbsign_peer *peer = &conn->peer;
	struct in6_addr address;

	if (!list)
		return -1;
	if (peer->any.sa_family == AF_INET)
		ipv6_addr_set_v4mapped(peer->in.sin_addr.s_addr, &address);
	else
		address = peer->in6.sin6_addr;
	return smbsign_exceptions_match(list->prefix, list->count,
					address.s6_addr);
}

/**
 * smbsign_exceptions_apply() - compare a connection with the exceptions
 * @conn:	the connection, on the list of all connections
 *
 * Whoever changes the exceptions calls this for all that are on that list then.
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_exceptions_apply(struct smbsign_conn *conn)
{
	struct smbsign_prefix exception = { };
	struct exceptions *list;
	bool same;
	int index;

	rcu_read_lock();
	list = rcu_dereference(in_force);
	index = match(list, conn);
	if (index >= 0)
		exception = list->prefix[index];
	same = !memcmp(&conn->exception, &exception, sizeof(exception));
	if (index >= 0 && !same)
		atomic64_inc(&list->use[index].connections);
	rcu_read_unlock();
	if (same)
		return;
	conn->exception = exception;
	WRITE_ONCE(conn->excepted, index >= 0);
	/* What was reported before is another matter now. */
	spin_lock_bh(&conn->lock);
	WRITE_ONCE(conn->foreseen, 0);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_exceptions_let_in() - count a connection as in need of its exception
 * @conn:	the connection
 *
 * Context: any but hard interrupt.
 */
void smbsign_exceptions_let_in(const struct smbsign_conn *conn)
{
	struct exceptions *list;
	int index;

	rcu_read_lock();
	list = rcu_dereference(in_force);
	index = match(list, conn);
	if (index >= 0) {
		atomic64_inc(&list->use[index].let_in);
		WRITE_ONCE(list->use[index].last, ktime_get_real_seconds());
	}
	rcu_read_unlock();
}

/**
 * smbsign_exceptions_name() - the exception that a connection has
 * @conn:	the connection
 * @text:	filled in; "-" if it has none
 *
 * Context: any but hard interrupt.
 */
void smbsign_exceptions_name(const struct smbsign_conn *conn,
			     char text[SMBSIGN_PREFIX_TEXT])
{
	const struct exceptions *list;
	int index;

	strscpy(text, "-", SMBSIGN_PREFIX_TEXT);
	rcu_read_lock();
	list = rcu_dereference(in_force);
	index = match(list, conn);
	if (index >= 0)
		smbsign_prefix_print(&list->prefix[index], text);
	rcu_read_unlock();
}

/* Log what is in @a and not in @b, and record it if @records. */
static void log_changes(const struct exceptions *a, const struct exceptions *b,
			bool gained, bool records)
{
	char text[SMBSIGN_PREFIX_TEXT];
	unsigned int i;

	for (i = 0; a && i < a->count; i++) {
		if (b && smbsign_exceptions_find(b->prefix, b->count,
						 &a->prefix[i]) >= 0)
			continue;
		smbsign_prefix_print(&a->prefix[i], text);
		pr_notice("net.smbsign.exceptions has %s%s\n", text,
			  gained ? "" : " no more");
		if (records)
			smbsign_audit_change("exceptions", gained ? "-" : text,
					     gained ? text : "-");
	}
}

/* Nobody counts in @old any more; somebody may in @list. */
static void inherit(struct exceptions *list, const struct exceptions *old)
{
	unsigned int i;
	int index;

	for (i = 0; i < list->count; i++) {
		index = smbsign_exceptions_find(old->prefix, old->count,
						&list->prefix[i]);
		if (index < 0)
			continue;
		atomic64_add(atomic64_read(&old->use[index].connections),
			     &list->use[i].connections);
		atomic64_add(atomic64_read(&old->use[index].let_in),
			     &list->use[i].let_in);
		list->use[i].since = old->use[index].since;
		if (!READ_ONCE(list->use[i].last))
			WRITE_ONCE(list->use[i].last, old->use[index].last);
	}
}

/* @list is NULL if nobody is an exception any more. */
static void publish(struct exceptions *list, bool records)
{
	struct exceptions *old;
	unsigned int i;

	for (i = 0; list && i < list->count; i++)
		list->use[i].since = ktime_get_real_seconds();
	mutex_lock(&exceptions_lock);
	old = rcu_replace_pointer(in_force, list,
				  lockdep_is_held(&exceptions_lock));
	synchronize_rcu();
	if (list && old)
		inherit(list, old);
	log_changes(list, old, true, records);
	log_changes(old, list, false, records);
	mutex_unlock(&exceptions_lock);
	kvfree(old);
}

/**
 * smbsign_exceptions_set() - put a list of exceptions in force
 * @text:	addresses and prefixes, separated by commas or white space
 * @length:	bytes at @text
 * @records:	also write an audit record for each change
 *
 * The caller applies it to all connections.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL if a word is wrong, which is logged, or -ENOMEM. Then
 * nothing has changed.
 */
int smbsign_exceptions_set(const char *text, size_t length, bool records)
{
	struct exceptions *list = kvzalloc(sizeof(*list), GFP_KERNEL);
	struct smbsign_wrong_word wrong;
	int count;

	if (!list)
		return -ENOMEM;
	count = smbsign_exceptions_parse(text, length, list->prefix, &wrong);
	if (count < 0) {
		pr_notice("net.smbsign.exceptions is unchanged: \"%*pE\" %s\n",
			  (int)min_t(size_t, wrong.length, SMBSIGN_PREFIX_TEXT),
			  wrong.word, wrong.why);
		kvfree(list);
		return count;
	}
	list->count = count;
	if (!count) {
		kvfree(list);
		list = NULL;
	}
	publish(list, records);
	return 0;
}

/**
 * smbsign_exceptions_text() - the list in force, as smbsign_exceptions_set()
 *	takes it
 *
 * Context: process, may sleep.
 * Return: the text, for kvfree(), or NULL if there is no memory.
 */
char *smbsign_exceptions_text(void)
{
	char *text = kvzalloc(SMBSIGN_EXCEPTIONS_MAX * SMBSIGN_PREFIX_TEXT,
			      GFP_KERNEL);
	const struct exceptions *list;
	unsigned int i;
	size_t at = 0;

	if (!text)
		return NULL;
	mutex_lock(&exceptions_lock);
	list = in_force_locked();
	for (i = 0; list && i < list->count; i++) {
		if (i)
			text[at++] = ',';
		at += smbsign_prefix_print(&list->prefix[i], text + at);
	}
	mutex_unlock(&exceptions_lock);
	return text;
}

/**
 * smbsign_exceptions_show() - print a line for each exception
 * @seq:	the file to print to
 *
 * Context: process, may sleep.
 */
void smbsign_exceptions_show(struct seq_file *seq)
{
	char text[SMBSIGN_PREFIX_TEXT];
	const struct exceptions *list;
	const struct use *use;
	unsigned int i;

	mutex_lock(&exceptions_lock);
	list = in_force_locked();
	for (i = 0; list && i < list->count; i++) {
		use = &list->use[i];
		smbsign_prefix_print(&list->prefix[i], text);
		seq_printf(seq,
			   "%s connections=%lld let_in=%lld since=%lld last=%lld\n",
			   text, (s64)atomic64_read(&use->connections),
			   (s64)atomic64_read(&use->let_in), use->since,
			   READ_ONCE(use->last));
	}
	mutex_unlock(&exceptions_lock);
}

/**
 * smbsign_exceptions_exit() - free the list
 *
 * Context: process, when nobody looks any more.
 */
void smbsign_exceptions_exit(void)
{
	kvfree(rcu_access_pointer(in_force));
}
