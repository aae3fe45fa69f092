// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signing of responses.
 *
 * Every response that must be signed, and every one of which ksmbd says that it
 * is, gets its signature here, as it leaves: with the session's key, by the
 * algorithm that was negotiated.  So none has SIGNED set without a signature that
 * is right.
 */
#include "conn.h"
#include "mac.h"
#include "response.h"
#include "session.h"
#include "sign.h"
#include "stats.h"
#include "sysctl.h"

/*
 * The key that a response is signed with, or NULL.  With none that the client has not
 * shown to have: else anybody could have things signed with the key of another.
 */
static struct smbsign_key *key_for(struct smbsign_conn *conn, u64 session_id,
				   u64 shown,
				   struct smbsign_session_facts *facts)
{
	struct smbsign_key *key = smbsign_session_facts(conn, session_id, facts);
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
 * Sign a response of ksmbd where it lies, or @length bytes in one piece; the
 * reference to @key is handed over.
 */
static int sign(struct smb2_header *header, u32 length,
		const struct smbsign_response *response,
		struct smbsign_key *key)
{
	struct smbsign_mac mac __uninitialized;
	u8 signature[SMB2_SIGNATURE_SIZE];
	int ret;

	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	mac.key = NULL;
	ret = smbsign_mac_begin(&mac, key);
	if (!ret)
		ret = response ? smbsign_response_mac(response, &mac) :
				 smbsign_mac_update(&mac, (u8 *)header, length);
	if (!ret)
		ret = smbsign_mac_end(&mac, signature);
	if (!ret)
		memcpy(header->signature, signature, sizeof(signature));
	smbsign_mac_cancel(&mac);
	return ret;
}

/**
 * smbsign_sign_error() - sign an error of our own, if its request was signed
 * @conn:	the connection
 * @header:	the response, from its SMB2 header on
 * @length:	bytes at @header
 * @session_id:	the session of the request
 * @shown:	smbsign_key.serial of the key that the client has shown to have, or 0
 *
 * Context: process, inside smbsign_grace_enter(). [MS-SMB2] 3.3.4.1.1.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_sign_error(struct smbsign_conn *conn, struct smb2_header *header,
		       u32 length, u64 session_id, u64 shown)
{
	struct smbsign_session_facts facts;
	struct smbsign_key *key = key_for(conn, session_id, shown, &facts);

	return key ? sign(header, length, NULL, key) : 0;
}

/**
 * smbsign_sign_leg() - sign a SESSION_SETUP response before it is hashed
 * @conn:	the connection
 * @header:	the response, from its SMB2 header on
 * @length:	bytes at @header
 *
 * On 3.1.1 every leg but the last is part of the preauthentication hash, with its
 * signature.  Signed once more as it leaves, it does not change.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep. [MS-SMB2] 3.3.4.1.1, 3.3.5.5.
 */
void smbsign_sign_leg(struct smbsign_conn *conn, struct smb2_header *header,
		      u32 length)
{
	u64 session_id = le64_to_cpu(header->session_id);
	struct smbsign_session_facts facts;
	struct smbsign_policy policy;
	struct smbsign_key *key;
	u64 shown;

	if (header->status == cpu_to_le32(SMB2_STATUS_SUCCESS) ||
	    !smbsign_conn_leg(conn, header, &shown))
		return;
	smbsign_policy_get(&policy);
	key = key_for(conn, session_id, shown, &facts);
	if (key && smbsign_policy_signs(&policy, &facts, header, false))
		sign(header, length, NULL, key);
	else
		smbsign_key_put(key);
}

/* ksmbd says SIGNED of some errors that it has no key for. */
static void disclaim(struct smb2_header *header)
{
	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
}

/**
 * smbsign_sign_response() - sign a response of ksmbd, if it is to be
 * @conn:	the connection
 * @policy:	what the administrator wants
 * @response:	the response, changed in place
 * @session_id:	the session of the request
 * @shown:	smbsign_key.serial of the key that the client has shown to have, or 0, or
 *		SMBSIGN_SHOWN_AT_GATE
 * @answers_signed: the request is known to have had SIGNED set
 *
 * Context: process, inside smbsign_grace_enter(), under smbsign_conn.tx_lock;
 * done again for a response that is written again, it gives the same.
 * [MS-SMB2] 3.3.4.1.1.
 * Return: 0, -EPROTO if the response cannot be signed where it lies, or the error
 * of the kernel's crypto: then it must not be sent.
 */
int smbsign_sign_response(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  u64 session_id, u64 shown, bool answers_signed)
{
	struct smbsign_session_facts facts;
	struct smb2_header *header;
	struct smbsign_key *key;

	lockdep_assert_held(&conn->tx_lock);
	key = key_for(conn, session_id, shown, &facts);
	if (!smbsign_policy_signs(policy, &facts, &response->header,
				  answers_signed)) {
		smbsign_key_put(key);
		return 0;
	}
	header = smbsign_response_at(response, 0, sizeof(*header));
	if (!header) {
		smbsign_key_put(key);
		return -EPROTO;
	}
	if (!key) {
		disclaim(header);
		return 0;
	}
	smbsign_count(SMBSIGN_COUNT_SIGNED);
	return sign(header, response->length, response, key);
}
