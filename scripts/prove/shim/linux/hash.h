/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any hash will do, as long as one bit more is one bit appended: the kernel's is
 * the upper bits of a product, too.
 */
#ifndef SHIM_LINUX_HASH_H
#define SHIM_LINUX_HASH_H

#include <linux/types.h>

u64 __CPROVER_uninterpreted_hash(u64 value);

static inline u32 hash_64(u64 value, unsigned int bits)
{
	return __CPROVER_uninterpreted_hash(value) >> (64 - bits);
}

#endif /* SHIM_LINUX_HASH_H */
