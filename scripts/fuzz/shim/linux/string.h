/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_STRING_H
#define SHIM_STRING_H

#include <linux/types.h>
#include <string.h>

static inline const void *memchr_inv(const void *start, int c, size_t size)
{
	const u8 *byte = start;

	for (; size--; byte++) {
		if (*byte != (u8)c)
			return byte;
	}
	return NULL;
}

#endif /* SHIM_STRING_H */
