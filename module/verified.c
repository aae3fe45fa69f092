// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures that were verified and that ksmbd has not asked for yet.
 *
 * ksmbd computes the signature of a request to compare it with the request's own.
 * Where the gate has verified that very request, there is nothing to compute: a
 * MessageId is used once on a connection.  Who is forgotten here is computed again.
 */
#include <linux/hash.h>
#include <linux/string.h>

#include "verified.h"

static unsigned int place(u64 message_id)
{
	return hash_64(message_id, SMBSIGN_VERIFIED_BITS);
}

/**
 * smbsign_verified_note() - a request has been verified
 * @verified:	where to note it
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key
 * @signature:	its Signature
 *
 * Context: any, under smbsign_conn.lock.
 */
void smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE])
{
	typeof(verified->entry[0]) *entry = &verified->entry[place(message_id)];

	entry->message_id = message_id;
	entry->key = key;
	memcpy(entry->signature, signature, sizeof(entry->signature));
}

/**
 * smbsign_verified_has() - is a request's signature known?
 * @verified:	where it would be noted
 * @message_id:	its MessageId
 *
 * Context: any, under smbsign_conn.lock.
 * Return: true if it is.
 */
bool smbsign_verified_has(const struct smbsign_verified *verified,
			  u64 message_id)
{
	const typeof(verified->entry[0]) *entry =
		&verified->entry[place(message_id)];

	return entry->key && entry->message_id == message_id;
}

/**
 * smbsign_verified_take() - what ksmbd is to compare a request's signature with
 * @verified:	where it was noted; not any more
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key that would be computed with
 * @signature:	filled in
 *
 * Context: any, under smbsign_conn.lock.
 * Return: true if it was there, and verified with that key.
 */
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u8 signature[SMB2_SIGNATURE_SIZE])
{
	typeof(verified->entry[0]) *entry = &verified->entry[place(message_id)];

	if (!smbsign_verified_has(verified, message_id) || entry->key != key)
		return false;
	entry->key = 0;
	memcpy(signature, entry->signature, SMB2_SIGNATURE_SIZE);
	return true;
}
