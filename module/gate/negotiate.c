// SPDX-License-Identifier: GPL-2.0-only
/*
 * NEGOTIATE and what vouches for it, request and response.
 *
 * The order of events: an SMB1 NEGOTIATE may come first.  The gate keeps the
 * NEGOTIATE request; if it is bad, the answer says so.  The response is changed
 * before ksmbd hashes it (3.1.1) or as it leaves (other dialects), and then
 * settles the connection.  FSCTL_VALIDATE_NEGOTIATE_INFO is compared with the
 * request, and its answer repeats what the response said.
 *
 * Under policy=required a client must sign, whatever ksmbd.conf says.  Clients
 * do so if the NEGOTIATE response demands it.  On 3.1.1 ksmbd names AES-CMAC as
 * the signing algorithm even to a client that did not offer it.  All signatures
 * are made here, so the response can name the algorithm that the client
 * prefers.  ksmbd does not know AES-GMAC: if a client offers nothing else, ksmbd
 * reads a copy of the request that offers AES-CMAC.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "admin/report.h"
#include "admin/sysctl.h"
#include "gate/cursor.h"
#include "gate/negotiate.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/verdict.h"
#include "state/awaited.h"
#include "state/credits.h"
#include "wire/response.h"

/* Length of a whole answer to FSCTL_VALIDATE_NEGOTIATE_INFO. */
#define VALIDATED_MAX	(sizeof(struct smb2_header) + \
			 sizeof(struct smb2_ioctl_response) + \
			 sizeof(struct smb2_validate_response))

static const __le16 signing_demand =
	cpu_to_le16(SMB2_SECURITY_SIGNING_ENABLED |
		    SMB2_SECURITY_SIGNING_REQUIRED);

/**
 * smbsign_negotiate_smb1() - does an SMB1 message open a connection that
 *	continues with SMB2?
 * @conn:	the connection; the message is its current one
 * @upgrades:	set to true if it does
 *
 * Context: any but hard interrupt, under the socket lock. [MS-SMB2] 3.3.5.3.1.
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_negotiate_smb1(struct smbsign_conn *conn,
					 bool *upgrades)
{
	const struct smbsign_gate *gate = &conn->gate;
	u32 length = gate->frame.end - gate->cursor.parsed;
	enum smbsign_step step;
	u8 *message;

	step = smbsign_cursor_copy(conn, gate->cursor.parsed, length, &message);
	if (step)
		return step;
	*upgrades = message && !conn->negotiation.upgraded &&
		    length > sizeof(__le32) &&
		    message[sizeof(__le32)] == SMB1_COM_NEGOTIATE &&
		    smbsign_frame_smb1_upgrades(message, length);
	kfree(message);
	return SMBSIGN_STEP_ON;
}

/**
 * smbsign_negotiate_pass_smb1() - pass an SMB1 NEGOTIATE to ksmbd
 * @conn:	the connection; the message is its current one
 *
 * It counts as the request with MessageId 0.
 *
 * Context: any but hard interrupt, under the socket lock. [MS-SMB2] 3.3.5.3.1.
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_negotiate_pass_smb1(struct smbsign_conn *conn)
{
	const struct smbsign_element first = { .command = SMB2_CMD_NEGOTIATE };
	struct smbsign_conn_facts facts;

	conn->negotiation.upgraded = true;
	smbsign_credits_use(conn, &first, &facts);
	return smbsign_release_alone(conn, SMBSIGN_AWAITED_NEGOTIATE, &first);
}

/**
 * smbsign_negotiate_smb1_answered() - an SMB1 response answers the SMB1
 *	NEGOTIATE
 * @conn:	the connection
 *
 * A server that speaks only SMB1 does that.
 *
 * Context: process, under smbsign_tx.lock.
 */
void smbsign_negotiate_smb1_answered(struct smbsign_conn *conn)
{
	static const struct smb2_header negotiate = {
		.command = cpu_to_le16(SMB2_CMD_NEGOTIATE),
	};
	struct smbsign_awaited *awaited =
		smbsign_awaited_by(conn, &negotiate);

	if (!awaited || awaited->kind != SMBSIGN_AWAITED_NEGOTIATE)
		return;
	smbsign_release_unblock(conn);
	smbsign_awaited_done(conn, awaited);
}

/**
 * smbsign_negotiate_concerns() - is a request about NEGOTIATE?
 * @conn:	the connection
 * @element:	a request
 *
 * Context: any, under the socket lock.
 * Return: true if smbsign_negotiate_request() must see it.
 */
bool smbsign_negotiate_concerns(const struct smbsign_conn *conn,
				const struct smbsign_element *element)
{
	if (element->command == SMB2_CMD_NEGOTIATE)
		return !READ_ONCE(conn->facts.dialect) && element->last;
	return element->ctl_code == SMB2_FSCTL_VALIDATE_NEGOTIATE;
}

/* Keep what NEGOTIATE says.  If it is bad, the answer will say so. */
static enum smbsign_step keep_offer(struct smbsign_conn *conn,
				    const struct smbsign_policy *policy,
				    const struct smbsign_element *element,
				    const u8 *request)
{
	struct smbsign_negotiation *negotiation = &conn->negotiation;
	struct smbsign_verdict verdict;

	if (!request || smbsign_frame_offer(request, element->length,
					    &negotiation->offer,
					    &negotiation->contexts))
		return smbsign_step_cut(conn, SMBSIGN_REASON_MALFORMED);
	verdict = smbsign_policy_offer(element, &negotiation->offer,
				       &negotiation->contexts);
	if (smbsign_verdict_settle(conn, policy, element, &verdict) ==
	    SMBSIGN_REFUSE) {
		smbsign_report(conn, element, verdict.reason,
			       SMBSIGN_OUTCOME_REFUSED);
		conn->gate.frame.status = verdict.status;
	}
	return SMBSIGN_STEP_ON;
}

static enum smbsign_step
judge_validation(struct smbsign_conn *conn, const struct smbsign_policy *policy,
		 const struct smbsign_element *element, const u8 *request)
{
	struct smbsign_verdict verdict = {
		.action = SMBSIGN_ABORT,
		.reason = SMBSIGN_REASON_VALIDATE_NEGOTIATE,
	};
	struct smbsign_conn_facts facts;
	struct smbsign_offer validated;

	smbsign_conn_copy_facts(conn, &facts);
	if (request && !smbsign_frame_validate(request, element->length,
					       &validated))
		verdict = smbsign_policy_validate(&facts,
						  &conn->negotiation.offer,
						  element, &validated);
	if (smbsign_verdict_settle(conn, policy, element, &verdict))
		return smbsign_step_cut(conn, verdict.reason);
	return SMBSIGN_STEP_ON;
}

/**
 * smbsign_negotiate_request() - judge a request about NEGOTIATE
 * @conn:	the connection
 * @policy:	the administrator's policy
 * @element:	the request
 * @request:	all of it, from its SMB2 header on, or NULL if it is too long
 *
 * Context: any but hard interrupt, under the socket lock. [MS-SMB2] 3.3.5.4,
 * 3.3.5.15.12.
 * Return: ON or OVER.
 */
enum smbsign_step
smbsign_negotiate_request(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_element *element,
			  const u8 *request)
{
	if (element->command == SMB2_CMD_NEGOTIATE)
		return keep_offer(conn, policy, element, request);
	return judge_validation(conn, policy, element, request);
}

/*
 * Let ksmbd read the request as if AES-CMAC were offered in place of AES-GMAC.
 * Its response then has a place where name_algorithm() can name AES-GMAC.
 */
static enum smbsign_step pass_hidden(struct smbsign_conn *conn)
{
	const struct smbsign_element *element = &conn->gate.request.element;
	struct smbsign_negotiation *negotiation = &conn->negotiation;
	enum smbsign_step step;
	u8 *request;
	int ret;

	step = smbsign_cursor_copy(conn, conn->gate.cursor.parsed,
				   element->length, &request);
	if (step)
		return step;
	/* It was short enough when keep_offer() looked at it. */
	put_unaligned_le16(SMB2_SIGNING_AES_CMAC,
			   request + negotiation->contexts.gmac);
	negotiation->hidden = true;
	ret = smbsign_refuse_instead(conn, request, element->length);
	kfree(request);
	if (!ret)
		ret = smbsign_release_await(conn, SMBSIGN_AWAITED_NEGOTIATE,
					    element, NULL);
	if (ret)
		return smbsign_step_cut_for(conn, ret);
	WRITE_ONCE(conn->gate.blocked, true);
	return SMBSIGN_STEP_ON;
}

/**
 * smbsign_negotiate_pass() - pass a NEGOTIATE request to ksmbd, and nothing after
 *	it until ksmbd has answered
 * @conn:	the connection; the request is its current one
 * @policy:	the administrator's policy
 *
 * Context: any but hard interrupt, under the socket lock.
 * Return: ON, or why the gate stops.
 */
enum smbsign_step smbsign_negotiate_pass(struct smbsign_conn *conn,
					 const struct smbsign_policy *policy)
{
	if (smbsign_policy_hides_gmac(policy, &conn->negotiation.contexts))
		return pass_hidden(conn);
	return smbsign_release_alone(conn, SMBSIGN_AWAITED_NEGOTIATE,
				     &conn->gate.request.element);
}

/**
 * smbsign_negotiate_unhide() - ksmbd is about to hash a NEGOTIATE request of
 *	3.1.1
 * @conn:	the connection; its gate stands still until the response has
 *		left
 * @message:	the request as ksmbd has it; made what the client sent
 * @length:	bytes at @message
 *
 * ksmbd has looked at what is offered before.
 *
 * Context: any but hard interrupt; called from an ftrace callback, does not
 * sleep. [MS-SMB2] 3.3.5.4.
 */
void smbsign_negotiate_unhide(const struct smbsign_conn *conn, u8 *message,
			      u32 length)
{
	const struct smbsign_negotiation *negotiation = &conn->negotiation;

	if (negotiation->hidden && length >= negotiation->contexts.gmac + 2)
		put_unaligned_le16(SMB2_SIGNING_AES_GMAC,
				   message + negotiation->contexts.gmac);
}

/* Make a response name the algorithm that we choose: 2.2.4.1.7. */
static void name_algorithm(const struct smbsign_policy *policy,
			   const struct smbsign_contexts *contexts,
			   u8 *message, u32 length)
{
	u32 at = smbsign_frame_algorithm(message, length);

	if (at && contexts->algorithms)
		put_unaligned_le16(smbsign_policy_algorithm(policy, contexts),
				   message + at);
}

/* Does AES-GMAC sign?  It signs nothing inside of a compressed message. */
static bool is_gmac(const struct smbsign_policy *policy,
		    const struct smbsign_contexts *contexts)
{
	return contexts->algorithms &&
	       smbsign_policy_algorithm(policy, contexts) ==
	       SMB2_SIGNING_AES_GMAC;
}

/*
 * Make a response agree to no compression if messages must be signed, or would
 * be signed with AES-GMAC: 2.2.4.1.3.  The signature of a compressed message is
 * inside, where only ksmbd can see it.
 */
static void forgo_compression(u8 *message, u32 length, bool signs)
{
	const struct smb2_negotiate_response *response =
		(void *)(message + sizeof(struct smb2_header));
	u32 at = smbsign_frame_compression(message, length);

	if (at && (signs || response->security_mode &
			    cpu_to_le16(SMB2_SECURITY_SIGNING_REQUIRED)))
		put_unaligned_le16(0, message + at);
}

/*
 * Make a response demand signing if the policy does.  True if it did not
 * before.
 */
static bool demand_signing(const struct smbsign_policy *policy, u8 *message,
			   u32 length)
{
	struct smb2_header *header = (struct smb2_header *)message;
	struct smb2_negotiate_response *response = (void *)(header + 1);

	if (policy->mode != SMBSIGN_POLICY_REQUIRED ||
	    length < sizeof(*header) + sizeof(*response) ||
	    header->status != cpu_to_le32(SMB2_STATUS_SUCCESS) ||
	    (response->security_mode & signing_demand) == signing_demand)
		return false;
	response->security_mode |= signing_demand;
	return true;
}

/**
 * smbsign_negotiate_hashed() - ksmbd is about to hash a NEGOTIATE response of
 *	3.1.1
 * @conn:	the connection; its gate stands still until the response has
 *		left
 * @message:	the response from its SMB2 header on; changed in place
 * @length:	bytes at @message
 *
 * Context: any but hard interrupt; called from an ftrace callback, does not
 * sleep. [MS-SMB2] 2.2.4, 3.3.5.4.
 */
void smbsign_negotiate_hashed(struct smbsign_conn *conn, u8 *message,
			      u32 length)
{
	const struct smbsign_negotiation *negotiation = &conn->negotiation;
	struct smbsign_policy policy;

	smbsign_policy_get(conn, &policy);
	demand_signing(&policy, message, length);
	name_algorithm(&policy, &negotiation->contexts, message, length);
	forgo_compression(message, length,
			  negotiation->offer.security_mode &
			  SMB2_SECURITY_SIGNING_REQUIRED ||
			  is_gmac(&policy, &negotiation->contexts));
}

/* On 3.1.1 smbsign_negotiate_hashed() does this. */
static void demand_as_it_leaves(struct smbsign_conn *conn,
				const struct smbsign_policy *policy,
				const struct smbsign_response *response,
				u8 *message)
{
	struct smb2_negotiate_response *copy, *there;

	if (!demand_signing(policy, message, response->length))
		return;
	copy = (void *)(message + sizeof(struct smb2_header));
	there = smbsign_response_at(response, sizeof(struct smb2_header),
				    sizeof(*there));
	/* Otherwise the client is not told: it signs anyway, or is refused. */
	if (!there)
		return;
	there->security_mode = copy->security_mode;
	WRITE_ONCE(conn->negotiation.told, true);
}

static void settle_connection(struct smbsign_conn *conn,
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

static int take_in_response(struct smbsign_conn *conn,
			    const struct smbsign_policy *policy,
			    const struct smbsign_awaited *request,
			    const struct smbsign_response *response,
			    u8 *message, struct smbsign_verdict *verdict)
{
	struct smbsign_negotiated negotiated = { };
	const struct smb2_negotiate_response *body =
		(void *)(message + sizeof(struct smb2_header));

	if (smbsign_frame_negotiated(message, response->length, &negotiated))
		return -EPROTO;
	if (negotiated.dialect != SMB2_DIALECT_311)
		demand_as_it_leaves(conn, policy, response, message);
	negotiated.security_mode = le16_to_cpu(body->security_mode);
	/* A real NEGOTIATE follows the SMB1 one (3.3.5.3.1). */
	if (negotiated.dialect == SMB2_DIALECT_WILDCARD)
		return 0;
	if (negotiated.algorithm == SMB2_SIGNING_AES_GMAC &&
	    smbsign_credits_keep_due(conn))
		return -ENOMEM;
	*verdict = smbsign_policy_negotiated(policy, &negotiated);
	settle_connection(conn, request, &negotiated);
	return 0;
}

/**
 * smbsign_negotiate_response() - take in a NEGOTIATE response
 * @conn:	the connection
 * @policy:	the administrator's policy
 * @request:	the request it answers
 * @response:	the response; may be changed in place
 * @verdict:	set to REFUSE, and to what the client gets instead, if the
 *		response agrees on something not allowed; else unchanged
 *
 * Context: process, may sleep, under smbsign_tx.lock, before the response is
 * sent. [MS-SMB2] 3.3.5.4.
 * Return: 0, or an error, and then the response must not be sent: -EPROTO if it
 * is malformed, or -ENOMEM.
 */
int smbsign_negotiate_response(struct smbsign_conn *conn,
			       const struct smbsign_policy *policy,
			       const struct smbsign_awaited *request,
			       const struct smbsign_response *response,
			       struct smbsign_verdict *verdict)
{
	u8 *message;
	int ret = -EPROTO;

	lockdep_assert_held(&conn->tx.lock);
	if (response->header.status != cpu_to_le32(SMB2_STATUS_SUCCESS))
		return 0;
	if (response->length > SMBSIGN_INSPECT_MAX)
		return -EPROTO;
	message = kmalloc(response->length, GFP_KERNEL);
	if (!message)
		return -ENOMEM;
	if (smbsign_response_peek(response->msg, response->offset, message,
				  response->length))
		ret = take_in_response(conn, policy, request, response,
				       message, verdict);
	kfree(message);
	return ret;
}

/**
 * smbsign_negotiate_validated_at() - make an answer to
 *	FSCTL_VALIDATE_NEGOTIATE_INFO repeat the NEGOTIATE response
 * @message:	a response from its SMB2 header on, on a connection whose
 *		NEGOTIATE response was made to demand signing; changed in place
 *		if it is such an answer
 * @length:	bytes at @message
 *
 * Context: any; before the response is signed or encrypted. [MS-SMB2] 2.2.32.6.
 */
void smbsign_negotiate_validated_at(u8 *message, u32 length)
{
	u32 offset = smbsign_frame_validated(message, length);
	struct smb2_validate_response *response = (void *)(message + offset);

	if (offset)
		response->security_mode |= signing_demand;
}

/**
 * smbsign_negotiate_validated() - the same for a response that leaves
 *	unencrypted
 * @conn:	the connection
 * @response:	the response; changed in place
 *
 * Context: process, under smbsign_tx.lock.
 */
void smbsign_negotiate_validated(const struct smbsign_conn *conn,
				 const struct smbsign_response *response)
{
	u32 length = min_t(size_t, response->length, VALIDATED_MAX);
	u8 *message;

	lockdep_assert_held(&conn->tx.lock);
	if (!conn->negotiation.told ||
	    response->header.command != cpu_to_le16(SMB2_CMD_IOCTL))
		return;
	message = smbsign_response_at(response, 0, length);
	if (message)
		smbsign_negotiate_validated_at(message, length);
}
