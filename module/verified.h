/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures that were verified and that ksmbd has not asked for yet. */
#ifndef SMBSIGN_VERIFIED_H
#define SMBSIGN_VERIFIED_H

#include "../include/smb2_wire.h"

#define SMBSIGN_VERIFIED_BITS	5

/**
 * struct smbsign_verified - the latest of them, one for each hash of a MessageId
 * @entry:		in no order
 * @entry.used:		there is one
 * @entry.message_id:	MessageId of the request
 * @entry.signature:	its Signature
 */
struct smbsign_verified {
	struct {
		bool	used;
		u64	message_id;
		u8	signature[SMB2_SIGNATURE_SIZE];
	} entry[1 << SMBSIGN_VERIFIED_BITS];
};

void smbsign_verified_note(struct smbsign_verified *verified, u64 message_id,
			   const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_verified_has(const struct smbsign_verified *verified,
			  u64 message_id);
bool smbsign_verified_take(struct smbsign_verified *verified, u64 message_id,
			   u8 signature[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_VERIFIED_H */
