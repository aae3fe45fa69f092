/* SPDX-License-Identifier: GPL-2.0-only */
/* A check for tests: does a key sign two messages with one nonce? */
#ifndef SMBSIGN_NONCES_H
#define SMBSIGN_NONCES_H

#include "smb2_wire.h"

struct smbsign_key;

void smbsign_nonces_init(struct smbsign_key *key);
void smbsign_nonces_free(struct smbsign_key *key);
void smbsign_nonces_note(struct smbsign_key *key, u64 message_id,
			 const u8 signature[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_NONCES_H */
