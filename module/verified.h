/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures that were verified and that ksmbd has not asked for yet. */
#ifndef SMBSIGN_VERIFIED_H
#define SMBSIGN_VERIFIED_H

#include "../include/smb2_wire.h"

#define SMBSIGN_VERIFIED_BITS	5

/**
 * struct smbsign_verified - the latest of them, one for each hash of a MessageId
 * @entry:		in no order
 * @entry.message_id:	MessageId of the request
 * @entry.key:		smbsign_key.serial of the key it was verified with, 0 where
 *			there is no entry
 * @entry.signature:	its Signature
 */
struct smbsign_verified {
	struct {
		u64	message_id;
		u64	key;
		u8	signature[SMB2_SIGNATURE_SIZE];
	} entry[1 << SMBSIGN_VERIFIED_BITS];
};

void smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   u64 key,
			   const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_verified_has(const struct smbsign_verified *verified,
			  u64 message_id);
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u64 key, u8 signature[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_VERIFIED_H */
