// SPDX-License-Identifier: GPL-2.0-only
/* Copy bytes of the stream out of the receive queue. */
#include <linux/slab.h>

#include "gate/cursor.h"

/**
 * smbsign_cursor_peek() - copy out of the queue
 * @conn:	the connection
 * @seq:	TCP sequence number of the first byte
 * @to:		where to
 * @length:	how many bytes
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: ON if all of them have arrived, STARVED, or OVER if there is no
 * memory.
 */
enum smbsign_step smbsign_cursor_peek(struct smbsign_conn *conn, u32 seq,
				      void *to, u32 length)
{
	switch (smbsign_queue_peek(conn->sk, seq, to, length)) {
	case 0:
		return SMBSIGN_STEP_ON;
	case -EAGAIN:
		return SMBSIGN_STEP_STARVED;
	default:
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	}
}

/**
 * smbsign_cursor_copy() - copy all of a short message or request
 * @conn:	the connection
 * @seq:	TCP sequence number of its first byte
 * @length:	its length
 * @copy:	set to a copy, which the caller frees; to NULL if @length is too
 *		much, or if the step is not ON
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: as smbsign_cursor_peek().
 */
enum smbsign_step smbsign_cursor_copy(struct smbsign_conn *conn, u32 seq,
				      u32 length, u8 **copy)
{
	enum smbsign_step step;

	*copy = NULL;
	if (length > SMBSIGN_INSPECT_MAX)
		return SMBSIGN_STEP_ON;
	*copy = kmalloc(length, GFP_ATOMIC | __GFP_NOWARN);
	if (!*copy)
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	step = smbsign_cursor_peek(conn, seq, *copy, length);
	if (step) {
		kfree(*copy);
		*copy = NULL;
	}
	return step;
}
