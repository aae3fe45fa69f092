// SPDX-License-Identifier: GPL-2.0-only
/*
 * GHASH by the kernel's AES-GCM, where its GHASH alone is slow.
 *
 * On arm64 the kernel multiplies with the CPU's best instructions in AES-GCM
 * only.  The GHASH that anybody can use takes fifteen times as long before 7.1,
 * as it looks up tables, and seven times since.  AES-GCM of data that is
 * authenticated only, with no plaintext, is
 *
 *	tag = (Y ^ lengths) * H ^ mask
 *
 * Y is the hash of the data, and the mask depends on key and nonce.  We hash
 * all blocks but the last one that way, and want (Y ^ last) * H instead: the
 * difference is (lengths ^ last) * H, one block for the slow GHASH.
 *
 * The nonce is always zero.  That is no second use of a nonce: no tag leaves
 * this file.
 */
#include <crypto/aead.h>
#include <crypto/gcm.h>
#include <crypto/utils.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <asm/simd.h>

#include "mac/gcm.h"
#include "mac/page.h"

/* It does not look whether vector registers may be used: we must. */
#ifndef GCM_NOW
#define GCM_NAME	"gcm-aes-ce"
#define GCM_NOW		(!in_hardirq() && may_use_simd())
#endif
/* The most bytes in one go: preemption is off meanwhile. */
#define MOST_BYTES	4096
/* Fewer bytes cost less without it. */
#define FEWEST_BYTES	(8 * AES_BLOCK_SIZE)

/* A softirq may interrupt a task's computation. */
enum { OF_TASK, OF_SOFTIRQ, SCRATCHES };

/**
 * struct scratch - what a call needs besides the data, in linear memory
 * @req:	the request to the cipher
 * @list:	@first, the data, which may be in two pages, and @tag
 * @first:	the first block, with the hash so far XORed to it
 * @tag:	the tag
 * @iv:		the nonce
 */
struct scratch {
	struct aead_request	*req;
	struct scatterlist	list[4];
	u8			first[AES_BLOCK_SIZE];
	u8			tag[AES_BLOCK_SIZE];
	u8			iv[GCM_AES_IV_SIZE];
};

static DEFINE_PER_CPU(struct scratch *, scratches[SCRATCHES]);

/* Held while the module is loaded, so that no later use needs modprobe. */
static struct crypto_aead *cipher;

static int gcm_alloc(struct crypto_aead **tfm)
{
	*tfm = crypto_alloc_aead(GCM_NAME, 0, CRYPTO_ALG_ASYNC);
	return IS_ERR(*tfm) ? PTR_ERR(xchg(tfm, NULL)) : 0;
}

static int scratch_alloc(struct scratch **scratch, int node)
{
	*scratch = kzalloc_node(sizeof(**scratch), GFP_KERNEL, node);
	if (!*scratch)
		return -ENOMEM;
	(*scratch)->req = aead_request_alloc(cipher, GFP_KERNEL);
	return (*scratch)->req ? 0 : -ENOMEM;
}

static int scratches_alloc(void)
{
	unsigned int cpu, i;
	int ret = 0;

	for_each_possible_cpu(cpu)
		for (i = 0; i < SCRATCHES && !ret; i++)
			ret = scratch_alloc(&per_cpu(scratches[i], cpu),
					    cpu_to_node(cpu));
	return ret;
}

static void scratches_free(void)
{
	struct scratch *scratch;
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < SCRATCHES; i++) {
			scratch = xchg(&per_cpu(scratches[i], cpu), NULL);
			if (!scratch)
				continue;
			aead_request_free(scratch->req);
			kfree_sensitive(scratch);
		}
	}
}

/**
 * smbsign_gcm_init() - find out whether the cipher exists
 *
 * Context: process, may sleep and load modules.
 * Return: 0, even if it does not exist, or -ENOMEM.
 */
int smbsign_gcm_init(void)
{
	int ret = gcm_alloc(&cipher);

	if (!ret)
		ret = scratches_alloc();
	if (ret)
		smbsign_gcm_exit();
	return ret == -ENOMEM ? ret : 0;
}

/**
 * smbsign_gcm_exit() - free what smbsign_gcm_init() has allocated
 *
 * Context: process; no key may be left.
 */
void smbsign_gcm_exit(void)
{
	scratches_free();
	crypto_free_aead(cipher);
	cipher = NULL;
}

/**
 * smbsign_gcm_available() - does the cipher exist?
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_gcm_available(void)
{
	return cipher;
}

/**
 * smbsign_gcm_setkey() - prepare a key
 * @key:	filled in; without a cipher, if there is none
 * @aes:	the signing key, expanded
 * @raw:	the signing key
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, or the error of the kernel's crypto.
 */
int smbsign_gcm_setkey(struct smbsign_gcm_key *key,
		       const struct smbsign_aes_key *aes,
		       const u8 raw[SMB2_KEY_SIZE])
{
	int ret;

	key->tfm = NULL;
	if (!smbsign_gcm_available())
		return 0;
	ret = gcm_alloc(&key->tfm);
	if (ret)
		return ret;
	memset(key->mask, 0, sizeof(key->mask));
	key->mask[AES_BLOCK_SIZE - 1] = 1;
	aes_encrypt(&aes->key, key->mask, key->mask);
	ret = crypto_aead_setkey(key->tfm, raw, SMB2_KEY_SIZE) ?:
	      crypto_aead_setauthsize(key->tfm, AES_BLOCK_SIZE);
	if (ret)
		smbsign_gcm_freekey(key);
	return ret;
}

/**
 * smbsign_gcm_freekey() - free a prepared key
 * @key:	the key, which nobody uses any more; the caller wipes its memory
 *
 * Context: any but hard interrupt.
 */
void smbsign_gcm_freekey(struct smbsign_gcm_key *key)
{
	crypto_free_aead(key->tfm);
	key->tfm = NULL;
}

/* Put the data where the cipher finds it; false if it is nowhere. */
static bool gather(struct scratch *scratch, const u8 *y, const u8 *data,
		   u32 length)
{
	struct scatterlist *entry = scratch->list;
	u32 done, part;

	sg_init_table(scratch->list, ARRAY_SIZE(scratch->list));
	sg_set_buf(entry++, scratch->first, AES_BLOCK_SIZE);
	for (done = AES_BLOCK_SIZE; done < length; done += part) {
		struct page *page = smbsign_page_of(data + done);

		if (!page)
			return false;
		part = min_t(u32, length - done,
			     PAGE_SIZE - offset_in_page(data + done));
		sg_set_page(entry++, page, part, offset_in_page(data + done));
	}
	sg_set_buf(entry, scratch->tag, AES_BLOCK_SIZE);
	sg_mark_end(entry);
	crypto_xor_cpy(scratch->first, y, data, AES_BLOCK_SIZE);
	return true;
}

static int authenticate(const struct smbsign_gcm_key *key,
			struct scratch *scratch, u32 length)
{
	memset(scratch->iv, 0, sizeof(scratch->iv));
	aead_request_set_tfm(scratch->req, key->tfm);
	aead_request_set_callback(scratch->req, 0, NULL, NULL);
	aead_request_set_ad(scratch->req, length);
	aead_request_set_crypt(scratch->req, scratch->list, scratch->list, 0,
			       scratch->iv);
	return crypto_aead_encrypt(scratch->req);
}

static int hash_now(const struct smbsign_gcm_key *key,
		    const struct smbsign_ghash_key *ghash, u8 *y,
		    const u8 *data, u32 length)
{
	unsigned int user = in_serving_softirq() ? OF_SOFTIRQ : OF_TASK;
	struct scratch *scratch = this_cpu_read(scratches[user]);
	u32 most = length - AES_BLOCK_SIZE;
	u8 block[AES_BLOCK_SIZE] = { };
	int ret;

	if (!gather(scratch, y, data, most))
		return 0;
	put_unaligned_be64((u64)most * 8, block);
	crypto_xor(block, data + most, AES_BLOCK_SIZE);
	ret = authenticate(key, scratch, most) ?:
	      smbsign_ghash(ghash, block, NULL, 0, block);
	if (!ret) {
		crypto_xor_cpy(y, scratch->tag, block, AES_BLOCK_SIZE);
		crypto_xor(y, key->mask, AES_BLOCK_SIZE);
	}
	/* A hash of known data gives the hash key away. */
	memzero_explicit(scratch->tag, sizeof(scratch->tag));
	memzero_explicit(scratch->first, sizeof(scratch->first));
	memzero_explicit(block, sizeof(block));
	return ret ?: length;
}

/**
 * smbsign_gcm_hash() - hash some blocks
 * @key:	a prepared key
 * @ghash:	the same key for GHASH alone
 * @y:		the hash so far; changed
 * @data:	whole blocks
 * @length:	their number of bytes
 *
 * Context: any. NIST SP 800-38D, 6.4.
 * Return: number of bytes hashed; 0 if GHASH alone must do it: there is no
 * cipher, the data is short or in no page, or somebody else uses the vector
 * registers; or the error of the kernel's crypto.
 */
int smbsign_gcm_hash(const struct smbsign_gcm_key *key,
		     const struct smbsign_ghash_key *ghash,
		     u8 y[AES_BLOCK_SIZE], const u8 *data, u32 length)
{
	int ret = 0;

	length = min_t(u32, length, MOST_BYTES);
	if (!key->tfm || length < FEWEST_BYTES)
		return 0;
	preempt_disable();
	if (GCM_NOW)
		ret = hash_now(key, ghash, y, data, length);
	preempt_enable();
	return ret;
}
