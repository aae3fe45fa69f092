/* SPDX-License-Identifier: GPL-2.0-only */
/* AES-128-GMAC. */
#ifndef SMBSIGN_GMAC_H
#define SMBSIGN_GMAC_H

#include "compat/ghash.h"
#include "mac/clmul.h"
#include "mac/gcm.h"
#include "smb2_wire.h"

#define SMBSIGN_GMAC_NONCE_SIZE	12
/* Bytes gathered before they are hashed; a multiple of the block. */
#define SMBSIGN_GMAC_HELD	(16 * AES_BLOCK_SIZE)

/**
 * struct smbsign_gmac_key - a key prepared for AES-128-GMAC
 * @aes:	the key
 * @h:		the hash key: a block of zeroes, encrypted
 * @powers:	@h for our own GHASH, in vector registers
 * @ghash:	@h for the kernel's GHASH, if there is no other
 * @gcm:	the key for the kernel's AES-GCM, if that GHASH is slow
 */
struct smbsign_gmac_key {
	struct smbsign_aes_key			aes;
	u8					h[AES_BLOCK_SIZE];
	union {
		struct smbsign_clmul_powers	powers;
		struct {
			struct smbsign_ghash_key ghash;
			struct smbsign_gcm_key	gcm;
		};
	};
};

/**
 * struct smbsign_gmac - a computation
 * @nonce:	its nonce
 * @y:		the hash of what was hashed
 * @length:	bytes added
 * @held:	bytes in @hold
 * @hold:	what was not hashed yet, and room for the end
 */
struct smbsign_gmac {
	u8	nonce[SMBSIGN_GMAC_NONCE_SIZE];
	u8	y[AES_BLOCK_SIZE];
	u32	length;
	u32	held;
	u8	hold[SMBSIGN_GMAC_HELD + AES_BLOCK_SIZE];
};

int smbsign_gmac_init(void);
void smbsign_gmac_exit(void);
bool smbsign_gmac_available(void);

int smbsign_gmac_setkey(struct smbsign_gmac_key *key,
			const u8 raw[SMB2_KEY_SIZE]);
void smbsign_gmac_freekey(struct smbsign_gmac_key *key);

void smbsign_gmac_begin(struct smbsign_gmac *gmac,
			const u8 nonce[SMBSIGN_GMAC_NONCE_SIZE]);
int smbsign_gmac_update(const struct smbsign_gmac_key *key,
			struct smbsign_gmac *gmac, const u8 *data, u32 length);
int smbsign_gmac_end(const struct smbsign_gmac_key *key,
		     struct smbsign_gmac *gmac, u8 out[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_GMAC_H */
