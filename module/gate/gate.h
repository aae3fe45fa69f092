/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate judges what arrives while it is still in TCP's receive queue.  ksmbd
 * can read only what the gate has released.
 *
 * socket/ asks one question, smbsign_gate_next(), and does what it is told.
 * Only the files in gate/ look into these structs.  state/ reports the current
 * request when a connection is cut, and frees what is left when it is gone.
 */
#ifndef SMBSIGN_GATE_H
#define SMBSIGN_GATE_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "mac/mac.h"
#include "rules/policy.h"
#include "wire/frame.h"

struct iov_iter;
struct smbsign_conn;

/* No client sends larger compounds; a refusal keeps a header of each request. */
#define SMBSIGN_COMPOUND_MAX	256

/**
 * enum smbsign_gate_state - what the gate looks for next
 * @SMBSIGN_GATE_LENGTH:	the NBSS header of a frame
 * @SMBSIGN_GATE_KIND:		its ProtocolId
 * @SMBSIGN_GATE_REQUEST:	the header of a request
 * @SMBSIGN_GATE_BODY:		the rest of a request that is being verified
 * @SMBSIGN_GATE_SWALLOW:	nothing: the reader must swallow the refused
 *				frame
 * @SMBSIGN_GATE_TRANSPARENT:	nothing any more: policy=audit met data that is
 *				no SMB
 */
enum smbsign_gate_state {
	SMBSIGN_GATE_LENGTH,
	SMBSIGN_GATE_KIND,
	SMBSIGN_GATE_REQUEST,
	SMBSIGN_GATE_BODY,
	SMBSIGN_GATE_SWALLOW,
	SMBSIGN_GATE_TRANSPARENT,
};

/**
 * enum smbsign_step - whether the gate goes on, and if not, why
 * @SMBSIGN_STEP_ON:		it goes on
 * @SMBSIGN_STEP_STARVED:	the bytes it needs have not arrived
 * @SMBSIGN_STEP_PAUSED:	its budget is used up, or the rest is not for
 *				softirq
 * @SMBSIGN_STEP_BLOCKED:	ksmbd must answer, or read a substitute, first
 * @SMBSIGN_STEP_REFUSING:	the reader must swallow the frame
 * @SMBSIGN_STEP_OVER:		the connection must be reset
 */
enum smbsign_step {
	SMBSIGN_STEP_ON,
	SMBSIGN_STEP_STARVED,
	SMBSIGN_STEP_PAUSED,
	SMBSIGN_STEP_BLOCKED,
	SMBSIGN_STEP_REFUSING,
	SMBSIGN_STEP_OVER,
};

/**
 * enum smbsign_fate - what becomes of a frame
 * @SMBSIGN_FATE_HELD:		nothing of it is released until all of it has
 *				passed
 * @SMBSIGN_FATE_STREAMED:	it is released while it is verified, except its
 *				last byte
 * @SMBSIGN_FATE_REFUSED:	it is swallowed, and ksmbd reads a substitute, if
 *				there is one
 */
enum smbsign_fate {
	SMBSIGN_FATE_HELD,
	SMBSIGN_FATE_STREAMED,
	SMBSIGN_FATE_REFUSED,
};

/**
 * struct smbsign_cursor - where the gate is in the stream; see cursor.h
 * @parsed:	next byte to look at
 * @released:	ksmbd may read up to here; also read without the lock
 * @budget:	bytes that this call may still look at
 *
 * Positions are TCP sequence numbers: no pointer into the queue is kept across
 * an unlock of the socket.
 */
struct smbsign_cursor {
	u32	parsed;
	u32	released;
	u32	budget;
};

/**
 * struct smbsign_gate_frame - the current frame; begun in
 *	smbsign_release_begin()
 * @start:	its first byte, that of the NBSS header
 * @end:	first byte after it
 * @ids_used:	first byte after the last request that has used its MessageIds
 * @fate:	what becomes of it
 * @status:	Status that answers a refused frame, or a NEGOTIATE that we
 *		refuse in its response; else 0
 * @session_id:	SessionId of its first request
 * @index:	index of the current request, from 0
 * @shown:	smbsign_key.serial of the key that verified the requests in
 *		@proven
 * @proven:	the requests that were verified
 * @expected:	requests whose responses matter if the frame passes
 */
struct smbsign_gate_frame {
	u32			start;
	u32			end;
	u32			ids_used;
	enum smbsign_fate	fate;
	u32			status;
	u64			session_id;
	u32			index;
	u64			shown;
	DECLARE_BITMAP(proven, SMBSIGN_COMPOUND_MAX);
	struct list_head	expected;
};

/**
 * struct smbsign_gate_request - the current request of the frame
 * @element:	what its header says
 * @end:	first byte after it
 * @signature:	its Signature
 * @doom:	if its status is not 0, the request is refused once it is
 *		verified
 * @lent:	its key is another connection's; see smbsign_policy_lends()
 * @mac:	its MAC, up to the cursor
 * @away:	a worker computes @mac, also without the lock; only he ends that.
 *		Also read without the lock
 * @ahead:	that work; see ahead.c
 */
struct smbsign_gate_request {
	struct smbsign_element	element;
	u32			end;
	u8			signature[SMB2_SIGNATURE_SIZE];
	struct smbsign_verdict	doom;
	bool			lent;
	struct smbsign_mac	mac;
	bool			away;
	struct work_struct	ahead;
};

/**
 * struct smbsign_substitute - what ksmbd reads in place of a refused frame
 * @length:	bytes in @data
 * @read:	how many of them ksmbd has read
 * @last:	offset of the last request's header in @data
 * @data:	a frame of ECHO requests with the MessageIds of the refused
 *		requests
 */
struct smbsign_substitute {
	u32	length;
	u32	read;
	u32	last;
	u8	data[];
};

/**
 * struct smbsign_gate - the receiving side of a connection; under the socket
 *	lock
 * @cursor:	position in the stream
 * @state:	what comes next; also read without the lock
 * @blocked:	nothing more is released until ksmbd has answered;
 *		smbsign_release_unblock() clears it without the lock
 * @unanswered:	bytes of refused frames without an answer since ksmbd's latest
 *		message; cleared without the lock, so one frame too many may
 *		pass
 * @keepalives:	NBSS keepalives since the latest message, or since ksmbd's
 *		reader was last sent back because of them
 * @frame:	the current frame
 * @request:	its current request
 * @substitute:	what ksmbd reads in place of a refused frame, or NULL
 */
struct smbsign_gate {
	struct smbsign_cursor		cursor;
	enum smbsign_gate_state		state;
	bool				blocked;
	u32				unanswered;
	u32				keepalives;
	struct smbsign_gate_frame	frame;
	struct smbsign_gate_request	request;
	struct smbsign_substitute	*substitute;
};

/**
 * enum smbsign_next - what the reader does next
 * @SMBSIGN_NEXT_READ:		read that many bytes from the socket, for ksmbd
 * @SMBSIGN_NEXT_SUBSTITUTE:	call smbsign_gate_substitute(), for ksmbd
 * @SMBSIGN_NEXT_SWALLOW:	read that many bytes from the socket and drop
 *				them
 * @SMBSIGN_NEXT_PAUSE:		give up the socket lock for a moment
 * @SMBSIGN_NEXT_WAIT:		wait for more
 * @SMBSIGN_NEXT_AGAIN:		let ksmbd's reader ask again
 * @SMBSIGN_NEXT_WAIT_AHEAD:	wait for a worker, even if no more can come
 * @SMBSIGN_NEXT_EOF:		report the end of the stream
 * @SMBSIGN_NEXT_RESET:		reset the connection
 */
enum smbsign_next {
	SMBSIGN_NEXT_READ,
	SMBSIGN_NEXT_SUBSTITUTE,
	SMBSIGN_NEXT_SWALLOW,
	SMBSIGN_NEXT_PAUSE,
	SMBSIGN_NEXT_AGAIN,
	SMBSIGN_NEXT_WAIT,
	SMBSIGN_NEXT_WAIT_AHEAD,
	SMBSIGN_NEXT_EOF,
	SMBSIGN_NEXT_RESET,
};

/**
 * smbsign_gate_init() - start at the first byte of a connection
 * @gate:	the gate, zeroed
 * @seq:	TCP sequence number of that byte
 *
 * Context: any.
 */
static inline void smbsign_gate_init(struct smbsign_gate *gate, u32 seq)
{
	gate->cursor.parsed = seq;
	gate->cursor.released = seq;
	gate->frame.start = seq;
	gate->frame.end = seq;
	INIT_LIST_HEAD(&gate->frame.expected);
}

enum smbsign_next smbsign_gate_next(struct smbsign_conn *conn, u32 *length);
u32 smbsign_gate_readable(const struct smbsign_conn *conn);
int smbsign_gate_substitute(struct smbsign_conn *conn, struct iov_iter *to,
			    size_t length);
bool smbsign_gate_arrived(struct smbsign_conn *conn);
bool smbsign_gate_is_transparent(const struct smbsign_conn *conn);
bool smbsign_gate_is_away(const struct smbsign_conn *conn);

#endif /* SMBSIGN_GATE_H */
