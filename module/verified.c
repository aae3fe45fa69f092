// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures that were verified and that ksmbd has not asked for yet.
 *
 * ksmbd computes the signature of a request to compare it with the request's own.
 * Where the gate has verified that very request, there is nothing to compute: a
 * MessageId is used once on a connection.  Who is forgotten here is computed again.
 *
 * Memory is the caller's business.
 */
#include <linux/hash.h>
#include <linux/string.h>

#include "verified.h"

static struct smbsign_verified_entry *
place(const struct smbsign_verified *verified, u64 message_id)
{
	return &verified->entry[hash_64(message_id, verified->bits)];
}

/**
 * smbsign_verified_note() - a request has been verified
 * @verified:	where to note it; nothing is noted where it has no memory
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key
 * @signature:	its Signature
 *
 * Context: any, under smbsign_conn.lock.
 * Return: false if there was no room for it: it has another one's, or none.
 */
bool smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_verified_entry *entry;
	bool room;

	if (!verified->entry)
		return false;
	entry = place(verified, message_id);
	room = !entry->key;
	entry->message_id = message_id;
	entry->key = key;
	memcpy(entry->signature, signature, sizeof(entry->signature));
	return room;
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
	struct smbsign_verified_entry *entry;

	if (!verified->entry)
		return false;
	entry = place(verified, message_id);
	if (!entry->key || entry->key != key || entry->message_id != message_id)
		return false;
	entry->key = 0;
	memcpy(signature, entry->signature, SMB2_SIGNATURE_SIZE);
	return true;
}

/**
 * smbsign_verified_wanted() - for how many there should be room
 * @verified:	where there was none for one
 *
 * Context: any, under smbsign_conn.lock.
 * Return: bits for smbsign_verified_resize(), or 0 if there is enough.
 */
u8 smbsign_verified_wanted(const struct smbsign_verified *verified)
{
	if (!verified->entry)
		return SMBSIGN_VERIFIED_BITS;
	return verified->bits < SMBSIGN_VERIFIED_BITS_MAX ?
	       verified->bits + 1 : 0;
}

/**
 * smbsign_verified_resize() - use other memory
 * @verified:	where they are noted
 * @entry:	1 << @bits of them, all zeroes
 * @bits:	as smbsign_verified_wanted() said
 *
 * Context: any, under smbsign_conn.lock.
 * Return: memory that is not used any more, or NULL.
 */
struct smbsign_verified_entry *
smbsign_verified_resize(struct smbsign_verified *verified,
			struct smbsign_verified_entry *entry, u8 bits)
{
	struct smbsign_verified old = *verified;
	unsigned int i;

	*verified = (struct smbsign_verified) { .entry = entry, .bits = bits };
	/* One bit more of the hash: no two of them meet that did not before. */
	for (i = 0; old.entry && i < 1U << old.bits; i++) {
		if (old.entry[i].key)
			*place(verified, old.entry[i].message_id) =
				old.entry[i];
	}
	return old.entry;
}
