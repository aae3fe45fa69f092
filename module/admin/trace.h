/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints smbsign:*. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM smbsign

#if !defined(SMBSIGN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SMBSIGN_TRACE_H

#include <linux/tracepoint.h>

#include "state/conn.h"

#ifndef SMBSIGN_TRACE_NAMES
#define SMBSIGN_TRACE_NAMES
#define SMBSIGN_REASON_SYMBOL(id, name, words) { SMBSIGN_REASON_##id, name },
#endif

TRACE_EVENT(smbsign_verdict,
	TP_PROTO(const struct smbsign_conn *conn,
		 const struct smbsign_element *element, int reason, int outcome),
	TP_ARGS(conn, element, reason, outcome),
	TP_STRUCT__entry(
		__array(u8, peer, sizeof(struct sockaddr_in6))
		__field(u16, command)
		__field(u64, message_id)
		__field(u64, session_id)
		__field(int, reason)
		__field(int, report)
	),
	TP_fast_assign(
		memcpy(__entry->peer, &conn->peer, sizeof(struct sockaddr_in6));
		__entry->command = element->command;
		__entry->message_id = element->message_id;
		__entry->session_id = element->session_id;
		__entry->reason = reason;
		__entry->report = outcome;
	),
	TP_printk("peer=%pISpc command=%#x message_id=%llu session_id=%#llx reason=%s report=%s",
		  __entry->peer, __entry->command, __entry->message_id,
		  __entry->session_id,
		  __print_symbolic(__entry->reason,
				   SMBSIGN_REASONS(SMBSIGN_REASON_SYMBOL)
				   { -1, NULL }),
		  __print_symbolic(__entry->report,
				   { 0, "refused" }, { 1, "reset" },
				   { 2, "audit" }, { 3, "required" },
				   { 4, "excepted" }))
);

#endif /* SMBSIGN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
