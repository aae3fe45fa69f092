// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signing keys that are derived from no secret.
 *
 * ksmbd gives guests and anonymous users a session key of zeroes, and derives
 * their signing key from it as usual.  That key shows who is a guest.  The
 * client's token cannot, because an attacker can change it; nor can the
 * SessionFlags, because ksmbd does not always set them.
 */
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "mac/derive.h"

/* Keyed with zeroes, like a guest's session key. */
static struct crypto_shash *zero_prf;
static struct crypto_shash *preauth_hash;

static struct crypto_shash *get(const char *name)
{
	struct crypto_shash *tfm = crypto_alloc_shash(name, 0, 0);

	return IS_ERR(tfm) ? NULL : tfm;
}

/**
 * smbsign_derive_init() - get the algorithms
 *
 * Context: process, may sleep and load modules.
 * Return: 0 or -ENOENT.
 */
int smbsign_derive_init(void)
{
	static const u8 zeroes[SMB2_KEY_SIZE];

	zero_prf = get("hmac(sha256)");
	preauth_hash = get("sha512");
	if (zero_prf && preauth_hash &&
	    !crypto_shash_setkey(zero_prf, zeroes, sizeof(zeroes)))
		return 0;
	smbsign_derive_exit();
	return -ENOENT;
}

/**
 * smbsign_derive_exit() - free the algorithms
 *
 * Context: process.
 */
void smbsign_derive_exit(void)
{
	crypto_free_shash(preauth_hash);
	crypto_free_shash(zero_prf);
	preauth_hash = NULL;
	zero_prf = NULL;
}

/**
 * smbsign_derive_preauth() - add a message to the preauthentication hash
 * @before:	Session.PreauthIntegrityHashValue before the message
 * @message:	the message
 * @length:	bytes at @message
 * @after:	the value after the message
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.3.5.5.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_derive_preauth(const u8 before[SMBSIGN_PREAUTH_SIZE],
			   const u8 *message, u32 length,
			   u8 after[SMBSIGN_PREAUTH_SIZE])
{
	SHASH_DESC_ON_STACK(desc, preauth_hash);

	desc->tfm = preauth_hash;
	return crypto_shash_init(desc) ?:
	       crypto_shash_update(desc, before, SMBSIGN_PREAUTH_SIZE) ?:
	       crypto_shash_finup(desc, message, length, after);
}

/* The PRF's input by SP 800-108: 3.1.4.2. */
static u32 kdf_input(u16 dialect, const u8 preauth[SMBSIGN_PREAUTH_SIZE],
		     u8 *input)
{
	/* Labels and contexts include the \0 of the literal. */
	static const char label_300[] = "SMB2AESCMAC", context_300[] = "SmbSign";
	static const char label_311[] = "SMBSigningKey";
	u8 *at = input;

	put_unaligned_be32(1, at);
	at += 4;
	if (dialect == SMB2_DIALECT_311) {
		memcpy(at, label_311, sizeof(label_311));
		at += sizeof(label_311);
		*at++ = 0;
		memcpy(at, preauth, SMBSIGN_PREAUTH_SIZE);
		at += SMBSIGN_PREAUTH_SIZE;
	} else {
		memcpy(at, label_300, sizeof(label_300));
		at += sizeof(label_300);
		*at++ = 0;
		memcpy(at, context_300, sizeof(context_300));
		at += sizeof(context_300);
	}
	put_unaligned_be32(8 * SMB2_KEY_SIZE, at);
	return at + 4 - input;
}

/**
 * smbsign_derive_public() - was this signing key derived from no secret?
 * @dialect:	the dialect
 * @preauth:	on 3.1.1, the hash that the key was derived with
 * @raw:	the signing key; on 2.x the session key
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.1.4.2.
 * Return: 1 if it was, 0 if not, or the error of the kernel's crypto.
 */
int smbsign_derive_public(u16 dialect, const u8 preauth[SMBSIGN_PREAUTH_SIZE],
			  const u8 raw[SMB2_KEY_SIZE])
{
	u8 input[4 + 16 + 1 + SMBSIGN_PREAUTH_SIZE + 4];
	u8 key[SHA256_DIGEST_SIZE];
	SHASH_DESC_ON_STACK(desc, zero_prf);
	int ret;

	if (!memchr_inv(raw, 0, SMB2_KEY_SIZE))
		return 1;
	if (dialect < SMB2_DIALECT_300)
		return 0;
	desc->tfm = zero_prf;
	ret = crypto_shash_digest(desc, input,
				  kdf_input(dialect, preauth, input), key);
	return ret ?: !memcmp(key, raw, SMB2_KEY_SIZE);
}
