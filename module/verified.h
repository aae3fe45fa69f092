/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures that were verified and that ksmbd has not asked for yet. */
#ifndef SMBSIGN_VERIFIED_H
#define SMBSIGN_VERIFIED_H

#include "../include/smb2_wire.h"

/* Room for 32 at first, and for 256 where a client sends so many at once. */
#define SMBSIGN_VERIFIED_BITS		5
#define SMBSIGN_VERIFIED_BITS_MAX	8

/**
 * struct smbsign_verified_entry - one of them
 * @message_id:	MessageId of the request
 * @key:	smbsign_key.serial of the key it was verified with, 0 where there is
 *		no entry
 * @signature:	its Signature
 */
struct smbsign_verified_entry {
	u64	message_id;
	u64	key;
	u8	signature[SMB2_SIGNATURE_SIZE];
};

/**
 * struct smbsign_verified - the latest of them, one for each hash of a MessageId
 * @entry:	1 << @bits of them, or NULL
 * @bits:	of the hash
 */
struct smbsign_verified {
	struct smbsign_verified_entry	*entry;
	u8				bits;
};

bool smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u8 signature[SMB2_SIGNATURE_SIZE]);
u8 smbsign_verified_wanted(const struct smbsign_verified *verified);
struct smbsign_verified_entry *
smbsign_verified_resize(struct smbsign_verified *verified,
			struct smbsign_verified_entry *entry, u8 bits);

#endif /* SMBSIGN_VERIFIED_H */
