/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel has no <linux/unaligned.h> (before 6.12), this one is found. */
#include <asm/unaligned.h>
