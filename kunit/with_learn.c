// SPDX-License-Identifier: GPL-2.0-only
/* For tx_test.c: what responses teach. */
#include "../module/learn.c"
