// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd writes to a guarded connection.
 *
 * ksmbd starts every message with a write of its own.  Each response in it is
 * looked at once: what it teaches is taken in (learn.c), what it says of the
 * server is made to fit the policy (negotiate.c), the credits it grants widen the
 * window, and it is signed (sign.c).  Some get an error in their place
 * (refuse.c).  What ksmbd encrypted passes as it is.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "conn.h"
#include "grace.h"
#include "learn.h"
#include "negotiate.h"
#include "refuse.h"
#include "report.h"
#include "response.h"
#include "send.h"
#include "session.h"
#include "sign.h"
#include "sysctl.h"
#include "tx.h"

/* All of an answer to FSCTL_VALIDATE_NEGOTIATE_INFO. */
#define VALIDATED_MAX	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_ioctl_response) + \
			 sizeof(struct smb2_validate_response))

/**
 * struct outcome - what became of a message
 * @done:	it was dealt with to its end
 * @ret:	then what sendmsg() is to say
 * @status:	what is said in its place, or 0
 */
struct outcome {
	bool	done;
	int	ret;
	u32	status;
};

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

/* Say REQUIRED here where it was said in NEGOTIATE. */
static void validated(struct smbsign_conn *conn,
		      const struct smbsign_response *response)
{
	u32 length = min_t(size_t, response->length, VALIDATED_MAX);
	u8 *message;

	if (!conn->told ||
	    response->header.command != cpu_to_le16(SMB2_CMD_IOCTL))
		return;
	message = smbsign_response_at(response, 0, length);
	if (message)
		smbsign_negotiate_validated(message, length);
}

static void report(struct smbsign_conn *conn,
		   const struct smbsign_response *response,
		   enum smbsign_reason reason, enum smbsign_report report)
{
	const struct smbsign_element element = {
		.command = le16_to_cpu(response->header.command),
		.session_id = le64_to_cpu(response->header.session_id),
	};

	smbsign_report(conn, &element, reason, report);
}

/* Nothing more is read after a NEGOTIATE that failed. */
static void end(struct smbsign_conn *conn)
{
	lock_sock(conn->sk);
	if (conn->rx.state != SMBSIGN_RX_DEAD)
		conn->rx.state = SMBSIGN_RX_ENDED;
	release_sock(conn->sk);
	smbsign_conn_kick(conn);
}

/* Something else than ksmbd's response is for the client. */
static int replace(struct smbsign_conn *conn, struct msghdr *msg, size_t size,
		   const struct smbsign_response *response, u32 status)
{
	int ret;

	if (response->header.next_command ||
	    response->offset != SMB2_NBSS_SIZE) {
		smbsign_conn_kill(conn, SMBSIGN_REASON_MALFORMED);
		return -ECONNRESET;
	}
	ret = smbsign_refuse_response(conn, msg, size, response, status);
	if (response->header.command == cpu_to_le16(SMB2_CMD_NEGOTIATE))
		end(conn);
	return ret;
}

static struct outcome replaced(struct smbsign_conn *conn, struct msghdr *msg,
			       size_t size,
			       const struct smbsign_response *response,
			       u32 status)
{
	return (struct outcome) {
		.done = true, .status = status,
		.ret = replace(conn, msg, size, response, status),
	};
}

/* What is to be said in place of the response, or 0. */
static u32 refused_status(struct smbsign_conn *conn,
			  const struct smbsign_response *response,
			  const struct smbsign_awaited *awaited,
			  const struct smbsign_verdict *verdict)
{
	bool audit = smbsign_policy_mode() == SMBSIGN_POLICY_AUDIT;

	/* Reported as the request came. */
	if (awaited->kind == SMBSIGN_AWAITED_NEGOTIATE && awaited->status)
		return awaited->status;
	if (verdict->action != SMBSIGN_REFUSE)
		return 0;
	report(conn, response, verdict->reason,
	       audit ? SMBSIGN_REPORT_AUDIT : SMBSIGN_REPORT_REFUSED);
	return audit ? 0 : verdict->status;
}

/* A response that was waited for; *@status is what is to be said instead. */
static int expected(struct smbsign_conn *conn,
		    const struct smbsign_policy *policy,
		    struct smbsign_awaited *awaited,
		    struct smbsign_response *response, u32 *status)
{
	struct smbsign_verdict verdict;
	int ret = smbsign_learn(conn, policy, awaited, response, &verdict);

	if (ret)
		return ret;
	*status = refused_status(conn, response, awaited, &verdict);
	/* Nothing more is let in where NEGOTIATE is refused. */
	if (!*status && (awaited->kind == SMBSIGN_AWAITED_NEGOTIATE ||
			 awaited->kind == SMBSIGN_AWAITED_PROVISIONAL))
		smbsign_rx_unblock(conn);
	/* One that says PENDING is not the last. */
	if (awaited->kind != SMBSIGN_AWAITED_UNPROVEN ||
	    response->header.status != cpu_to_le32(SMB2_STATUS_PENDING))
		smbsign_conn_answered(conn, awaited);
	return 0;
}

/* Has ksmbd found a signature wrong?  It signs what it denies for other reasons. */
static bool failed_check(const struct smb2_header *response)
{
	return response->status == cpu_to_le32(SMB2_STATUS_ACCESS_DENIED) &&
	       !(response->flags & cpu_to_le32(SMB2_FLAG_SIGNED));
}

/* The key that the client has shown to have, by the request that is answered. */
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
		/* Who has authenticated a session that is in the making has its key. */
		return response->status == cpu_to_le32(SMB2_STATUS_SUCCESS) &&
		       !smbsign_session_is_on(conn, awaited->session_id) ?
		       SMBSIGN_SHOWN_AT_GATE : awaited->shown;
	default:
		return SMBSIGN_SHOWN_AT_GATE;
	}
}

/* One response of a message; *@status is what is to be said instead. */
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
		awaited = smbsign_conn_awaited(conn, &response->header);
	provisional = awaited && awaited->kind == SMBSIGN_AWAITED_PROVISIONAL;
	shown = shown_by(conn, awaited, &response->header);
	if (awaited)
		ret = expected(conn, policy, awaited, response, status);
	else
		ret = is_hidden_setup(conn, &response->header) ? -EPROTO : 0;
	if (ret || *status)
		return ret;
	validated(conn, response);
	return smbsign_sign_response(conn, policy, response, session_id, shown,
				     provisional && shown);
}

static u32 credits(const struct smbsign_response *first)
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

/* Why a response cannot be sent. */
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

/* The responses of a message of ksmbd, one by one. */
static struct outcome tx_responses(struct smbsign_conn *conn,
				   struct msghdr *msg, size_t size,
				   struct smbsign_response *response)
{
	struct smbsign_policy policy;
	u64 first, session_id;
	u32 status = 0;
	int grace, ret;

	smbsign_policy_get(&policy);
	first = le64_to_cpu(response->header.session_id);
	/* The answer to a part of a compound, on its own. */
	if (first == SMB2_SESSION_ID_RELATED)
		first = smbsign_session_only(conn);
	do {
		/* ksmbd runs a whole compound in the session of its first. */
		session_id = le64_to_cpu(response->header.session_id);
		if (session_id == SMB2_SESSION_ID_RELATED)
			session_id = first;
		grace = smbsign_grace_enter();
		ret = tx_response(conn, &policy, response, session_id, &status);
		smbsign_grace_leave(grace);
		if (ret) {
			smbsign_conn_kill(conn, reason_of(ret));
			return (struct outcome) { true, -ECONNRESET };
		}
		if (status)
			return replaced(conn, msg, size, response, status);
	} while (smbsign_response_next(response));
	return (struct outcome) { };
}

/*
 * ksmbd 6.x writes some errors with one buffer twice, the header and its signature
 * with it: that cannot be signed in place.
 */
static struct outcome tx_copy(struct smbsign_conn *conn, struct msghdr *msg,
			      size_t size, u32 message_length)
{
	struct msghdr copy = { .msg_flags = msg->msg_flags };
	struct outcome outcome = { true, -ENOMEM };
	struct smbsign_response first;
	struct kvec vec = { .iov_len = size };

	vec.iov_base = kvmalloc(size, GFP_KERNEL);
	if (!vec.iov_base) {
		smbsign_conn_kill(conn, SMBSIGN_REASON_NO_MEMORY);
		return outcome;
	}
	smbsign_response_peek(msg, 0, vec.iov_base, size);
	iov_iter_kvec(&copy.msg_iter, ITER_SOURCE, &vec, 1, size);
	smbsign_response_first(&first, &copy, message_length);
	outcome = tx_responses(conn, &copy, size, &first);
	if (!outcome.done)
		outcome.ret = smbsign_send(conn, vec.iov_base, size,
					   msg->msg_flags);
	outcome.done = true;
	if (outcome.ret > 0)
		iov_iter_advance(&msg->msg_iter, outcome.ret);
	kvfree(vec.iov_base);
	return outcome;
}

/* A message that is no SMB2 response in the plain. */
static struct outcome tx_other(struct smbsign_conn *conn,
			       const struct msghdr *msg)
{
	__le32 protocol_id;

	if (!smbsign_response_peek(msg, SMB2_NBSS_SIZE, &protocol_id,
				   sizeof(protocol_id)))
		return (struct outcome) { };
	if (protocol_id == SMB1_PROTOCOL_ID)
		learn_smb1(conn);
	if (protocol_id == SMB2_COMPRESSION_PROTOCOL_ID &&
	    smbsign_conn_unsee(conn, GFP_KERNEL)) {
		smbsign_conn_kill(conn, SMBSIGN_REASON_NO_MEMORY);
		return (struct outcome) { true, -ECONNRESET };
	}
	return (struct outcome) { };
}

/* What was judged and signed, or replaced, and then found no room. */
static bool is_written_again(const struct smbsign_conn *conn,
			     const struct smbsign_response *first)
{
	const struct smb2_header *unsent = &conn->tx_unsent.header;

	return unsent->protocol_id &&
	       !memcmp(unsent, &first->header, sizeof(first->header));
}

/* ksmbd starts a message. */
static struct outcome tx_start(struct smbsign_conn *conn, struct msghdr *msg,
			       size_t size, u32 message_length)
{
	struct smbsign_response first;
	bool again;

	WRITE_ONCE(conn->rx.unanswered, 0);
	if (READ_ONCE(conn->rx.state) == SMBSIGN_RX_TRANSPARENT)
		return (struct outcome) { };
	if (!smbsign_response_first(&first, msg, message_length) ||
	    first.header.protocol_id != SMB2_PROTOCOL_ID)
		return tx_other(conn, msg);
	again = is_written_again(conn, &first);
	/* Before the client can know of them. */
	if (!again && smbsign_conn_grant(conn, credits(&first), GFP_KERNEL)) {
		smbsign_conn_kill(conn, SMBSIGN_REASON_NO_MEMORY);
		return (struct outcome) { true, -ECONNRESET };
	}
	if (!list_empty_careful(&conn->awaited) &&
	    smbsign_refuse_is(conn, &first))
		return (struct outcome) {
			true, smbsign_refuse_write(conn, msg, size, &first)
		};
	/* Nobody waits for it any more: what it was to become is not found again. */
	if (again && conn->tx_unsent.status)
		return replaced(conn, msg, size, &first, conn->tx_unsent.status);
	if (smbsign_response_overlaps(msg))
		return tx_copy(conn, msg, size, message_length);
	return again ? (struct outcome) { } :
		       tx_responses(conn, msg, size, &first);
}

/*
 * ksmbd writes a message again that TCP had no room for at all.  It has been
 * judged, and signed or replaced, and its credits count once.
 */
static void remember_unsent(struct smbsign_conn *conn, const struct msghdr *msg,
			    const struct outcome *outcome)
{
	struct smbsign_unsent *unsent = &conn->tx_unsent;

	unsent->status = outcome->status;
	if (outcome->ret > 0 ||
	    !smbsign_response_peek(msg, SMB2_NBSS_SIZE, &unsent->header,
				   sizeof(unsent->header)))
		unsent->header.protocol_id = 0;
}

static int tx_locked(struct smbsign_conn *conn, struct msghdr *msg, size_t size)
{
	const struct msghdr start = *msg;
	bool wait = !(msg->msg_flags & MSG_DONTWAIT);
	u32 left = conn->tx_left;
	u8 nbss[SMB2_NBSS_SIZE];
	struct outcome outcome = { };
	int ret;

	if (!left) {
		if (!smbsign_response_peek(msg, 0, nbss, sizeof(nbss)))
			return -EINVAL;
		left = SMB2_NBSS_SIZE + (get_unaligned_be32(nbss) & 0xffffff);
		outcome = tx_start(conn, msg, size, left - SMB2_NBSS_SIZE);
		if (!outcome.done)
			outcome.ret = conn->base->sendmsg(conn->sk, msg, size);
		remember_unsent(conn, &start, &outcome);
	} else {
		outcome.ret = conn->base->sendmsg(conn->sk, msg, size);
	}
	ret = outcome.ret;
	if (ret <= 0)
		return ret;
	conn->tx_left = left - min_t(u32, left, ret);
	/* ksmbd 6.x does not write the rest: the stream is past mending. */
	if (conn->tx_left && wait)
		smbsign_conn_kill(conn, SMBSIGN_REASON_SHORT_WRITE);
	return ret;
}

/**
 * smbsign_tx() - ksmbd writes to a guarded connection
 * @conn:	the connection
 * @msg:	what it writes: a message from its NBSS header on, or the rest of one
 * @size:	bytes in @msg
 *
 * Context: process, may sleep, with a reference to @conn, not inside
 * smbsign_grace_enter(): TCP may have no room.
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
