/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_FIND_H
#define SHIM_FIND_H

#include <linux/bitops.h>

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long bits,
					  unsigned long at)
{
	while (at < bits && !test_bit(at, map))
		at++;
	return at < bits ? at : bits;
}

static inline unsigned long find_next_zero_bit(const unsigned long *map,
					       unsigned long bits,
					       unsigned long at)
{
	while (at < bits && test_bit(at, map))
		at++;
	return at < bits ? at : bits;
}

#endif /* SHIM_FIND_H */
