// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure command sequence window.
 *
 * A client may use each MessageId that it was granted once.  A request uses as
 * many as its CreditCharge says.  A replayed request uses its MessageIds again
 * ([MS-SMB2] 3.3.1.1, 3.3.5.2.3).
 *
 * The caller manages the memory: it asks how many bits are needed, and provides
 * them.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/find.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "rules/window.h"

static u32 window_bit(const struct smbsign_window *window, u64 id)
{
	return id & (window->size - 1);
}

/*
 * Consecutive ids have consecutive bits, up to the end of the bitmap.  They are
 * handled word by word, because one header may use 65535 of them.
 */
static u32 bits_in_row(const struct smbsign_window *window, u64 id, u32 count)
{
	return min(count, window->size - window_bit(window, id));
}

static void set_used(struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = bits_in_row(window, id, count);

	bitmap_set(window->used, window_bit(window, id), first);
	bitmap_set(window->used, 0, count - first);
}

static void clear_used(struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = bits_in_row(window, id, count);

	bitmap_clear(window->used, window_bit(window, id), first);
	bitmap_clear(window->used, 0, count - first);
}

static bool any_used(const struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = bits_in_row(window, id, count), end = window_bit(window, id) + first;

	return find_next_bit(window->used, end, end - first) < end ||
	       find_next_bit(window->used, count - first, 0) < count - first;
}

/* How many consecutive ids, from @id on, are used? */
static u32 used_in_a_row(const struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = bits_in_row(window, id, count), end = window_bit(window, id) + first;
	u32 next = find_next_zero_bit(window->used, end, end - first);

	if (next < end)
		return next - (end - first);
	return first + find_next_zero_bit(window->used, count - first, 0);
}

/**
 * smbsign_window_init() - set up the window of a new connection: id 0 is
 *	granted
 * @window:	the window
 *
 * Context: any.
 */
void smbsign_window_init(struct smbsign_window *window)
{
	*window = (struct smbsign_window) {
		.high = 1,
		.size = SMBSIGN_WINDOW_SMALL,
		.used = window->small,
	};
}

/**
 * smbsign_window_wanted() - how many bits are needed to grant credits?
 * @window:	the window
 * @credits:	how many are granted
 *
 * Context: any.
 * Return: a size for smbsign_window_resize(), or the current size.
 */
u32 smbsign_window_wanted(const struct smbsign_window *window, u32 credits)
{
	u64 span = window->high + credits - window->low;

	if (window->unseen)
		span = max_t(u64, span, SMBSIGN_WINDOW_UNSEEN);
	span = min_t(u64, span, SMBSIGN_WINDOW_LARGE);
	/* The logarithm of 0 is undefined. */
	return span <= window->size ? window->size : roundup_pow_of_two(span);
}

/**
 * smbsign_window_resize() - use new memory
 * @window:	the window
 * @used:	@size bits, all clear
 * @size:	what smbsign_window_wanted() returned
 *
 * Context: any.
 * Return: memory that is no longer used, or NULL.
 */
unsigned long *smbsign_window_resize(struct smbsign_window *window,
				     unsigned long *used, u32 size)
{
	unsigned long *old = window->used;
	u64 id;

	if (size <= window->size)
		return used;
	for (id = window->low; id < window->high; id++) {
		if (test_bit(window_bit(window, id), old))
			__set_bit(id & (size - 1), used);
	}
	window->used = used;
	window->size = size;
	return old == window->small ? NULL : old;
}

/* Forget the oldest granted ids, used or not: there is no room for them. */
static void make_room(struct smbsign_window *window)
{
	u64 span = window->high - window->low;

	if (span <= window->size)
		return;
	clear_used(window, window->low,
		   min_t(u64, span - window->size, window->size));
	window->low = window->high - window->size;
}

/**
 * smbsign_window_grant() - grant credits
 * @window:	the window
 * @credits:	CreditResponse
 *
 * Context: any.
 */
void smbsign_window_grant(struct smbsign_window *window, u32 credits)
{
	window->high += credits;
	make_room(window);
}

/**
 * smbsign_window_unsee() - credits may be granted unseen from now on
 * @window:	the window
 *
 * Encrypted messages hide their MessageIds and credits.  The window can still
 * tell that an id was used before it became hidden, or that it is far behind.
 *
 * Context: any.
 */
void smbsign_window_unsee(struct smbsign_window *window)
{
	window->unseen = true;
}

static bool ids_unused(const struct smbsign_window *window, u64 id, u64 end)
{
	end = min(end, window->high);
	return end <= id || !any_used(window, id, end - id);
}

static void mark_used(struct smbsign_window *window, u64 id, u64 end)
{
	u32 done;

	set_used(window, id, end - id);
	done = used_in_a_row(window, window->low, window->high - window->low);
	clear_used(window, window->low, done);
	window->low += done;
}

/**
 * smbsign_window_use() - use the ids of a request
 * @window:	the window
 * @id:		MessageId
 * @charge:	how many ids it uses, from @id on; 0 counts as one
 *
 * Context: any. [MS-SMB2] 3.3.5.2.3.
 * Return: false if one of them was used before or is not granted; then none is
 * used.
 */
bool smbsign_window_use(struct smbsign_window *window, u64 id, u32 charge)
{
	u64 end = id + max(charge, 1U);

	if (id >= SMBSIGN_WINDOW_END || id < window->low ||
	    !ids_unused(window, id, end))
		return false;
	if (end > window->high) {
		if (!window->unseen || end - id > window->size)
			return false;
		if (end - window->high > window->size) {
			/* Beyond all that is remembered. */
			bitmap_zero(window->used, window->size);
			window->low = end - window->size;
			window->high = end;
		}
		smbsign_window_grant(window, end - window->high);
	}
	mark_used(window, id, end);
	return true;
}
