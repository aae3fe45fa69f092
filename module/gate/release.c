// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd may read of a frame, and when.
 *
 * A frame is held until all of its requests have passed.  A frame larger than
 * hold_bytes, or one that TCP has no room to hold, is streamed: it is released
 * while it is verified, and its last byte is held back until all of it has
 * passed.  ksmbd acts on a message only when it has all of it.  A held frame
 * can be refused with an answer (refuse.c); a streamed one can be stopped only
 * by cutting the connection.
 */
#include "admin/sysctl.h"
#include "base/count.h"
#include "gate/cursor.h"
#include "gate/release.h"

/**
 * smbsign_release_begin() - start a new frame
 * @gate:	the gate
 * @seq:	TCP sequence number of its first byte
 *
 * Context: any, under the socket lock.
 */
void smbsign_release_begin(struct smbsign_gate *gate, u32 seq)
{
	gate->frame = (struct smbsign_gate_frame) {
		.start = seq, .end = seq, .ids_used = seq,
	};
	INIT_LIST_HEAD(&gate->frame.expected);
	gate->request.element = (struct smbsign_element) {
		.command = SMB2_CMD_COUNT,
	};
}

/**
 * smbsign_release_frame() - release the whole frame, including what has not
 *	arrived yet
 * @conn:	the connection
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: ON, or OVER if the connection was cut: see smbsign_awaited_add().
 */
enum smbsign_step smbsign_release_frame(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;
	int ret = 0;

	if (!list_empty(&gate->frame.expected))
		ret = smbsign_awaited_add(conn, &gate->frame.expected);
	if (ret)
		return smbsign_step_cut_for(conn, ret);
	smbsign_cursor_release(&gate->cursor, gate->frame.end);
	gate->cursor.parsed = gate->frame.end;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_LENGTH);
	return SMBSIGN_STEP_ON;
}

/* Was the current request verified?  Its frame may be refused all the same. */
static bool is_proven(const struct smbsign_gate_frame *frame)
{
	return frame->index < SMBSIGN_COMPOUND_MAX &&
	       test_bit(frame->index, frame->proven);
}

/**
 * smbsign_release_await() - wait for the response to a request
 * @conn:	the connection
 * @kind:	what the response is awaited for
 * @element:	the request
 * @header:	its header if it is refused, else NULL
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: 0, -ENOMEM, or the error of smbsign_awaited_add().
 */
int smbsign_release_await(struct smbsign_conn *conn,
			  enum smbsign_awaited_kind kind,
			  const struct smbsign_element *element,
			  const struct smb2_header *header)
{
	const struct smbsign_gate_frame *frame = &conn->gate.frame;
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, element, header);
	LIST_HEAD(list);

	if (!awaited)
		return -ENOMEM;
	awaited->status = frame->status;
	if (is_proven(frame))
		awaited->shown = frame->shown;
	list_add(&awaited->node, &list);
	return smbsign_awaited_add(conn, &list);
}

/**
 * smbsign_release_expect() - wait for the response to the current request, once
 *	its frame passes
 * @conn:	the connection
 * @kind:	what the response is awaited for
 * @shown:	smbsign_key.serial of the key that verified it, or 0
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: 0 or -ENOMEM.
 */
int smbsign_release_expect(struct smbsign_conn *conn,
			   enum smbsign_awaited_kind kind, u64 shown)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, &gate->request.element, NULL);

	if (!awaited)
		return -ENOMEM;
	awaited->shown = shown;
	list_add_tail(&awaited->node, &gate->frame.expected);
	return 0;
}

/**
 * smbsign_release_alone() - release the frame, and nothing after it until ksmbd
 *	has answered
 * @conn:	the connection
 * @kind:	what the response is awaited for
 * @element:	the request
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: as smbsign_release_frame().
 */
enum smbsign_step smbsign_release_alone(struct smbsign_conn *conn,
					enum smbsign_awaited_kind kind,
					const struct smbsign_element *element)
{
	int ret = smbsign_release_await(conn, kind, element, NULL);

	if (ret)
		return smbsign_step_cut_for(conn, ret);
	WRITE_ONCE(conn->gate.blocked, true);
	return smbsign_release_frame(conn);
}

/**
 * smbsign_release_unblock() - ksmbd has answered: let the gate go on
 * @conn:	the connection
 *
 * Context: process.
 */
void smbsign_release_unblock(struct smbsign_conn *conn)
{
	/*
	 * Pairs with smp_load_acquire() in step_length(): the gate sees what
	 * the response changed.
	 */
	smp_store_release(&conn->gate.blocked, false);
	smbsign_conn_kick(conn);
}

/**
 * smbsign_release_is_large() - is the frame too large to be held?
 * @gate:	the gate
 *
 * Context: any, under the socket lock.
 * Return: true if it is.
 */
bool smbsign_release_is_large(const struct smbsign_gate *gate)
{
	return gate->frame.end - gate->frame.start > smbsign_hold_bytes();
}

/**
 * smbsign_release_stream() - stream the frame from now on
 * @gate:	the gate
 *
 * Context: any, under the socket lock.
 */
void smbsign_release_stream(struct smbsign_gate *gate)
{
	if (gate->frame.fate != SMBSIGN_FATE_HELD)
		return;
	smbsign_count(SMBSIGN_COUNT_STREAMED);
	gate->frame.fate = SMBSIGN_FATE_STREAMED;
}

/**
 * smbsign_release_streamed() - release the verified part of a streamed frame
 * @gate:	the gate; part of the frame is still unverified, so at least its
 *		last byte stays
 *
 * Context: any, under the socket lock.
 */
void smbsign_release_streamed(struct smbsign_gate *gate)
{
	WARN_ON_ONCE(!before(gate->cursor.parsed, gate->frame.end));
	if (gate->frame.fate == SMBSIGN_FATE_STREAMED)
		smbsign_cursor_release(&gate->cursor, gate->cursor.parsed);
}

/**
 * smbsign_release_stalls() - has TCP no room for the rest of the frame?
 * @conn:	the connection
 *
 * ksmbd reads nothing of a held frame, so the window would stay shut.
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: true if it has none: then the frame must be streamed, whatever its
 * size.
 */
bool smbsign_release_stalls(const struct smbsign_conn *conn)
{
	const struct smbsign_gate *gate = &conn->gate;
	const struct sock *sk = conn->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 end = smbsign_queue_end(sk), missing = gate->frame.end - end;
	int space;

	if (gate->frame.fate != SMBSIGN_FATE_HELD ||
	    gate->cursor.released != tp->copied_seq ||
	    (gate->state != SMBSIGN_GATE_BODY &&
	     gate->state != SMBSIGN_GATE_REQUEST) ||
	    !before(end, gate->frame.end))
		return false;
	/*
	 * TCP offers no window if less than this is left, and drops segments
	 * once its memory is used up.  Better stream too early than stall.
	 */
	space = tcp_space(sk) - max_t(int, inet_csk(sk)->icsk_ack.rcv_mss,
				      tcp_full_space(sk) >> 4);
	return (missing > tcp_receive_window(tp) && (int)missing > space) ||
	       atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf);
}
