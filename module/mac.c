// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC-SHA256 and AES-CMAC over messages that lie in pieces.
 *
 * The kernel's shash does the work, or cmac.c where that is faster; a key is set
 * once and shared by all messages of a session, in any context.
 */
#include "grace.h"
#include "mac.h"

static const char * const algorithm_names[] = {
	[SMB2_SIGNING_HMAC_SHA256] = "hmac(sha256)",
	[SMB2_SIGNING_AES_CMAC] = "cmac(aes)",
};

static atomic64_t serials;

/* Held for as long as we are loaded, so that no later use needs modprobe. */
static struct crypto_shash *pinned[ARRAY_SIZE(algorithm_names)];

/**
 * smbsign_mac_init() - make sure that both algorithms are there
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
 * smbsign_mac_exit() - let the algorithms go
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
 * Return: the key with one reference, or an ERR_PTR: -EOPNOTSUPP for an algorithm
 * that ksmbd cannot have negotiated, or what the kernel's crypto says.
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
 * smbsign_key_get() - take a reference
 * @key:	a key found in a grace period reader's section
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
 * smbsign_key_put() - drop a reference
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
 * @mac:	where; none may be going on there
 * @key:	the key; a reference is handed over, also on error
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
 * smbsign_mac_header() - add an SMB2 header with its Signature taken for zero
 * @mac:	a computation just begun
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
 * @mac:	a computation begun
 * @data:	the bytes
 * @length:	their number
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
 * @mac:	a computation begun; none is going on afterwards
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
 * smbsign_mac_cancel() - give a computation up
 * @mac:	where; nothing happens if none is going on
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
