/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers have, and what rules/due.c asks for besides. */
#ifndef SHIM_PROVE_BITOPS_H
#define SHIM_PROVE_BITOPS_H

#include_next <linux/bitops.h>

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	__clear_bit(nr, map);
	return was;
}

#endif /* SHIM_PROVE_BITOPS_H */
