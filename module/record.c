// SPDX-License-Identifier: GPL-2.0-only
/* Records for the kernel's audit log: what is refused, and changes of policy. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/audit.h>
#include <linux/ratelimit.h>

#include "conn.h"
#include "record.h"

static __be16 port_of(const union smbsign_peer *peer)
{
	return peer->any.sa_family == AF_INET ? peer->in.sin_port :
						peer->in6.sin6_port;
}

/**
 * smbsign_record_verdict() - record a verdict for audit
 * @conn:	the connection
 * @element:	the request it is about
 * @reason:	what is wrong with it
 * @report:	what is done about it
 *
 * Whose process runs here by chance is not to be told: it is no client's.
 *
 * Context: any but hard interrupt. Rate-limited: the audit queue is everybody's.
 */
void smbsign_record_verdict(const struct smbsign_conn *conn,
			    const struct smbsign_element *element,
			    enum smbsign_reason reason,
			    enum smbsign_report report)
{
	static DEFINE_RATELIMIT_STATE(limit, HZ, 50);

	if (audit_enabled == AUDIT_OFF || !__ratelimit(&limit))
		return;
	audit_log(NULL, GFP_ATOMIC, AUDIT_KERNEL_OTHER,
		  "op=smbsign-%s reason=%s addr=%pISc rport=%u command=%#x smb_session=%#llx res=0",
		  smbsign_report_name(report), smbsign_reason_name(reason),
		  &conn->peer, be16_to_cpu(port_of(&conn->peer)),
		  element->command, element->session_id);
}

/**
 * smbsign_record_change() - record for audit who changed a knob
 * @name:	the knob
 * @old:	what it was
 * @new:	what it is
 *
 * Context: process, may sleep.
 */
void smbsign_record_change(const char *name, const char *old, const char *new)
{
	struct audit_buffer *record;

	if (audit_enabled == AUDIT_OFF)
		return;
	record = audit_log_start(audit_context(), GFP_KERNEL,
				 AUDIT_KERNEL_OTHER);
	if (!record)
		return;
	audit_log_format(record, "op=smbsign-change name=%s old=%s new=%s",
			 name, old, new);
	audit_log_task_info(record);
	audit_log_format(record, " res=1");
	audit_log_end(record);
}
