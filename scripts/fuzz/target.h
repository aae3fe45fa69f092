/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

/* Module and oracle must agree. */
#define SAME(what, module, oracle)						\
	do {									\
		unsigned long long m_ = (module), o_ = (oracle);		\
		if (m_ != o_)							\
			differ(what, __LINE__, m_, o_);				\
	} while (0)

static inline void differ(const char *what, int line, unsigned long long module,
			  unsigned long long oracle)
{
	fprintf(stderr, "%s (line %d): module %#llx, oracle %#llx\n", what, line,
		module, oracle);
	abort();
}

/* Holds whatever the oracle says. */
#define HOLDS(condition)							\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "broken: %s\n", #condition);		\
			abort();						\
		}								\
	} while (0)

/* @size bytes with nothing behind them that may be read. */
static inline u8 *exact_copy(const u8 *data, size_t size)
{
	u8 *copy = malloc(size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* Chance that depends on the input and on nothing else, FNV-1a and a twist. */
static inline u32 chance(const u8 *data, size_t size, u32 salt)
{
	u32 hash = 2166136261u ^ salt;

	while (size--)
		hash = (hash ^ *data++) * 16777619u;
	return hash ^ hash >> 15;
}

#endif /* FUZZ_TARGET_H */
