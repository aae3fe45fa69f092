// SPDX-License-Identifier: GPL-2.0-only
/* What the administrator is told of a verdict: counters, a trace, a log line. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "conn.h"
#include "report.h"
#include "stats.h"
#include "trace.h"

static const char * const reason_words[SMBSIGN_REASON_NR] = {
#define X(id, name, words) [SMBSIGN_REASON_##id] = words,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const report_words[] = {
	[SMBSIGN_REPORT_REFUSED] = "refused",
	[SMBSIGN_REPORT_RESET] = "reset after",
	[SMBSIGN_REPORT_AUDIT] = "would refuse",
};

static const enum smbsign_count report_counts[] = {
	[SMBSIGN_REPORT_REFUSED] = SMBSIGN_COUNT_REFUSED,
	[SMBSIGN_REPORT_RESET] = SMBSIGN_COUNT_ABORTED,
	[SMBSIGN_REPORT_AUDIT] = SMBSIGN_COUNT_AUDITED,
};

/**
 * smbsign_report() - count, trace and log a verdict
 * @conn:	the connection
 * @element:	the request it is about
 * @reason:	what is wrong with it
 * @report:	what is done about it
 *
 * Context: any. The log is rate-limited, counters and trace are not.
 */
void smbsign_report(const struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_report report)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	smbsign_count(report_counts[report]);
	smbsign_count_reason(reason);
	trace_smbsign_verdict(conn, element, reason, report);
	if (!__ratelimit(&limit))
		return;
	pr_warn("%pISpc: %s %s on session %#llx: %s\n", &conn->peer,
		report_words[report], smbsign_command_name(element->command),
		element->session_id, reason_words[reason]);
}
