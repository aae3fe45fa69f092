// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure command sequence window.
 *
 * A client may use every MessageId that it was granted once; a request uses as
 * many as its CreditCharge says.  Whoever replays a request that was signed, uses
 * its MessageId again ([MS-SMB2] 3.3.1.1, 3.3.5.2.3).
 *
 * Memory is the caller's business: it asks how many bits would be wanted, and
 * brings them.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/find.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "window.h"

static u32 position(const struct smbsign_window *window, u64 id)
{
	return id & (window->size - 1);
}

/*
 * Ids in a row are bits in a row, until those begin anew.  They are handled by the
 * word: one header may use 65535 of them.
 */
static u32 row(const struct smbsign_window *window, u64 id, u32 count)
{
	return min(count, window->size - position(window, id));
}

static void set_used(struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = row(window, id, count);

	bitmap_set(window->used, position(window, id), first);
	bitmap_set(window->used, 0, count - first);
}

static void clear_used(struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = row(window, id, count);

	bitmap_clear(window->used, position(window, id), first);
	bitmap_clear(window->used, 0, count - first);
}

static bool any_used(const struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = row(window, id, count), end = position(window, id) + first;

	return find_next_bit(window->used, end, end - first) < end ||
	       find_next_bit(window->used, count - first, 0) < count - first;
}

/* How many, from an id on, are used without one that is not. */
static u32 used_in_a_row(const struct smbsign_window *window, u64 id, u32 count)
{
	u32 first = row(window, id, count), end = position(window, id) + first;
	u32 next = find_next_zero_bit(window->used, end, end - first);

	if (next < end)
		return next - (end - first);
	return first + find_next_zero_bit(window->used, count - first, 0);
}

/**
 * smbsign_window_init() - the window of a new connection: the id 0
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
 * smbsign_window_wanted() - how many bits it takes to grant credits
 * @window:	the window
 * @credits:	how many are to be granted
 *
 * Context: any.
 * Return: a size for smbsign_window_resize(), or the present one.
 */
u32 smbsign_window_wanted(const struct smbsign_window *window, u32 credits)
{
	u64 span = window->high + credits - window->low;

	if (window->unseen)
		span = max_t(u64, span, SMBSIGN_WINDOW_UNSEEN);
	span = min_t(u64, span, SMBSIGN_WINDOW_LARGE);
	/* Of nothing there is no logarithm. */
	return span <= window->size ? window->size : roundup_pow_of_two(span);
}

/**
 * smbsign_window_resize() - use other memory
 * @window:	the window
 * @used:	@size bits, all clear
 * @size:	as smbsign_window_wanted() said
 *
 * Context: any.
 * Return: memory that is not used any more, or NULL.
 */
unsigned long *smbsign_window_resize(struct smbsign_window *window,
				     unsigned long *used, u32 size)
{
	unsigned long *old = window->used;
	u64 id;

	if (size <= window->size)
		return used;
	for (id = window->low; id < window->high; id++) {
		if (test_bit(position(window, id), old))
			__set_bit(id & (size - 1), used);
	}
	window->used = used;
	window->size = size;
	return old == window->small ? NULL : old;
}

/* Give up ids that were granted and never used: there is no room for them. */
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
 * smbsign_window_grant() - credits are granted
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
 * smbsign_window_unsee() - from now on credits may be granted unseen
 * @window:	the window
 *
 * An encrypted message hides its MessageId and its credits.  What can still be
 * told is that an id was used before that was seen, or that lies far behind.
 *
 * Context: any.
 */
void smbsign_window_unsee(struct smbsign_window *window)
{
	window->unseen = true;
}

static bool unused(const struct smbsign_window *window, u64 id, u64 end)
{
	end = min(end, window->high);
	return end <= id || !any_used(window, id, end - id);
}

static void mark(struct smbsign_window *window, u64 id, u64 end)
{
	u32 done;

	set_used(window, id, end - id);
	done = used_in_a_row(window, window->low, window->high - window->low);
	clear_used(window, window->low, done);
	window->low += done;
}

/**
 * smbsign_window_use() - a request uses ids
 * @window:	the window
 * @id:		MessageId
 * @charge:	how many it uses from there on; 0 counts as one
 *
 * Context: any. [MS-SMB2] 3.3.5.2.3.
 * Return: false if one of them was used before or is not granted; then none is
 * used.
 */
bool smbsign_window_use(struct smbsign_window *window, u64 id, u32 charge)
{
	u64 end = id + max(charge, 1U);

	if (id >= SMBSIGN_WINDOW_END || id < window->low ||
	    !unused(window, id, end))
		return false;
	if (end > window->high) {
		if (!window->unseen || end - id > window->size)
			return false;
		if (end - window->high > window->size) {
			/* Farther ahead than all that is remembered. */
			bitmap_zero(window->used, window->size);
			window->low = end - window->size;
			window->high = end;
		}
		smbsign_window_grant(window, end - window->high);
	}
	mark(window, id, end);
	return true;
}
