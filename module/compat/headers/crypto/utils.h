/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel has no <crypto/utils.h> (before 6.6), this one is found. */
#include <crypto/algapi.h>
