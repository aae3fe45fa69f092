// SPDX-License-Identifier: GPL-2.0-only
/* What the administrator learns: counters, traces, audit records, log lines. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "admin/audit.h"
#include "admin/exceptions.h"
#include "admin/refusals.h"
#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/count.h"
#include "state/conn.h"

#define CREATE_TRACE_POINTS
#include "admin/trace.h"

static const enum smbsign_counter outcome_counts[] = {
	[SMBSIGN_OUTCOME_REFUSED] = SMBSIGN_COUNT_REFUSED,
	[SMBSIGN_OUTCOME_RESET] = SMBSIGN_COUNT_ABORTED,
	[SMBSIGN_OUTCOME_AUDIT] = SMBSIGN_COUNT_AUDITED,
	[SMBSIGN_OUTCOME_REQUIRED] = SMBSIGN_COUNT_FORESEEN,
	[SMBSIGN_OUTCOME_EXCEPTED] = SMBSIGN_COUNT_EXCEPTED,
};

static void publish_verdict(const struct smbsign_conn *conn,
			    const struct smbsign_element *element,
			    enum smbsign_reason reason,
			    enum smbsign_outcome outcome)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	smbsign_count(outcome_counts[outcome]);
	trace_smbsign_verdict(conn, element, reason, outcome);
	smbsign_refusals_note(conn, element, reason, outcome);
	if (smbsign_audit_records())
		smbsign_audit_verdict(conn, element, reason, outcome);
	if (!__ratelimit(&limit))
		return;
	pr_warn("%pISpc: %s %s on session %#llx: %s\n", &conn->peer,
		smbsign_outcome_words(outcome),
		smbsign_command_name(element->command), element->session_id,
		smbsign_reason_words(reason));
}

/**
 * smbsign_report() - report that a request is wrong, and what is done about it
 * @conn:	the connection
 * @element:	the request it is about
 * @reason:	what is wrong with it
 * @outcome:	what is done about it
 *
 * Context: any but hard interrupt. Only the log and the audit records are
 * rate-limited.
 */
void smbsign_report(struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_outcome outcome)
{
	smbsign_count_reason(reason);
	WRITE_ONCE(conn->refused_for, reason + 1);
	if (outcome == SMBSIGN_OUTCOME_AUDIT)
		WRITE_ONCE(conn->excused, reason + 1);
	publish_verdict(conn, element, reason, outcome);
}

/**
 * smbsign_report_foreseen() - report that policy=required would refuse a
 *	request, or would but for an exception
 * @conn:	the connection
 * @element:	the request that it would refuse
 * @reason:	why
 *
 * Once per connection: the request is not refused, and many more may follow.
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
	if (!first)
		return;
	if (!READ_ONCE(conn->excepted)) {
		publish_verdict(conn, element, reason,
				SMBSIGN_OUTCOME_REQUIRED);
		return;
	}
	smbsign_exceptions_let_in(conn);
	publish_verdict(conn, element, reason, SMBSIGN_OUTCOME_EXCEPTED);
}
