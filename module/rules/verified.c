// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures that need not be computed again.
 *
 * ksmbd computes a request's signature to compare it with the one in the
 * request.  If the gate has verified that request, nothing need be computed,
 * because a MessageId is used only once on a connection.  Likewise, a response
 * that was signed in ksmbd's worker need not be signed as it leaves.  If a
 * signature is not kept here, it is computed again.
 *
 * The caller manages the memory.
 */
#include <linux/hash.h>
#include <linux/string.h>

#include "rules/verified.h"

/**
 * smbsign_verified_by_ksmbd() - does ksmbd check the signatures of a command?
 * @command:	SMB2_CMD_*
 *
 * From 6.1 to 7.3 ksmbd checks these if the flag is set, and always answers.
 * Only such a request may pass unverified to show the session's key.  CANCEL
 * has the MessageId of another request.
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_verified_by_ksmbd(u16 command)
{
	switch (command) {
	case SMB2_CMD_NEGOTIATE:
	case SMB2_CMD_SESSION_SETUP:
	case SMB2_CMD_OPLOCK_BREAK:
	case SMB2_CMD_ECHO:
	case SMB2_CMD_CANCEL:
		return false;
	default:
		return true;
	}
}

static struct smbsign_verified_entry *
entry_for(const struct smbsign_verified *verified, u64 message_id)
{
	return &verified->entry[hash_64(message_id, verified->bits)];
}

/**
 * smbsign_verified_note() - note a message whose signature is right
 * @verified:	where to note it; without memory, nothing is noted
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key
 * @length:	bytes of the message
 * @signature:	its Signature
 *
 * Context: any, under smbsign_conn.lock.
 * Return: false if it took the place of another one, or found none.
 */
bool smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u32 length,
			   const u8 signature[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_verified_entry *entry;
	bool room;

	if (!verified->entry)
		return false;
	entry = entry_for(verified, message_id);
	room = !entry->key;
	entry->message_id = message_id;
	entry->key = key;
	entry->length = length;
	memcpy(entry->signature, signature, sizeof(entry->signature));
	return room;
}

/**
 * smbsign_verified_take() - get the signature of a message
 * @verified:	where it was noted; it is removed
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key that would compute it
 * @length:	bytes of the message
 * @signature:	filled in
 *
 * Context: any, under smbsign_conn.lock.
 * Return: true if it was there, with that key and length.
 */
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u32 length,
			   u8 signature[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_verified_entry *entry;

	if (!verified->entry)
		return false;
	entry = entry_for(verified, message_id);
	if (!entry->key || entry->key != key ||
	    entry->message_id != message_id || entry->length != length)
		return false;
	entry->key = 0;
	memcpy(signature, entry->signature, SMB2_SIGNATURE_SIZE);
	return true;
}

/**
 * smbsign_verified_wanted() - how many places should there be?
 * @verified:	one that had no free place for a request
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
 * smbsign_verified_resize() - use new memory
 * @verified:	where they are noted
 * @entry:	1 << @bits entries, all zeroes
 * @bits:	what smbsign_verified_wanted() returned
 *
 * Context: any, under smbsign_conn.lock.
 * Return: memory that is no longer used, or NULL.
 */
struct smbsign_verified_entry *
smbsign_verified_resize(struct smbsign_verified *verified,
			struct smbsign_verified_entry *entry, u8 bits)
{
	struct smbsign_verified old = *verified;
	unsigned int i;

	*verified = (struct smbsign_verified) { .entry = entry, .bits = bits };
	/*
	 * The hash has one bit more: no two entries collide that did not
	 * before.
	 */
	for (i = 0; old.entry && i < 1U << old.bits; i++) {
		if (old.entry[i].key)
			*entry_for(verified, old.entry[i].message_id) =
				old.entry[i];
	}
	return old.entry;
}
