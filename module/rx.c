// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate: what arrives is judged where it lies, in TCP's receive queue, and
 * ksmbd reads only what was released.
 *
 * A frame is held until all of its requests have passed.  One that is larger
 * than hold_bytes, or that TCP has no room to hold, is released as it is
 * verified, but for its last byte: ksmbd acts on a message only when it has all
 * of it.  A held frame can be refused with an answer, a streamed one only by
 * cutting the connection.
 *
 * Refusing takes the detour through ksmbd: in place of the refused frame it reads
 * one of ECHO requests with the same MessageIds and credits, and its answer is
 * turned into the error on the way out (tx.c).  Swallowing a frame silently would
 * leave a hole in the command sequence window that ksmbd has since 7.x, and stop
 * the connection 8192 messages later.
 */
#include <crypto/utils.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/tcp.h>

#include "conn.h"
#include "policy.h"
#include "queue.h"
#include "report.h"
#include "rx.h"
#include "session.h"
#include "stats.h"
#include "sysctl.h"

/* A bulk request wakes the reader when so much of it can be verified. */
#define BULK_BYTES	32768
/*
 * Bytes of refused frames that get no answer, since ksmbd has written something
 * last; a small frame is work, too.  It is as many CANCELs as ksmbd lets requests be
 * in flight (8192 credits).
 */
#define UNANSWERED_FRAME	128
#define UNANSWERED_MAX		(8192 * UNANSWERED_FRAME)
/* An ECHO of a compound, padded to 8 bytes. */
#define ECHO_SIZE	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_echo_request))
#define ECHO_STRIDE	ALIGN(ECHO_SIZE, 8)

/* The parser goes on, as opposed to any enum smbsign_rx_result. */
#define GO_ON		(-1)

/**
 * smbsign_rx_init() - start at the first byte of a connection
 * @rx:		the receiving side
 * @seq:	TCP sequence number of that byte
 *
 * Context: any.
 */
void smbsign_rx_init(struct smbsign_rx *rx, u32 seq)
{
	rx->parsed = seq;
	rx->released = seq;
	rx->frame = seq;
	rx->frame_end = seq;
	INIT_LIST_HEAD(&rx->expected);
}

/**
 * smbsign_rx_destroy() - free what the receiving side holds
 * @rx:		the receiving side, used by nobody any more
 *
 * Context: any.
 */
void smbsign_rx_destroy(struct smbsign_rx *rx)
{
	smbsign_awaited_free(&rx->expected);
	smbsign_mac_cancel(&rx->mac);
	kfree(rx->substitute);
	rx->substitute = NULL;
}

static bool auditing(void)
{
	return smbsign_policy_mode() == SMBSIGN_POLICY_AUDIT;
}

static void release(struct smbsign_rx *rx, u32 seq)
{
	/* Read by proto.c without the lock */
	if (after(seq, rx->released))
		WRITE_ONCE(rx->released, seq);
}

/**
 * smbsign_rx_kill() - give a connection up; the reader resets it
 * @conn:	the connection, its socket locked
 * @element:	the request that is to be told of
 * @reason:	why
 *
 * Context: any but hard interrupt, under the socket lock. Terminal, reported once.
 */
void smbsign_rx_kill(struct smbsign_conn *conn,
		     const struct smbsign_element *element,
		     enum smbsign_reason reason)
{
	if (conn->rx.state == SMBSIGN_RX_DEAD)
		return;
	smbsign_report(conn, element, reason, SMBSIGN_REPORT_RESET);
	smbsign_mac_cancel(&conn->rx.mac);
	WRITE_ONCE(conn->rx.state, SMBSIGN_RX_DEAD);
}

/* Has it sent what would not be let in now?  *@id is the session, or 0. */
static struct smbsign_verdict outgrown(struct smbsign_conn *conn,
				       const struct smbsign_policy *policy,
				       u64 *id)
{
	struct smbsign_verdict verdict = { .action = SMBSIGN_ABORT };
	u8 excused = READ_ONCE(conn->excused);

	*id = 0;
	if (excused)
		verdict.reason = excused - 1;
	else if (conn->compressed && policy->mode == SMBSIGN_POLICY_REQUIRED)
		verdict.reason = SMBSIGN_REASON_COMPRESSED;
	else
		verdict = smbsign_session_outgrown(conn, policy, id);
	return verdict;
}

/**
 * smbsign_rx_enforce() - the policy has become stricter
 * @conn:	the connection, its socket locked
 * @policy:	what the administrator wants now; not AUDIT
 *
 * What has been judged under another policy may lie in the queue, complete or not, or
 * wait in ksmbd.  A connection that was let send what would not be let in now is given
 * up: nothing of it is executed any more.
 *
 * Context: process, under the socket lock, inside smbsign_grace_enter().
 * Return: true if it is given up.
 */
bool smbsign_rx_enforce(struct smbsign_conn *conn,
			const struct smbsign_policy *policy)
{
	struct smbsign_element element = { .command = SMB2_CMD_COUNT };
	struct smbsign_verdict verdict =
		outgrown(conn, policy, &element.session_id);

	if (verdict.action == SMBSIGN_PASS)
		return false;
	smbsign_rx_kill(conn, &element, verdict.reason);
	smbsign_conn_kick(conn);
	return true;
}

static int killed(struct smbsign_conn *conn, enum smbsign_reason reason)
{
	smbsign_rx_kill(conn, &conn->rx.element, reason);
	return SMBSIGN_RX_STOPPED;
}

/* Copy out of the queue; GO_ON if all of it was there. */
static int queue_peek(struct smbsign_conn *conn, u32 seq, void *to, u32 length)
{
	switch (smbsign_queue_peek(conn->sk, seq, to, length)) {
	case 0:
		return GO_ON;
	case -EAGAIN:
		return SMBSIGN_RX_STARVED;
	default:
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	}
}

static bool window_use(struct smbsign_conn *conn, u64 id, u32 charge)
{
	bool fine;

	spin_lock_bh(&conn->lock);
	fine = smbsign_window_use(&conn->window, id, charge);
	spin_unlock_bh(&conn->lock);
	return fine;
}

static u32 credit_charge(const struct smbsign_conn *conn,
			 const struct smbsign_element *element)
{
	return READ_ONCE(conn->facts.multi_credit) ? element->credit_charge : 1;
}

/* Hand the frame on whole, also what of it has not arrived yet. */
static int pass_frame(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;

	if (!list_empty(&rx->expected) && smbsign_conn_await(conn, &rx->expected))
		return killed(conn, SMBSIGN_REASON_BACKLOG);
	release(rx, rx->frame_end);
	rx->parsed = rx->frame_end;
	WRITE_ONCE(rx->state, SMBSIGN_RX_LENGTH);
	return GO_ON;
}

/* Was the current request verified, though its frame may be refused? */
static bool is_proven(const struct smbsign_rx *rx)
{
	return rx->index < SMBSIGN_COMPOUND_MAX && test_bit(rx->index, rx->proven);
}

/* All requests of a frame are of one session: it has one key. */
static void prove(struct smbsign_rx *rx, u64 key)
{
	if (rx->index >= SMBSIGN_COMPOUND_MAX || (rx->shown && rx->shown != key))
		return;
	rx->shown = key;
	__set_bit(rx->index, rx->proven);
}

static int await(struct smbsign_conn *conn, enum smbsign_awaited_kind kind,
		 const struct smbsign_element *element,
		 const struct smb2_header *header)
{
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, element, header);
	LIST_HEAD(list);

	if (!awaited)
		return -ENOMEM;
	awaited->status = conn->rx.status;
	if (is_proven(&conn->rx))
		awaited->shown = conn->rx.shown;
	list_add(&awaited->node, &list);
	return smbsign_conn_await(conn, &list);
}

static int pass_frame_alone(struct smbsign_conn *conn,
			    enum smbsign_awaited_kind kind,
			    const struct smbsign_element *element)
{
	if (await(conn, kind, element, NULL))
		return killed(conn, SMBSIGN_REASON_BACKLOG);
	WRITE_ONCE(conn->rx.blocked, true);
	return pass_frame(conn);
}

static void copy_facts(struct smbsign_conn *conn,
		       struct smbsign_conn_facts *facts)
{
	spin_lock_bh(&conn->lock);
	*facts = conn->facts;
	spin_unlock_bh(&conn->lock);
}

/*
 * All of a message or request, where more than its head matters; it is short.
 * *@copy is to be freed, NULL where @length is too much.
 */
static int inspect(struct smbsign_conn *conn, u32 seq, u32 length, u8 **copy)
{
	int step;

	*copy = NULL;
	if (length > SMBSIGN_INSPECT_MAX)
		return GO_ON;
	*copy = kmalloc(length, GFP_ATOMIC | __GFP_NOWARN);
	if (!*copy)
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	step = queue_peek(conn, seq, *copy, length);
	if (step != GO_ON) {
		kfree(*copy);
		*copy = NULL;
	}
	return step;
}

/* Does an SMB1 message open a connection that goes on with SMB2? */
static int smb1_upgrades(struct smbsign_conn *conn, bool *upgrades)
{
	struct smbsign_rx *rx = &conn->rx;
	u32 length = rx->frame_end - rx->parsed;
	u8 *message;
	int step;

	step = inspect(conn, rx->parsed, length, &message);
	if (step != GO_ON)
		return step;
	*upgrades = message && !rx->upgraded && length > sizeof(__le32) &&
		    message[sizeof(__le32)] == SMB1_COM_NEGOTIATE &&
		    smbsign_frame_smb1_upgrades(message, length);
	kfree(message);
	return GO_ON;
}

/* What is inside, its MessageIds and credits, we do not see. */
static int pass_wrapped(struct smbsign_conn *conn, bool *wrapped)
{
	if (!*wrapped) {
		WRITE_ONCE(*wrapped, true);
		if (smbsign_conn_unsee(conn, GFP_ATOMIC | __GFP_NOWARN))
			return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	}
	return pass_frame(conn);
}

/* It counts as the request with MessageId 0 (3.3.5.3.1). */
static int pass_smb1(struct smbsign_conn *conn)
{
	struct smbsign_element first = { .command = SMB2_CMD_NEGOTIATE };

	conn->rx.upgraded = true;
	window_use(conn, 0, 1);
	return pass_frame_alone(conn, SMBSIGN_AWAITED_NEGOTIATE, &first);
}

/* Whose message is it, and may it be encrypted? */
static int judge_encrypted(struct smbsign_conn *conn,
			   struct smbsign_verdict *verdict)
{
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_session_facts session;
	struct smb2_transform transform;
	struct smbsign_policy policy;
	int step;

	*verdict = (struct smbsign_verdict) {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MALFORMED,
	};
	if (rx->frame_end - rx->parsed < sizeof(transform))
		return GO_ON;
	step = queue_peek(conn, rx->parsed, &transform, sizeof(transform));
	if (step != GO_ON)
		return step;
	rx->element.session_id = le64_to_cpu(transform.session_id);
	smbsign_key_put(smbsign_session_facts(conn, rx->element.session_id,
					      &session));
	smbsign_policy_get(&policy);
	*verdict = smbsign_policy_encrypted(&policy, &session);
	return GO_ON;
}

static int judge_message(struct smbsign_conn *conn,
			 enum smbsign_frame_kind kind,
			 struct smbsign_verdict *verdict)
{
	struct smbsign_conn_facts facts;
	struct smbsign_policy policy;
	bool upgrades = false;
	int step = GO_ON;

	if (kind == SMBSIGN_FRAME_ENCRYPTED)
		return judge_encrypted(conn, verdict);
	if (kind == SMBSIGN_FRAME_SMB1)
		step = smb1_upgrades(conn, &upgrades);
	if (step != GO_ON)
		return step;
	copy_facts(conn, &facts);
	smbsign_policy_get(&policy);
	*verdict = smbsign_policy_frame(&policy, &facts, kind, upgrades);
	return GO_ON;
}

static int step_kind(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_verdict verdict;
	enum smbsign_frame_kind kind;
	__le32 protocol_id;
	int step;

	step = queue_peek(conn, rx->parsed, &protocol_id, sizeof(protocol_id));
	if (step != GO_ON)
		return step;
	kind = smbsign_frame_kind(protocol_id);
	/* That is judged request by request. */
	if (kind == SMBSIGN_FRAME_SMB2) {
		WRITE_ONCE(rx->state, SMBSIGN_RX_ELEMENT);
		return GO_ON;
	}
	step = judge_message(conn, kind, &verdict);
	if (step != GO_ON)
		return step;
	switch (verdict.action) {
	case SMBSIGN_PASS:
		if (kind == SMBSIGN_FRAME_COMPRESSED)
			return pass_wrapped(conn, &conn->compressed);
		smbsign_count(SMBSIGN_COUNT_ENCRYPTED);
		return pass_wrapped(conn, &conn->encrypted);
	case SMBSIGN_PASS_ALONE:
		return pass_smb1(conn);
	default:
		if (!auditing())
			return killed(conn, verdict.reason);
		smbsign_report(conn, &rx->element, verdict.reason,
			       SMBSIGN_REPORT_AUDIT);
		smbsign_conn_repeats(conn);
		return pass_frame(conn);
	}
}

/* Begin to swallow the frame, from its first request. */
static int refuse_frame(struct smbsign_conn *conn,
			const struct smbsign_verdict *verdict)
{
	struct smbsign_rx *rx = &conn->rx;

	if (smbsign_reset_on_violation() || rx->streaming ||
	    after(rx->released, rx->frame))
		return killed(conn, verdict->reason);

	smbsign_report(conn, &rx->element, verdict->reason,
		       SMBSIGN_REPORT_REFUSED);
	WRITE_ONCE(conn->refusals, conn->refusals + 1);
	smbsign_mac_cancel(&rx->mac);
	smbsign_awaited_free(&rx->expected);
	rx->status = verdict->status;
	rx->refusing = true;
	rx->parsed = rx->frame + SMB2_NBSS_SIZE;
	rx->session_id = 0;
	rx->index = 0;
	WRITE_ONCE(rx->state, SMBSIGN_RX_ELEMENT);
	return GO_ON;
}

static struct smbsign_substitute *
substitute_grow(struct smbsign_substitute *old)
{
	u32 start = old ? old->last + ECHO_STRIDE : SMB2_NBSS_SIZE;
	struct smbsign_substitute *new;

	if (start >= SMB2_NBSS_SIZE + SMBSIGN_COMPOUND_MAX * ECHO_STRIDE)
		return NULL;
	new = krealloc(old, struct_size(new, data, start + ECHO_STRIDE),
		       GFP_ATOMIC | __GFP_NOWARN);
	if (!new)
		return NULL;
	if (!old)
		new->read = 0;
	else
		((struct smb2_header *)(new->data + new->last))->next_command =
			cpu_to_le32(ECHO_STRIDE);
	memset(new->data + start, 0, ECHO_STRIDE);
	new->last = start;
	new->length = start + ECHO_SIZE;
	put_unaligned_be32(new->length - SMB2_NBSS_SIZE, new->data);
	return new;
}

/* An ECHO without session, in place of a request: 2.2.28. */
static void substitute_fill(struct smbsign_substitute *substitute,
			    const struct smb2_header *request)
{
	struct smb2_header *header =
		(struct smb2_header *)(substitute->data + substitute->last);
	struct smb2_echo_request *echo = (void *)(header + 1);

	header->protocol_id = SMB2_PROTOCOL_ID;
	header->structure_size = cpu_to_le16(sizeof(*header));
	header->credit_charge = request->credit_charge;
	header->command = cpu_to_le16(SMB2_CMD_ECHO);
	header->credits = request->credits;
	header->message_id = request->message_id;
	echo->structure_size = cpu_to_le16(sizeof(*echo));
}

/* Remember a refused request, and put an ECHO in its place. */
static int collect(struct smbsign_conn *conn, const struct smb2_header *header)
{
	struct smbsign_substitute *substitute;
	struct smbsign_rx *rx = &conn->rx;

	/* CANCEL uses no MessageId and has no answer (3.3.5.16). */
	if (rx->element.command == SMB2_CMD_CANCEL)
		return 0;
	substitute = substitute_grow(rx->substitute);
	if (!substitute)
		return -ENOMEM;
	rx->substitute = substitute;
	substitute_fill(substitute, header);
	return await(conn, SMBSIGN_AWAITED_REFUSED, &rx->element, header);
}

/* Report what is wrong; the action, which in audit is to let it pass. */
static enum smbsign_action audited(struct smbsign_conn *conn,
				   const struct smbsign_verdict *verdict)
{
	if (verdict->action < SMBSIGN_REFUSE || !auditing())
		return verdict->action;
	smbsign_report(conn, &conn->rx.element, verdict->reason,
		       SMBSIGN_REPORT_AUDIT);
	return SMBSIGN_PASS;
}

/* What is known of the connection, when the request uses its MessageIds. */
static bool facts_with_ids_used(struct smbsign_conn *conn,
				struct smbsign_conn_facts *facts)
{
	const struct smbsign_element *element = &conn->rx.element;
	bool fine = true;

	spin_lock_bh(&conn->lock);
	*facts = conn->facts;
	if (element->command != SMB2_CMD_CANCEL)
		fine = smbsign_window_use(&conn->window, element->message_id,
					  credit_charge(conn, element));
	spin_unlock_bh(&conn->lock);
	return fine;
}

/* Its MessageIds: granted, and not used before (3.3.5.2.3). */
static int use_ids(struct smbsign_conn *conn, struct smbsign_conn_facts *facts)
{
	struct smbsign_verdict verdict = {
		.action = SMBSIGN_ABORT, .reason = SMBSIGN_REASON_MESSAGE_ID,
	};
	struct smbsign_policy policy;

	conn->rx.ids_used = conn->rx.body_end;
	if (facts_with_ids_used(conn, facts))
		return GO_ON;
	smbsign_policy_get(&policy);
	if (policy.replay_window && audited(conn, &verdict) == SMBSIGN_ABORT)
		return killed(conn, verdict.reason);
	smbsign_conn_repeats(conn);
	return GO_ON;
}

static int step_collect(struct smbsign_conn *conn,
			const struct smb2_header *header)
{
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_conn_facts facts;
	int step;

	/*
	 * Those not judged before use theirs now: what is answered must be a request,
	 * and only once, though it was another one that is wrong.
	 */
	step = after(rx->body_end, rx->ids_used) ? use_ids(conn, &facts) : GO_ON;
	if (step != GO_ON)
		return step;
	if (collect(conn, header))
		return killed(conn, SMBSIGN_REASON_BACKLOG);
	rx->parsed = rx->body_end;
	rx->index++;
	if (rx->element.last)
		WRITE_ONCE(rx->state, SMBSIGN_RX_LENGTH);
	return GO_ON;
}

static int expect(struct smbsign_conn *conn, enum smbsign_awaited_kind kind,
		  u64 shown)
{
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, &rx->element, NULL);

	if (!awaited)
		return -ENOMEM;
	awaited->shown = shown;
	list_add_tail(&awaited->node, &rx->expected);
	return 0;
}

/* @shown is the serial of the key that it was verified with, or 0. */
static int element_done(struct smbsign_conn *conn, u64 shown)
{
	struct smbsign_rx *rx = &conn->rx;

	WRITE_ONCE(conn->requests, conn->requests + 1);
	if (rx->element.command == SMB2_CMD_SESSION_SETUP) {
		/* Whatever replay_window says; audit takes what comes. */
		if (smbsign_conn_is_awaited(conn, rx->element.message_id) &&
		    !auditing())
			return killed(conn, SMBSIGN_REASON_MESSAGE_ID);
		if (expect(conn, SMBSIGN_AWAITED_SETUP, shown))
			return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	}
	rx->parsed = rx->body_end;
	rx->index++;
	WRITE_ONCE(rx->state, SMBSIGN_RX_ELEMENT);
	return rx->element.last ? pass_frame(conn) : GO_ON;
}

static bool is_large(const struct smbsign_rx *rx)
{
	return rx->frame_end - rx->frame > smbsign_hold_bytes();
}

static int begin_verifying(struct smbsign_conn *conn, struct smbsign_key *key,
			   const struct smb2_header *header)
{
	struct smbsign_rx *rx = &conn->rx;

	if (smbsign_mac_begin(&rx->mac, key) ||
	    smbsign_mac_header(&rx->mac, (const u8 *)header))
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	memcpy(rx->signature, header->signature, sizeof(rx->signature));
	if (is_large(rx) && !rx->streaming) {
		smbsign_count(SMBSIGN_COUNT_STREAMED);
		rx->streaming = true;
	}
	rx->parsed += sizeof(*header);
	WRITE_ONCE(rx->state, SMBSIGN_RX_BODY);
	return GO_ON;
}

static int apply(struct smbsign_conn *conn,
		 const struct smbsign_verdict *verdict,
		 const struct smb2_header *header)
{
	struct smbsign_rx *rx = &conn->rx;

	switch (verdict->action) {
	case SMBSIGN_PASS:
		return element_done(conn, false);
	case SMBSIGN_PASS_ALONE:
		return pass_frame_alone(conn, SMBSIGN_AWAITED_NEGOTIATE,
					&rx->element);
	case SMBSIGN_PROVISIONAL:
		smbsign_count(SMBSIGN_COUNT_PROVISIONAL);
		return pass_frame_alone(conn, SMBSIGN_AWAITED_PROVISIONAL,
					&rx->element);
	case SMBSIGN_REFUSE:
		return refuse_frame(conn, verdict);
	default:
		return killed(conn, verdict->reason);
	}
}

static bool is_first(const struct smbsign_rx *rx)
{
	return rx->parsed == rx->frame + SMB2_NBSS_SIZE;
}

/* Is this what would be in the way of policy=required?  Told once. */
static void foresee(struct smbsign_conn *conn, struct smbsign_policy *policy,
		    const struct smbsign_conn_facts *facts,
		    const struct smbsign_session_facts *session, bool single)
{
	const struct smbsign_element *element = &conn->rx.element;
	struct smbsign_verdict verdict;

	if (policy->mode == SMBSIGN_POLICY_REQUIRED ||
	    READ_ONCE(conn->foreseen))
		return;
	policy->mode = SMBSIGN_POLICY_REQUIRED;
	verdict = smbsign_policy_element(policy, facts, session, element,
					 single);
	if (verdict.action >= SMBSIGN_REFUSE)
		smbsign_report_foreseen(conn, element, verdict.reason);
}

/*
 * Could its answer look like that to a signed request?  ksmbd copies the Signature; and
 * the session may be another one's by then, that must be signed.
 */
static bool looks_proven(const struct smbsign_rx *rx,
			 const struct smbsign_session_facts *session,
			 const struct smb2_header *header)
{
	if (rx->element.command == SMB2_CMD_SESSION_SETUP ||
	    rx->element.command == SMB2_CMD_CANCEL || !rx->element.session_id)
		return false;
	return session->state != SMBSIGN_SESSION_ESTABLISHED ||
	       (!(rx->element.flags & SMB2_FLAG_SIGNED) &&
		memchr_inv(header->signature, 0, sizeof(header->signature)));
}

/*
 * It is let in, and proves nothing: should the policy change, that is known; and what
 * answers it is not signed as if it had.
 */
static int tolerate(struct smbsign_conn *conn,
		    const struct smbsign_session_facts *session,
		    const struct smb2_header *header)
{
	const struct smbsign_rx *rx = &conn->rx;

	if (session->state == SMBSIGN_SESSION_ESTABLISHED && !session->tolerated)
		smbsign_session_tolerate(conn, rx->element.session_id);
	if (looks_proven(rx, session, header))
		return expect(conn, SMBSIGN_AWAITED_UNPROVEN, 0);
	return 0;
}

/* What its session, or else its place in the frame, says against a request. */
static struct smbsign_verdict
verdict_on(const struct smbsign_rx *rx, const struct smbsign_policy *policy,
	   const struct smbsign_conn_facts *facts,
	   const struct smbsign_session_facts *session, bool single)
{
	struct smbsign_verdict compound =
		smbsign_policy_compound(&rx->element, rx->session_id);
	struct smbsign_verdict verdict =
		smbsign_policy_element(policy, facts, session, &rx->element,
				       single);

	return is_first(rx) || verdict.action >= SMBSIGN_REFUSE ||
	       compound.action == SMBSIGN_PASS ? verdict : compound;
}

static const struct smbsign_verdict too_many_setups = {
	.action = SMBSIGN_REFUSE,
	.reason = SMBSIGN_REASON_SETUPS,
	.status = SMB2_STATUS_INSUFFICIENT_RESOURCES,
};

/* Is it one SESSION_SETUP for a new session too many (3.3.5.5.1)? */
static bool is_too_many(struct smbsign_conn *conn)
{
	const struct smbsign_element *element = &conn->rx.element;

	return element->command == SMB2_CMD_SESSION_SETUP &&
	       !element->session_id && smbsign_conn_setups_full(conn);
}

static int judge(struct smbsign_conn *conn,
		 const struct smbsign_conn_facts *facts,
		 const struct smb2_header *header)
{
	struct smbsign_rx *rx = &conn->rx;
	bool single = is_first(rx) && rx->element.last;
	struct smbsign_session_facts session;
	struct smbsign_verdict verdict;
	struct smbsign_policy policy;
	struct smbsign_key *key;

	smbsign_policy_get(&policy);
	key = smbsign_session_facts(conn, rx->element.session_id, &session);
	verdict = verdict_on(rx, &policy, facts, &session, single);
	if (verdict.action < SMBSIGN_REFUSE && is_too_many(conn))
		verdict = too_many_setups;
	/* What is streamed cannot be refused: then without verifying it. */
	if (verdict.status && verdict.action == SMBSIGN_VERIFY &&
	    (is_large(rx) || rx->streaming || auditing()))
		verdict.action = SMBSIGN_REFUSE;
	rx->doom = verdict;
	if (verdict.action == SMBSIGN_VERIFY)
		return begin_verifying(conn, key, header);

	smbsign_key_put(key);
	if (verdict.action == SMBSIGN_PASS)
		foresee(conn, &policy, facts, &session, single);
	verdict.action = audited(conn, &verdict);
	if (verdict.action == SMBSIGN_PASS && tolerate(conn, &session, header))
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	return apply(conn, &verdict, header);
}

/* NEGOTIATE: what it says is kept, what is wrong with it is told in the answer. */
static int look_at_offer(struct smbsign_conn *conn, const u8 *request)
{
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_verdict verdict;

	if (!request || smbsign_frame_offer(request, rx->element.length,
					    &rx->offer, &rx->contexts))
		return killed(conn, SMBSIGN_REASON_MALFORMED);
	verdict = smbsign_policy_offer(&rx->element, &rx->offer,
				       &rx->contexts);
	rx->status = 0;
	if (audited(conn, &verdict) == SMBSIGN_REFUSE) {
		smbsign_report(conn, &rx->element, verdict.reason,
			       SMBSIGN_REPORT_REFUSED);
		rx->status = verdict.status;
	}
	return GO_ON;
}

static int look_at_validation(struct smbsign_conn *conn, const u8 *request)
{
	struct smbsign_verdict verdict = {
		.action = SMBSIGN_ABORT,
		.reason = SMBSIGN_REASON_VALIDATE_NEGOTIATE,
	};
	struct smbsign_rx *rx = &conn->rx;
	struct smbsign_conn_facts facts;
	struct smbsign_offer validated;

	copy_facts(conn, &facts);
	if (request && !smbsign_frame_validate(request, rx->element.length,
					       &validated))
		verdict = smbsign_policy_validate(&facts, &rx->offer,
						  &rx->element, &validated);
	if (audited(conn, &verdict) == SMBSIGN_ABORT)
		return killed(conn, verdict.reason);
	return GO_ON;
}

/* Some requests are about what their body says. */
static int look_inside(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	const struct smbsign_element *element = &rx->element;
	bool negotiate = element->command == SMB2_CMD_NEGOTIATE;
	u8 *request;
	int step;

	if (negotiate ? READ_ONCE(conn->facts.dialect) || !element->last :
			element->ctl_code != SMB2_FSCTL_VALIDATE_NEGOTIATE)
		return GO_ON;
	step = inspect(conn, rx->parsed, element->length, &request);
	if (step != GO_ON)
		return step;
	step = negotiate ? look_at_offer(conn, request) :
			   look_at_validation(conn, request);
	kfree(request);
	return step;
}

static int malformed(struct smbsign_conn *conn)
{
	if (!auditing())
		return killed(conn, SMBSIGN_REASON_MALFORMED);
	smbsign_report(conn, &conn->rx.element, SMBSIGN_REASON_MALFORMED,
		       SMBSIGN_REPORT_AUDIT);
	smbsign_conn_repeats(conn);
	return pass_frame(conn);
}

/* Every header looked at and every byte MACed counts. */
static void charge(struct smbsign_rx *rx, u32 bytes)
{
	rx->budget -= min(bytes, rx->budget);
}

/* What of a request must be seen to judge it. */
union head {
	struct smb2_header	header;
	u8			bytes[SMBSIGN_HEAD_SIZE];
};

/* The header of a request is there; what is needed behind it is fetched. */
static int take_header(struct smbsign_conn *conn, union head *head)
{
	const struct smb2_header *header = &head->header;
	struct smbsign_rx *rx = &conn->rx;
	u32 left = rx->frame_end - rx->parsed, needed;
	struct smbsign_element *element = &rx->element;
	struct smbsign_conn_facts facts;
	int step = GO_ON;

	needed = smbsign_frame_head_needed(header, left);
	if (needed > sizeof(*header))
		step = queue_peek(conn, rx->parsed, head, needed);
	if (step != GO_ON)
		return step;
	if (smbsign_frame_element(head->bytes, needed, left, element))
		return malformed(conn);

	rx->body_end = rx->parsed + element->length;
	/* ksmbd runs a whole compound in the session of its first request. */
	if (is_first(rx))
		rx->session_id = element->session_id;
	else if (element->session_id == SMB2_SESSION_ID_RELATED)
		element->session_id = rx->session_id;
	if (rx->refusing) {
		charge(rx, sizeof(*header));
		return step_collect(conn, header);
	}
	step = look_inside(conn);
	if (step == GO_ON)
		step = use_ids(conn, &facts);
	charge(rx, sizeof(*header));
	return step == GO_ON ? judge(conn, &facts, header) : step;
}

static int step_element(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	union head head __uninitialized;
	int step;

	if (!rx->budget)
		return SMBSIGN_RX_MORE;
	if (rx->frame_end - rx->parsed < SMBSIGN_ELEMENT_MIN)
		return malformed(conn);
	step = queue_peek(conn, rx->parsed, &head.header, sizeof(head.header));
	return step == GO_ON ? take_header(conn, &head) : step;
}

static void begin_frame(struct smbsign_rx *rx)
{
	rx->element = (struct smbsign_element) { .command = SMB2_CMD_COUNT };
	rx->session_id = 0;
	rx->index = 0;
	rx->shown = 0;
	bitmap_zero(rx->proven, SMBSIGN_COMPOUND_MAX);
	rx->streaming = false;
	rx->frame = rx->parsed;
	rx->ids_used = rx->parsed;
	/* Whatever it is: many small ones are work, too. */
	charge(rx, sizeof(struct smb2_header));
	smbsign_count(SMBSIGN_COUNT_FRAMES);
}

/* How most frames start, the header aligned. */
struct start {
	u8		unused[SMB2_NBSS_SIZE];
	u8		nbss[SMB2_NBSS_SIZE];
	union head	head;
};

static int step_length(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	struct start start __uninitialized;
	int step = GO_ON;
	u32 length;
	bool whole;

	/* Pairs with smp_store_release() in smbsign_rx_unblock(). */
	if (smp_load_acquire(&rx->blocked))
		return SMBSIGN_RX_BLOCKED;
	/* ksmbd must have read that before what comes behind it. */
	if (rx->substitute)
		return SMBSIGN_RX_BLOCKED;
	if (!rx->budget)
		return SMBSIGN_RX_MORE;
	/* With the first header at once, if it is there. */
	whole = !smbsign_queue_peek(conn->sk, rx->parsed, start.nbss,
				    SMB2_NBSS_SIZE + sizeof(start.head.header));
	if (!whole)
		step = queue_peek(conn, rx->parsed, start.nbss, SMB2_NBSS_SIZE);
	if (step != GO_ON)
		return step;

	begin_frame(rx);
	if (smbsign_frame_length(start.nbss, &length)) {
		if (!auditing())
			return killed(conn, SMBSIGN_REASON_NOT_SMB);
		smbsign_report(conn, &rx->element, SMBSIGN_REASON_NOT_SMB,
			       SMBSIGN_REPORT_AUDIT);
		WRITE_ONCE(rx->state, SMBSIGN_RX_TRANSPARENT);
		return GO_ON;
	}
	rx->parsed += SMB2_NBSS_SIZE;
	rx->frame_end = rx->parsed + length;
	WRITE_ONCE(rx->state, SMBSIGN_RX_KIND);
	if (!whole || length < SMBSIGN_ELEMENT_MIN ||
	    start.head.header.protocol_id != SMB2_PROTOCOL_ID)
		return GO_ON;
	WRITE_ONCE(rx->state, SMBSIGN_RX_ELEMENT);
	return take_header(conn, &start.head);
}

static int body_verified(struct smbsign_conn *conn)
{
	static const struct smbsign_verdict bad = {
		.action = SMBSIGN_REFUSE,
		.reason = SMBSIGN_REASON_BAD_SIGNATURE,
		.status = SMB2_STATUS_ACCESS_DENIED,
	};
	struct smbsign_rx *rx = &conn->rx;
	u8 expected[SMB2_SIGNATURE_SIZE];
	u64 key = rx->mac.key->serial;

	if (smbsign_mac_end(&rx->mac, expected))
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	if (crypto_memneq(expected, rx->signature, sizeof(expected))) {
		/* That one does not exist and that it is elsewhere look the same. */
		if (rx->doom.status &&
		    rx->doom.reason == SMBSIGN_REASON_SESSION_UNKNOWN)
			return refuse_frame(conn, &rx->doom);
		if (!auditing())
			return refuse_frame(conn, &bad);
		smbsign_report(conn, &rx->element, SMBSIGN_REASON_BAD_SIGNATURE,
			       SMBSIGN_REPORT_AUDIT);
		return element_done(conn, false);
	}
	smbsign_count(SMBSIGN_COUNT_VERIFIED);
	if (in_serving_softirq())
		smbsign_count(SMBSIGN_COUNT_VERIFIED_SOFTIRQ);
	prove(rx, key);
	if (rx->doom.status)
		return refuse_frame(conn, &rx->doom);
	smbsign_conn_verified(conn, &rx->element, key, rx->signature);
	return element_done(conn, key);
}

/*
 * Called only where a part of the frame is still to be looked at, so at least
 * its last byte stays.
 */
static void release_streamed(struct smbsign_rx *rx)
{
	WARN_ON_ONCE(!before(rx->parsed, rx->frame_end));
	if (rx->streaming)
		release(rx, rx->parsed);
}

static int step_body(struct smbsign_conn *conn, u32 largest)
{
	struct smbsign_rx *rx = &conn->rx;
	u32 end = smbsign_queue_end(conn->sk), ready;
	int ret = 0;

	if (rx->element.length > largest)
		return SMBSIGN_RX_MORE;
	if (after(end, rx->body_end))
		end = rx->body_end;
	ready = after(end, rx->parsed) ? end - rx->parsed : 0;
	ready = min(ready, rx->budget);
	if (ready)
		ret = smbsign_queue_mac(conn->sk, &rx->mac, rx->parsed, ready);
	/* A FIN that has been read counts in copied_seq, but is no byte. */
	if (ret == -EAGAIN)
		return SMBSIGN_RX_STARVED;
	if (ret)
		return killed(conn, SMBSIGN_REASON_NO_MEMORY);
	rx->parsed += ready;
	charge(rx, ready);
	if (rx->parsed == rx->body_end)
		return body_verified(conn);
	release_streamed(rx);
	return rx->budget ? SMBSIGN_RX_STARVED : SMBSIGN_RX_MORE;
}

/*
 * A frame that TCP has no room for would stall: nothing of it is read, so the
 * window stays shut.  Then it is streamed, whatever its size.
 */
static void unstall(struct smbsign_conn *conn)
{
	const struct sock *sk = conn->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	struct smbsign_rx *rx = &conn->rx;
	int space;
	u32 missing;

	/* What has passed behind a part that is out already goes, too. */
	if (rx->streaming && rx->state == SMBSIGN_RX_ELEMENT && !is_first(rx))
		release_streamed(rx);
	if (rx->streaming || rx->released != tp->copied_seq ||
	    (rx->state != SMBSIGN_RX_BODY && rx->state != SMBSIGN_RX_ELEMENT))
		return;
	if (!before(smbsign_queue_end(sk), rx->frame_end))
		return;
	/*
	 * TCP offers no window at all when less than this is left, and drops what
	 * comes when its memory is used up.  Rather stream too early than stall.
	 */
	space = tcp_space(sk) - max_t(int, inet_csk(sk)->icsk_ack.rcv_mss,
				      tcp_full_space(sk) >> 4);
	missing = rx->frame_end - smbsign_queue_end(sk);
	if ((missing <= tcp_receive_window(tp) || (int)missing <= space) &&
	    atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf))
		return;
	/* Nothing of this one may be released. */
	if (rx->state == SMBSIGN_RX_BODY && rx->doom.status) {
		refuse_frame(conn, &rx->doom);
		return;
	}
	smbsign_count(SMBSIGN_COUNT_STREAMED);
	rx->streaming = true;
	if (!is_first(rx))
		release_streamed(rx);
}

/**
 * smbsign_rx_run() - judge what has arrived
 * @conn:	the connection
 * @budget:	how many bytes may be looked at and MACed at most
 * @largest:	length of the largest request that may be verified here
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(), socket locked.
 * Return: why it stopped.
 */
enum smbsign_rx_result smbsign_rx_run(struct smbsign_conn *conn, u32 budget,
				      u32 largest)
{
	struct smbsign_rx *rx = &conn->rx;
	int step;

	rx->budget = budget;
	do {
		switch (rx->state) {
		case SMBSIGN_RX_LENGTH:
			step = rx->refusing ? SMBSIGN_RX_REFUSING :
					      step_length(conn);
			break;
		case SMBSIGN_RX_KIND:
			step = step_kind(conn);
			break;
		case SMBSIGN_RX_ELEMENT:
			step = step_element(conn);
			break;
		case SMBSIGN_RX_BODY:
			step = step_body(conn, largest);
			break;
		case SMBSIGN_RX_TRANSPARENT:
			release(rx, smbsign_queue_end(conn->sk));
			return SMBSIGN_RX_STARVED;
		default:
			return SMBSIGN_RX_STOPPED;
		}
	} while (step == GO_ON);

	if (step == SMBSIGN_RX_STARVED && !rx->refusing)
		unstall(conn);
	if (rx->state == SMBSIGN_RX_DEAD)
		return SMBSIGN_RX_STOPPED;
	if (step == SMBSIGN_RX_STARVED && rx->refusing)
		return SMBSIGN_RX_REFUSING;
	return step;
}

/* Is a request being verified that is the reader's to verify? */
static bool bulk(const struct smbsign_rx *rx)
{
	return rx->state == SMBSIGN_RX_BODY &&
	       rx->element.length > smbsign_softirq_bytes();
}

/* More of it has come: has the reader something to do? */
static bool bulk_wakes(struct smbsign_conn *conn)
{
	u32 end = smbsign_queue_end(conn->sk);

	unstall(conn);
	if (conn->rx.streaming || conn->rx.refusing ||
	    conn->rx.state == SMBSIGN_RX_DEAD)
		return true;
	return !before(end, conn->rx.body_end) ||
	       (s32)(end - conn->rx.parsed) >= BULK_BYTES;
}

/**
 * smbsign_rx_softirq() - judge what has just arrived, if it is little
 * @conn:	the connection
 *
 * Context: softirq, inside smbsign_grace_enter(), socket locked and not owned.
 * Return: true if the reader has something to do.
 */
bool smbsign_rx_softirq(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	enum smbsign_rx_result result;

	if (rx->refusing)
		return true;
	if (bulk(rx))
		return bulk_wakes(conn);
	result = smbsign_rx_run(conn, smbsign_softirq_bytes(),
				smbsign_softirq_bytes());
	if (smbsign_rx_readable(conn))
		return true;
	if (result == SMBSIGN_RX_MORE && bulk(rx))
		return bulk_wakes(conn);
	return result != SMBSIGN_RX_STARVED && result != SMBSIGN_RX_BLOCKED;
}

static u32 distance(u32 from, u32 to)
{
	return after(to, from) ? to - from : 0;
}

/**
 * smbsign_rx_readable() - how much ksmbd may read now
 * @conn:	the connection, its socket locked
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: bytes that lie in the queue and are released.
 */
u32 smbsign_rx_readable(const struct smbsign_conn *conn)
{
	u32 copied = tcp_sk(conn->sk)->copied_seq;

	return min(distance(copied, conn->rx.released),
		   distance(copied, smbsign_queue_end(conn->sk)));
}

/**
 * smbsign_rx_discardable() - how much of a refused frame can be swallowed now
 * @conn:	the connection, its socket locked
 *
 * Context: process, under the socket lock.
 * Return: bytes that lie in the queue and have been looked at.
 */
u32 smbsign_rx_discardable(const struct smbsign_conn *conn)
{
	u32 copied = tcp_sk(conn->sk)->copied_seq;

	if (!conn->rx.refusing || before(copied, conn->rx.frame))
		return 0;
	return min(distance(copied, conn->rx.parsed),
		   distance(copied, smbsign_queue_end(conn->sk)));
}

/* A frame of which nothing will be answered: it held CANCELs alone. */
static void count_unanswered(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;
	u32 sum = READ_ONCE(rx->unanswered);

	sum += max_t(u32, rx->frame_end - rx->frame, UNANSWERED_FRAME);
	WRITE_ONCE(rx->unanswered, sum);
	if (sum > UNANSWERED_MAX)
		smbsign_rx_kill(conn, &rx->element, SMBSIGN_REASON_UNANSWERED);
}

/**
 * smbsign_rx_swallowed() - has the refused frame been swallowed altogether?
 * @conn:	the connection, its socket locked
 *
 * If so, the parser goes on behind it.
 *
 * Context: process, under the socket lock.
 * Return: true if it has.
 */
bool smbsign_rx_swallowed(struct smbsign_conn *conn)
{
	struct smbsign_rx *rx = &conn->rx;

	if (!rx->refusing || rx->state != SMBSIGN_RX_LENGTH ||
	    tcp_sk(conn->sk)->copied_seq != rx->frame_end)
		return false;
	rx->refusing = false;
	WRITE_ONCE(rx->released, rx->frame_end);
	if (!rx->substitute)
		count_unanswered(conn);
	return true;
}

/**
 * smbsign_rx_unblock() - ksmbd has answered; the parser may go on
 * @conn:	the connection
 *
 * Context: process.
 */
void smbsign_rx_unblock(struct smbsign_conn *conn)
{
	/* The reader takes it from here; it sees what the answer taught us. */
	smp_store_release(&conn->rx.blocked, false);
	smbsign_conn_kick(conn);
}
