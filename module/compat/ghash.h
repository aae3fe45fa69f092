/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's GHASH and AES, one block or many.
 *
 * Since 7.1 the kernel has a library for GHASH, and no shash any more.  Since
 * 7.0 aes_encrypt() takes another struct.
 */
#ifndef SMBSIGN_COMPAT_GHASH_H
#define SMBSIGN_COMPAT_GHASH_H

#include <crypto/aes.h>
#include <linux/string.h>
#include <linux/version.h>

#if KERNEL_VERSION(7, 0, 0) > LINUX_VERSION_CODE

struct smbsign_aes_key {
	struct crypto_aes_ctx key;
};

static inline int smbsign_aes_setkey(struct smbsign_aes_key *aes, const u8 *raw)
{
	return aes_expandkey(&aes->key, raw, AES_KEYSIZE_128);
}

static inline const u32 *smbsign_aes_round_keys(const struct smbsign_aes_key *aes)
{
	return aes->key.key_enc;
}

#else

struct smbsign_aes_key {
	struct aes_enckey key;
};

static inline int smbsign_aes_setkey(struct smbsign_aes_key *aes, const u8 *raw)
{
	return aes_prepareenckey(&aes->key, raw, AES_KEYSIZE_128);
}

/* On x86 the library has them as everybody. */
static inline const u32 *smbsign_aes_round_keys(const struct smbsign_aes_key *aes)
{
	return aes->key.k.rndkeys;
}

#endif

#if KERNEL_VERSION(7, 1, 0) > LINUX_VERSION_CODE

#include <crypto/hash.h>

struct smbsign_ghash_key {
	struct crypto_shash *tfm;
};

static inline int smbsign_ghash_setkey(struct smbsign_ghash_key *ghash,
				       const u8 h[AES_BLOCK_SIZE])
{
	int ret;

	ghash->tfm = crypto_alloc_shash("ghash", 0, 0);
	if (IS_ERR(ghash->tfm))
		return PTR_ERR(xchg(&ghash->tfm, NULL));
	ret = crypto_shash_setkey(ghash->tfm, h, AES_BLOCK_SIZE);
	if (ret)
		crypto_free_shash(xchg(&ghash->tfm, NULL));
	return ret;
}

static inline void smbsign_ghash_freekey(struct smbsign_ghash_key *ghash)
{
	crypto_free_shash(xchg(&ghash->tfm, NULL));
}

/* Does it do without the CPU's instructions? */
static inline bool smbsign_ghash_is_slow(const struct smbsign_ghash_key *ghash)
{
	return !strcmp(crypto_shash_driver_name(ghash->tfm), "ghash-generic");
}

/* @first continues a hash if the hash so far is XORed to it. */
static inline int smbsign_ghash(const struct smbsign_ghash_key *ghash,
				const u8 first[AES_BLOCK_SIZE], const u8 *rest,
				size_t length, u8 out[AES_BLOCK_SIZE])
{
	SHASH_DESC_ON_STACK(desc, ghash->tfm);
	int ret;

	desc->tfm = ghash->tfm;
	ret = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, first, AES_BLOCK_SIZE) ?:
	      crypto_shash_update(desc, rest, length) ?:
	      crypto_shash_final(desc, out);
	/* With what the signature adds to it, it gives the hash key away. */
	shash_desc_zero(desc);
	return ret;
}

#else

#include <crypto/gf128hash.h>

struct smbsign_ghash_key {
	struct ghash_key key;
};

static inline int smbsign_ghash_setkey(struct smbsign_ghash_key *ghash,
				       const u8 h[AES_BLOCK_SIZE])
{
	ghash_preparekey(&ghash->key, h);
	return 0;
}

static inline void smbsign_ghash_freekey(struct smbsign_ghash_key *ghash)
{
}

/* arm64's multiplies 8 bits at a time. */
static inline bool smbsign_ghash_is_slow(const struct smbsign_ghash_key *ghash)
{
	return IS_ENABLED(CONFIG_ARM64);
}

static inline int smbsign_ghash(const struct smbsign_ghash_key *ghash,
				const u8 first[AES_BLOCK_SIZE], const u8 *rest,
				size_t length, u8 out[AES_BLOCK_SIZE])
{
	struct ghash_ctx ctx;

	ghash_init(&ctx, &ghash->key);
	ghash_update(&ctx, first, AES_BLOCK_SIZE);
	ghash_update(&ctx, rest, length);
	ghash_final(&ctx, out);
	return 0;
}

#endif

#endif /* SMBSIGN_COMPAT_GHASH_H */
