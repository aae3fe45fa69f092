// SPDX-License-Identifier: GPL-2.0-only
/*
 * Responses: what they teach us, and refusals.
 *
 * ksmbd starts every response with a write of its own.  What such a response
 * says about the connection and its sessions is taken in before it is sent, so
 * that no client can act on it earlier.  Only responses that somebody waits for
 * are looked at.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn.h"
#include "mac.h"
#include "session.h"
#include "tx.h"

/* A NEGOTIATE response with all its contexts is a few hundred bytes. */
#define NEGOTIATE_MAX	4096

#define ERROR_SIZE	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_error_response))
#define ERROR_STRIDE	ALIGN(ERROR_SIZE, 8)

/**
 * struct response - one response within a message that ksmbd writes
 * @msg:	the write
 * @offset:	where its header lies in the write
 * @left:	bytes from there to the end of the message
 * @header:	the header
 */
struct response {
	const struct msghdr	*msg;
	size_t			offset;
	size_t			left;
	struct smb2_header	header;
};

/* Copy out of a write without consuming it. */
static bool peek(const struct msghdr *msg, size_t offset, void *to, size_t length)
{
	struct iov_iter iter = msg->msg_iter;

	if (iov_iter_count(&iter) < offset ||
	    iov_iter_count(&iter) - offset < length)
		return false;
	iov_iter_advance(&iter, offset);
	return copy_from_iter_full(to, length, &iter);
}

static bool response_read(struct response *response)
{
	return response->left >= sizeof(response->header) &&
	       peek(response->msg, response->offset, &response->header,
		    sizeof(response->header));
}

static bool response_first(struct response *response, const struct msghdr *msg,
			   size_t message_length)
{
	*response = (struct response) {
		.msg = msg, .offset = SMB2_NBSS_SIZE, .left = message_length,
	};
	return response_read(response);
}

static bool response_next(struct response *response)
{
	u32 next = le32_to_cpu(response->header.next_command);

	if (!next || next >= response->left)
		return false;
	response->offset += next;
	response->left -= next;
	return response_read(response);
}

static int learn_negotiate(struct smbsign_conn *conn,
			   const struct smbsign_awaited *request,
			   const struct response *response)
{
	struct smbsign_negotiated negotiated = { };
	size_t length = min_t(size_t, response->left, NEGOTIATE_MAX);
	u8 *message;
	int ret;

	if (response->header.status != cpu_to_le32(SMB2_STATUS_SUCCESS))
		return 0;
	message = kmalloc(length, GFP_KERNEL);
	if (!message)
		return -ENOMEM;
	ret = -EPROTO;
	if (peek(response->msg, response->offset, message, length))
		ret = smbsign_frame_negotiated(message, length, &negotiated);
	kfree(message);
	/* After an SMB1 NEGOTIATE comes a real one (3.3.5.3.1). */
	if (ret || negotiated.dialect == SMB2_DIALECT_WILDCARD)
		return ret;

	spin_lock_bh(&conn->lock);
	conn->facts.dialect = negotiated.dialect;
	conn->facts.algorithm = negotiated.algorithm;
	conn->facts.client_required =
		request->security_mode & SMB2_SECURITY_SIGNING_REQUIRED;
	conn->facts.server_required =
		negotiated.security_mode & SMB2_SECURITY_SIGNING_REQUIRED;
	spin_unlock_bh(&conn->lock);
	return 0;
}

static int learn_setup(struct smbsign_conn *conn,
		       const struct smbsign_awaited *request,
		       const struct response *response)
{
	struct smb2_session_setup_response setup = { };

	if (response->header.status == cpu_to_le32(SMB2_STATUS_SUCCESS) &&
	    (response->left < sizeof(response->header) + sizeof(setup) ||
	     !peek(response->msg, response->offset + sizeof(response->header),
		   &setup, sizeof(setup))))
		return -EPROTO;
	return smbsign_session_response(conn, request,
					le64_to_cpu(response->header.session_id),
					le32_to_cpu(response->header.status),
					le16_to_cpu(setup.session_flags));
}

static int learn(struct smbsign_conn *conn, struct smbsign_awaited *awaited,
		 const struct response *response)
{
	int ret = 0;

	switch (awaited->kind) {
	case SMBSIGN_AWAITED_NEGOTIATE:
		ret = learn_negotiate(conn, awaited, response);
		break;
	case SMBSIGN_AWAITED_SETUP:
		ret = learn_setup(conn, awaited, response);
		break;
	case SMBSIGN_AWAITED_PROVISIONAL:
		ret = smbsign_session_prepare(conn, awaited->session_id);
		break;
	case SMBSIGN_AWAITED_REFUSED:
		return 0;
	}
	if (!ret && awaited->kind != SMBSIGN_AWAITED_SETUP)
		smbsign_rx_unblock(conn);
	smbsign_conn_answered(conn, awaited);
	return ret;
}

/* A server that speaks only SMB1 answers an SMB1 NEGOTIATE in kind. */
static void learn_smb1(struct smbsign_conn *conn)
{
	static const struct smb2_header negotiate = {
		.command = cpu_to_le16(SMB2_CMD_NEGOTIATE),
	};
	struct smbsign_awaited *awaited =
		smbsign_conn_awaited(conn, &negotiate);

	if (!awaited || awaited->kind != SMBSIGN_AWAITED_NEGOTIATE)
		return;
	smbsign_rx_unblock(conn);
	smbsign_conn_answered(conn, awaited);
}

/* An answer to a SESSION_SETUP that came compressed, and was not seen. */
static bool is_hidden_setup(struct smbsign_conn *conn,
			    const struct smb2_header *header)
{
	return READ_ONCE(conn->compressed) &&
	       header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP);
}

static int learn_message(struct smbsign_conn *conn, const struct msghdr *msg,
			 size_t message_length)
{
	struct smbsign_awaited *awaited;
	struct response response;
	__le32 protocol_id;
	int ret;

	if (!peek(msg, SMB2_NBSS_SIZE, &protocol_id, sizeof(protocol_id)))
		return 0;
	if (protocol_id == SMB1_PROTOCOL_ID)
		learn_smb1(conn);
	if (protocol_id != SMB2_PROTOCOL_ID ||
	    !response_first(&response, msg, message_length))
		return 0;
	do {
		awaited = smbsign_conn_awaited(conn, &response.header);
		if (!awaited && is_hidden_setup(conn, &response.header))
			return -EPROTO;
		if (!awaited)
			continue;
		ret = learn(conn, awaited, &response);
		if (ret)
			return ret;
	} while (response_next(&response));
	return 0;
}

/*
 * Refusals.  ksmbd's answer to a substitute has as many elements as the refused
 * frame had requests; each becomes an error, with the credits that ksmbd grants.
 */
static bool is_refusal(struct smbsign_conn *conn, const struct msghdr *msg,
		       size_t message_length)
{
	struct smbsign_awaited *awaited;
	struct response response;

	if (!response_first(&response, msg, message_length) ||
	    response.header.protocol_id != SMB2_PROTOCOL_ID)
		return false;
	awaited = smbsign_conn_awaited(conn, &response.header);
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

/* Sign with the session's key, where it has one (3.3.4.1.1). */
static int error_sign(struct smbsign_conn *conn, u8 *data, u32 length,
		      u64 session_id)
{
	struct smb2_header *header = (struct smb2_header *)data;
	struct smbsign_session_facts facts;
	struct smbsign_mac mac = { };
	struct smbsign_key *key;
	int ret;

	key = smbsign_session_facts(conn, session_id, &facts);
	/* Not with a key from elsewhere: it is not for anybody to ask for. */
	if (!key || facts.state != SMBSIGN_SESSION_ESTABLISHED) {
		smbsign_key_put(key);
		return 0;
	}
	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	ret = smbsign_mac_begin(&mac, key);
	if (!ret)
		ret = smbsign_mac_update(&mac, data, length);
	if (!ret)
		ret = smbsign_mac_end(&mac, header->signature);
	smbsign_mac_cancel(&mac);
	return ret;
}

static u32 count_elements(const struct msghdr *msg, size_t message_length)
{
	struct response response;
	u32 count = 0;

	if (!response_first(&response, msg, message_length))
		return 0;
	do
		count++;
	while (response_next(&response));
	return count;
}

/* Turn ksmbd's answer to a substitute into errors; @buffer has room for them. */
static int refusal_build(struct smbsign_conn *conn, const struct msghdr *msg,
			 size_t message_length, u8 *buffer)
{
	u32 length = SMB2_NBSS_SIZE, size;
	struct smbsign_awaited *refused;
	struct response response;
	bool last;
	int ret;

	response_first(&response, msg, message_length);
	do {
		refused = smbsign_conn_awaited(conn, &response.header);
		if (!refused || refused->kind != SMBSIGN_AWAITED_REFUSED)
			return -EPROTO;
		last = !response.header.next_command;
		size = last ? ERROR_SIZE : ERROR_STRIDE;
		error_fill(buffer + length, refused, &response.header, last);
		ret = error_sign(conn, buffer + length, size,
				 refused->session_id);
		if (ret)
			return ret;
		length += size;
	} while (response_next(&response));
	put_unaligned_be32(length - SMB2_NBSS_SIZE, buffer);
	return length;
}

static void refusal_answered(struct smbsign_conn *conn, const struct msghdr *msg,
			     size_t message_length)
{
	struct smbsign_awaited *refused;
	struct response response;

	response_first(&response, msg, message_length);
	do {
		refused = smbsign_conn_awaited(conn, &response.header);
		if (refused)
			smbsign_conn_answered(conn, refused);
	} while (response_next(&response));
}

static void kill(struct smbsign_conn *conn, enum smbsign_reason reason)
{
	lock_sock(conn->sk);
	smbsign_rx_kill(conn, reason);
	release_sock(conn->sk);
	smbsign_conn_kick(conn);
}

static int send_part(struct smbsign_conn *conn, u8 *data, size_t length,
		     int flags)
{
	struct msghdr msg = { .msg_flags = flags };
	struct kvec vec = { .iov_base = data, .iov_len = length };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, length);
	return conn->base->sendmsg(conn->sk, &msg, length);
}

/*
 * All or nothing: what ksmbd is told of is its own message, so a part of ours
 * cannot be left to it.  The rest of a part waits for room.
 */
static int send_all(struct smbsign_conn *conn, u8 *data, int length, int flags)
{
	int sent = send_part(conn, data, length, flags);
	int ret;

	if (sent < 0 || sent == length)
		return sent;
	ret = send_part(conn, data + sent, length - sent,
			flags & ~MSG_DONTWAIT);
	if (ret == length - sent)
		return length;
	kill(conn, SMBSIGN_REASON_SHORT_WRITE);
	return -EPIPE;
}

static int send_refusal(struct smbsign_conn *conn, struct msghdr *msg,
			size_t size, size_t message_length)
{
	u32 count = count_elements(msg, message_length);
	u8 *buffer;
	int ret;

	buffer = kmalloc(SMB2_NBSS_SIZE + count * ERROR_STRIDE, GFP_KERNEL);
	if (!buffer)
		return -ECONNRESET;
	ret = refusal_build(conn, msg, message_length, buffer);
	if (ret > 0)
		ret = send_all(conn, buffer, ret, msg->msg_flags);
	kfree(buffer);
	if (ret < 0)
		return ret;
	refusal_answered(conn, msg, message_length);
	iov_iter_advance(&msg->msg_iter, size);
	return size;
}

/* ksmbd starts a response. */
static int tx_start(struct smbsign_conn *conn, struct msghdr *msg, size_t size,
		    u32 message_length)
{
	int ret;

	if (list_empty_careful(&conn->awaited) && !READ_ONCE(conn->compressed))
		return 0;
	if (is_refusal(conn, msg, message_length))
		return send_refusal(conn, msg, size, message_length);
	ret = learn_message(conn, msg, message_length);
	if (!ret)
		return 0;
	kill(conn, ret == -EPROTO ? SMBSIGN_REASON_MALFORMED : SMBSIGN_REASON_NO_MEMORY);
	return -ECONNRESET;
}

static int tx_locked(struct smbsign_conn *conn, struct msghdr *msg, size_t size)
{
	u8 nbss[SMB2_NBSS_SIZE];
	bool wait = !(msg->msg_flags & MSG_DONTWAIT);
	u32 left = conn->tx_left;
	int ret;

	if (!left) {
		if (!peek(msg, 0, nbss, sizeof(nbss)))
			return -EINVAL;
		left = SMB2_NBSS_SIZE + (get_unaligned_be32(nbss) & 0xffffff);
		ret = tx_start(conn, msg, size, left - SMB2_NBSS_SIZE);
		if (ret)
			return ret;
	}
	ret = conn->base->sendmsg(conn->sk, msg, size);
	if (ret <= 0)
		return ret;
	conn->tx_left = left - min_t(u32, left, ret);
	/* ksmbd 6.x does not write the rest: the stream is past mending. */
	if (conn->tx_left && wait)
		kill(conn, SMBSIGN_REASON_SHORT_WRITE);
	return ret;
}

/**
 * smbsign_tx() - ksmbd writes to a guarded connection
 * @conn:	the connection
 * @msg:	what it writes: a message from its NBSS header on, or the rest of one
 * @size:	bytes in @msg
 *
 * Context: process, may sleep, inside smbsign_grace_enter().
 * Return: bytes of @msg taken, or an error, as sendmsg() does.
 */
int smbsign_tx(struct smbsign_conn *conn, struct msghdr *msg, size_t size)
{
	int ret;

	mutex_lock(&conn->tx_lock);
	ret = tx_locked(conn, msg, size);
	mutex_unlock(&conn->tx_lock);
	return ret;
}
