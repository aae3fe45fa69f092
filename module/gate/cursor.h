/* SPDX-License-Identifier: GPL-2.0-only */
/* The gate's position in the stream. */
#ifndef SMBSIGN_CURSOR_H
#define SMBSIGN_CURSOR_H

#include <net/tcp.h>

#include "gate/gate.h"
#include "gate/queue.h"
#include "state/conn.h"
#include "state/end.h"

/* Cut the connection because of the current request. */
static inline enum smbsign_step smbsign_step_cut(struct smbsign_conn *conn,
						 enum smbsign_reason reason)
{
	smbsign_end_cut(conn, &conn->gate.request.element, reason);
	return SMBSIGN_STEP_OVER;
}

/* The same, where the answer to a request cannot be awaited. */
static inline enum smbsign_step smbsign_step_cut_for(struct smbsign_conn *conn,
						     int error)
{
	switch (error) {
	case -ENOMEM:
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	case -EALREADY:
		return smbsign_step_cut(conn, SMBSIGN_REASON_MESSAGE_ID);
	default:
		return smbsign_step_cut(conn, SMBSIGN_REASON_BACKLOG);
	}
}

/* Every header looked at and every byte MACed costs budget. */
static inline void smbsign_cursor_charge(struct smbsign_cursor *cursor,
					 u32 bytes)
{
	cursor->budget -= min(bytes, cursor->budget);
}

/* ksmbd may read up to @seq; a release is never taken back. */
static inline void smbsign_cursor_release(struct smbsign_cursor *cursor,
					  u32 seq)
{
	if (after(seq, cursor->released))
		WRITE_ONCE(cursor->released, seq);
}

/* Bytes between what ksmbd has read and @seq, as far as they have arrived. */
static inline u32 smbsign_cursor_arrived(const struct smbsign_conn *conn,
					 u32 seq)
{
	u32 copied = tcp_sk(conn->sk)->copied_seq;
	u32 end = smbsign_queue_end(conn->sk);

	if (after(end, seq))
		end = seq;
	return after(end, copied) ? end - copied : 0;
}

enum smbsign_step smbsign_cursor_peek(struct smbsign_conn *conn, u32 seq,
				      void *to, u32 length);
enum smbsign_step smbsign_cursor_copy(struct smbsign_conn *conn, u32 seq,
				      u32 length, u8 **copy);

#endif /* SMBSIGN_CURSOR_H */
