// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/smbsign: counters, connections, refusals, exceptions. */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "admin/exceptions.h"
#include "admin/refusals.h"
#include "admin/sysctl.h"
#include "base/count.h"
#include "base/grace.h"
#include "procfs.h"
#include "state/conn.h"
#include "state/registry.h"
#include "state/session.h"

static const char * const count_names[SMBSIGN_COUNT_NR] = {
#define X(id, name) [SMBSIGN_COUNT_##id] = name,
	SMBSIGN_COUNTS(X)
#undef X
#define X(id, name, words) \
	[SMBSIGN_COUNT_REASONS + SMBSIGN_REASON_##id] = \
	"reason_" name,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const gauge_names[SMBSIGN_GAUGE_NR] = {
#define X(id, name) [SMBSIGN_GAUGE_##id] = name,
	SMBSIGN_GAUGES(X)
#undef X
};

static struct proc_dir_entry *directory;

static int stats_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	for (i = 0; i < SMBSIGN_GAUGE_NR; i++)
		seq_printf(seq, "%s %ld\n", gauge_names[i],
			   smbsign_gauge_read(i));
	for (i = 0; i < SMBSIGN_COUNT_NR; i++) {
		if (count_names[i])
			seq_printf(seq, "%s %llu\n", count_names[i],
				   smbsign_count_sum(i));
	}
	return 0;
}

static const char *algorithm_name(const struct smbsign_conn_facts *facts)
{
	return facts->dialect ? smbsign_algorithm_name(facts->algorithm) : "-";
}

/**
 * struct kinds - how many sessions of some kinds a connection has
 * @guests:	guests and anonymous users
 * @encrypted:	sessions that must be encrypted
 */
struct kinds {
	unsigned int	guests;
	unsigned int	encrypted;
};

/* Count on demand, so that requests need not. */
static struct kinds count_kinds(const struct smbsign_conn *conn)
{
	const struct smbsign_session *session;
	struct kinds kinds = { };

	lockdep_assert_held(&conn->lock);
	list_for_each_entry(session, &conn->sessions, node) {
		if (session->facts.state != SMBSIGN_SESSION_ESTABLISHED)
			continue;
		kinds.guests += session->facts.guest;
		kinds.encrypted += session->facts.encrypted;
	}
	return kinds;
}

/* A reason is kept as its number plus 1. */
static const char *reason_kept(u8 kept)
{
	return kept ? smbsign_reason_name(kept - 1) : "-";
}

/* Programs parse this line: add new fields at its end. */
static void conn_show(struct seq_file *seq, struct smbsign_conn *conn)
{
	char exception[SMBSIGN_PREFIX_TEXT];
	struct smbsign_conn_facts facts;
	struct kinds kinds;

	smbsign_exceptions_name(conn, exception);
	spin_lock_bh(&conn->lock);
	facts = conn->facts;
	kinds = count_kinds(conn);
	spin_unlock_bh(&conn->lock);
	seq_printf(seq,
		   "%pISpc dialect=%#06x algorithm=%s sessions=%u required=%u requests=%llu refusals=%llu",
		   &conn->peer, facts.dialect, algorithm_name(&facts),
		   facts.sessions, facts.required_sessions,
		   READ_ONCE(conn->requests), READ_ONCE(conn->refusals));
	seq_printf(seq,
		   " in_progress=%u guests=%u must_encrypt=%u encrypted=%d refused_for=%s foreseen=%s begun=%lld exception=%s\n",
		   facts.in_progress, kinds.guests, kinds.encrypted,
		   READ_ONCE(conn->encrypted),
		   reason_kept(READ_ONCE(conn->refused_for)),
		   reason_kept(READ_ONCE(conn->foreseen)), conn->begun,
		   exception);
}

static int connections_show(struct seq_file *seq, void *unused)
{
	int grace = smbsign_grace_enter();

	smbsign_registry_for_each(seq, conn_show);
	smbsign_grace_leave(grace);
	return 0;
}

static int refusals_show(struct seq_file *seq, void *unused)
{
	smbsign_refusals_show(seq);
	return 0;
}

static int exceptions_show(struct seq_file *seq, void *unused)
{
	smbsign_exceptions_show(seq);
	return 0;
}

/**
 * smbsign_procfs_init() - create /proc/net/smbsign
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_procfs_init(void)
{
	directory = proc_mkdir("smbsign", init_net.proc_net);
	if (!directory)
		return -ENOMEM;
	if (!proc_create_single("stats", 0444, directory, stats_show) ||
	    !proc_create_single("connections", 0400, directory,
				connections_show) ||
	    !proc_create_single("refusals", 0400, directory, refusals_show) ||
	    !proc_create_single("exceptions", 0400, directory,
				exceptions_show)) {
		smbsign_procfs_exit();
		return -ENOMEM;
	}
	return 0;
}

/**
 * smbsign_procfs_exit() - remove /proc/net/smbsign
 *
 * Context: process, may sleep; waits for readers.
 */
void smbsign_procfs_exit(void)
{
	proc_remove(directory);
	directory = NULL;
}
