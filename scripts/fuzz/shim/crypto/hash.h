/* SPDX-License-Identifier: GPL-2.0-only */
/* As much as mac.h asks for; nobody computes anything. */
#ifndef SHIM_CRYPTO_HASH_H
#define SHIM_CRYPTO_HASH_H

#include <linux/types.h>

#define HASH_MAX_DESCSIZE 8
#define CRYPTO_MINALIGN_ATTR

struct shash_desc {
	void *tfm;
};

struct rcu_head {
	void *next;
};

#endif /* SHIM_CRYPTO_HASH_H */
