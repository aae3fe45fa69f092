/* SPDX-License-Identifier: GPL-2.0-only */
/* Used if the kernel has no <linux/unaligned.h> (before 6.12). */
#include <asm/unaligned.h>
