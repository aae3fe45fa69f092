/* SPDX-License-Identifier: GPL-2.0-only */
/* AES-CMAC by bulk CBC. */
#ifndef SMBSIGN_CMAC_H
#define SMBSIGN_CMAC_H

#include <crypto/aes.h>

#include "smb2_wire.h"

struct crypto_skcipher;

/* Bytes gathered before a call is worth it; a multiple of the block. */
#define SMBSIGN_CMAC_HELD	(16 * AES_BLOCK_SIZE)

/**
 * struct smbsign_cipher - how to ask for a cipher
 * @name:	its name
 * @type:	flags that it has, among those in @mask
 * @mask:	flags that matter
 */
struct smbsign_cipher {
	const char	*name;
	u32		type;
	u32		mask;
};

/**
 * struct smbsign_cmac_key - a key prepared for AES-CMAC
 * @tfm:	AES in CBC mode with the key set, in vector registers
 * @raw:	the key, for when those registers may not be used
 * @last:	what the last block is XORed with: [0] (K1 of RFC 4493) if it is
 *		full, [1] (K2) if it is padded
 */
struct smbsign_cmac_key {
	struct crypto_skcipher	*tfm;
	u8			raw[SMB2_KEY_SIZE];
	u8			last[2][AES_BLOCK_SIZE];
};

/**
 * struct smbsign_cmac - a computation
 * @chain:	the chaining value after what was encrypted
 * @held:	bytes in @hold; not 0 once there was any data
 * @hold:	what was not encrypted yet
 */
struct smbsign_cmac {
	u8	chain[AES_BLOCK_SIZE];
	u32	held;
	u8	hold[SMBSIGN_CMAC_HELD];
};

int smbsign_cmac_init(void);
void smbsign_cmac_exit(void);
bool smbsign_cmac_available(void);

int smbsign_cmac_setkey(struct smbsign_cmac_key *key,
			const u8 raw[SMB2_KEY_SIZE]);
void smbsign_cmac_freekey(struct smbsign_cmac_key *key);

void smbsign_cmac_begin(struct smbsign_cmac *cmac);
int smbsign_cmac_update(const struct smbsign_cmac_key *key,
			struct smbsign_cmac *cmac, const u8 *data,
			u32 length);
int smbsign_cmac_end(const struct smbsign_cmac_key *key,
		     struct smbsign_cmac *cmac,
		     u8 out[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_CMAC_H */
