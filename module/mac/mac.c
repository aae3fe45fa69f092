// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC-SHA256 and AES-CMAC over messages in pieces.
 *
 * The kernel's shash does the work, or cmac.c if that is faster.  A key is set
 * once and shared by all messages of a session, in any context.
 */
#include "base/grace.h"
#include "mac/mac.h"

static const char * const algorithm_names[] = {
	[SMB2_SIGNING_HMAC_SHA256] = "hmac(sha256)",
	[SMB2_SIGNING_AES_CMAC] = "cmac(aes)",
};

static atomic64_t serials;

/* Held while the module is loaded, so that no later use needs modprobe. */
static struct crypto_shash *pinned[ARRAY_SIZE(algorithm_names)];

/**
 * smbsign_mac_init() - make sure that both algorithms exist
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
	ret = smbsign_cmac_init();
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

	smbsign_cmac_exit();
	for (i = 0; i < ARRAY_SIZE(pinned); i++) {
		crypto_free_shash(pinned[i]);
		pinned[i] = NULL;
	}
}

static int shash_setkey(struct smbsign_key *key, u16 algorithm, const u8 *raw)
{
	int ret;

	key->tfm = crypto_alloc_shash(algorithm_names[algorithm], 0, 0);
	if (IS_ERR(key->tfm))
		return PTR_ERR(key->tfm);
	ret = crypto_shash_setkey(key->tfm, raw, SMB2_KEY_SIZE);
	if (ret)
		crypto_free_shash(key->tfm);
	return ret;
}

/**
 * smbsign_key_alloc() - prepare a key
 * @algorithm:	SMB2_SIGNING_HMAC_SHA256 or SMB2_SIGNING_AES_CMAC
 * @raw:	the signing key, 16 bytes; on 2.x the session key
 *
 * Context: process, may sleep. [MS-SMB2] 3.1.4.1.
 * Return: the key with one reference, or an ERR_PTR: -EOPNOTSUPP for an
 * algorithm that ksmbd cannot have negotiated, or the error of the kernel's
 * crypto.
 */
struct smbsign_key *smbsign_key_alloc(u16 algorithm,
				      const u8 raw[SMB2_KEY_SIZE])
{
	struct smbsign_key *key;
	int ret;

	if (algorithm >= ARRAY_SIZE(algorithm_names))
		return ERR_PTR(-EOPNOTSUPP);
	key = kzalloc(sizeof(*key), GFP_KERNEL);
	if (!key)
		return ERR_PTR(-ENOMEM);
	if (algorithm == SMB2_SIGNING_AES_CMAC && smbsign_cmac_available())
		ret = smbsign_cmac_setkey(&key->cmac, raw);
	else
		ret = shash_setkey(key, algorithm, raw);
	if (ret) {
		kfree_sensitive(key);
		return ERR_PTR(ret);
	}
	key->serial = atomic64_inc_return(&serials);
	refcount_set(&key->refs, 1);
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

	crypto_free_shash(key->tfm);
	smbsign_cmac_freekey(&key->cmac);
	kfree_sensitive(key);
	smbsign_grace_freed(sizeof(*key));
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
		smbsign_grace_free(&key->rcu, key_free, sizeof(*key));
}

static struct shash_desc *desc_of(struct smbsign_mac *mac)
{
	return (struct shash_desc *)mac->state;
}

/**
 * smbsign_mac_begin() - start a computation
 * @mac:	the MAC; no computation may be under way
 * @key:	the key; its reference is consumed, even on error
 *
 * Context: any.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key)
{
	int ret;

	WARN_ON_ONCE(mac->key);
	mac->key = key;
	if (!key->tfm) {
		smbsign_cmac_begin(&mac->cmac);
		return 0;
	}
	desc_of(mac)->tfm = key->tfm;
	ret = crypto_shash_init(desc_of(mac));
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
	if (!mac->key->tfm)
		return smbsign_cmac_update(&mac->key->cmac, &mac->cmac, data,
					   length);
	return crypto_shash_update(desc_of(mac), data, length);
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
	int ret;

	if (mac->key->tfm)
		ret = crypto_shash_final(desc_of(mac), digest);
	else
		ret = smbsign_cmac_end(&mac->key->cmac, &mac->cmac, digest);
	memcpy(out, digest, SMB2_SIGNATURE_SIZE);
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
	if (mac->key->tfm)
		memzero_explicit(mac->state, sizeof(mac->state));
	else
		memzero_explicit(mac->cmac.chain, sizeof(mac->cmac.chain));
	smbsign_key_put(mac->key);
	mac->key = NULL;
}

/**
 * smbsign_mac_pieces() - compute the MAC of a message in pieces
 * @key:	the key; its reference is consumed
 * @vec:	the pieces
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
	ret = smbsign_mac_begin(&mac, key);
	for (; !ret && vecs; vec++, vecs--)
		ret = smbsign_mac_update(&mac, vec->iov_base, vec->iov_len);
	if (!ret)
		ret = smbsign_mac_end(&mac, out);
	smbsign_mac_cancel(&mac);
	return ret;
}
