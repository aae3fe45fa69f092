// SPDX-License-Identifier: GPL-2.0-only
/* What the administrator is told: counters, traces, records, log lines. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "conn.h"
#include "recent.h"
#include "record.h"
#include "report.h"
#include "stats.h"
#include "sysctl.h"
#include "trace.h"

static const char * const reason_names[SMBSIGN_REASON_NR] = {
#define X(id, name, words) [SMBSIGN_REASON_##id] = name,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const reason_words[SMBSIGN_REASON_NR] = {
#define X(id, name, words) [SMBSIGN_REASON_##id] = words,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const report_names[] = {
	[SMBSIGN_REPORT_REFUSED] = "refused",
	[SMBSIGN_REPORT_RESET] = "reset",
	[SMBSIGN_REPORT_AUDIT] = "audit",
	[SMBSIGN_REPORT_REQUIRED] = "required",
};

static const char * const report_words[] = {
	[SMBSIGN_REPORT_REFUSED] = "refused",
	[SMBSIGN_REPORT_RESET] = "reset after",
	[SMBSIGN_REPORT_AUDIT] = "would refuse",
	[SMBSIGN_REPORT_REQUIRED] = "policy=required would refuse",
};

static const enum smbsign_count report_counts[] = {
	[SMBSIGN_REPORT_REFUSED] = SMBSIGN_COUNT_REFUSED,
	[SMBSIGN_REPORT_RESET] = SMBSIGN_COUNT_ABORTED,
	[SMBSIGN_REPORT_AUDIT] = SMBSIGN_COUNT_AUDITED,
	[SMBSIGN_REPORT_REQUIRED] = SMBSIGN_COUNT_FORESEEN,
};

/**
 * smbsign_reason_name() - a reason, in one word
 * @reason:	the reason
 *
 * Context: any.
 * Return: its name in /proc/net/smbsign.
 */
const char *smbsign_reason_name(enum smbsign_reason reason)
{
	return reason_names[reason];
}

/**
 * smbsign_report_name() - what was done about a verdict, in one word
 * @report:	what was done
 *
 * Context: any.
 * Return: its name in /proc/net/smbsign.
 */
const char *smbsign_report_name(enum smbsign_report report)
{
	return report_names[report];
}

static void tell(const struct smbsign_conn *conn,
		 const struct smbsign_element *element,
		 enum smbsign_reason reason, enum smbsign_report report)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	smbsign_count(report_counts[report]);
	trace_smbsign_verdict(conn, element, reason, report);
	smbsign_recent_note(conn, element, reason, report);
	if (smbsign_audit_records())
		smbsign_record_verdict(conn, element, reason, report);
	if (!__ratelimit(&limit))
		return;
	pr_warn("%pISpc: %s %s on session %#llx: %s\n", &conn->peer,
		report_words[report], smbsign_command_name(element->command),
		element->session_id, reason_words[reason]);
}

/**
 * smbsign_report() - tell of a verdict
 * @conn:	the connection
 * @element:	the request it is about
 * @reason:	what is wrong with it
 * @report:	what is done about it
 *
 * Context: any but hard interrupt. The log and the audit records are rate-limited,
 * the rest is not.
 */
void smbsign_report(struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_report report)
{
	smbsign_count_reason(reason);
	WRITE_ONCE(conn->refused_for, reason + 1);
	if (report == SMBSIGN_REPORT_AUDIT)
		WRITE_ONCE(conn->excused, reason + 1);
	tell(conn, element, reason, report);
}

/**
 * smbsign_report_foreseen() - tell of what policy=required would refuse
 * @conn:	the connection
 * @element:	the request that it would refuse
 * @reason:	why it would
 *
 * Once for a connection: it is not refused, and there may be many more.
 *
 * Context: any but hard interrupt, not under smbsign_conn.lock.
 */
void smbsign_report_foreseen(struct smbsign_conn *conn,
			     const struct smbsign_element *element,
			     enum smbsign_reason reason)
{
	bool first;

	spin_lock_bh(&conn->lock);
	first = !conn->foreseen;
	if (first)
		WRITE_ONCE(conn->foreseen, reason + 1);
	spin_unlock_bh(&conn->lock);
	if (first)
		tell(conn, element, reason, SMBSIGN_REPORT_REQUIRED);
}

/**
 * smbsign_report_knob() - tell of a change of policy
 * @name:	the knob
 * @old:	what it was
 * @new:	what it is
 * @records:	it is to be recorded for audit, too
 *
 * Context: process, may sleep.
 */
void smbsign_report_knob(const char *name, const char *old, const char *new,
			 bool records)
{
	pr_notice("net.smbsign.%s is %s, was %s\n", name, new, old);
	if (records)
		smbsign_record_change(name, old, new);
}
