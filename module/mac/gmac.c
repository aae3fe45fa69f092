// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-128-GMAC: AES-GCM with a message that is authenticated only (NIST SP
 * 800-38D).
 *
 * The MAC is GHASH of the message, XORed with the encrypted nonce.  GHASH is
 * our own where the CPU has the instructions (clmul.c), and the kernel's
 * elsewhere, by way of its AES-GCM if that is faster (gcm.c).  Our own cannot
 * be used while somebody else uses the vector registers: then a slow GHASH
 * takes its place, which looks up no tables, so its time tells nothing.
 */
#include <crypto/utils.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "mac/gmac.h"

/* The most bytes in one go: preemption is off meanwhile. */
#define FAST_BYTES	4096

/* What computes GHASH; 0 if nothing does. */
static enum { NOTHING, CLMUL, KERNEL } engine;

/* Held while the module is loaded, so that no later use needs modprobe. */
static struct smbsign_ghash_key pinned;

/* Multiply y by h, bit by bit: 6.3. */
static void multiply_slowly(u8 y[AES_BLOCK_SIZE], const u8 h[AES_BLOCK_SIZE])
{
	u64 high = get_unaligned_be64(h), low = get_unaligned_be64(h + 8);
	u64 sum_high = 0, sum_low = 0, mask;
	unsigned int bit;

	for (bit = 0; bit < 8 * AES_BLOCK_SIZE; bit++) {
		mask = -(u64)(y[bit / 8] >> (7 - bit % 8) & 1);
		sum_high ^= high & mask;
		sum_low ^= low & mask;
		mask = -(low & 1);
		low = low >> 1 | high << 63;
		high = high >> 1 ^ (mask & 0xe1ULL << 56);
	}
	put_unaligned_be64(sum_high, y);
	put_unaligned_be64(sum_low, y + 8);
}

static void hash_slowly(const struct smbsign_gmac_key *key, u8 *y,
			const u8 *data, u32 length)
{
	for (; length; data += AES_BLOCK_SIZE, length -= AES_BLOCK_SIZE) {
		crypto_xor(y, data, AES_BLOCK_SIZE);
		multiply_slowly(y, key->h);
	}
}

static void hash_ourselves(const struct smbsign_gmac_key *key, u8 *y,
			   const u8 *data, u32 length)
{
	u32 part;

	for (; length; data += part, length -= part) {
		part = min_t(u32, length, FAST_BYTES);
		if (smbsign_clmul_begin()) {
			smbsign_clmul_hash(&key->powers, y, data,
					   part / AES_BLOCK_SIZE);
			smbsign_clmul_end();
		} else {
			hash_slowly(key, y, data, part);
		}
	}
}

static int hash_by_kernel(const struct smbsign_gmac_key *key, u8 *y,
			  const u8 *data, u32 length)
{
	int ret;

	while (length) {
		ret = smbsign_gcm_hash(&key->gcm, &key->ghash, y, data, length);
		if (ret < 0)
			return ret;
		if (!ret)
			break;
		data += ret;
		length -= ret;
	}
	if (!length)
		return 0;
	crypto_xor(y, data, AES_BLOCK_SIZE);
	return smbsign_ghash(&key->ghash, y, data + AES_BLOCK_SIZE,
			     length - AES_BLOCK_SIZE, y);
}

/* Hash whole blocks. */
static int hash(const struct smbsign_gmac_key *key, u8 *y, const u8 *data,
		u32 length)
{
	if (engine == KERNEL)
		return hash_by_kernel(key, y, data, length);
	hash_ourselves(key, y, data, length);
	return 0;
}

/**
 * smbsign_gmac_available() - can a MAC be computed?
 *
 * Context: any.
 * Return: false if this kernel has no GHASH.
 */
bool smbsign_gmac_available(void)
{
	return engine != NOTHING;
}

static void set_powers(struct smbsign_gmac_key *key)
{
	u8 value[AES_BLOCK_SIZE];
	unsigned int exponent;

	memcpy(value, key->h, sizeof(value));
	for (exponent = 1; exponent <= SMBSIGN_CLMUL_STRIDE; exponent++) {
		smbsign_clmul_set_power(&key->powers, exponent, value);
		multiply_slowly(value, key->h);
	}
	memzero_explicit(value, sizeof(value));
}

/**
 * smbsign_gmac_setkey() - prepare a key
 * @key:	filled in
 * @raw:	the signing key
 *
 * Context: process, may sleep; smbsign_gmac_available(). 7.1, step 1.
 * Return: 0, -ENOMEM, or the error of the kernel's crypto.
 */
int smbsign_gmac_setkey(struct smbsign_gmac_key *key,
			const u8 raw[SMB2_KEY_SIZE])
{
	int ret = smbsign_aes_setkey(&key->aes, raw);

	if (ret)
		return ret;
	memset(key->h, 0, sizeof(key->h));
	aes_encrypt(&key->aes.key, key->h, key->h);
	if (engine == CLMUL) {
		set_powers(key);
		return 0;
	}
	ret = smbsign_ghash_setkey(&key->ghash, key->h);
	if (ret)
		return ret;
	ret = smbsign_gcm_setkey(&key->gcm, &key->aes, raw);
	if (ret)
		smbsign_ghash_freekey(&key->ghash);
	return ret;
}

/**
 * smbsign_gmac_freekey() - free a prepared key
 * @key:	the key, which nobody uses any more; the caller wipes its memory
 *
 * Context: any but hard interrupt.
 */
void smbsign_gmac_freekey(struct smbsign_gmac_key *key)
{
	if (engine != KERNEL)
		return;
	smbsign_gcm_freekey(&key->gcm);
	smbsign_ghash_freekey(&key->ghash);
}

/**
 * smbsign_gmac_begin() - start a computation
 * @gmac:	the computation
 * @nonce:	a nonce that no other message has with this key
 *
 * Context: any.
 */
void smbsign_gmac_begin(struct smbsign_gmac *gmac,
			const u8 nonce[SMBSIGN_GMAC_NONCE_SIZE])
{
	memcpy(gmac->nonce, nonce, sizeof(gmac->nonce));
	memset(gmac->y, 0, sizeof(gmac->y));
	gmac->length = 0;
	gmac->held = 0;
}

static void hold(struct smbsign_gmac *gmac, const u8 *data, u32 length)
{
	memcpy(gmac->hold + gmac->held, data, length);
	gmac->held += length;
}

/**
 * smbsign_gmac_update() - add bytes
 * @key:	the key
 * @gmac:	a computation that was begun
 * @data:	the bytes
 * @length:	number of bytes
 *
 * Context: any.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_gmac_update(const struct smbsign_gmac_key *key,
			struct smbsign_gmac *gmac, const u8 *data, u32 length)
{
	u32 part = -gmac->held % AES_BLOCK_SIZE;
	int ret;

	gmac->length += length;
	if (length <= SMBSIGN_GMAC_HELD - gmac->held) {
		hold(gmac, data, length);
		return 0;
	}
	hold(gmac, data, part);
	data += part;
	length -= part;
	ret = hash(key, gmac->y, gmac->hold, gmac->held);
	if (ret)
		return ret;
	part = round_down(length, AES_BLOCK_SIZE);
	gmac->held = 0;
	hold(gmac, data + part, length - part);
	return hash(key, gmac->y, data, part);
}

/* Pad the message, and add its length: the end of 6.4's input. */
static void hold_end(struct smbsign_gmac *gmac)
{
	u32 padding = -gmac->held % AES_BLOCK_SIZE;

	memset(gmac->hold + gmac->held, 0, padding + AES_BLOCK_SIZE);
	gmac->held += padding + AES_BLOCK_SIZE;
	put_unaligned_be64((u64)gmac->length * 8,
			   gmac->hold + gmac->held - AES_BLOCK_SIZE);
}

/* Hash what is held, and encrypt a block, with one use of vector registers. */
static int end_hash(const struct smbsign_gmac_key *key,
		    struct smbsign_gmac *gmac, u8 block[AES_BLOCK_SIZE])
{
	if (engine == CLMUL && smbsign_clmul_begin()) {
		smbsign_clmul_hash(&key->powers, gmac->y, gmac->hold,
				   gmac->held / AES_BLOCK_SIZE);
		smbsign_clmul_aes(smbsign_aes_round_keys(&key->aes), block);
		smbsign_clmul_end();
		return 0;
	}
	aes_encrypt(&key->aes.key, block, block);
	return hash(key, gmac->y, gmac->hold, gmac->held);
}

/**
 * smbsign_gmac_end() - finish a computation
 * @key:	the key
 * @gmac:	a computation that was begun; it must be begun anew after this
 * @out:	the MAC
 *
 * Context: any. 7.1, with an empty plaintext.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_gmac_end(const struct smbsign_gmac_key *key,
		     struct smbsign_gmac *gmac, u8 out[SMB2_SIGNATURE_SIZE])
{
	u8 block[AES_BLOCK_SIZE] = { [AES_BLOCK_SIZE - 1] = 1 };
	int ret;

	memcpy(block, gmac->nonce, sizeof(gmac->nonce));
	hold_end(gmac);
	ret = end_hash(key, gmac, block);
	crypto_xor_cpy(out, gmac->y, block, AES_BLOCK_SIZE);
	memzero_explicit(block, sizeof(block));
	return ret;
}

/* Does the engine compute what the slow GHASH computes? */
static bool works(void)
{
	static const u8 nonce[SMBSIGN_GMAC_NONCE_SIZE] = "self-tested";
	u8 data[20 * AES_BLOCK_SIZE + 9], y[AES_BLOCK_SIZE] = { };
	static struct smbsign_gmac_key key;
	struct smbsign_gmac gmac;
	u8 mac[SMB2_SIGNATURE_SIZE];
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(data); i++)
		data[i] = 7 * i + i / 16;
	if (smbsign_gmac_setkey(&key, data))
		return false;
	smbsign_gmac_begin(&gmac, nonce);
	ret = smbsign_gmac_update(&key, &gmac, data, 3) ?:
	      smbsign_gmac_update(&key, &gmac, data + 3, sizeof(data) - 3) ?:
	      smbsign_gmac_end(&key, &gmac, mac);
	/* The same, all at once */
	smbsign_gmac_begin(&gmac, nonce);
	gmac.length = sizeof(data);
	hash_slowly(&key, y, data, round_down(sizeof(data), AES_BLOCK_SIZE));
	hold(&gmac, data + round_down(sizeof(data), AES_BLOCK_SIZE),
	     sizeof(data) % AES_BLOCK_SIZE);
	hold_end(&gmac);
	hash_slowly(&key, y, gmac.hold, gmac.held);
	memset(data, 0, AES_BLOCK_SIZE);
	memcpy(data, nonce, sizeof(nonce));
	data[AES_BLOCK_SIZE - 1] = 1;
	aes_encrypt(&key.aes.key, data, data);
	crypto_xor(y, data, AES_BLOCK_SIZE);
	smbsign_gmac_freekey(&key);
	return !ret && !memcmp(y, mac, sizeof(mac));
}

/**
 * smbsign_gmac_init() - find out what can compute GHASH
 *
 * Context: process, may sleep and load modules.
 * Return: 0, even if nothing can, or -ENOMEM.
 */
int smbsign_gmac_init(void)
{
	static const u8 zeroes[AES_BLOCK_SIZE];
	int ret;

	engine = smbsign_clmul_available() ? CLMUL : NOTHING;
	if (engine == CLMUL && works())
		return 0;
	if (engine == CLMUL)
		pr_warn("smbsign: GHASH by PCLMULQDQ fails its test, and is not used\n");
	engine = NOTHING;
	ret = smbsign_ghash_setkey(&pinned, zeroes);
	if (ret) {
		pr_notice("smbsign: this kernel has no GHASH: AES-GMAC is not offered\n");
		return ret == -ENOMEM ? ret : 0;
	}
	engine = KERNEL;
	if (smbsign_ghash_is_slow(&pinned))
		ret = smbsign_gcm_init();
	if (ret) {
		smbsign_gmac_exit();
		return ret;
	}
	if (smbsign_gcm_available() && !works()) {
		pr_warn("smbsign: GHASH by the kernel's AES-GCM fails its test, and is not used\n");
		smbsign_gcm_exit();
	}
	if (!works()) {
		pr_warn("smbsign: the kernel's GHASH fails its test: AES-GMAC is not offered\n");
		smbsign_gmac_exit();
	}
	return 0;
}

/**
 * smbsign_gmac_exit() - free what smbsign_gmac_init() has allocated
 *
 * Context: process; no key may be left.
 */
void smbsign_gmac_exit(void)
{
	smbsign_gcm_exit();
	if (engine == KERNEL)
		smbsign_ghash_freekey(&pinned);
	engine = NOTHING;
}
