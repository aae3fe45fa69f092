/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_FIND_H
#define SHIM_FIND_H

#include <linux/bitops.h>

/* The first bit of @map, each word of which is turned by @invert. */
static inline unsigned long shim_find(const unsigned long *map, unsigned long bits,
				      unsigned long at, unsigned long invert)
{
	unsigned long word, found;

	for (word = at / BITS_PER_LONG; at < bits && word * BITS_PER_LONG < bits; word++) {
		found = map[word] ^ invert;
		if (word == at / BITS_PER_LONG)
			found &= ~0UL << at % BITS_PER_LONG;
		if (!found)
			continue;
		at = word * BITS_PER_LONG + __builtin_ctzl(found);
		return at < bits ? at : bits;
	}
	return bits;
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long bits, unsigned long at)
{
	return shim_find(map, bits, at, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map,
					       unsigned long bits, unsigned long at)
{
	return shim_find(map, bits, at, ~0UL);
}

#endif /* SHIM_FIND_H */
