/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LOG2_H
#define SHIM_LOG2_H

#include <linux/bits.h>

/* Of 2 and more, as the kernel's fls_long() finds it. */
static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return 1UL << (BITS_PER_LONG - __builtin_clzl(n - 1));
}

#endif /* SHIM_LOG2_H */
