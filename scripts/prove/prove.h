/* SPDX-License-Identifier: GPL-2.0-only */
/* What the proofs share. CBMC reads this, and no compiler. */
#ifndef PROVE_H
#define PROVE_H

#include <linux/types.h>

/* Any value of the type: CBMC takes a variable that is never set for any of them. */
#define ANY(type)	({ type any_; any_; })
/* _Bool has 256 values for CBMC, and two for the compiler. */
#define ANY_BOOL()	((bool)(ANY(u8) & 1))
#define ASSUME(condition) __CPROVER_assume(condition)
/* An enumeration has negative values, too. */
#define ASSUME_ENUM(place, last) ASSUME((unsigned int)(place) <= (last))
#define ASSUME_BOOL(place) ASSUME(*(const u8 *)&(place) <= 1)

/*
 * PROVE() is a part of what is proven.  REACHED() says where a proof would show
 * nothing if no input came there: with COVERED, CBMC looks for one.
 */
#ifdef COVERED
#define PROVE(condition) ((void)0)
#define REACHED(condition) __CPROVER_cover(condition)
#else
#define PROVE(condition) __CPROVER_assert(condition, #condition)
#define REACHED(condition) ((void)0)
#endif

#endif /* PROVE_H */
