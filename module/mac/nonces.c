// SPDX-License-Identifier: GPL-2.0-only
/*
 * A check for tests: does a key sign two messages with one nonce?
 *
 * Under AES-GMAC that would give the key away to whoever listens.  The rest of
 * the module sees to it that it does not happen; Documentation/nonces.rst says
 * how.  With the module parameter check_nonces, each key remembers what it has
 * signed, and a fault is a warning of the kernel.  That costs memory with every
 * response: it is not for servers.
 */
#include <linux/bug.h>
#include <linux/moduleparam.h>
#include <linux/unaligned.h>

#include "mac/mac.h"
#include "mac/nonces.h"

static bool check_nonces;
module_param(check_nonces, bool, 0400);
MODULE_PARM_DESC(check_nonces, "warn if a nonce is used twice; for tests");

/**
 * smbsign_nonces_init() - begin with a key that has signed nothing
 * @key:	the key
 *
 * Context: any.
 */
void smbsign_nonces_init(struct smbsign_key *key)
{
	xa_init(&key->nonces);
}

/**
 * smbsign_nonces_free() - forget what a key has signed
 * @key:	the key
 *
 * Context: any but hard interrupt.
 */
void smbsign_nonces_free(struct smbsign_key *key)
{
	xa_destroy(&key->nonces);
}

static bool used_for_another(struct smbsign_key *key, u64 message_id,
			     const u8 signature[SMB2_SIGNATURE_SIZE])
{
	void *value = xa_mk_value(get_unaligned_le64(signature) & LONG_MAX);
	void *before = xa_cmpxchg(&key->nonces, message_id, NULL, value,
				  GFP_ATOMIC);

	return before && !xa_is_err(before) && before != value;
}

/**
 * smbsign_nonces_note() - a key has signed a response
 * @key:	the key
 * @message_id:	MessageId of the response
 * @signature:	its Signature
 *
 * The same message may be signed again: then the signature is the same.
 *
 * Context: process; does not sleep.
 */
void smbsign_nonces_note(struct smbsign_key *key, u64 message_id,
			 const u8 signature[SMB2_SIGNATURE_SIZE])
{
	if (unlikely(check_nonces) && key->algorithm == SMB2_SIGNING_AES_GMAC)
		WARN(used_for_another(key, message_id, signature),
		     "smbsign: a nonce was used twice: MessageId %llu\n",
		     message_id);
}
