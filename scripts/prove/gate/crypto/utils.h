/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_CRYPTO_UTILS_H
#define GATE_CRYPTO_UTILS_H

#include <linux/types.h>

unsigned long crypto_memneq(const void *a, const void *b, size_t size);

#endif /* GATE_CRYPTO_UTILS_H */
