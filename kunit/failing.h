/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail when a case wants them to.  To be included behind all
 * headers of the kernel, and before the source under test.
 */
#ifndef SMBSIGN_KUNIT_FAILING_H
#define SMBSIGN_KUNIT_FAILING_H

#include <crypto/hash.h>
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

#endif /* SMBSIGN_KUNIT_FAILING_H */
