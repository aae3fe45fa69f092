// SPDX-License-Identifier: GPL-2.0-only
/* Records for the kernel's audit log: refusals, and changes of knobs. */
#include <linux/audit.h>
#include <linux/ratelimit.h>

#include "admin/audit.h"
#include "state/conn.h"

static __be16 port_of(const union smbsign_peer *peer)
{
	return peer->any.sa_family == AF_INET ? peer->in.sin_port :
						peer->in6.sin6_port;
}

/**
 * smbsign_audit_verdict() - record a verdict for audit
 * @conn:	the connection
 * @element:	the request it is about
 * @reason:	what is wrong with it
 * @outcome:	what is done about it
 *
 * The record names no process: the current one has nothing to do with the
 * client.
 *
 * Context: any but hard interrupt. Rate-limited, because everybody shares the
 * audit queue.
 */
void smbsign_audit_verdict(const struct smbsign_conn *conn,
			   const struct smbsign_element *element,
			   enum smbsign_reason reason,
			   enum smbsign_outcome outcome)
{
	static DEFINE_RATELIMIT_STATE(limit, HZ, 50);

	if (audit_enabled == AUDIT_OFF || !__ratelimit(&limit))
		return;
	audit_log(NULL, GFP_ATOMIC, AUDIT_KERNEL_OTHER,
		  "op=smbsign-%s reason=%s addr=%pISc rport=%u command=%#x smb_session=%#llx res=0",
		  smbsign_outcome_name(outcome), smbsign_reason_name(reason),
		  &conn->peer, be16_to_cpu(port_of(&conn->peer)),
		  element->command, element->session_id);
}

/**
 * smbsign_audit_change() - record who changes a knob
 * @name:	the knob
 * @old:	its old value, or "-" for a word that was not in its list
 * @new:	its new value, or "-" for a word that is not any more
 *
 * Context: process, may sleep.
 */
void smbsign_audit_change(const char *name, const char *old, const char *new)
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
