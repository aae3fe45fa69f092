/* SPDX-License-Identifier: GPL-2.0-only */
/* As much as rules/verified.c asks for. */
#ifndef SHIM_LINUX_HASH_H
#define SHIM_LINUX_HASH_H

#include <linux/types.h>

static inline u32 hash_64(u64 value, unsigned int bits)
{
	return value * 0x9e3779b97f4a7c15ULL >> (64 - bits);
}

#endif /* SHIM_LINUX_HASH_H */
