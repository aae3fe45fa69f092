// SPDX-License-Identifier: GPL-2.0-only
/* Counters, and /proc/net/smbsign. */
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "attach.h"
#include "conn.h"
#include "grace.h"
#include "recent.h"
#include "session.h"
#include "stats.h"

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

/* Packets count on their own CPU; nothing is shared between connections. */
static DEFINE_PER_CPU(u64 [SMBSIGN_COUNT_NR], counts);
static atomic_long_t gauges[SMBSIGN_GAUGE_NR];
static struct proc_dir_entry *directory;

/**
 * smbsign_count_event() - count an event
 * @event:	enum smbsign_count, or SMBSIGN_COUNT_REASONS plus a reason
 *
 * Context: any.
 */
void smbsign_count_event(unsigned int event)
{
	this_cpu_inc(counts[event]);
}

/**
 * smbsign_gauge_add() - change an amount
 * @gauge:	which
 * @change:	by how much
 *
 * Context: any.
 */
void smbsign_gauge_add(enum smbsign_gauge gauge, int change)
{
	atomic_long_add(change, &gauges[gauge]);
}

/**
 * smbsign_gauge_read() - read an amount
 * @gauge:	which
 *
 * Context: any.
 * Return: its value.
 */
long smbsign_gauge_read(enum smbsign_gauge gauge)
{
	return atomic_long_read(&gauges[gauge]);
}

static u64 count_sum(unsigned int event)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(counts[event], cpu);
	return sum;
}

static int stats_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	for (i = 0; i < SMBSIGN_GAUGE_NR; i++)
		seq_printf(seq, "%s %ld\n", gauge_names[i],
			   smbsign_gauge_read(i));
	for (i = 0; i < SMBSIGN_COUNT_NR; i++) {
		if (count_names[i])
			seq_printf(seq, "%s %llu\n", count_names[i],
				   count_sum(i));
	}
	return 0;
}

static const char *algorithm_name(const struct smbsign_conn_facts *facts)
{
	if (!facts->dialect)
		return "-";
	return facts->algorithm == SMB2_SIGNING_HMAC_SHA256 ? "hmac-sha256" :
	       facts->algorithm == SMB2_SIGNING_AES_CMAC ? "aes-cmac" : "other";
}

/**
 * struct kinds - what sessions a connection has
 * @guests:	guests and anonymous users
 * @encrypted:	those that must be encrypted
 */
struct kinds {
	unsigned int	guests;
	unsigned int	encrypted;
};

/* Counted when somebody asks, so that requests need not. */
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

/* A reason that is kept plus 1. */
static const char *kept_name(u8 kept)
{
	return kept ? smbsign_reason_name(kept - 1) : "-";
}

/* Programs read this: what is new goes to the end of the line. */
static void conn_show(struct seq_file *seq, struct smbsign_conn *conn)
{
	struct smbsign_conn_facts facts;
	struct kinds kinds;

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
		   " in_progress=%u guests=%u must_encrypt=%u encrypted=%d refused_for=%s foreseen=%s\n",
		   facts.in_progress, kinds.guests, kinds.encrypted,
		   READ_ONCE(conn->encrypted),
		   kept_name(READ_ONCE(conn->refused_for)),
		   kept_name(READ_ONCE(conn->foreseen)));
}

static int connections_show(struct seq_file *seq, void *unused)
{
	int grace = smbsign_grace_enter();

	smbsign_attach_for_each(seq, conn_show);
	smbsign_grace_leave(grace);
	return 0;
}

static int refusals_show(struct seq_file *seq, void *unused)
{
	smbsign_recent_show(seq);
	return 0;
}

/**
 * smbsign_stats_init() - make /proc/net/smbsign
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_stats_init(void)
{
	directory = proc_mkdir("smbsign", init_net.proc_net);
	if (!directory)
		return -ENOMEM;
	if (!proc_create_single("stats", 0444, directory, stats_show) ||
	    !proc_create_single("connections", 0400, directory,
				connections_show) ||
	    !proc_create_single("refusals", 0400, directory, refusals_show)) {
		smbsign_stats_exit();
		return -ENOMEM;
	}
	return 0;
}

/**
 * smbsign_stats_exit() - remove /proc/net/smbsign
 *
 * Context: process, may sleep; waits for readers.
 */
void smbsign_stats_exit(void)
{
	proc_remove(directory);
	directory = NULL;
}
