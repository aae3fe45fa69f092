// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judging one request.
 *
 * The gate reads the request's header, uses its MessageIds, and asks the
 * rules.  If the rules want the signature checked, the gate verifies the
 * request as it arrives.  use_message_ids() ends the connection if a MessageId
 * is replayed.
 */
#include <crypto/utils.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/count.h"
#include "gate/cursor.h"
#include "gate/negotiate.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/request.h"
#include "gate/setup.h"
#include "gate/verdict.h"
#include "state/credits.h"
#include "state/session.h"

static const struct smbsign_verdict replayed = {
	.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MESSAGE_ID,
};

/* MessageIds must be granted, and not used before (3.3.5.2.3). */
static enum smbsign_step use_message_ids(struct smbsign_conn *conn,
					 const struct smbsign_policy *policy,
					 struct smbsign_conn_facts *facts)
{
	struct smbsign_gate *gate = &conn->gate;
	const struct smbsign_element *element = &gate->request.element;

	gate->frame.ids_used = gate->request.end;
	if (smbsign_credits_use(conn, element, facts))
		return SMBSIGN_STEP_ON;
	if (policy->replay_window &&
	    smbsign_verdict_settle(conn, policy, element, &replayed))
		return smbsign_step_cut(conn, replayed.reason);
	smbsign_credits_repeat(conn);
	return SMBSIGN_STEP_ON;
}

/* Collect a request of a refused frame. */
static enum smbsign_step collect_request(struct smbsign_conn *conn,
					 const struct smbsign_policy *policy,
					 const struct smb2_header *header)
{
	enum smbsign_step step = SMBSIGN_STEP_ON;
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_conn_facts facts;
	int ret;

	/*
	 * Requests that were not judged yet use their MessageIds now.  Each
	 * gets an answer, so it must be a valid request and unique, even if
	 * another one is to blame.
	 */
	if (after(gate->request.end, gate->frame.ids_used))
		step = use_message_ids(conn, policy, &facts);
	if (step)
		return step;
	ret = smbsign_refuse_collect(conn, header);
	if (ret)
		return smbsign_step_cut_for(conn, ret);
	gate->cursor.parsed = gate->request.end;
	gate->frame.index++;
	if (gate->request.element.last)
		WRITE_ONCE(gate->state, SMBSIGN_GATE_SWALLOW);
	return SMBSIGN_STEP_ON;
}

/*
 * ksmbd shows a session's key together with the MessageId, so no second
 * SESSION_SETUP may wait with it.
 */
static enum smbsign_step expect_setup(struct smbsign_conn *conn,
				      const struct smbsign_policy *policy,
				      u64 shown)
{
	const struct smbsign_element *element = &conn->gate.request.element;

	/* This holds whatever replay_window says. */
	if (smbsign_awaited_is_setup(conn, element->message_id) &&
	    !smbsign_verdict_excuses(policy))
		return smbsign_step_cut(conn, replayed.reason);
	if (smbsign_release_expect(conn, SMBSIGN_AWAITED_SETUP, shown))
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	return SMBSIGN_STEP_ON;
}

/* @shown is the serial of the key that verified the request, or 0. */
static enum smbsign_step pass_request(struct smbsign_conn *conn,
				      const struct smbsign_policy *policy,
				      u64 shown)
{
	enum smbsign_step step = SMBSIGN_STEP_ON;
	struct smbsign_gate *gate = &conn->gate;

	WRITE_ONCE(conn->requests, conn->requests + 1);
	if (gate->request.element.command == SMB2_CMD_SESSION_SETUP)
		step = expect_setup(conn, policy, shown);
	if (step)
		return step;
	gate->cursor.parsed = gate->request.end;
	gate->frame.index++;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_REQUEST);
	return gate->request.element.last ? smbsign_release_frame(conn) :
					    SMBSIGN_STEP_ON;
}

static enum smbsign_step begin_verifying(struct smbsign_conn *conn,
					 struct smbsign_key *key,
					 const struct smb2_header *header)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_gate_request *request = &gate->request;

	if (smbsign_mac_begin(&request->mac, key, header) ||
	    smbsign_mac_header(&request->mac, (const u8 *)header))
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	memcpy(request->signature, header->signature,
	       sizeof(request->signature));
	if (smbsign_release_is_large(gate))
		smbsign_release_stream(gate);
	gate->cursor.parsed += sizeof(*header);
	WRITE_ONCE(gate->state, SMBSIGN_GATE_BODY);
	return SMBSIGN_STEP_ON;
}

/* Carry out a verdict that needs no signature check. */
static enum smbsign_step carry_out(struct smbsign_conn *conn,
				   const struct smbsign_policy *policy,
				   const struct smbsign_verdict *verdict)
{
	const struct smbsign_element *element = &conn->gate.request.element;

	switch (verdict->action) {
	case SMBSIGN_PASS:
		return pass_request(conn, policy, 0);
	case SMBSIGN_PASS_ALONE:
		return smbsign_negotiate_pass(conn, policy);
	case SMBSIGN_PROVISIONAL:
		smbsign_count(SMBSIGN_COUNT_PROVISIONAL);
		return smbsign_release_alone(conn, SMBSIGN_AWAITED_PROVISIONAL,
					     element);
	case SMBSIGN_REFUSE:
		return smbsign_refuse_frame(conn, verdict);
	default:
		return smbsign_step_cut(conn, verdict->reason);
	}
}

/* Report, once per connection, what policy=required would refuse. */
static void foresee_required(struct smbsign_conn *conn,
			     const struct smbsign_policy *policy,
			     const struct smbsign_conn_facts *facts,
			     const struct smbsign_session_facts *session,
			     bool single)
{
	const struct smbsign_element *element = &conn->gate.request.element;
	struct smbsign_policy required;
	struct smbsign_verdict verdict;

	if (policy->mode == SMBSIGN_POLICY_REQUIRED ||
	    READ_ONCE(conn->foreseen))
		return;
	required = *policy;
	required.mode = SMBSIGN_POLICY_REQUIRED;
	verdict = smbsign_policy_element(&required, facts, session, element,
					 single);
	if (verdict.action >= SMBSIGN_REFUSE)
		smbsign_report_foreseen(conn, element, verdict.reason);
}

/*
 * Could the answer look like one to a signed request?  ksmbd copies the
 * Signature; and by then the SessionId may belong to another session, one that
 * must sign.
 */
static bool looks_proven(const struct smbsign_element *element,
			 const struct smbsign_session_facts *session,
			 const struct smb2_header *header)
{
	if (element->command == SMB2_CMD_SESSION_SETUP ||
	    element->command == SMB2_CMD_CANCEL || !element->session_id)
		return false;
	return session->state != SMBSIGN_SESSION_ESTABLISHED ||
	       (!(element->flags & SMB2_FLAG_SIGNED) &&
		memchr_inv(header->signature, 0, sizeof(header->signature)));
}

/*
 * A request passes unproven.  Remember it in case the policy changes, and make
 * sure that its answer is not signed as if the request had been.
 */
static int tolerate_request(struct smbsign_conn *conn,
			    const struct smbsign_session_facts *session,
			    const struct smb2_header *header)
{
	const struct smbsign_element *element = &conn->gate.request.element;

	if (session->state == SMBSIGN_SESSION_ESTABLISHED && !session->tolerated)
		smbsign_session_tolerate(conn, element->session_id);
	if (looks_proven(element, session, header))
		return smbsign_release_expect(conn, SMBSIGN_AWAITED_UNPROVEN,
					      0);
	return 0;
}

/* The rules on the session come first, then those on compounds. */
static struct smbsign_verdict
verdict_on(struct smbsign_conn *conn, const struct smbsign_policy *policy,
	   const struct smbsign_conn_facts *facts,
	   const struct smbsign_session_facts *session, bool single)
{
	const struct smbsign_gate *gate = &conn->gate;
	const struct smbsign_element *element = &gate->request.element;
	struct smbsign_verdict compound, verdict =
		smbsign_policy_element(policy, facts, session, element, single);

	if (verdict.action < SMBSIGN_REFUSE && !smbsign_is_first(gate)) {
		compound = smbsign_policy_compound(element,
						   gate->frame.session_id);
		if (compound.action != SMBSIGN_PASS)
			verdict = compound;
	}
	if (verdict.action < SMBSIGN_REFUSE &&
	    element->command == SMB2_CMD_SESSION_SETUP)
		smbsign_setup_limit(conn, element, &verdict);
	/* A streamed frame cannot be refused later: refuse it now, unverified. */
	if (verdict.action == SMBSIGN_VERIFY && verdict.status &&
	    (smbsign_release_is_large(gate) ||
	     gate->frame.fate == SMBSIGN_FATE_STREAMED))
		verdict.action = SMBSIGN_REFUSE;
	return verdict;
}

static enum smbsign_step judge_request(struct smbsign_conn *conn,
				       const struct smbsign_policy *policy,
				       const struct smbsign_conn_facts *facts,
				       const struct smb2_header *header)
{
	struct smbsign_gate *gate = &conn->gate;
	const struct smbsign_element *element = &gate->request.element;
	bool single = smbsign_is_first(gate) && element->last;
	struct smbsign_session_facts session;
	struct smbsign_verdict verdict;
	struct smbsign_key *key;

	key = smbsign_session_lookup(conn, element->session_id,
				     element->command == SMB2_CMD_SESSION_SETUP,
				     &session);
	verdict = verdict_on(conn, policy, facts, &session, single);
	if (verdict.action == SMBSIGN_PASS)
		foresee_required(conn, policy, facts, &session, single);
	verdict.action = smbsign_verdict_settle(conn, policy, element, &verdict);
	gate->request.doom = verdict;
	gate->request.lent = smbsign_policy_lends(&session);
	if (verdict.action == SMBSIGN_VERIFY)
		return begin_verifying(conn, key, header);

	smbsign_key_put(key);
	if (verdict.action == SMBSIGN_PASS &&
	    tolerate_request(conn, &session, header))
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	return carry_out(conn, policy, &verdict);
}

/* The verdict on some requests depends on their body. */
static enum smbsign_step judge_body(struct smbsign_conn *conn,
				    const struct smbsign_policy *policy)
{
	const struct smbsign_element *element = &conn->gate.request.element;
	enum smbsign_step step;
	u8 *request;

	if (!smbsign_negotiate_concerns(conn, element))
		return SMBSIGN_STEP_ON;
	step = smbsign_cursor_copy(conn, conn->gate.cursor.parsed,
				   element->length, &request);
	if (step)
		return step;
	step = smbsign_negotiate_request(conn, policy, element, request);
	kfree(request);
	return step;
}

static enum smbsign_step malformed_request(struct smbsign_conn *conn,
					   const struct smbsign_policy *policy)
{
	static const struct smbsign_verdict malformed = {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MALFORMED,
	};

	/* A frame that is being swallowed cannot pass any more. */
	if (conn->gate.frame.fate == SMBSIGN_FATE_REFUSED ||
	    smbsign_verdict_settle(conn, policy, &conn->gate.request.element,
				   &malformed))
		return smbsign_step_cut(conn, malformed.reason);
	smbsign_credits_repeat(conn);
	return smbsign_release_frame(conn);
}

/**
 * smbsign_request_take() - judge a request whose header has arrived
 * @conn:	the connection
 * @head:	the header; this function fetches what it needs after it
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(), under the
 * socket lock.
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_request_take(struct smbsign_conn *conn,
				       union smbsign_head *head)
{
	const struct smb2_header *header = &head->header;
	struct smbsign_gate *gate = &conn->gate;
	u32 left = gate->frame.end - gate->cursor.parsed, needed;
	struct smbsign_element *element = &gate->request.element;
	enum smbsign_step step = SMBSIGN_STEP_ON;
	struct smbsign_conn_facts facts;
	struct smbsign_policy policy;

	needed = smbsign_frame_head_needed(header, left);
	if (needed > sizeof(*header))
		step = smbsign_cursor_peek(conn, gate->cursor.parsed, head,
					   needed);
	if (step)
		return step;
	smbsign_policy_get(conn, &policy);
	if (smbsign_frame_element(head->bytes, needed, left, element))
		return malformed_request(conn, &policy);

	gate->request.end = gate->cursor.parsed + element->length;
	/* ksmbd runs a whole compound in the session of its first request. */
	if (smbsign_is_first(gate))
		gate->frame.session_id = element->session_id;
	else if (element->session_id == SMB2_SESSION_ID_RELATED)
		element->session_id = gate->frame.session_id;
	smbsign_cursor_charge(&gate->cursor, sizeof(*header));
	if (gate->frame.fate == SMBSIGN_FATE_REFUSED)
		return collect_request(conn, &policy, header);
	step = judge_body(conn, &policy);
	if (!step)
		step = use_message_ids(conn, &policy, &facts);
	return step ? step : judge_request(conn, &policy, &facts, header);
}

/**
 * smbsign_request_header() - take the next header of a frame
 * @conn:	the connection
 *
 * Context: as smbsign_request_take().
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_request_header(struct smbsign_conn *conn)
{
	union smbsign_head head __uninitialized;
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_policy policy;
	enum smbsign_step step;

	if (!gate->cursor.budget)
		return SMBSIGN_STEP_PAUSED;
	if (gate->frame.end - gate->cursor.parsed < SMBSIGN_ELEMENT_MIN) {
		smbsign_policy_get(conn, &policy);
		return malformed_request(conn, &policy);
	}
	step = smbsign_cursor_peek(conn, gate->cursor.parsed, &head.header,
				   sizeof(head.header));
	return step ? step : smbsign_request_take(conn, &head);
}

/* All requests of a frame belong to one session, so one key verifies them. */
static void prove_request(struct smbsign_gate_frame *frame, u64 key)
{
	if (!key || frame->index >= SMBSIGN_COMPOUND_MAX ||
	    (frame->shown && frame->shown != key))
		return;
	frame->shown = key;
	__set_bit(frame->index, frame->proven);
}

static enum smbsign_step signature_is_wrong(struct smbsign_conn *conn,
					    const struct smbsign_policy *policy)
{
	const struct smbsign_gate_request *request = &conn->gate.request;
	struct smbsign_verdict bad = {
		.action = SMBSIGN_REFUSE,
		.reason = SMBSIGN_REASON_BAD_SIGNATURE,
		.status = SMB2_STATUS_ACCESS_DENIED,
	};

	/*
	 * Give the same answer whether the session is elsewhere or does not
	 * exist.
	 */
	if (request->doom.status &&
	    request->doom.reason == SMBSIGN_REASON_SESSION_UNKNOWN)
		return smbsign_refuse_frame(conn, &request->doom);
	bad.action = smbsign_verdict_settle(conn, policy, &request->element,
					    &bad);
	return carry_out(conn, policy, &bad);
}

/*
 * Which key may sign the answer?  The one that has verified the request, unless
 * that would use a nonce twice.
 */
static u64 key_for_answer(const struct smbsign_gate_request *request,
			  struct smbsign_key *key)
{
	if (!request->lent ||
	    (request->element.command == SMB2_CMD_SESSION_SETUP &&
	     smbsign_key_lend(key, request->element.message_id)))
		return key->serial;
	smbsign_count(SMBSIGN_COUNT_NONCES_SPENT);
	return 0;
}

static enum smbsign_step signature_is_right(struct smbsign_conn *conn,
					    const struct smbsign_policy *policy,
					    u64 key, u64 shown)
{
	struct smbsign_gate *gate = &conn->gate;

	smbsign_count(SMBSIGN_COUNT_VERIFIED);
	if (in_serving_softirq())
		smbsign_count(SMBSIGN_COUNT_VERIFIED_SOFTIRQ);
	if (gate->request.away)
		smbsign_count(SMBSIGN_COUNT_VERIFIED_AHEAD);
	prove_request(&gate->frame, shown);
	if (gate->request.doom.status)
		return smbsign_refuse_frame(conn, &gate->request.doom);
	smbsign_credits_verified(conn, &gate->request.element, key,
				 gate->request.signature);
	return pass_request(conn, policy, shown);
}

static enum smbsign_step verify_request(struct smbsign_conn *conn)
{
	struct smbsign_gate_request *request = &conn->gate.request;
	struct smbsign_key *key = request->mac.key;
	u8 expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_policy policy;
	u64 serial = key->serial;

	/* The key stays until the caller leaves its grace section. */
	if (smbsign_mac_end(&request->mac, expected))
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	smbsign_policy_get(conn, &policy);
	if (crypto_memneq(expected, request->signature, sizeof(expected)))
		return signature_is_wrong(conn, &policy);
	return signature_is_right(conn, &policy, serial,
				  key_for_answer(request, key));
}

/**
 * smbsign_request_ready() - how much of the request could be added to its MAC?
 * @conn:	the connection
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: bytes that have arrived and are not in it yet.
 */
u32 smbsign_request_ready(const struct smbsign_conn *conn)
{
	const struct smbsign_gate *gate = &conn->gate;
	u32 end = smbsign_queue_end(conn->sk);

	if (after(end, gate->request.end))
		end = gate->request.end;
	return after(end, gate->cursor.parsed) ? end - gate->cursor.parsed : 0;
}

/**
 * smbsign_request_advance() - bytes of the request have been added to its MAC
 * @conn:	the connection
 * @length:	how many
 *
 * Context: as smbsign_request_take().
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_request_advance(struct smbsign_conn *conn, u32 length)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_cursor *cursor = &gate->cursor;

	cursor->parsed += length;
	smbsign_cursor_charge(cursor, length);
	if (cursor->parsed == gate->request.end)
		return verify_request(conn);
	smbsign_release_streamed(gate);
	return cursor->budget ? SMBSIGN_STEP_STARVED : SMBSIGN_STEP_PAUSED;
}

/**
 * smbsign_request_body() - verify what has arrived of a request
 * @conn:	the connection
 * @largest:	length of the largest request that may be verified in this
 *		context
 *
 * Context: as smbsign_request_take().
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_request_body(struct smbsign_conn *conn, u32 largest)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_cursor *cursor = &gate->cursor;
	u32 ready = smbsign_request_ready(conn);
	int ret = 0;

	if (gate->request.element.length > largest)
		return SMBSIGN_STEP_PAUSED;
	ready = min(ready, cursor->budget);
	if (ready)
		ret = smbsign_queue_mac(conn->sk, &gate->request.mac,
					cursor->parsed, ready);
	/* A FIN that was read counts in copied_seq, but is no byte. */
	if (ret == -EAGAIN)
		return SMBSIGN_STEP_STARVED;
	if (ret)
		return smbsign_step_cut(conn, SMBSIGN_REASON_NO_MEMORY);
	return smbsign_request_advance(conn, ready);
}
