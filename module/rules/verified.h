/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures that need not be computed again. */
#ifndef SMBSIGN_VERIFIED_H
#define SMBSIGN_VERIFIED_H

#include "smb2_wire.h"

/* Room for 32 at first, and for 256 if so many are under way. */
#define SMBSIGN_VERIFIED_BITS		5
#define SMBSIGN_VERIFIED_BITS_MAX	8

/**
 * struct smbsign_verified_entry - one message with a right signature
 * @message_id:	its MessageId
 * @key:	smbsign_key.serial of the key; 0: no entry
 * @length:	bytes of the message
 * @signature:	its Signature
 */
struct smbsign_verified_entry {
	u64	message_id;
	u64	key;
	u32	length;
	u8	signature[SMB2_SIGNATURE_SIZE];
};

/**
 * struct smbsign_verified - the latest signature for each hash of a MessageId
 * @entry:	1 << @bits entries, or NULL
 * @bits:	size of the hash
 */
struct smbsign_verified {
	struct smbsign_verified_entry	*entry;
	u8				bits;
};

bool smbsign_verified_by_ksmbd(u16 command);
bool smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u32 length,
			   const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u32 length,
			   u8 signature[SMB2_SIGNATURE_SIZE]);
u8 smbsign_verified_wanted(const struct smbsign_verified *verified);
struct smbsign_verified_entry *
smbsign_verified_resize(struct smbsign_verified *verified,
			struct smbsign_verified_entry *entry, u8 bits);

#endif /* SMBSIGN_VERIFIED_H */
