/* SPDX-License-Identifier: GPL-2.0-only */
/* GHASH and AES by the vector instructions of x86-64. */
#ifndef SMBSIGN_CLMUL_H
#define SMBSIGN_CLMUL_H

#include <crypto/aes.h>
#include <linux/linkage.h>

/* Blocks that are multiplied before their sum is reduced. */
#define SMBSIGN_CLMUL_STRIDE	8

/**
 * struct smbsign_clmul_powers - a hash key H, prepared
 * @power:	H^8 to H^1, as POLYVAL has them (RFC 8452, appendix A)
 * @sum:	the two halves of each, XORed (Karatsuba), and eight bytes that
 *		do not matter
 */
struct smbsign_clmul_powers {
	u64	power[SMBSIGN_CLMUL_STRIDE][2];
	u64	sum[SMBSIGN_CLMUL_STRIDE][2];
};

#ifdef CONFIG_X86_64
bool smbsign_clmul_available(void);
bool smbsign_clmul_begin(void);
void smbsign_clmul_end(void);
void smbsign_clmul_set_power(struct smbsign_clmul_powers *powers,
			     unsigned int exponent,
			     const u8 value[AES_BLOCK_SIZE]);
void smbsign_clmul_hash(const struct smbsign_clmul_powers *powers,
			u8 y[AES_BLOCK_SIZE], const u8 *data, size_t blocks);
/**
 * smbsign_clmul_aes() - encrypt a block with AES-128
 * @round_keys:	the 44 words of the key schedule (FIPS 197, 5.2)
 * @block:	the block, in place
 *
 * Context: after smbsign_clmul_begin().
 */
asmlinkage void smbsign_clmul_aes(const u32 *round_keys,
				  u8 block[AES_BLOCK_SIZE]);
#else
static inline bool smbsign_clmul_available(void)
{
	return false;
}

static inline bool smbsign_clmul_begin(void)
{
	return false;
}

static inline void smbsign_clmul_end(void)
{
}

static inline void
smbsign_clmul_set_power(struct smbsign_clmul_powers *powers,
			unsigned int exponent, const u8 *value)
{
}

static inline void smbsign_clmul_hash(const struct smbsign_clmul_powers *powers,
				      u8 *y, const u8 *data, size_t blocks)
{
}

static inline void smbsign_clmul_aes(const u32 *round_keys, u8 *block)
{
}
#endif /* CONFIG_X86_64 */

#endif /* SMBSIGN_CLMUL_H */
