// SPDX-License-Identifier: GPL-2.0-only
/* For tx_test.c: what is made of a NEGOTIATE response. */
#include "../module/negotiate.c"
