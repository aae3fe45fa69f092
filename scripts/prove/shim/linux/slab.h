/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include <stdlib.h>

#include <linux/gfp_types.h>

#define BITS_PER_BYTE	8

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return calloc(1, size);
}

static inline void *kcalloc(size_t count, size_t size, gfp_t gfp)
{
	return calloc(count, size);
}

static inline void kfree(const void *object)
{
	free((void *)object);
}

#endif /* SHIM_SLAB_H */
