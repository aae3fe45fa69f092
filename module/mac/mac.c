// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC-SHA256, AES-CMAC and AES-GMAC over messages in pieces.
 *
 * The kernel's shash does the work, or cmac.c and gmac.c.  A key is set once
 * and shared by all messages of a session, in any context.
 */
#include <linux/unaligned.h>

#include "base/grace.h"
#include "mac/mac.h"
#include "mac/nonces.h"

static const char * const algorithm_names[] = {
	[SMB2_SIGNING_HMAC_SHA256] = "hmac(sha256)",
	[SMB2_SIGNING_AES_CMAC] = "cmac(aes)",
};

static atomic64_t serials;

/* Held while the module is loaded, so that no later use needs modprobe. */
static struct crypto_shash *pinned[ARRAY_SIZE(algorithm_names)];

/**
 * smbsign_mac_init() - make sure that the algorithms exist
 *
 * Context: process, may sleep and load modules.
 * Return: 0, -ENOMEM, or the error of crypto_alloc_shash().
 */
int smbsign_mac_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(pinned); i++) {
		pinned[i] = crypto_alloc_shash(algorithm_names[i], 0, 0);
		if (IS_ERR(pinned[i])) {
			ret = PTR_ERR(pinned[i]);
			pinned[i] = NULL;
			smbsign_mac_exit();
			return ret;
		}
	}
	ret = smbsign_cmac_init() ?: smbsign_gmac_init();
	if (ret)
		smbsign_mac_exit();
	return ret;
}

/**
 * smbsign_mac_exit() - free the algorithms
 *
 * Context: process; no key may be left.
 */
void smbsign_mac_exit(void)
{
	unsigned int i;

	smbsign_gmac_exit();
	smbsign_cmac_exit();
	for (i = 0; i < ARRAY_SIZE(pinned); i++) {
		crypto_free_shash(pinned[i]);
		pinned[i] = NULL;
	}
}

/**
 * smbsign_mac_knows() - can messages be signed with an algorithm?
 * @algorithm:	SMB2_SIGNING_*
 *
 * Context: any.
 * Return: true if they can.
 */
bool smbsign_mac_knows(u16 algorithm)
{
	return algorithm < ARRAY_SIZE(algorithm_names) ||
	       (algorithm == SMB2_SIGNING_AES_GMAC && smbsign_gmac_available());
}

static enum smbsign_engine engine_for(u16 algorithm)
{
	if (algorithm == SMB2_SIGNING_AES_GMAC)
		return SMBSIGN_ENGINE_GMAC;
	if (algorithm == SMB2_SIGNING_AES_CMAC && smbsign_cmac_available())
		return SMBSIGN_ENGINE_CMAC;
	return SMBSIGN_ENGINE_SHASH;
}

static size_t size_for(enum smbsign_engine engine)
{
	switch (engine) {
	case SMBSIGN_ENGINE_CMAC:
		return offsetofend(struct smbsign_key, cmac);
	case SMBSIGN_ENGINE_GMAC:
		return offsetofend(struct smbsign_key, gmac);
	default:
		return offsetofend(struct smbsign_key, tfm);
	}
}

static int shash_setkey(struct smbsign_key *key, const u8 *raw)
{
	int ret;

	key->tfm = crypto_alloc_shash(algorithm_names[key->algorithm], 0, 0);
	if (IS_ERR(key->tfm))
		return PTR_ERR(key->tfm);
	ret = crypto_shash_setkey(key->tfm, raw, SMB2_KEY_SIZE);
	if (ret)
		crypto_free_shash(key->tfm);
	return ret;
}

static int key_set(struct smbsign_key *key, const u8 *raw)
{
	switch (key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		return smbsign_cmac_setkey(&key->cmac, raw);
	case SMBSIGN_ENGINE_GMAC:
		return smbsign_gmac_setkey(&key->gmac, raw);
	default:
		return shash_setkey(key, raw);
	}
}

/**
 * smbsign_key_alloc() - prepare a key
 * @algorithm:	SMB2_SIGNING_*
 * @raw:	the signing key, 16 bytes; on 2.x the session key
 *
 * Context: process, may sleep. [MS-SMB2] 3.1.4.1.
 * Return: the key with one reference, or an ERR_PTR: -EOPNOTSUPP for an
 * algorithm that cannot have been negotiated, or the error of the kernel's
 * crypto.
 */
struct smbsign_key *smbsign_key_alloc(u16 algorithm,
				      const u8 raw[SMB2_KEY_SIZE])
{
	enum smbsign_engine engine = engine_for(algorithm);
	struct smbsign_key *key;
	int ret;

	if (!smbsign_mac_knows(algorithm))
		return ERR_PTR(-EOPNOTSUPP);
	key = kzalloc(size_for(engine), GFP_KERNEL);
	if (!key)
		return ERR_PTR(-ENOMEM);
	key->algorithm = algorithm;
	memcpy(key->raw, raw, sizeof(key->raw));
	key->engine = engine;
	ret = key_set(key, raw);
	if (ret) {
		kfree_sensitive(key);
		return ERR_PTR(ret);
	}
	key->serial = atomic64_inc_return(&serials);
	refcount_set(&key->refs, 1);
	smbsign_nonces_init(key);
	return key;
}

/**
 * smbsign_key_get() - get a reference to a key
 * @key:	a key found inside smbsign_grace_enter()
 *
 * Context: any.
 * Return: true if it is still alive.
 */
bool smbsign_key_get(struct smbsign_key *key)
{
	return refcount_inc_not_zero(&key->refs);
}

static void key_free(struct rcu_head *rcu)
{
	struct smbsign_key *key = container_of(rcu, struct smbsign_key, rcu);
	size_t size = size_for(key->engine);

	smbsign_nonces_free(key);
	switch (key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		smbsign_cmac_freekey(&key->cmac);
		break;
	case SMBSIGN_ENGINE_GMAC:
		smbsign_gmac_freekey(&key->gmac);
		break;
	default:
		crypto_free_shash(key->tfm);
	}
	kfree_sensitive(key);
	smbsign_grace_freed(size);
}

/**
 * smbsign_key_put() - release a reference to a key
 * @key:	the key, or NULL
 *
 * Context: any. The transform wipes its memory when it is freed.
 */
void smbsign_key_put(struct smbsign_key *key)
{
	if (key && refcount_dec_and_test(&key->refs))
		smbsign_grace_free(&key->rcu, key_free, size_for(key->engine));
}

/**
 * smbsign_key_lend() - may a key sign one response on another connection?
 * @key:	a key for AES-GMAC
 * @message_id:	MessageId of the response there
 *
 * The nonce is a MessageId.  So the key's own connection must not use it, nor
 * any other connection.  Logins come early, so only the first MessageIds are
 * lent.
 *
 * Context: any.
 * Return: true if it may; it never may again with this MessageId.
 */
bool smbsign_key_lend(struct smbsign_key *key, u64 message_id)
{
	return message_id < key->own && message_id < BITS_PER_LONG &&
	       !test_and_set_bit(message_id, &key->lent);
}

static struct shash_desc *desc_of(struct smbsign_mac *mac)
{
	return (struct shash_desc *)mac->state;
}

static int shash_begin(struct smbsign_mac *mac)
{
	desc_of(mac)->tfm = mac->key->tfm;
	return crypto_shash_init(desc_of(mac));
}

/* A MessageId, and who uses it for what: 3.1.4.1. */
static void gmac_begin(struct smbsign_mac *mac, const struct smb2_header *header)
{
	u8 nonce[SMBSIGN_GMAC_NONCE_SIZE];
	u32 role = smb2_is_response(header) ? SMB2_NONCE_SERVER : 0;

	if (header->command == cpu_to_le16(SMB2_CMD_CANCEL))
		role |= SMB2_NONCE_CANCEL;
	memcpy(nonce, &header->message_id, sizeof(header->message_id));
	put_unaligned_le32(role, nonce + sizeof(header->message_id));
	smbsign_gmac_begin(&mac->gmac, nonce);
}

/**
 * smbsign_mac_begin() - start a computation
 * @mac:	the MAC; no computation may be under way
 * @key:	the key; its reference is consumed, even on error
 * @header:	header of the message, which must be added, too
 *
 * Context: any. [MS-SMB2] 3.1.4.1.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key,
		      const struct smb2_header *header)
{
	int ret = 0;

	WARN_ON_ONCE(mac->key);
	mac->key = key;
	mac->leaves = smb2_is_response(header);
	mac->message_id = le64_to_cpu(header->message_id);
	switch (key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		smbsign_cmac_begin(&mac->cmac);
		break;
	case SMBSIGN_ENGINE_GMAC:
		gmac_begin(mac, header);
		break;
	default:
		ret = shash_begin(mac);
	}
	if (ret)
		smbsign_mac_cancel(mac);
	return ret;
}

/**
 * smbsign_mac_header() - add an SMB2 header, with zeroes in place of its
 *	Signature
 * @mac:	a computation that was just begun
 * @header:	64 bytes
 *
 * Context: any. [MS-SMB2] 3.1.4.1.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_header(struct smbsign_mac *mac, const u8 *header)
{
	struct smb2_header copy __uninitialized;

	memcpy(&copy, header, sizeof(copy));
	memset(copy.signature, 0, sizeof(copy.signature));
	return smbsign_mac_update(mac, (const u8 *)&copy, sizeof(copy));
}

/**
 * smbsign_mac_update() - add bytes
 * @mac:	a computation that was begun
 * @data:	the bytes
 * @length:	number of bytes
 *
 * Context: any.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_update(struct smbsign_mac *mac, const u8 *data,
		       unsigned int length)
{
	switch (mac->key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		return smbsign_cmac_update(&mac->key->cmac, &mac->cmac, data,
					   length);
	case SMBSIGN_ENGINE_GMAC:
		return smbsign_gmac_update(&mac->key->gmac, &mac->gmac, data,
					   length);
	default:
		return crypto_shash_update(desc_of(mac), data, length);
	}
}

static int compute(struct smbsign_mac *mac, u8 digest[HASH_MAX_DIGESTSIZE])
{
	switch (mac->key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		return smbsign_cmac_end(&mac->key->cmac, &mac->cmac, digest);
	case SMBSIGN_ENGINE_GMAC:
		return smbsign_gmac_end(&mac->key->gmac, &mac->gmac, digest);
	default:
		return crypto_shash_final(desc_of(mac), digest);
	}
}

/**
 * smbsign_mac_end() - finish a computation
 * @mac:	a computation that was begun; none is under way on return
 * @out:	the signature: 16 bytes, the first half of an HMAC-SHA256
 *
 * Context: any.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_end(struct smbsign_mac *mac, u8 out[SMB2_SIGNATURE_SIZE])
{
	u8 digest[HASH_MAX_DIGESTSIZE];
	int ret = compute(mac, digest);

	memcpy(out, digest, SMB2_SIGNATURE_SIZE);
	if (!ret && mac->leaves)
		smbsign_nonces_note(mac->key, mac->message_id, out);
	smbsign_mac_cancel(mac);
	return ret;
}

/**
 * smbsign_mac_cancel() - cancel a computation
 * @mac:	the MAC; nothing happens if no computation is under way
 *
 * Context: any.
 */
void smbsign_mac_cancel(struct smbsign_mac *mac)
{
	if (!mac->key)
		return;
	switch (mac->key->engine) {
	case SMBSIGN_ENGINE_CMAC:
		memzero_explicit(mac->cmac.chain, sizeof(mac->cmac.chain));
		break;
	case SMBSIGN_ENGINE_GMAC:
		memzero_explicit(mac->gmac.y, sizeof(mac->gmac.y));
		break;
	default:
		memzero_explicit(mac->state, sizeof(mac->state));
	}
	smbsign_key_put(mac->key);
	mac->key = NULL;
}

/**
 * smbsign_mac_pieces() - compute the MAC of a message in pieces, which does not
 *	leave yet
 * @key:	the key; its reference is consumed
 * @vec:	the pieces; the first begins with the header
 * @vecs:	their number
 * @out:	the MAC
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_pieces(struct smbsign_key *key, const struct kvec *vec,
		       int vecs, u8 out[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_mac mac __uninitialized;
	int ret;

	mac.key = NULL;
	ret = smbsign_mac_begin(&mac, key, vec->iov_base);
	mac.leaves = false;
	for (; !ret && vecs; vec++, vecs--)
		ret = smbsign_mac_update(&mac, vec->iov_base, vec->iov_len);
	if (!ret)
		ret = smbsign_mac_end(&mac, out);
	smbsign_mac_cancel(&mac);
	return ret;
}
