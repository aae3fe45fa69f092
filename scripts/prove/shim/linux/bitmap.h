/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bitmaps by the word, as the kernel has them: a proof unwinds a loop for each
 * word, not for each bit.
 */
#ifndef SHIM_BITMAP_H
#define SHIM_BITMAP_H

#include <linux/bitops.h>
#include <linux/find.h>

/* The bits of word @word that are among the @bits bits from @start on. */
static inline unsigned long shim_mask(unsigned long word, unsigned long start,
				      unsigned long bits)
{
	unsigned long first = word * BITS_PER_LONG, end = start + bits, mask = ~0UL;

	if (end <= first || start >= first + BITS_PER_LONG)
		return 0;
	if (start > first)
		mask &= ~0UL << (start - first);
	if (end < first + BITS_PER_LONG)
		mask &= ~0UL >> (first + BITS_PER_LONG - end);
	return mask;
}

static inline void bitmap_set(unsigned long *map, unsigned int start,
			      unsigned int bits)
{
	unsigned long word;

	for (word = 0; word * BITS_PER_LONG < (unsigned long)start + bits; word++)
		map[word] |= shim_mask(word, start, bits);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start,
				unsigned int bits)
{
	unsigned long word;

	for (word = 0; word * BITS_PER_LONG < (unsigned long)start + bits; word++)
		map[word] &= ~shim_mask(word, start, bits);
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	unsigned long word;

	for (word = 0; word * BITS_PER_LONG < bits; word++)
		map[word] = 0;
}

#endif /* SHIM_BITMAP_H */
