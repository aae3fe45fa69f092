/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers have, strnlen(), which CBMC 6.6 does not, and memmove() of numbers
 * of 64 bits: CBMC's own leaves an array in a struct as it was.
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

static inline size_t shim_strnlen(const char *text, size_t most)
{
	size_t length;

	for (length = 0; length < most && text[length]; length++)
		;
	return length;
}

#define strnlen(text, most)	shim_strnlen(text, most)
#define memmove(to, from, size)	shim_memmove(to, from, size)

#endif /* SHIM_PROVE_STRING_H */
