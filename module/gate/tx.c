// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd writes to a guarded connection.
 *
 * ksmbd starts every message with a new write.  tx.c then looks at each
 * response in the message: it takes in what the response settles (negotiate.c,
 * setup.c), widens the window by the credits granted, and signs the response
 * (sign.c).  Some responses are replaced by an error (refuse.c).  What ksmbd
 * encrypted passes unchanged.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/grace.h"
#include "gate/negotiate.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/send.h"
#include "gate/setup.h"
#include "gate/sign.h"
#include "gate/tx.h"
#include "gate/verdict.h"
#include "state/conn.h"
#include "state/credits.h"
#include "state/end.h"
#include "state/session.h"
#include "wire/response.h"

/**
 * struct tx_result - what became of a message
 * @done:	nothing is left to do with it
 * @ret:	if @done, what sendmsg() returns
 * @status:	Status of the error that replaces it, or 0
 */
struct tx_result {
	bool	done;
	int	ret;
	u32	status;
};

/* Does it answer a compressed SESSION_SETUP, which the gate could not see? */
static bool is_hidden_setup(struct smbsign_conn *conn,
			    const struct smb2_header *header)
{
	return READ_ONCE(conn->compressed) &&
	       header->command == cpu_to_le16(SMB2_CMD_SESSION_SETUP);
}

/* Send the client an error in place of ksmbd's response. */
static int tx_replace(struct smbsign_conn *conn, struct msghdr *msg, size_t size,
		      const struct smbsign_response *response, u32 status)
{
	int ret;

	if (response->header.next_command ||
	    response->offset != SMB2_NBSS_SIZE) {
		smbsign_end_cut_now(conn, SMBSIGN_REASON_MALFORMED);
		return -ECONNRESET;
	}
	ret = smbsign_refuse_response(conn, msg, size, response, status);
	if (response->header.command == cpu_to_le16(SMB2_CMD_NEGOTIATE))
		smbsign_end_eof(conn);
	return ret;
}

static struct tx_result tx_replaced(struct smbsign_conn *conn, struct msghdr *msg,
				    size_t size,
				    const struct smbsign_response *response,
				    u32 status)
{
	return (struct tx_result) {
		.done = true, .status = status,
		.ret = tx_replace(conn, msg, size, response, status),
	};
}

/* Status of the error that replaces the response, or 0. */
static u32 refused_status(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  const struct smbsign_awaited *awaited,
			  const struct smbsign_verdict *verdict)
{
	const struct smbsign_element element = {
		.command = le16_to_cpu(response->header.command),
		.session_id = le64_to_cpu(response->header.session_id),
	};

	/* The gate reported it when the request came. */
	if (awaited->kind == SMBSIGN_AWAITED_NEGOTIATE && awaited->status)
		return awaited->status;
	if (smbsign_verdict_settle(conn, policy, &element, verdict) !=
	    SMBSIGN_REFUSE)
		return 0;
	smbsign_report(conn, &element, verdict->reason,
		       SMBSIGN_OUTCOME_REFUSED);
	return verdict->status;
}

/* Take in a response that was awaited. */
static int take_in(struct smbsign_conn *conn,
		   const struct smbsign_policy *policy,
		   const struct smbsign_awaited *awaited,
		   struct smbsign_response *response,
		   struct smbsign_verdict *verdict)
{
	*verdict = (struct smbsign_verdict) { .action = SMBSIGN_PASS };
	switch (awaited->kind) {
	case SMBSIGN_AWAITED_NEGOTIATE:
		return smbsign_negotiate_response(conn, policy, awaited,
						  response, verdict);
	case SMBSIGN_AWAITED_SETUP:
		return smbsign_setup_response(conn, policy, awaited, response,
					      verdict);
	case SMBSIGN_AWAITED_PROVISIONAL:
		return smbsign_setup_shown(conn, awaited, awaited->session_id);
	default:
		return 0;
	}
}

/*
 * Handle a response that was awaited.  Sets *@status if an error replaces it.
 */
static int tx_awaited(struct smbsign_conn *conn,
		      const struct smbsign_policy *policy,
		      struct smbsign_awaited *awaited,
		      struct smbsign_response *response, u32 *status)
{
	struct smbsign_verdict verdict;
	int ret = take_in(conn, policy, awaited, response, &verdict);

	if (ret)
		return ret;
	*status = refused_status(conn, policy, response, awaited, &verdict);
	/* If NEGOTIATE is refused, the gate stays shut. */
	if (!*status && (awaited->kind == SMBSIGN_AWAITED_NEGOTIATE ||
			 awaited->kind == SMBSIGN_AWAITED_PROVISIONAL))
		smbsign_release_unblock(conn);
	/* After STATUS_PENDING another response follows. */
	if (awaited->kind != SMBSIGN_AWAITED_UNPROVEN ||
	    response->header.status != cpu_to_le32(SMB2_STATUS_PENDING))
		smbsign_awaited_done(conn, awaited);
	return 0;
}

/* Did ksmbd find a signature wrong?  It signs denials for other reasons. */
static bool failed_check(const struct smb2_header *response)
{
	return response->status == cpu_to_le32(SMB2_STATUS_ACCESS_DENIED) &&
	       !(response->flags & cpu_to_le32(SMB2_FLAG_SIGNED));
}

/* Which key has the client shown it has, by the request that is answered? */
static u64 shown_by(struct smbsign_conn *conn,
		    const struct smbsign_awaited *awaited,
		    const struct smb2_header *response)
{
	if (!awaited)
		return SMBSIGN_SHOWN_AT_GATE;
	switch (awaited->kind) {
	case SMBSIGN_AWAITED_PROVISIONAL:
		return failed_check(response) ? 0 : SMBSIGN_SHOWN_AT_GATE;
	case SMBSIGN_AWAITED_UNPROVEN:
		return 0;
	case SMBSIGN_AWAITED_SETUP:
		/*
		 * A client that has just authenticated a new session has its
		 * key.
		 */
		return response->status == cpu_to_le32(SMB2_STATUS_SUCCESS) &&
		       !smbsign_session_is_on(conn, awaited->session_id) ?
		       SMBSIGN_SHOWN_AT_GATE : awaited->shown;
	default:
		return SMBSIGN_SHOWN_AT_GATE;
	}
}

/* Handle one response of a message.  Sets *@status if an error replaces it. */
static int tx_response(struct smbsign_conn *conn,
		       const struct smbsign_policy *policy,
		       struct smbsign_response *response, u64 session_id,
		       u32 *status)
{
	struct smbsign_awaited *awaited = NULL;
	bool provisional;
	u64 shown;
	int ret;

	if (!list_empty_careful(&conn->awaited))
		awaited = smbsign_awaited_by(conn, &response->header);
	provisional = awaited && awaited->kind == SMBSIGN_AWAITED_PROVISIONAL;
	shown = shown_by(conn, awaited, &response->header);
	if (awaited)
		ret = tx_awaited(conn, policy, awaited, response, status);
	else
		ret = is_hidden_setup(conn, &response->header) ? -EPROTO : 0;
	if (ret || *status)
		return ret;
	smbsign_negotiate_validated(conn, response);
	return smbsign_sign_response(conn, policy, response, session_id, shown,
				     provisional && shown);
}

static u32 credits_of(const struct smbsign_response *first)
{
	u32 credits = le16_to_cpu(first->header.credits);
	struct smbsign_response response;

	if (!first->header.next_command)
		return credits;
	response = *first;
	while (smbsign_response_next(&response))
		credits += le16_to_cpu(response.header.credits);
	return credits;
}

/* Translate why a response cannot be sent. */
static enum smbsign_reason reason_of(int error)
{
	switch (error) {
	case -EPROTO:
		return SMBSIGN_REASON_MALFORMED;
	case -EKEYREJECTED:
		return SMBSIGN_REASON_SESSION_CHANGED;
	default:
		return SMBSIGN_REASON_NO_MEMORY;
	}
}

/* Handle the responses of a message, one by one. */
static struct tx_result tx_responses(struct smbsign_conn *conn,
				     struct msghdr *msg, size_t size,
				     struct smbsign_response *response)
{
	struct smbsign_policy policy;
	u64 first, session_id;
	u32 status = 0;
	int grace, ret;

	smbsign_policy_get(conn, &policy);
	first = le64_to_cpu(response->header.session_id);
	/* A response to part of a compound may come on its own. */
	if (first == SMB2_SESSION_ID_RELATED)
		first = smbsign_session_only(conn);
	do {
		/*
		 * ksmbd runs a whole compound in the session of its first
		 * request.
		 */
		session_id = le64_to_cpu(response->header.session_id);
		if (session_id == SMB2_SESSION_ID_RELATED)
			session_id = first;
		grace = smbsign_grace_enter();
		ret = tx_response(conn, &policy, response, session_id, &status);
		smbsign_credits_answered(conn, &response->header);
		smbsign_grace_leave(grace);
		if (ret) {
			smbsign_end_cut_now(conn, reason_of(ret));
			return (struct tx_result) { true, -ECONNRESET };
		}
		if (status)
			return tx_replaced(conn, msg, size, response, status);
	} while (smbsign_response_next(response));
	return (struct tx_result) { };
}

/* Write a signed copy.  If TCP has no room for it, it is needed again. */
static struct tx_result tx_send_copy(struct smbsign_conn *conn,
				     struct msghdr *msg, size_t size, void *copy)
{
	int ret = smbsign_send(conn, copy, size, msg->msg_flags);

	if (ret > 0) {
		iov_iter_advance(&msg->msg_iter, ret);
		kvfree(copy);
		copy = NULL;
	}
	conn->tx.unsent.copy = copy;
	return (struct tx_result) { .done = true, .ret = ret };
}

/*
 * ksmbd 6.x writes some errors with the same buffer twice, header and signature
 * included.  That cannot be signed in place: sign and send a copy.
 */
static struct tx_result tx_copy(struct smbsign_conn *conn, struct msghdr *msg,
				size_t size, u32 message_length)
{
	struct msghdr copy = { .msg_flags = msg->msg_flags };
	struct smbsign_response first;
	struct tx_result result;
	struct kvec vec = { .iov_len = size };

	vec.iov_base = kvmalloc(size, GFP_KERNEL);
	if (!vec.iov_base) {
		smbsign_end_cut_now(conn, SMBSIGN_REASON_NO_MEMORY);
		return (struct tx_result) { true, -ENOMEM };
	}
	smbsign_response_peek(msg, 0, vec.iov_base, size);
	iov_iter_kvec(&copy.msg_iter, ITER_SOURCE, &vec, 1, size);
	smbsign_response_first(&first, &copy, message_length);
	result = tx_responses(conn, &copy, size, &first);
	if (!result.done)
		return tx_send_copy(conn, msg, size, vec.iov_base);
	if (result.ret > 0)
		iov_iter_advance(&msg->msg_iter, result.ret);
	kvfree(vec.iov_base);
	return result;
}

/* Handle a message that is no unencrypted SMB2 response. */
static struct tx_result tx_other(struct smbsign_conn *conn,
				 const struct msghdr *msg)
{
	__le32 protocol_id;

	if (!smbsign_response_peek(msg, SMB2_NBSS_SIZE, &protocol_id,
				   sizeof(protocol_id)))
		return (struct tx_result) { };
	if (protocol_id == SMB1_PROTOCOL_ID)
		smbsign_negotiate_smb1_answered(conn);
	if (protocol_id == SMB2_COMPRESSION_PROTOCOL_ID &&
	    smbsign_credits_hide(conn, GFP_KERNEL)) {
		smbsign_end_cut_now(conn, SMBSIGN_REASON_NO_MEMORY);
		return (struct tx_result) { true, -ECONNRESET };
	}
	return (struct tx_result) { };
}

/* Is this a message that was signed or replaced before, but found no room? */
static bool is_written_again(const struct smbsign_conn *conn,
			     const struct smbsign_response *first)
{
	const struct smb2_header *unsent = &conn->tx.unsent.header;

	return unsent->protocol_id &&
	       !memcmp(unsent, &first->header, sizeof(first->header));
}

static void forget_copy(struct smbsign_conn *conn)
{
	kvfree(conn->tx.unsent.copy);
	conn->tx.unsent.copy = NULL;
}

/* ksmbd starts a message. */
static struct tx_result tx_start(struct smbsign_conn *conn, struct msghdr *msg,
				 size_t size, u32 message_length)
{
	struct smbsign_response first;
	bool again;

	WRITE_ONCE(conn->gate.unanswered, 0);
	if (smbsign_gate_is_transparent(conn))
		return (struct tx_result) { };
	if (!smbsign_response_first(&first, msg, message_length) ||
	    first.header.protocol_id != SMB2_PROTOCOL_ID)
		return tx_other(conn, msg);
	again = is_written_again(conn, &first);
	if (!again)
		forget_copy(conn);
	/* The window grows before the client can know about the credits. */
	if (!again && smbsign_credits_grant(conn, credits_of(&first), GFP_KERNEL)) {
		smbsign_end_cut_now(conn, SMBSIGN_REASON_NO_MEMORY);
		return (struct tx_result) { true, -ECONNRESET };
	}
	if (!list_empty_careful(&conn->awaited) &&
	    smbsign_refuse_is(conn, &first))
		return (struct tx_result) {
			true, smbsign_refuse_write(conn, msg, size, &first)
		};
	/* No request awaits it any more: only @unsent still knows the error. */
	if (again && conn->tx.unsent.status)
		return tx_replaced(conn, msg, size, &first, conn->tx.unsent.status);
	if (again && conn->tx.unsent.copy)
		return tx_send_copy(conn, msg, size, conn->tx.unsent.copy);
	if (again)
		return (struct tx_result) { };
	if (smbsign_response_overlaps(msg))
		return tx_copy(conn, msg, size, message_length);
	return tx_responses(conn, msg, size, &first);
}

/*
 * ksmbd writes a message again if TCP had no room for any of it.  By then it
 * was judged, and signed or replaced; its credits must count only once.
 */
static void remember_unsent(struct smbsign_conn *conn, const struct msghdr *msg,
			    const struct tx_result *result)
{
	struct smbsign_unsent *unsent = &conn->tx.unsent;

	unsent->status = result->status;
	if (result->ret > 0 ||
	    !smbsign_response_peek(msg, SMB2_NBSS_SIZE, &unsent->header,
				   sizeof(unsent->header)))
		unsent->header.protocol_id = 0;
}

static int tx_locked(struct smbsign_conn *conn, struct msghdr *msg, size_t size)
{
	const struct msghdr start = *msg;
	bool wait = !(msg->msg_flags & MSG_DONTWAIT);
	u32 left = conn->tx.left;
	u8 nbss[SMB2_NBSS_SIZE];
	struct tx_result result = { };
	int ret;

	if (READ_ONCE(conn->life) >= SMBSIGN_LIFE_CUT)
		return -ECONNRESET;
	if (!left) {
		if (!smbsign_response_peek(msg, 0, nbss, sizeof(nbss)))
			return -EINVAL;
		left = SMB2_NBSS_SIZE + smb2_nbss_length(nbss);
		result = tx_start(conn, msg, size, left - SMB2_NBSS_SIZE);
		if (!result.done)
			result.ret = smbsign_send_message(conn, msg, size);
		remember_unsent(conn, &start, &result);
	} else {
		result.ret = smbsign_send_message(conn, msg, size);
	}
	ret = result.ret;
	if (ret <= 0)
		return ret;
	conn->tx.left = left - min_t(u32, left, ret);
	/* ksmbd 6.x writes whole messages only: what comes next is no rest. */
	if (conn->tx.left && wait)
		smbsign_end_cut_now(conn, SMBSIGN_REASON_SHORT_WRITE);
	return ret;
}

/**
 * smbsign_tx_write() - ksmbd writes to a guarded connection
 * @conn:	the connection
 * @msg:	what it writes: a message from its NBSS header on, or the rest
 *		of one
 * @size:	bytes in @msg
 *
 * Context: process, may sleep, with a reference to @conn, not inside
 * smbsign_grace_enter(): TCP may have no room.
 * Return: bytes of @msg taken, or an error, as sendmsg() does.
 */
int smbsign_tx_write(struct smbsign_conn *conn, struct msghdr *msg, size_t size)
{
	int ret;

	mutex_lock(&conn->tx.lock);
	ret = tx_locked(conn, msg, size);
	mutex_unlock(&conn->tx.lock);
	return ret;
}
