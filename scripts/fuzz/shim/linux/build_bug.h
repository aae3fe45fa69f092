/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_BUILD_BUG_H
#define SHIM_BUILD_BUG_H

#include <assert.h>

/* The kernel's needs no words */
#undef static_assert
#define static_assert(expression) _Static_assert(expression, #expression)

#endif /* SHIM_BUILD_BUG_H */
