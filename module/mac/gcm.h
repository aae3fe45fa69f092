/* SPDX-License-Identifier: GPL-2.0-only */
/* GHASH by the kernel's AES-GCM. */
#ifndef SMBSIGN_GCM_H
#define SMBSIGN_GCM_H

#include <crypto/aes.h>

#include "compat/ghash.h"
#include "smb2_wire.h"

struct crypto_aead;

/**
 * struct smbsign_gcm_key - a key prepared for GHASH by AES-GCM
 * @tfm:	the cipher; NULL if there is none
 * @mask:	what AES-GCM adds to each hash, as its nonce is always zero here
 */
struct smbsign_gcm_key {
	struct crypto_aead	*tfm;
	u8			mask[AES_BLOCK_SIZE];
};

int smbsign_gcm_init(void);
void smbsign_gcm_exit(void);
bool smbsign_gcm_available(void);

int smbsign_gcm_setkey(struct smbsign_gcm_key *key,
		       const struct smbsign_aes_key *aes,
		       const u8 raw[SMB2_KEY_SIZE]);
void smbsign_gcm_freekey(struct smbsign_gcm_key *key);
int smbsign_gcm_hash(const struct smbsign_gcm_key *key,
		     const struct smbsign_ghash_key *ghash,
		     u8 y[AES_BLOCK_SIZE], const u8 *data, u32 length);

#endif /* SMBSIGN_GCM_H */
