// SPDX-License-Identifier: GPL-2.0-only
/*
 * A check for tests: are two messages signed with one key and one nonce?
 *
 * Under AES-GMAC that would give the key away to whoever listens.  The rest of
 * the module sees to it that it does not happen; Documentation/nonces.rst says
 * how.  With the module parameter check_nonces, what each key of ksmbd has signed
 * is remembered, on whichever connections, and a fault is a warning of the
 * kernel.  That costs memory with every response: it is not for servers.
 */
#include <linux/bug.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/unaligned.h>
#include <linux/xarray.h>

#include "mac/mac.h"
#include "mac/nonces.h"

static bool check_nonces;
module_param(check_nonces, bool, 0400);
MODULE_PARM_DESC(check_nonces, "warn if a nonce is used twice; for tests");

/**
 * struct smbsign_nonces - what a key of ksmbd has signed
 * @node:	in the list of them
 * @users:	how many of our keys were made of it
 * @raw:	the key
 * @signed_with: a part of each signature, by MessageId
 */
struct smbsign_nonces {
	struct list_head	node;
	unsigned int		users;
	u8			raw[SMB2_KEY_SIZE];
	struct xarray		signed_with;
};

static LIST_HEAD(all);
static DEFINE_SPINLOCK(all_lock);

static struct smbsign_nonces *nonces_find(const u8 *raw)
{
	struct smbsign_nonces *nonces;

	list_for_each_entry(nonces, &all, node) {
		if (!memcmp(nonces->raw, raw, sizeof(nonces->raw)))
			return nonces;
	}
	return NULL;
}

static struct smbsign_nonces *nonces_add(const u8 *raw)
{
	struct smbsign_nonces *nonces = kzalloc(sizeof(*nonces), GFP_ATOMIC);

	if (!nonces)
		return NULL;
	memcpy(nonces->raw, raw, sizeof(nonces->raw));
	xa_init(&nonces->signed_with);
	list_add(&nonces->node, &all);
	return nonces;
}

/**
 * smbsign_nonces_init() - begin with what was signed with the same key before
 * @key:	the key
 *
 * Context: any but hard interrupt.
 */
void smbsign_nonces_init(struct smbsign_key *key)
{
	if (likely(!check_nonces) || key->algorithm != SMB2_SIGNING_AES_GMAC)
		return;
	spin_lock_bh(&all_lock);
	key->nonces = nonces_find(key->raw) ?: nonces_add(key->raw);
	if (key->nonces)
		key->nonces->users++;
	spin_unlock_bh(&all_lock);
}

/**
 * smbsign_nonces_free() - forget what a key has signed, if nobody else has it
 * @key:	the key
 *
 * Context: any but hard interrupt.
 */
void smbsign_nonces_free(struct smbsign_key *key)
{
	struct smbsign_nonces *nonces = key->nonces;
	bool last;

	if (likely(!nonces))
		return;
	spin_lock_bh(&all_lock);
	last = !--nonces->users;
	if (last)
		list_del(&nonces->node);
	spin_unlock_bh(&all_lock);
	if (!last)
		return;
	xa_destroy(&nonces->signed_with);
	kfree_sensitive(nonces);
}

static bool used_for_another(struct smbsign_nonces *nonces, u64 message_id,
			     const u8 signature[SMB2_SIGNATURE_SIZE])
{
	void *value = xa_mk_value(get_unaligned_le64(signature) & LONG_MAX);
	void *before = xa_cmpxchg(&nonces->signed_with, message_id, NULL, value,
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
	if (unlikely(key->nonces))
		WARN(used_for_another(key->nonces, message_id, signature),
		     "smbsign: a nonce was used twice: MessageId %llu\n",
		     message_id);
}
