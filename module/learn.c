// SPDX-License-Identifier: GPL-2.0-only
/*
 * What responses teach us of a connection and its sessions.
 *
 * It is taken in before the response is sent, so that no client can act on it
 * earlier.  A response may turn out to be one that the client must not get.
 */
#include <linux/slab.h>

#include "conn.h"
#include "learn.h"
#include "negotiate.h"
#include "number.h"
#include "report.h"
#include "response.h"
#include "session.h"
#include "sysctl.h"

/* On 3.1.1 it was said before the response was hashed (redirect.c). */
static void demand(struct smbsign_conn *conn,
		   const struct smbsign_response *response, u8 *message)
{
	struct smb2_negotiate_response *copy, *there;

	if (!smbsign_negotiate_demand(message, response->length))
		return;
	copy = (void *)(message + sizeof(struct smb2_header));
	there = smbsign_response_at(response, sizeof(struct smb2_header),
				    sizeof(*there));
	/* Else the client is not told, and signs or is refused. */
	if (!there)
		return;
	there->security_mode = copy->security_mode;
	WRITE_ONCE(conn->told, true);
}

static void settle(struct smbsign_conn *conn,
		   const struct smbsign_awaited *request,
		   const struct smbsign_negotiated *negotiated)
{
	struct smbsign_conn_facts *facts = &conn->facts;

	spin_lock_bh(&conn->lock);
	facts->dialect = negotiated->dialect;
	facts->algorithm = negotiated->algorithm;
	facts->encryption = negotiated->encryption;
	facts->compression = negotiated->compression;
	facts->multi_credit = negotiated->capabilities & SMB2_CAP_LARGE_MTU;
	facts->client_required =
		request->security_mode & SMB2_SECURITY_SIGNING_REQUIRED;
	facts->server_required =
		negotiated->security_mode & SMB2_SECURITY_SIGNING_REQUIRED;
	spin_unlock_bh(&conn->lock);
}

static int negotiated(struct smbsign_conn *conn,
		      const struct smbsign_policy *policy,
		      const struct smbsign_awaited *request,
		      const struct smbsign_response *response, u8 *message,
		      struct smbsign_verdict *verdict)
{
	struct smbsign_negotiated negotiated = { };
	const struct smb2_negotiate_response *body =
		(void *)(message + sizeof(struct smb2_header));

	if (smbsign_frame_negotiated(message, response->length, &negotiated))
		return -EPROTO;
	if (negotiated.dialect != SMB2_DIALECT_311)
		demand(conn, response, message);
	negotiated.security_mode = le16_to_cpu(body->security_mode);
	/* After an SMB1 NEGOTIATE comes a real one (3.3.5.3.1). */
	if (negotiated.dialect == SMB2_DIALECT_WILDCARD)
		return 0;
	*verdict = smbsign_policy_negotiated(policy, &negotiated);
	settle(conn, request, &negotiated);
	return 0;
}

static int learn_negotiate(struct smbsign_conn *conn,
			   const struct smbsign_policy *policy,
			   const struct smbsign_awaited *request,
			   const struct smbsign_response *response,
			   struct smbsign_verdict *verdict)
{
	u8 *message;
	int ret = -EPROTO;

	if (response->header.status != cpu_to_le32(SMB2_STATUS_SUCCESS))
		return 0;
	if (response->length > SMBSIGN_INSPECT_MAX)
		return -EPROTO;
	message = kmalloc(response->length, GFP_KERNEL);
	if (!message)
		return -ENOMEM;
	if (smbsign_response_peek(response->msg, response->offset, message,
				  response->length))
		ret = negotiated(conn, policy, request, response, message,
				 verdict);
	kfree(message);
	return ret;
}

/* A guest is told by the end of his authentication, not by what he sends. */
static struct smbsign_verdict guest(struct smbsign_conn *conn,
				    const struct smbsign_policy *policy, u64 id)
{
	const struct smbsign_element element = {
		.command = SMB2_CMD_SESSION_SETUP,
		.session_id = id,
	};
	struct smbsign_policy required = *policy;
	struct smbsign_session_facts facts;
	struct smbsign_verdict verdict;

	required.mode = SMBSIGN_POLICY_REQUIRED;
	smbsign_key_put(smbsign_session_facts(conn, id, &facts));
	verdict = smbsign_policy_guest(&required, &facts);
	if (verdict.action == SMBSIGN_REFUSE &&
	    policy->mode != SMBSIGN_POLICY_REQUIRED)
		smbsign_report_foreseen(conn, &element, verdict.reason);
	return smbsign_policy_guest(policy, &facts);
}

static int learn_setup(struct smbsign_conn *conn,
		       const struct smbsign_policy *policy,
		       const struct smbsign_awaited *request,
		       const struct smbsign_response *response,
		       struct smbsign_verdict *verdict)
{
	bool success = response->header.status ==
		       cpu_to_le32(SMB2_STATUS_SUCCESS);
	u64 id = le64_to_cpu(response->header.session_id);
	struct smb2_session_setup_response setup = { };
	int ret;

	if (success &&
	    (response->length < sizeof(response->header) + sizeof(setup) ||
	     !smbsign_response_peek(response->msg, response->offset +
				    sizeof(response->header),
				    &setup, sizeof(setup))))
		return -EPROTO;
	if (success && !smbsign_number_is_ours(id))
		return -EKEYREJECTED;
	ret = smbsign_session_response(conn, request, id,
				       le32_to_cpu(response->header.status),
				       le16_to_cpu(setup.session_flags));
	if (!ret && success)
		*verdict = guest(conn, policy, id);
	return ret;
}

/**
 * smbsign_learn() - take in a response that was waited for
 * @conn:	the connection
 * @policy:	what the administrator wants
 * @awaited:	the request
 * @response:	the response; may be changed in place
 * @verdict:	what is to become of the response: PASS, or REFUSE with what the
 *		client is to be told instead
 *
 * Context: process, inside smbsign_grace_enter(), under smbsign_conn.tx_lock,
 * before the response is sent.
 * Return: 0; -EPROTO if the response cannot be, -EKEYREJECTED if it is about another
 * session than the request, or -ENOMEM: then it must not be sent.
 */
int smbsign_learn(struct smbsign_conn *conn,
		  const struct smbsign_policy *policy,
		  const struct smbsign_awaited *awaited,
		  struct smbsign_response *response,
		  struct smbsign_verdict *verdict)
{
	*verdict = (struct smbsign_verdict) { .action = SMBSIGN_PASS };
	switch (awaited->kind) {
	case SMBSIGN_AWAITED_NEGOTIATE:
		return learn_negotiate(conn, policy, awaited, response,
				       verdict);
	case SMBSIGN_AWAITED_SETUP:
		return learn_setup(conn, policy, awaited, response, verdict);
	case SMBSIGN_AWAITED_PROVISIONAL:
		return smbsign_session_shown(conn, awaited,
					     awaited->session_id);
	default:
		return 0;
	}
}
