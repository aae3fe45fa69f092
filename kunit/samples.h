/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames of real conversations, from scripts/fuzz/corpus. */
#ifndef SMBSIGN_KUNIT_SAMPLES_H
#define SMBSIGN_KUNIT_SAMPLES_H

#include <linux/types.h>

/**
 * struct sample - a captured frame
 * @name:	what it is
 * @data:	its bytes, from the NBSS header on
 * @length:	bytes at @data
 */
struct sample {
	const char	*name;
	const u8	*data;
	u32		length;
};

#include "frames.inc"

#endif /* SMBSIGN_KUNIT_SAMPLES_H */
