/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_UNALIGNED_H
#define GATE_UNALIGNED_H

#include_next <linux/unaligned.h>

/* As linux/string.h here */
#define put_unaligned_le16(value, to)	((void)(value), (void)(to))
#define put_unaligned_be32(value, to)	((void)(value), (void)(to))

#endif /* GATE_UNALIGNED_H */
