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

/* The key that a response is signed with, or NULL. */
static struct smbsign_key *key_for(struct smbsign_conn *conn, u64 session_id,
				   bool binding,
				   struct smbsign_session_facts *facts)
{
	struct smbsign_key *key = smbsign_session_facts(conn, session_id, facts);

	/*
	 * Not with a key from elsewhere: it is not for anybody to ask for.  Only
	 * who binds a session has shown that he has it.
	 */
	if (facts->state == SMBSIGN_SESSION_ESTABLISHED || binding)
		return key;
	smbsign_key_put(key);
	return NULL;
}

/**
 * smbsign_sign_error() - sign an error of our own, where the session has a key
 * @conn:	the connection
 * @data:	the response, its Signature zero
 * @length:	bytes at @data
 * @session_id:	the session of the request
 *
 * Context: process, inside smbsign_grace_enter(). [MS-SMB2] 3.3.4.1.1.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_sign_error(struct smbsign_conn *conn, u8 *data, u32 length,
		       u64 session_id)
{
	struct smb2_header *header = (struct smb2_header *)data;
	struct smbsign_session_facts facts;
	struct smbsign_mac mac = { };
	struct smbsign_key *key;
	int ret;

	key = key_for(conn, session_id, false, &facts);
	if (!key)
		return 0;
	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	ret = smbsign_mac_begin(&mac, key);
	if (!ret)
		ret = smbsign_mac_update(&mac, data, length);
	if (!ret)
		ret = smbsign_mac_end(&mac, header->signature);
	smbsign_mac_cancel(&mac);
	return ret;
}

/* ksmbd says SIGNED of some errors that it has no key for. */
static void disclaim(struct smb2_header *header)
{
	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
}

static int sign_in_place(const struct smbsign_response *response,
			 struct smb2_header *header, struct smbsign_key *key)
{
	struct smbsign_mac mac = { };
	u8 signature[SMB2_SIGNATURE_SIZE];
	int ret;

	header->flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(header->signature, 0, sizeof(header->signature));
	ret = smbsign_mac_begin(&mac, key);
	if (!ret)
		ret = smbsign_response_mac(response, &mac);
	if (!ret)
		ret = smbsign_mac_end(&mac, signature);
	if (!ret)
		memcpy(header->signature, signature, sizeof(signature));
	smbsign_mac_cancel(&mac);
	return ret;
}

/**
 * smbsign_sign_response() - sign a response of ksmbd, if it is to be
 * @conn:	the connection
 * @policy:	what the administrator wants
 * @response:	the response, changed in place
 * @session_id:	the session of the request
 * @binding:	it answers a binding whose signature was verified
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
			  u64 session_id, bool binding)
{
	struct smbsign_session_facts facts;
	struct smb2_header *header;
	struct smbsign_key *key;

	key = key_for(conn, session_id, binding, &facts);
	if (!smbsign_policy_signs(policy, &facts, &response->header)) {
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
	return sign_in_place(response, header, key);
}
