/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pure command sequence window: the MessageIds that a client may use, once
 * each.
 */
#ifndef SMBSIGN_WINDOW_H
#define SMBSIGN_WINDOW_H

#include <linux/types.h>

/*
 * Bits that need no memory of their own; the most bits ever kept; and how many
 * are kept if granted credits cannot be seen, which is ksmbd's own limit.
 */
#define SMBSIGN_WINDOW_SMALL	512
#define SMBSIGN_WINDOW_LARGE	65536
#define SMBSIGN_WINDOW_UNSEEN	8192
/*
 * No connection lives long enough to see this id; below it, no sum of ids
 * wraps.
 */
#define SMBSIGN_WINDOW_END	BIT_ULL(63)

/**
 * struct smbsign_window - Connection.CommandSequenceWindow, 3.3.1.7
 * @low:	every id below is used, or was forgotten
 * @high:	no id from here on is granted
 * @size:	bits in @used, a power of two, at least @high - @low
 * @unseen:	credits may have been granted unseen
 * @used:	@small, or allocated memory
 * @small:	the first bits
 *
 * Ids from @low up to, but not including, @high have their bit set if they are
 * used.  The bit's number is the id modulo @size.  All other bits are clear.
 */
struct smbsign_window {
	u64		low;
	u64		high;
	u32		size;
	bool		unseen;
	unsigned long	*used;
	unsigned long	small[SMBSIGN_WINDOW_SMALL / (8 * sizeof(long))];
};

void smbsign_window_init(struct smbsign_window *window);
u32 smbsign_window_wanted(const struct smbsign_window *window, u32 credits);
unsigned long *smbsign_window_resize(struct smbsign_window *window,
				     unsigned long *used, u32 size);
void smbsign_window_grant(struct smbsign_window *window, u32 credits);
void smbsign_window_unsee(struct smbsign_window *window);
bool smbsign_window_use(struct smbsign_window *window, u64 id, u32 charge);

#endif /* SMBSIGN_WINDOW_H */
