/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail when a case wants them to.  Include it after all kernel
 * headers, and before the source under test.
 */
#ifndef SMBSIGN_KUNIT_FAILING_H
#define SMBSIGN_KUNIT_FAILING_H

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "surroundings.h"

static inline void *failing_kmalloc(size_t size, gfp_t gfp)
{
	return surroundings_fail() ? NULL : kmalloc(size, gfp);
}

static inline void *failing_kzalloc(size_t size, gfp_t gfp)
{
	return surroundings_fail() ? NULL : kzalloc(size, gfp);
}

static inline void *failing_krealloc(const void *old, size_t size, gfp_t gfp)
{
	return surroundings_fail() ? NULL : krealloc(old, size, gfp);
}

static inline struct sk_buff *failing_alloc_skb(unsigned int size, gfp_t gfp)
{
	return surroundings_fail() ? NULL : alloc_skb(size, gfp);
}

static inline struct crypto_shash *failing_alloc_shash(const char *name,
						       u32 type, u32 mask)
{
	return surroundings_fail() ? ERR_PTR(-ENOMEM) :
				     crypto_alloc_shash(name, type, mask);
}

static inline int failing_setkey(struct crypto_shash *tfm, const u8 *key,
				 unsigned int length)
{
	return surroundings_fail() ? -ENOMEM :
				     crypto_shash_setkey(tfm, key, length);
}

static inline int failing_init(struct shash_desc *desc)
{
	return surroundings_fail() ? -ENOMEM : crypto_shash_init(desc);
}

static inline void *failing_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return surroundings_fail() ? NULL : kmalloc_node(size, gfp, node);
}

static inline void *failing_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return surroundings_fail() ? NULL : kzalloc_node(size, gfp, node);
}

static inline struct crypto_skcipher *
failing_alloc_skcipher(const char *name, u32 type, u32 mask)
{
	return surroundings_fail() ? ERR_PTR(-ENOMEM) :
				     crypto_alloc_skcipher(name, type, mask);
}

static inline int failing_skcipher_setkey(struct crypto_skcipher *tfm,
					  const u8 *key, unsigned int length)
{
	return surroundings_fail() ? -ENOMEM :
				     crypto_skcipher_setkey(tfm, key, length);
}

static inline struct skcipher_request *
failing_request_alloc(struct crypto_skcipher *tfm, gfp_t gfp)
{
	return surroundings_fail() ? NULL : skcipher_request_alloc(tfm, gfp);
}

static inline struct crypto_aead *failing_alloc_aead(const char *name, u32 type,
						     u32 mask)
{
	return surroundings_fail() ? ERR_PTR(-ENOMEM) :
				     crypto_alloc_aead(name, type, mask);
}

static inline int failing_aead_setkey(struct crypto_aead *tfm, const u8 *key,
				      unsigned int length)
{
	return surroundings_fail() ? -ENOMEM :
				     crypto_aead_setkey(tfm, key, length);
}

static inline struct aead_request *
failing_aead_request_alloc(struct crypto_aead *tfm, gfp_t gfp)
{
	return surroundings_fail() ? NULL : aead_request_alloc(tfm, gfp);
}

#undef kmalloc
#define kmalloc			failing_kmalloc
#undef kzalloc
#define kzalloc			failing_kzalloc
#undef krealloc
#define krealloc		failing_krealloc
#undef alloc_skb
#define alloc_skb		failing_alloc_skb
#define crypto_alloc_shash	failing_alloc_shash
#define crypto_shash_setkey	failing_setkey
#define crypto_shash_init	failing_init
#undef kmalloc_node
#define kmalloc_node		failing_kmalloc_node
#undef kzalloc_node
#define kzalloc_node		failing_kzalloc_node
#define crypto_alloc_skcipher	failing_alloc_skcipher
#define crypto_skcipher_setkey	failing_skcipher_setkey
#undef skcipher_request_alloc
#define skcipher_request_alloc	failing_request_alloc
#define crypto_alloc_aead	failing_alloc_aead
#define crypto_aead_setkey	failing_aead_setkey
#undef aead_request_alloc
#define aead_request_alloc	failing_aead_request_alloc

#endif /* SMBSIGN_KUNIT_FAILING_H */
