/* SPDX-License-Identifier: GPL-2.0-only */
/* Used if the kernel has no <crypto/utils.h> (before 6.6). */
#include <crypto/algapi.h>
