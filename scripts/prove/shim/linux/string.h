/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers have, and memmove() of numbers of 64 bits: CBMC 6.6's own leaves
 * an array in a struct as it was.
 */
#ifndef SHIM_PROVE_STRING_H
#define SHIM_PROVE_STRING_H

#include_next <linux/string.h>

static inline void shim_memmove(u64 *to, const u64 *from, size_t size)
{
	size_t count = size / sizeof(*to), i;

	__CPROVER_assert(size % sizeof(*to) == 0, "memmove() of whole numbers");
	for (i = 0; to < from && i < count; i++)
		to[i] = from[i];
	for (i = count; to > from && i > 0; i--)
		to[i - 1] = from[i - 1];
}

#define memmove(to, from, size)	shim_memmove(to, from, size)

#endif /* SHIM_PROVE_STRING_H */
