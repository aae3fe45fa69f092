// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signing of responses.
 *
 * A response is signed here, as it leaves, if it must be or if ksmbd claims
 * that it is.  The signature is made with the session's key and the negotiated
 * algorithm.  So no response has SIGNED set without a correct signature.  Long
 * responses have theirs already: it was made in ksmbd's worker, where one
 * response does not wait for another (ksmbd/hooks.c).
 */
#include "base/count.h"
#include "gate/sign.h"
#include "mac/mac.h"
#include "mac/nonces.h"
#include "state/conn.h"
#include "state/credits.h"
#include "state/session.h"
#include "wire/response.h"

/*
 * The key that signs a response, or NULL.  The client must have shown that it
 * has the key: otherwise anybody could have things signed with somebody else's
 * key.
 */
static struct smbsign_key *key_for(struct smbsign_conn *conn, u64 session_id,
				   u64 shown,
				   struct smbsign_session_facts *facts)
{
	struct smbsign_key *key = smbsign_session_lookup(conn, session_id, true,
							 facts);
	bool fine;

	if (shown == SMBSIGN_SHOWN_AT_GATE)
		fine = facts->state == SMBSIGN_SESSION_ESTABLISHED ||
		       facts->state == SMBSIGN_SESSION_ENDED;
	else
		fine = key && key->serial == shown;
	if (fine)
		return key;
	smbsign_key_put(key);
	return NULL;
}

/*
 * The same key, or NULL if its nonce may have been used.  Documentation/nonces.rst
 * says why none is used twice.
 */
static struct smbsign_key *unless_spent(struct smbsign_conn *conn,
					const struct smb2_header *response,
					struct smbsign_key *key)
{
	if (!key || smbsign_credits_due(conn, response))
		return key;
	smbsign_count(SMBSIGN_COUNT_NONCES_SPENT);
	smbsign_key_put(key);
	return NULL;
}

static int add_response(struct smbsign_mac *mac,
			const struct smbsign_response *response)
{
	size_t done = 0, part;
	const u8 *data;
	int ret = 0;

	while (!ret && done < response->length) {
		part = response->length - done;
		data = smbsign_response_part(response, done, &part);
		if (!data || !part)
			return -EPROTO;
		ret = smbsign_mac_update(mac, data, part);
		done += part;
	}
	return ret;
}

/*
 * Sign a response of ksmbd in place, or @length bytes in one piece.  Consumes
 * the reference to @key.
 */
static int sign_header(struct smb2_header *header, u32 length,
		       const struct smbsign_response *response,
		       struct smbsign_key *key)
{
	struct smbsign_mac mac __uninitialized;
	u8 signature[SMB2_SIGNATURE_SIZE];
	int ret;

	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	mac.key = NULL;
	ret = smbsign_mac_begin(&mac, key, header);
	if (!ret)
		ret = response ? add_response(&mac, response) :
				 smbsign_mac_update(&mac, (u8 *)header, length);
	if (!ret)
		ret = smbsign_mac_end(&mac, signature);
	if (!ret)
		memcpy(header->signature, signature, sizeof(signature));
	smbsign_mac_cancel(&mac);
	return ret;
}

/*
 * Has ksmbd's worker signed it (ksmbd/hooks.c)?  Nobody changes a long response
 * after that.
 */
static bool is_signed(struct smbsign_conn *conn,
		      const struct smbsign_response *response,
		      struct smbsign_key *key)
{
	const struct smb2_header *header = &response->header;

	if (!(header->flags & cpu_to_le32(SMB2_FLAG_SIGNED)) ||
	    !smbsign_credits_is_signed(conn, header, response->length,
				       key->serial))
		return false;
	smbsign_count(SMBSIGN_COUNT_SIGNED_AHEAD);
	smbsign_nonces_note(key, le64_to_cpu(header->message_id),
			    header->signature);
	return true;
}

/*
 * ksmbd sets SIGNED on some errors that it has no key for, and copies the
 * Signature of the request.
 */
static void disclaim_signature(struct smb2_header *header)
{
	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
}

/**
 * smbsign_sign_whole() - sign a response that lies in one piece, if its request
 *	was signed
 * @conn:	the connection
 * @policy:	the administrator's policy; NULL: sign, whatever it says
 * @header:	the response, from its SMB2 header on
 * @length:	bytes at @header
 * @session_id:	the session of the request
 * @shown:	smbsign_key.serial of the key that the client has shown it has,
 *		or 0
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); does not
 * sleep. [MS-SMB2] 3.3.4.1.1.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_sign_whole(struct smbsign_conn *conn,
		       const struct smbsign_policy *policy,
		       struct smb2_header *header, u32 length, u64 session_id,
		       u64 shown)
{
	struct smbsign_session_facts facts;
	struct smbsign_key *key = key_for(conn, session_id, shown, &facts);
	bool signs = !policy ||
		     smbsign_policy_signs(policy, &facts, header, false);

	if (signs)
		key = unless_spent(conn, header, key);
	if (key && signs)
		return sign_header(header, length, NULL, key);
	smbsign_key_put(key);
	/* As smbsign_sign_response() does when it leaves. */
	if (signs)
		disclaim_signature(header);
	return 0;
}

/**
 * smbsign_sign_response() - sign a response of ksmbd, if it must be signed
 * @conn:	the connection
 * @policy:	the administrator's policy
 * @response:	the response, changed in place
 * @session_id:	the session of the request
 * @shown:	smbsign_key.serial of the key that the client has shown it has,
 *		or 0, or SMBSIGN_SHOWN_AT_GATE
 * @answers_signed: the request is known to have had SIGNED set
 *
 * Context: process, inside smbsign_grace_enter(), under smbsign_tx.lock. A
 * response that is written again gets the same signature. [MS-SMB2] 3.3.4.1.1.
 * Return: 0, or an error, and then the response must not be sent: -EPROTO if it
 * cannot be signed in place, or the error of the kernel's crypto.
 */
int smbsign_sign_response(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  u64 session_id, u64 shown, bool answers_signed)
{
	struct smbsign_session_facts facts;
	struct smb2_header *header;
	struct smbsign_key *key;

	lockdep_assert_held(&conn->tx.lock);
	key = key_for(conn, session_id, shown, &facts);
	if (!smbsign_policy_signs(policy, &facts, &response->header,
				  answers_signed)) {
		smbsign_key_put(key);
		key = NULL;
		if (!(response->header.flags & cpu_to_le32(SMB2_FLAG_SIGNED)))
			return 0;
	}
	key = unless_spent(conn, &response->header, key);
	header = smbsign_response_at(response, 0, sizeof(*header));
	if (!header) {
		smbsign_key_put(key);
		return -EPROTO;
	}
	if (!key) {
		disclaim_signature(header);
		return 0;
	}
	smbsign_count(SMBSIGN_COUNT_SIGNED);
	if (is_signed(conn, response, key)) {
		smbsign_key_put(key);
		return 0;
	}
	return sign_header(header, response->length, response, key);
}
