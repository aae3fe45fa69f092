// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-CMAC by bulk CBC, where the kernel's own is slow.
 *
 * On x86 the kernel's cmac(aes) saves and restores the vector registers around
 * each 16-byte block, which costs ten times as much as AES itself.  CMAC is CBC
 * with a twist at the last block (RFC 4493), and the kernel's CBC takes a page
 * at a time.  The cipher text goes to a scratch page; only the chaining value
 * matters.
 *
 * This is used if the kernel has the CBC of aesni_intel.  Otherwise mac.c uses
 * the kernel's cmac(aes).
 */
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <crypto/utils.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <asm/simd.h>

#include "mac/cmac.h"
#include "mac/page.h"

/*
 * These are for callers that know whether vector registers may be used.  Before
 * 7.x the cipher has the first name, and the second name belongs to one that
 * may sleep.
 */
#ifndef FAST_NOW
#define FAST_NOW (!in_hardirq() && may_use_simd())
static const struct smbsign_cipher ciphers[] = {
	{ "__cbc-aes-aesni", CRYPTO_ALG_INTERNAL, CRYPTO_ALG_INTERNAL },
	{ "cbc-aes-aesni", 0, CRYPTO_ALG_ASYNC },
};
#endif
/* Works without vector registers. */
#define PLAIN	"cmac(aes)", 0, 0
/* The most bytes in one go, because interrupts are off meanwhile. */
#define PLAIN_BYTES	512

/**
 * struct scratch - what a call needs besides the data, in linear memory
 * @req:	the request to the cipher
 * @out:	where the cipher text goes, which nobody needs
 * @copied:	scatterlist of @copy
 * @copy:	copy of short data, or of data that the cipher cannot take in
 *		place; encrypted in place
 */
struct scratch {
	struct skcipher_request	*req;
	u8			*out;
	struct scatterlist	copied;
	u8			copy[SMBSIGN_CMAC_HELD];
};

/* A softirq may interrupt a task's computation. */
enum { OF_TASK, OF_SOFTIRQ, SCRATCHES };

static DEFINE_PER_CPU(struct scratch *, scratches[SCRATCHES]);

/* The cipher that this kernel has */
static const struct smbsign_cipher *cipher;

/* Held while the module is loaded, so that no later use needs modprobe. */
static struct crypto_skcipher *fast;

/* One for all callers, because it is hardly ever used. */
static struct crypto_shash *plain;
static DEFINE_RAW_SPINLOCK(plain_lock);

static void scratch_free(struct scratch *scratch)
{
	if (!scratch)
		return;
	kfree_sensitive(scratch->out);
	skcipher_request_free(scratch->req);
	kfree_sensitive(scratch);
}

static struct scratch *scratch_alloc(int node)
{
	struct scratch *scratch = kzalloc_node(sizeof(*scratch), GFP_KERNEL,
					       node);

	if (!scratch)
		return NULL;
	sg_init_one(&scratch->copied, scratch->copy, sizeof(scratch->copy));
	scratch->out = kmalloc_node(PAGE_SIZE, GFP_KERNEL, node);
	scratch->req = skcipher_request_alloc(fast, GFP_KERNEL);
	if (scratch->out && scratch->req)
		return scratch;
	scratch_free(scratch);
	return NULL;
}

static void scratches_free(void)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < SCRATCHES; i++) {
			scratch_free(per_cpu(scratches[i], cpu));
			per_cpu(scratches[i], cpu) = NULL;
		}
	}
}

static int scratches_alloc(void)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < SCRATCHES; i++) {
			struct scratch *scratch =
				scratch_alloc(cpu_to_node(cpu));

			if (!scratch)
				return -ENOMEM;
			per_cpu(scratches[i], cpu) = scratch;
		}
	}
	return 0;
}

static int fast_alloc(struct crypto_skcipher **tfm)
{
	*tfm = crypto_alloc_skcipher(cipher->name, cipher->type, cipher->mask);
	return IS_ERR(*tfm) ? PTR_ERR(xchg(tfm, NULL)) : 0;
}

static int fast_find(void)
{
	int ret = -ENOENT;

	for (cipher = ciphers; cipher < ciphers + ARRAY_SIZE(ciphers); cipher++) {
		ret = fast_alloc(&fast);
		if (ret != -ENOENT)
			break;
	}
	return ret;
}

static int plain_alloc(void)
{
	plain = crypto_alloc_shash(PLAIN);
	return IS_ERR(plain) ? PTR_ERR(xchg(&plain, NULL)) : 0;
}

/**
 * smbsign_cmac_init() - find out whether the fast way exists
 *
 * Context: process, may sleep and load modules.
 * Return: 0, even if it does not exist, or -ENOMEM.
 */
int smbsign_cmac_init(void)
{
	int ret;

	ret = fast_find();
	if (!ret)
		ret = plain_alloc();
	if (!ret)
		ret = scratches_alloc();
	if (ret)
		smbsign_cmac_exit();
	return ret == -ENOMEM ? ret : 0;
}

/**
 * smbsign_cmac_exit() - free what smbsign_cmac_init() has allocated
 *
 * Context: process; no key may be left.
 */
void smbsign_cmac_exit(void)
{
	scratches_free();
	crypto_free_shash(plain);
	crypto_free_skcipher(fast);
	plain = NULL;
	fast = NULL;
}

/**
 * smbsign_cmac_available() - does the fast way exist?
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_cmac_available(void)
{
	return fast;
}

/* XOR first what CMAC will XOR to a single full block: only AES is left. */
static int encrypt_plainly(const struct smbsign_cmac_key *key, u8 *block)
{
	SHASH_DESC_ON_STACK(desc, plain);

	desc->tfm = plain;
	crypto_xor(block, key->last[0], AES_BLOCK_SIZE);
	return crypto_shash_digest(desc, block, AES_BLOCK_SIZE, block);
}

/*
 * For hard interrupts, and for when somebody else uses the vector registers.
 * Returns how much was done.
 */
static int cbc_plainly(const struct smbsign_cmac_key *key, u8 *chain,
		       const u8 *data, u32 length)
{
	unsigned long flags;
	u32 done = 0;
	int ret;

	length = min_t(u32, length, PLAIN_BYTES);
	raw_spin_lock_irqsave(&plain_lock, flags);
	ret = crypto_shash_setkey(plain, key->raw, sizeof(key->raw));
	for (; !ret && done < length; done += AES_BLOCK_SIZE) {
		crypto_xor(chain, data + done, AES_BLOCK_SIZE);
		ret = encrypt_plainly(key, chain);
	}
	raw_spin_unlock_irqrestore(&plain_lock, flags);
	return ret ?: done;
}

static int encrypt(struct skcipher_request *req, struct crypto_skcipher *tfm,
		   struct scatterlist *from, struct scatterlist *to, u32 length,
		   u8 *chain)
{
	skcipher_request_set_tfm(req, tfm);
	skcipher_request_set_callback(req, 0, NULL, NULL);
	skcipher_request_set_crypt(req, from, to, length, chain);
	return crypto_skcipher_encrypt(req);
}

static int cbc_copied(const struct smbsign_cmac_key *key,
		      struct scratch *scratch, u8 *chain, const u8 *data,
		      u32 length)
{
	memcpy(scratch->copy, data, length);
	scratch->copied.length = length;
	return encrypt(scratch->req, key->tfm, &scratch->copied,
		       &scratch->copied, length, chain) ?: length;
}

static int cbc_page(const struct smbsign_cmac_key *key,
		    struct scratch *scratch, u8 *chain, const u8 *data,
		    u32 length, struct page *page)
{
	struct scatterlist from, to;

	sg_init_table(&from, 1);
	sg_set_page(&from, page, length, offset_in_page(data));
	sg_init_one(&to, scratch->out, length);
	return encrypt(scratch->req, key->tfm, &from, &to, length, chain) ?:
	       length;
}

/*
 * Encrypt as much as can be done at once, at least a block, with vector
 * registers.  Returns how much was done.
 */
static int cbc_fast(const struct smbsign_cmac_key *key, u8 *chain,
		    const u8 *data, u32 length)
{
	unsigned int user = in_serving_softirq() ? OF_SOFTIRQ : OF_TASK;
	struct scratch *scratch = this_cpu_read(scratches[user]);
	u32 part = min_t(u32, length, PAGE_SIZE - offset_in_page(data));
	struct page *page;

	part = round_down(part, AES_BLOCK_SIZE);
	page = length > SMBSIGN_CMAC_HELD ? smbsign_page_of(data) : NULL;
	if (page && part)
		return cbc_page(key, scratch, chain, data, part, page);
	/* Short data, a block across two pages, or memory without a page */
	part = page ? AES_BLOCK_SIZE : min_t(u32, length, SMBSIGN_CMAC_HELD);
	return cbc_copied(key, scratch, chain, data, part);
}

/* Encrypt whole blocks.  Only @chain is kept. */
static int cbc(const struct smbsign_cmac_key *key, u8 *chain, const u8 *data,
	       u32 length)
{
	int ret;

	while (length) {
		preempt_disable();
		ret = FAST_NOW ?
			cbc_fast(key, chain, data, length) :
			cbc_plainly(key, chain, data, length);
		preempt_enable();
		if (ret < 0)
			return ret;
		data += ret;
		length -= ret;
	}
	return 0;
}

/* Double in GF(2^128), big endian (RFC 4493, 2.3). */
static void double_block(u8 *out, const u8 *in)
{
	u64 high = get_unaligned_be64(in), low = get_unaligned_be64(in + 8);
	u64 carry = high >> 63 ? 0x87 : 0;

	put_unaligned_be64(high << 1 | low >> 63, out);
	put_unaligned_be64(low << 1 ^ carry, out + 8);
}

/**
 * smbsign_cmac_setkey() - prepare a key
 * @key:	filled in
 * @raw:	the signing key
 *
 * Context: process, may sleep; smbsign_cmac_available(). RFC 4493, 2.3.
 * Return: 0, -ENOMEM, or the error of the kernel's crypto.
 */
int smbsign_cmac_setkey(struct smbsign_cmac_key *key,
			const u8 raw[SMB2_KEY_SIZE])
{
	u8 zeroes[AES_BLOCK_SIZE] = { }, block[AES_BLOCK_SIZE] = { };
	int ret;

	ret = fast_alloc(&key->tfm);
	if (ret)
		return ret;
	memcpy(key->raw, raw, sizeof(key->raw));
	ret = crypto_skcipher_setkey(key->tfm, raw, SMB2_KEY_SIZE);
	preempt_disable();
	if (!ret)
		ret = cbc_fast(key, block, zeroes, sizeof(zeroes));
	preempt_enable();
	if (ret < 0) {
		smbsign_cmac_freekey(key);
		return ret;
	}
	double_block(key->last[0], block);
	double_block(key->last[1], key->last[0]);
	memzero_explicit(block, sizeof(block));
	return 0;
}

/**
 * smbsign_cmac_freekey() - free a prepared key
 * @key:	the key, which nobody uses any more; the caller wipes its memory
 *
 * Context: any but hard interrupt.
 */
void smbsign_cmac_freekey(struct smbsign_cmac_key *key)
{
	crypto_free_skcipher(key->tfm);
	key->tfm = NULL;
}

/**
 * smbsign_cmac_begin() - start a computation
 * @cmac:	the computation
 *
 * Context: any.
 */
void smbsign_cmac_begin(struct smbsign_cmac *cmac)
{
	memset(cmac->chain, 0, sizeof(cmac->chain));
	cmac->held = 0;
}

static void hold(struct smbsign_cmac *cmac, const u8 *data, u32 length)
{
	memcpy(cmac->hold + cmac->held, data, length);
	cmac->held += length;
}

/**
 * smbsign_cmac_update() - add bytes
 * @key:	the key
 * @cmac:	a computation that was begun
 * @data:	the bytes
 * @length:	number of bytes
 *
 * Context: any.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_cmac_update(const struct smbsign_cmac_key *key,
			struct smbsign_cmac *cmac, const u8 *data, u32 length)
{
	u32 part = -cmac->held % AES_BLOCK_SIZE;
	int ret;

	if (length <= sizeof(cmac->hold) - cmac->held) {
		hold(cmac, data, length);
		return 0;
	}
	hold(cmac, data, part);
	data += part;
	length -= part;
	ret = cbc(key, cmac->chain, cmac->hold, cmac->held);
	if (ret)
		return ret;
	/* Hold the last block back: what follows decides what becomes of it. */
	part = length > sizeof(cmac->hold) ?
	       round_down(length - 1, AES_BLOCK_SIZE) : 0;
	cmac->held = 0;
	hold(cmac, data + part, length - part);
	return cbc(key, cmac->chain, data, part);
}

/**
 * smbsign_cmac_end() - finish a computation
 * @key:	the key
 * @cmac:	a computation that was begun; it must be begun anew after this
 * @out:	the MAC
 *
 * Context: any. RFC 4493, 2.4.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_cmac_end(const struct smbsign_cmac_key *key,
		     struct smbsign_cmac *cmac, u8 out[SMB2_SIGNATURE_SIZE])
{
	bool full = cmac->held && !(cmac->held % AES_BLOCK_SIZE);
	int ret;

	if (!full) {
		cmac->hold[cmac->held++] = 0x80;
		while (cmac->held % AES_BLOCK_SIZE)
			cmac->hold[cmac->held++] = 0;
	}
	crypto_xor(cmac->hold + cmac->held - AES_BLOCK_SIZE, key->last[!full],
		   AES_BLOCK_SIZE);
	ret = cbc(key, cmac->chain, cmac->hold, cmac->held);
	memcpy(out, cmac->chain, sizeof(cmac->chain));
	return ret;
}
