// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate judges what arrives while it is still in TCP's receive queue.  ksmbd
 * can read only what the gate has released.
 *
 * This file holds the order of events: a frame's length, its kind, its requests
 * one after the other (request.c), and what the reader does next.  release.c
 * decides how much of a frame ksmbd may read, and refuse.c what ksmbd reads in
 * place of a refused one.
 */
#include <linux/slab.h>
#include <linux/uio.h>

#include "admin/sysctl.h"
#include "base/count.h"
#include "base/grace.h"
#include "gate/ahead.h"
#include "gate/cursor.h"
#include "gate/negotiate.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/request.h"
#include "gate/verdict.h"
#include "state/credits.h"
#include "state/session.h"

/* Bytes that the reader judges in one turn under the socket lock. */
#define READER_BYTES	65536
/* A bulk request wakes the reader once this many bytes can be verified. */
#define BULK_BYTES	32768
/* Keepalives in a row, after which ksmbd's reader is sent back to ksmbd. */
#define KEEPALIVES_MAX	1024

/* The gate cannot see the MessageIds and credits inside. */
static enum smbsign_step pass_wrapped(struct smbsign_conn *conn, bool *wrapped)
{
	if (!*wrapped) {
		WRITE_ONCE(*wrapped, true);
		if (smbsign_credits_hide(conn, GFP_ATOMIC | __GFP_NOWARN))
			return smbsign_step_cut(conn,
						SMBSIGN_REASON_NO_MEMORY);
	}
	return smbsign_release_frame(conn);
}

static enum smbsign_step pass_message(struct smbsign_conn *conn,
				      enum smbsign_frame_kind kind)
{
	if (kind == SMBSIGN_FRAME_COMPRESSED) {
		smbsign_credits_repeat(conn);
		return pass_wrapped(conn, &conn->compressed);
	}
	smbsign_count(SMBSIGN_COUNT_ENCRYPTED);
	return pass_wrapped(conn, &conn->encrypted);
}

/* Find the message's session, and ask whether it may be encrypted. */
static enum smbsign_step judge_encrypted(struct smbsign_conn *conn,
					 const struct smbsign_policy *policy,
					 struct smbsign_verdict *verdict)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_element *element = &gate->request.element;
	struct smbsign_session_facts session;
	struct smb2_transform transform;
	enum smbsign_step step;

	*verdict = (struct smbsign_verdict) {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MALFORMED,
	};
	if (gate->frame.end - gate->cursor.parsed < sizeof(transform))
		return SMBSIGN_STEP_ON;
	step = smbsign_cursor_peek(conn, gate->cursor.parsed, &transform,
				   sizeof(transform));
	if (step)
		return step;
	element->session_id = le64_to_cpu(transform.session_id);
	smbsign_key_put(smbsign_session_lookup(conn, element->session_id, false,
					       &session));
	*verdict = smbsign_policy_encrypted(policy, &session);
	return SMBSIGN_STEP_ON;
}

static enum smbsign_step judge_message(struct smbsign_conn *conn,
				       const struct smbsign_policy *policy,
				       enum smbsign_frame_kind kind,
				       struct smbsign_verdict *verdict)
{
	enum smbsign_step step = SMBSIGN_STEP_ON;
	struct smbsign_conn_facts facts;
	bool upgrades = false;

	if (kind == SMBSIGN_FRAME_ENCRYPTED)
		return judge_encrypted(conn, policy, verdict);
	if (kind == SMBSIGN_FRAME_SMB1)
		step = smbsign_negotiate_smb1(conn, &upgrades);
	if (step)
		return step;
	smbsign_conn_copy_facts(conn, &facts);
	*verdict = smbsign_policy_frame(policy, &facts, kind, upgrades);
	return SMBSIGN_STEP_ON;
}

static enum smbsign_step step_kind(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_verdict verdict;
	struct smbsign_policy policy;
	enum smbsign_frame_kind kind;
	enum smbsign_step step;
	__le32 protocol_id;

	step = smbsign_cursor_peek(conn, gate->cursor.parsed, &protocol_id,
				   sizeof(protocol_id));
	if (step)
		return step;
	kind = smbsign_frame_kind_of(protocol_id);
	/* SMB2 is judged request by request. */
	if (kind == SMBSIGN_FRAME_SMB2) {
		WRITE_ONCE(gate->state, SMBSIGN_GATE_REQUEST);
		return SMBSIGN_STEP_ON;
	}
	smbsign_policy_get(conn, &policy);
	step = judge_message(conn, &policy, kind, &verdict);
	if (step)
		return step;
	if (verdict.action == SMBSIGN_PASS)
		return pass_message(conn, kind);
	if (verdict.action == SMBSIGN_PASS_ALONE)
		return smbsign_negotiate_pass_smb1(conn);
	if (smbsign_verdict_settle(conn, &policy, &gate->request.element,
				   &verdict))
		return smbsign_step_cut(conn, verdict.reason);
	smbsign_credits_repeat(conn);
	return smbsign_release_frame(conn);
}

static enum smbsign_step not_smb(struct smbsign_conn *conn)
{
	static const struct smbsign_verdict verdict = {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_NOT_SMB,
	};
	struct smbsign_policy policy;

	smbsign_policy_get(conn, &policy);
	/* With AES-GMAC, responses must be looked at, whatever the policy says. */
	if (conn->due ||
	    smbsign_verdict_settle(conn, &policy, &conn->gate.request.element,
				   &verdict))
		return smbsign_step_cut(conn, verdict.reason);
	WRITE_ONCE(conn->gate.state, SMBSIGN_GATE_TRANSPARENT);
	return SMBSIGN_STEP_ON;
}

/*
 * RFC 1002 has keepalives discarded.  ksmbd would close the connection.  They
 * stand where a message may begin, so the reader swallows one as it would a
 * refused frame that has no answer.
 */
static enum smbsign_step discard_keepalive(struct smbsign_gate *gate)
{
	smbsign_count(SMBSIGN_COUNT_KEEPALIVES);
	gate->keepalives++;
	gate->cursor.parsed += SMB2_NBSS_SIZE;
	gate->frame.end = gate->cursor.parsed;
	gate->frame.fate = SMBSIGN_FATE_REFUSED;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_SWALLOW);
	return SMBSIGN_STEP_ON;
}

/* How most frames start, with the SMB2 header aligned. */
struct frame_start {
	u8			unused[SMB2_NBSS_SIZE];
	u8			nbss[SMB2_NBSS_SIZE];
	union smbsign_head	head;
};

static enum smbsign_step begin_frame(struct smbsign_conn *conn,
				     struct frame_start *start, bool whole)
{
	struct smbsign_gate *gate = &conn->gate;
	u32 length;

	smbsign_release_begin(gate, gate->cursor.parsed);
	/* Charge every frame: many small ones are work, too. */
	smbsign_cursor_charge(&gate->cursor, sizeof(struct smb2_header));
	if (smbsign_frame_is_keepalive(start->nbss))
		return discard_keepalive(gate);
	gate->keepalives = 0;
	smbsign_count(SMBSIGN_COUNT_FRAMES);
	if (smbsign_frame_length(start->nbss, &length))
		return not_smb(conn);
	gate->cursor.parsed += SMB2_NBSS_SIZE;
	gate->frame.end = gate->cursor.parsed + length;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_KIND);
	if (!whole || length < SMBSIGN_ELEMENT_MIN ||
	    start->head.header.protocol_id != SMB2_PROTOCOL_ID)
		return SMBSIGN_STEP_ON;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_REQUEST);
	return smbsign_request_take(conn, &start->head);
}

static enum smbsign_step step_length(struct smbsign_conn *conn)
{
	struct frame_start start __uninitialized;
	struct smbsign_gate *gate = &conn->gate;
	enum smbsign_step step = SMBSIGN_STEP_ON;
	bool whole;

	/* Pairs with smp_store_release() in smbsign_release_unblock(). */
	if (smp_load_acquire(&gate->blocked))
		return SMBSIGN_STEP_BLOCKED;
	/* ksmbd must read the substitute before anything after it. */
	if (gate->substitute)
		return SMBSIGN_STEP_BLOCKED;
	if (!gate->cursor.budget)
		return SMBSIGN_STEP_PAUSED;
	/* Take the first SMB2 header along if it has arrived. */
	whole = !smbsign_queue_peek(conn->sk, gate->cursor.parsed, start.nbss,
				    SMB2_NBSS_SIZE + sizeof(start.head.header));
	if (!whole)
		step = smbsign_cursor_peek(conn, gate->cursor.parsed,
					   start.nbss, SMB2_NBSS_SIZE);
	return step ? step : begin_frame(conn, &start, whole);
}

/* Stream a held frame that TCP has no room for: it would stall otherwise. */
static void unstall_frame(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;

	/* Requests that passed after the released part go out, too. */
	if (gate->frame.fate == SMBSIGN_FATE_STREAMED &&
	    gate->state == SMBSIGN_GATE_REQUEST && !smbsign_is_first(gate))
		smbsign_release_streamed(gate);
	if (!smbsign_release_stalls(conn))
		return;
	/* Nothing of a doomed request may be released: refuse it now. */
	if (gate->state == SMBSIGN_GATE_BODY && gate->request.doom.status) {
		smbsign_refuse_frame(conn, &gate->request.doom);
		return;
	}
	smbsign_release_stream(gate);
	if (!smbsign_is_first(gate))
		smbsign_release_streamed(gate);
}

static enum smbsign_step step_once(struct smbsign_conn *conn, u32 largest)
{
	struct smbsign_gate *gate = &conn->gate;

	if (conn->life != SMBSIGN_LIFE_OPEN)
		return SMBSIGN_STEP_OVER;
	switch (gate->state) {
	case SMBSIGN_GATE_LENGTH:
		return step_length(conn);
	case SMBSIGN_GATE_KIND:
		return step_kind(conn);
	case SMBSIGN_GATE_REQUEST:
		return smbsign_request_header(conn);
	case SMBSIGN_GATE_BODY:
		return smbsign_ahead_start(conn) ?
		       SMBSIGN_STEP_STARVED :
		       smbsign_request_body(conn, largest);
	case SMBSIGN_GATE_SWALLOW:
		return SMBSIGN_STEP_REFUSING;
	default:
		smbsign_cursor_release(&gate->cursor,
				       smbsign_queue_end(conn->sk));
		return SMBSIGN_STEP_STARVED;
	}
}

/*
 * Judge what has arrived.  Looks at @budget bytes at most, and verifies
 * requests of up to @largest bytes.
 */
static enum smbsign_step run_gate(struct smbsign_conn *conn, u32 budget,
				  u32 largest)
{
	struct smbsign_gate *gate = &conn->gate;
	enum smbsign_step step;

	gate->cursor.budget = budget;
	do
		step = step_once(conn, largest);
	while (step == SMBSIGN_STEP_ON);

	if (step != SMBSIGN_STEP_STARVED)
		return step;
	if (gate->frame.fate != SMBSIGN_FATE_REFUSED)
		unstall_frame(conn);
	if (conn->life != SMBSIGN_LIFE_OPEN)
		return SMBSIGN_STEP_OVER;
	return gate->frame.fate == SMBSIGN_FATE_REFUSED ?
	       SMBSIGN_STEP_REFUSING : SMBSIGN_STEP_STARVED;
}

/* Is the current request large enough to be left to the reader? */
static bool is_bulk(const struct smbsign_gate *gate)
{
	return gate->state == SMBSIGN_GATE_BODY &&
	       gate->request.element.length > smbsign_softirq_bytes();
}

/* More of a bulk request has arrived: must the reader wake up? */
static bool bulk_wakes(struct smbsign_conn *conn)
{
	u32 end = smbsign_queue_end(conn->sk);
	struct smbsign_gate *gate = &conn->gate;

	unstall_frame(conn);
	if (smbsign_ahead_start(conn))
		return false;
	return gate->frame.fate != SMBSIGN_FATE_HELD ||
	       conn->life != SMBSIGN_LIFE_OPEN ||
	       !before(end, gate->request.end) ||
	       (s32)(end - gate->cursor.parsed) >= BULK_BYTES;
}

static u32 released_bytes(const struct smbsign_conn *conn)
{
	return smbsign_cursor_arrived(conn, conn->gate.cursor.released);
}

/**
 * smbsign_gate_arrived() - judge what has just arrived, if it is small
 * @conn:	the connection
 *
 * Context: softirq, inside smbsign_grace_enter(), socket locked and not owned.
 * Return: true if the reader must wake up.
 */
bool smbsign_gate_arrived(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;
	enum smbsign_step step;

	sock_owned_by_me(conn->sk);
	if (conn->life != SMBSIGN_LIFE_OPEN ||
	    gate->frame.fate == SMBSIGN_FATE_REFUSED)
		return true;
	if (is_bulk(gate))
		return bulk_wakes(conn);
	step = run_gate(conn, smbsign_softirq_bytes(), smbsign_softirq_bytes());
	if (released_bytes(conn))
		return true;
	if (step == SMBSIGN_STEP_PAUSED && is_bulk(gate))
		return bulk_wakes(conn);
	return step != SMBSIGN_STEP_STARVED && step != SMBSIGN_STEP_BLOCKED;
}

/* One turn, in a grace section of its own: there may be any number of turns. */
static enum smbsign_step take_turn(struct smbsign_conn *conn)
{
	int grace = smbsign_grace_enter();
	enum smbsign_step step = run_gate(conn, READER_BYTES, U32_MAX);

	smbsign_grace_leave(grace);
	return step;
}

/* Is the next step known without judging more? */
static bool know_next(struct smbsign_conn *conn, enum smbsign_next *next,
		      u32 *length)
{
	const struct smbsign_gate *gate = &conn->gate;

	if (conn->life != SMBSIGN_LIFE_OPEN) {
		*next = conn->life == SMBSIGN_LIFE_EOF ? SMBSIGN_NEXT_EOF :
							 SMBSIGN_NEXT_RESET;
		return true;
	}
	*length = released_bytes(conn);
	if (*length) {
		smbsign_queue_cut(conn->sk, gate->cursor.released);
		*next = SMBSIGN_NEXT_READ;
		return true;
	}
	*next = SMBSIGN_NEXT_SUBSTITUTE;
	return gate->substitute && gate->frame.fate != SMBSIGN_FATE_REFUSED;
}

/*
 * Who sends nothing but keepalives does not hold the reader: ksmbd looks up, and
 * sleeps for a millisecond, before it reads on.
 */
static bool is_flooded(struct smbsign_gate *gate)
{
	if (gate->keepalives < KEEPALIVES_MAX)
		return false;
	gate->keepalives = 0;
	return true;
}

/**
 * smbsign_gate_next() - what does the reader do next?
 * @conn:	the connection
 * @length:	set to a number of bytes for READ and SWALLOW
 *
 * Judges what has arrived until there is something to do.
 *
 * Context: process, may sleep, under the socket lock, with a reference to
 * @conn.
 * Return: the next step; ask again once it is done.
 */
enum smbsign_next smbsign_gate_next(struct smbsign_conn *conn, u32 *length)
{
	enum smbsign_next next;
	enum smbsign_step step;
	bool swallowed;

	sock_owned_by_me(conn->sk);
	while (!know_next(conn, &next, length)) {
		step = take_turn(conn);
		if (released_bytes(conn))
			continue;
		*length = smbsign_refuse_swallowable(conn);
		if (*length) {
			smbsign_queue_cut(conn->sk, conn->gate.cursor.parsed);
			return SMBSIGN_NEXT_SWALLOW;
		}
		swallowed = smbsign_refuse_swallowed(conn);
		if (swallowed && is_flooded(&conn->gate))
			return SMBSIGN_NEXT_AGAIN;
		if (swallowed || conn->life != SMBSIGN_LIFE_OPEN)
			continue;
		if (conn->gate.request.away)
			return SMBSIGN_NEXT_WAIT_AHEAD;
		return step == SMBSIGN_STEP_PAUSED ? SMBSIGN_NEXT_PAUSE :
						     SMBSIGN_NEXT_WAIT;
	}
	return next;
}

/**
 * smbsign_gate_readable() - how much may ksmbd read without the socket lock?
 * @conn:	the connection
 *
 * The number of released bytes that have arrived only grows, and only this
 * thread reads.  The answer is 0 if a segment may have to be cut, which takes
 * the socket lock.
 *
 * Context: process, in the reader thread.
 * Return: bytes, or 0: then ask smbsign_gate_next().
 */
u32 smbsign_gate_readable(const struct smbsign_conn *conn)
{
	u32 released = READ_ONCE(conn->gate.cursor.released);
	u32 end = READ_ONCE(tcp_sk(conn->sk)->rcv_nxt);
	u32 copied = READ_ONCE(tcp_sk(conn->sk)->copied_seq);

	if (READ_ONCE(conn->life) != SMBSIGN_LIFE_OPEN ||
	    end - released - 1 < SMBSIGN_QUEUE_CUT_MAX)
		return 0;
	if (before(released, end))
		end = released;
	return after(end, copied) ? end - copied : 0;
}

/**
 * smbsign_gate_is_transparent() - has policy=audit met data that is no SMB?
 * @conn:	the connection
 *
 * Context: any.
 * Return: true if nothing on the connection is judged any more.
 */
bool smbsign_gate_is_transparent(const struct smbsign_conn *conn)
{
	return READ_ONCE(conn->gate.state) == SMBSIGN_GATE_TRANSPARENT;
}

/**
 * smbsign_gate_is_away() - does a worker look at what arrives?
 * @conn:	the connection
 *
 * Context: any.
 * Return: true if he does, and wakes the reader for what there is to read.
 */
bool smbsign_gate_is_away(const struct smbsign_conn *conn)
{
	return READ_ONCE(conn->gate.request.away);
}

/**
 * smbsign_gate_substitute() - read the substitute of a refused frame
 * @conn:	the connection
 * @to:		where to
 * @length:	how much at most
 *
 * Context: process, may sleep, under the socket lock; after smbsign_gate_next()
 * has returned SUBSTITUTE.
 * Return: bytes read, or -EFAULT.
 */
int smbsign_gate_substitute(struct smbsign_conn *conn, struct iov_iter *to,
			    size_t length)
{
	struct smbsign_substitute *substitute = conn->gate.substitute;

	length = min_t(size_t, length, substitute->length - substitute->read);
	if (copy_to_iter(substitute->data + substitute->read, length, to) !=
	    length)
		return -EFAULT;
	substitute->read += length;
	if (substitute->read == substitute->length) {
		conn->gate.substitute = NULL;
		kfree(substitute);
	}
	return length;
}
