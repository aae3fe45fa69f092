// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusing a frame: what ksmbd reads in its place, and what the client gets.
 *
 * A refusal takes a detour through ksmbd.  In place of the refused frame ksmbd
 * reads a frame of ECHO requests with the same MessageIds and credits.  ksmbd's
 * answer has one element for each refused request.  Each element is turned into
 * an error, with the credits that ksmbd granted.  If the frame were just
 * swallowed, it would leave a hole in the command sequence window that ksmbd
 * has since 7.x, and the connection would stop 8192 messages later.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/uio.h>

#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/grace.h"
#include "gate/cursor.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/send.h"
#include "gate/sign.h"
#include "state/credits.h"
#include "wire/response.h"

#define ERROR_SIZE	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_error_response))
#define ERROR_STRIDE	ALIGN(ERROR_SIZE, 8)
/* An ECHO in a compound, padded to 8 bytes. */
#define ECHO_SIZE	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_echo_request))
#define ECHO_STRIDE	ALIGN(ECHO_SIZE, 8)

/**
 * smbsign_refuse_frame() - start to swallow the frame, from its first request
 *	on
 * @conn:	the connection
 * @verdict:	why, and the status to answer with
 *
 * With on_violation=reset, or if part of the frame was released already, the
 * connection is cut instead.
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: ON or OVER.
 */
enum smbsign_step smbsign_refuse_frame(struct smbsign_conn *conn,
				       const struct smbsign_verdict *verdict)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_policy policy;

	smbsign_policy_get(conn, &policy);
	if (policy.resets || gate->frame.fate == SMBSIGN_FATE_STREAMED ||
	    after(gate->cursor.released, gate->frame.start))
		return smbsign_step_cut(conn, verdict->reason);

	smbsign_report(conn, &gate->request.element, verdict->reason,
		       SMBSIGN_OUTCOME_REFUSED);
	WRITE_ONCE(conn->refusals, conn->refusals + 1);
	smbsign_mac_cancel(&gate->request.mac);
	smbsign_awaited_free(&gate->frame.expected);
	gate->frame.status = verdict->status;
	gate->frame.fate = SMBSIGN_FATE_REFUSED;
	gate->frame.session_id = 0;
	gate->frame.index = 0;
	gate->cursor.parsed = gate->frame.start + SMB2_NBSS_SIZE;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_REQUEST);
	return SMBSIGN_STEP_ON;
}

static struct smbsign_substitute *
substitute_grow(struct smbsign_substitute *old)
{
	u32 start = old ? old->last + ECHO_STRIDE : SMB2_NBSS_SIZE;
	struct smbsign_substitute *new;

	if (start >= SMB2_NBSS_SIZE + SMBSIGN_COMPOUND_MAX * ECHO_STRIDE)
		return ERR_PTR(-ENOBUFS);
	new = krealloc(old, struct_size(new, data, start + ECHO_STRIDE),
		       GFP_ATOMIC | __GFP_NOWARN);
	if (!new)
		return ERR_PTR(-ENOMEM);
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

/* An ECHO without a session takes the place of a request: 2.2.28. */
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

/**
 * smbsign_refuse_instead() - swallow the frame, and let ksmbd read another
 *	message in its place
 * @conn:	the connection; all of the frame has arrived
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: 0 or -ENOMEM.
 */
int smbsign_refuse_instead(struct smbsign_conn *conn, const u8 *message,
			   u32 length)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_substitute *substitute;

	substitute = kmalloc(struct_size(substitute, data, SMB2_NBSS_SIZE + length),
			     GFP_ATOMIC | __GFP_NOWARN);
	if (!substitute)
		return -ENOMEM;
	*substitute = (struct smbsign_substitute) {
		.length = SMB2_NBSS_SIZE + length,
	};
	put_unaligned_be32(length, substitute->data);
	memcpy(substitute->data + SMB2_NBSS_SIZE, message, length);
	gate->substitute = substitute;
	gate->frame.fate = SMBSIGN_FATE_REFUSED;
	gate->cursor.parsed = gate->frame.end;
	WRITE_ONCE(gate->state, SMBSIGN_GATE_SWALLOW);
	return 0;
}

/**
 * smbsign_refuse_collect() - put an ECHO in place of a refused request
 * @conn:	the connection; the request is its current one
 * @header:	the request's header
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: 0, -ENOMEM, -ENOBUFS or -EALREADY.
 */
int smbsign_refuse_collect(struct smbsign_conn *conn,
			   const struct smb2_header *header)
{
	struct smbsign_gate *gate = &conn->gate;
	struct smbsign_substitute *substitute;

	/* CANCEL uses no MessageId and has no answer (3.3.5.16). */
	if (gate->request.element.command == SMB2_CMD_CANCEL)
		return 0;
	substitute = substitute_grow(gate->substitute);
	if (IS_ERR(substitute))
		return PTR_ERR(substitute);
	gate->substitute = substitute;
	substitute_fill(substitute, header);
	return smbsign_release_await(conn, SMBSIGN_AWAITED_REFUSED,
				     &gate->request.element, header);
}

/**
 * smbsign_refuse_swallowable() - how much of a refused frame can be swallowed
 *	now?
 * @conn:	the connection
 *
 * Context: process, under the socket lock.
 * Return: bytes that have arrived and that the gate has looked at.
 */
u32 smbsign_refuse_swallowable(const struct smbsign_conn *conn)
{
	const struct smbsign_gate *gate = &conn->gate;

	if (gate->frame.fate != SMBSIGN_FATE_REFUSED ||
	    before(tcp_sk(conn->sk)->copied_seq, gate->frame.start))
		return 0;
	return smbsign_cursor_arrived(conn, gate->cursor.parsed);
}

/* Nothing will answer this frame: it held only CANCELs. */
static void count_unanswered(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;
	u32 sum = READ_ONCE(gate->unanswered);

	sum += max_t(u32, gate->frame.end - gate->frame.start,
		     SMBSIGN_UNANSWERED_FRAME);
	WRITE_ONCE(gate->unanswered, sum);
	if (sum > SMBSIGN_UNANSWERED_MAX)
		smbsign_step_cut(conn, SMBSIGN_REASON_UNANSWERED);
}

/**
 * smbsign_refuse_swallowed() - has all of the refused frame been swallowed?
 * @conn:	the connection
 *
 * If so, the gate continues after it.
 *
 * Context: process, under the socket lock.
 * Return: true if it has.
 */
bool smbsign_refuse_swallowed(struct smbsign_conn *conn)
{
	struct smbsign_gate *gate = &conn->gate;

	if (gate->state != SMBSIGN_GATE_SWALLOW ||
	    tcp_sk(conn->sk)->copied_seq != gate->frame.end)
		return false;
	gate->frame.fate = SMBSIGN_FATE_HELD;
	WRITE_ONCE(gate->cursor.released, gate->frame.end);
	WRITE_ONCE(gate->state, SMBSIGN_GATE_LENGTH);
	if (!gate->substitute && !gate->keepalives)
		count_unanswered(conn);
	return true;
}

/**
 * smbsign_refuse_is() - does ksmbd answer the substitute of a refused frame?
 * @conn:	the connection
 * @first:	the first response of ksmbd's message
 *
 * Context: process, under smbsign_tx.lock.
 * Return: true if it does.
 */
bool smbsign_refuse_is(struct smbsign_conn *conn,
		       const struct smbsign_response *first)
{
	struct smbsign_awaited *awaited =
		smbsign_awaited_by(conn, &first->header);

	return awaited && awaited->kind == SMBSIGN_AWAITED_REFUSED;
}

static void error_fill(u8 *to, const struct smbsign_awaited *refused,
		       const struct smb2_header *echo, bool last)
{
	const struct smb2_header *request = &refused->header;
	struct smb2_header *header = (struct smb2_header *)to;
	struct smb2_error_response *error = (void *)(header + 1);
	u32 flags = le32_to_cpu(request->flags) & SMB2_FLAG_RELATED_OPERATIONS;

	memset(to, 0, ERROR_STRIDE);
	*header = (struct smb2_header) {
		.protocol_id = SMB2_PROTOCOL_ID,
		.structure_size = cpu_to_le16(sizeof(*header)),
		.credit_charge = request->credit_charge,
		.status = cpu_to_le32(refused->status),
		.command = request->command,
		.credits = echo->credits,
		.flags = cpu_to_le32(flags | SMB2_FLAG_SERVER_TO_REDIR),
		.next_command = cpu_to_le32(last ? 0 : ERROR_STRIDE),
		.message_id = request->message_id,
		.id = request->id,
		.session_id = cpu_to_le64(refused->session_id),
	};
	error->structure_size = cpu_to_le16(sizeof(*error));
}

static u32 count_elements(struct smbsign_response response)
{
	u32 count = 0;

	do
		count++;
	while (smbsign_response_next(&response));
	return count;
}

/*
 * Turn ksmbd's answer to a substitute into errors; @buffer has room for them.
 */
static int refusal_build(struct smbsign_conn *conn,
			 struct smbsign_response response, u8 *buffer)
{
	u32 length = SMB2_NBSS_SIZE, size;
	struct smbsign_awaited *refused;
	bool last;
	int ret;

	do {
		refused = smbsign_awaited_by(conn, &response.header);
		if (!refused || refused->kind != SMBSIGN_AWAITED_REFUSED)
			return -EPROTO;
		last = !response.header.next_command;
		size = last ? ERROR_SIZE : ERROR_STRIDE;
		error_fill(buffer + length, refused, &response.header, last);
		ret = smbsign_sign_whole(conn, NULL, (void *)(buffer + length),
					 size, refused->session_id,
					 refused->shown);
		if (ret)
			return ret;
		length += size;
	} while (smbsign_response_next(&response));
	put_unaligned_be32(length - SMB2_NBSS_SIZE, buffer);
	return length;
}

static void refusal_answered(struct smbsign_conn *conn,
			     struct smbsign_response response)
{
	struct smbsign_awaited *refused;

	do {
		refused = smbsign_awaited_by(conn, &response.header);
		if (refused)
			smbsign_awaited_done(conn, refused);
		smbsign_credits_answered(conn, &response.header);
	} while (smbsign_response_next(&response));
}

/**
 * smbsign_refuse_write() - write errors in place of ksmbd's answer
 * @conn:	the connection
 * @msg:	what ksmbd writes; consumed
 * @size:	bytes in @msg
 * @first:	the first response in it
 *
 * Context: process, may sleep, under smbsign_tx.lock.
 * Return: as sendmsg() does of @msg.
 */
int smbsign_refuse_write(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size, const struct smbsign_response *first)
{
	int grace, ret;
	u8 *buffer;

	buffer = kmalloc(SMB2_NBSS_SIZE + count_elements(*first) * ERROR_STRIDE,
			 GFP_KERNEL);
	/* No request may be left without an answer. */
	if (!buffer) {
		smbsign_end_cut_now(conn, SMBSIGN_REASON_NO_MEMORY);
		return -ECONNRESET;
	}
	grace = smbsign_grace_enter();
	ret = refusal_build(conn, *first, buffer);
	smbsign_grace_leave(grace);
	if (ret < 0)
		smbsign_end_cut_now(conn, ret == -EPROTO ?
				    SMBSIGN_REASON_MALFORMED :
				    SMBSIGN_REASON_NO_MEMORY);
	else
		ret = smbsign_send(conn, buffer, ret, msg->msg_flags);
	kfree(buffer);
	if (ret < 0)
		return ret;
	refusal_answered(conn, *first);
	iov_iter_advance(&msg->msg_iter, size);
	return size;
}

/**
 * smbsign_refuse_response() - write an error in place of a response
 * @conn:	the connection
 * @msg:	what ksmbd writes: only that response; consumed
 * @size:	bytes in @msg
 * @response:	the response
 * @status:	Status of the error
 *
 * The error is not signed: there is no secret to sign it with.
 *
 * Context: process, may sleep, under smbsign_tx.lock.
 * Return: as sendmsg() does of @msg.
 */
int smbsign_refuse_response(struct smbsign_conn *conn, struct msghdr *msg,
			    size_t size, const struct smbsign_response *response,
			    u32 status)
{
	u8 buffer[SMB2_NBSS_SIZE + ERROR_SIZE] = { };
	struct smb2_header *header = (void *)(buffer + SMB2_NBSS_SIZE);
	struct smb2_error_response *error = (void *)(header + 1);
	int ret;

	put_unaligned_be32(ERROR_SIZE, buffer);
	*header = response->header;
	header->status = cpu_to_le32(status);
	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	error->structure_size = cpu_to_le16(sizeof(*error));
	ret = smbsign_send(conn, buffer, sizeof(buffer), msg->msg_flags);
	if (ret < 0)
		return ret;
	iov_iter_advance(&msg->msg_iter, size);
	return size;
}
