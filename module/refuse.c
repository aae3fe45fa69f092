// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors in place of what ksmbd answers.
 *
 * ksmbd's answer to a substitute (rx.c) has as many elements as the refused frame
 * had requests; each becomes an error, with the credits that ksmbd grants.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/uio.h>

#include "conn.h"
#include "grace.h"
#include "refuse.h"
#include "response.h"
#include "send.h"
#include "sign.h"

#define ERROR_SIZE	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_error_response))
#define ERROR_STRIDE	ALIGN(ERROR_SIZE, 8)

/**
 * smbsign_refuse_is() - does ksmbd answer what took a refused frame's place?
 * @conn:	the connection
 * @first:	the first response of its message
 *
 * Context: process, under smbsign_conn.tx_lock.
 * Return: true if it does.
 */
bool smbsign_refuse_is(struct smbsign_conn *conn,
		       const struct smbsign_response *first)
{
	struct smbsign_awaited *awaited =
		smbsign_conn_awaited(conn, &first->header);

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

/* Turn ksmbd's answer to a substitute into errors; @buffer has room for them. */
static int refusal_build(struct smbsign_conn *conn,
			 struct smbsign_response response, u8 *buffer)
{
	u32 length = SMB2_NBSS_SIZE, size;
	struct smbsign_awaited *refused;
	bool last;
	int ret;

	do {
		refused = smbsign_conn_awaited(conn, &response.header);
		if (!refused || refused->kind != SMBSIGN_AWAITED_REFUSED)
			return -EPROTO;
		last = !response.header.next_command;
		size = last ? ERROR_SIZE : ERROR_STRIDE;
		error_fill(buffer + length, refused, &response.header, last);
		ret = smbsign_sign_error(conn, (void *)(buffer + length), size,
					 refused->session_id, refused->shown);
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
		refused = smbsign_conn_awaited(conn, &response.header);
		if (refused)
			smbsign_conn_answered(conn, refused);
	} while (smbsign_response_next(&response));
}

/**
 * smbsign_refuse_write() - write errors in place of ksmbd's answer
 * @conn:	the connection
 * @msg:	what ksmbd writes; consumed
 * @size:	bytes in @msg
 * @first:	the first response in it
 *
 * Context: process, may sleep, under smbsign_conn.tx_lock.
 * Return: as sendmsg() does of @msg.
 */
int smbsign_refuse_write(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size, const struct smbsign_response *first)
{
	int grace, ret;
	u8 *buffer;

	buffer = kmalloc(SMB2_NBSS_SIZE + count_elements(*first) * ERROR_STRIDE,
			 GFP_KERNEL);
	/* A request must not be left without an answer. */
	if (!buffer) {
		smbsign_conn_kill(conn, SMBSIGN_REASON_NO_MEMORY);
		return -ECONNRESET;
	}
	grace = smbsign_grace_enter();
	ret = refusal_build(conn, *first, buffer);
	smbsign_grace_leave(grace);
	if (ret < 0)
		smbsign_conn_kill(conn, ret == -EPROTO ?
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
 * @msg:	what ksmbd writes: that response alone; consumed
 * @size:	bytes in @msg
 * @response:	the response
 * @status:	Status of the error
 *
 * The error is not signed: there is no secret to sign it with.
 *
 * Context: process, may sleep, under smbsign_conn.tx_lock.
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
	ret = smbsign_send(conn, buffer, sizeof(buffer),
			   msg->msg_flags & ~MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	iov_iter_advance(&msg->msg_iter, size);
	return size;
}
