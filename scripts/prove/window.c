// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules/window.c promises, for all sequences of calls, of any length.
 *
 * By induction.  The model is a set: the ids that may be used.  A window begins
 * as the set of 0.  Each call, made on any sound window, leaves a sound window,
 * and changes the set as it should.  One id, @other, which may be any, stands for
 * all of them.
 *
 * The window has SIZE ids, so that the proof is short.  The code
 * has no size but that of the window.
 */
#include <linux/bits.h>

#include "prove.h"
#include "rules/window.h"

#define SIZE	4
/*
 * No connection lives so long that it is granted 2^62 credits.  No client gets
 * here by itself: smbsign_window_use() takes no id from 2^63 on.
 */
#define FAR	(SMBSIGN_WINDOW_END + (1ULL << 62))

/* The model: may @id be used? */
static bool has(const struct smbsign_window *window, u64 id)
{
	u32 bit = id & (window->size - 1);

	return id >= window->low && id < window->high &&
	       !(window->used[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1);
}

/* The bits that ids of the window have: so many as there are ids, turned. */
static unsigned long bits_in_use(const struct smbsign_window *window)
{
	u32 span = window->high - window->low, turn = window->low & (window->size - 1);
	unsigned long all = (2UL << (window->size - 1)) - 1;
	unsigned long row = (1UL << span) - 1;

	return turn ? (row << turn | row >> (window->size - turn)) & all : row;
}

/* Its ends are in order, it has room for them, and no other bit is set. */
static bool is_sound(const struct smbsign_window *window)
{
	return window->low <= window->high &&
	       window->high - window->low <= window->size &&
	       !(window->used[0] & ~bits_in_use(window));
}

/* Any sound window. */
static void make_any(struct smbsign_window *window)
{
	*window = ANY(struct smbsign_window);
	window->size = SIZE;
	window->used = window->small;
	ASSUME_BOOL(window->unseen);
	ASSUME(window->high < FAR && is_sound(window));
}

void begins_with_id_0(void)
{
	struct smbsign_window window = ANY(struct smbsign_window);
	u64 id = ANY(u64);
	u32 bit = ANY(u32);

	ASSUME(bit < SMBSIGN_WINDOW_SMALL);
	smbsign_window_init(&window);
	PROVE(window.size == SMBSIGN_WINDOW_SMALL && window.used == window.small);
	PROVE(has(&window, id) == !id);
	/* No bit is set that a later id has. */
	PROVE(!(window.used[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1));
	PROVE(window.low == 0 && window.high == 1 && !window.unseen);
	REACHED(has(&window, id));
}

struct use {
	struct smbsign_window	window, before;
	u64			id, end, other;
	u32			charge;
	bool			used, of_it;
};

/* A request comes on any sound window. */
static void use_any(struct use *use)
{
	*use = ANY(struct use);
	/* CreditCharge has 16 bits. */
	ASSUME(use->charge <= 0xffff);
	make_any(&use->window);
	use->before = use->window;
	use->before.used = use->before.small;
	use->used = smbsign_window_use(&use->window, use->id, use->charge);
	use->end = use->id + (use->charge ? use->charge : 1);
	use->of_it = use->other >= use->id && use->other < use->end;
}

void use_leaves_it_sound(void)
{
	struct use use;

	use_any(&use);
	PROVE(is_sound(&use.window));
	PROVE(use.window.high >= use.before.high && use.window.low >= use.before.low);
	REACHED(use.used && use.charge > 1);
	/* The bits of the ids go past the last bit of the bitmap. */
	REACHED(use.used && use.charge > 2 && (use.id & (SIZE - 1)) + use.charge > SIZE + 1);
	REACHED(use.used && use.window.low == use.window.high);
}

void used_once(void)
{
	struct use use;

	use_any(&use);
	if (use.used && use.of_it) {
		/* It could be used, or could have been granted unseen. */
		PROVE(has(&use.before, use.other) ||
		      (use.before.unseen && use.other >= use.before.high));
		PROVE(!has(&use.window, use.other));
	}
	if (use.used)
		PROVE(use.id < SMBSIGN_WINDOW_END && use.id >= use.before.low);
	/* What cannot be used never comes back. */
	if (use.other < use.before.high && !has(&use.before, use.other))
		PROVE(!has(&use.window, use.other));
	REACHED(use.used && use.charge > 1 && use.before.unseen && use.id > use.before.high);
	REACHED(use.used && !use.before.unseen && !use.charge);
	REACHED(use.used && use.charge == SIZE);
	REACHED(!use.used && use.id >= use.before.low && use.id < use.before.high);
}

void use_changes_nothing_else(void)
{
	struct use use;
	bool had;

	use_any(&use);
	had = has(&use.before, use.other);
	if (!use.used) {
		PROVE(has(&use.window, use.other) == had);
		PROVE(use.window.low == use.before.low &&
		      use.window.high == use.before.high);
	}
	/* None comes, but those between the last one and this one if credits are unseen. */
	if (has(&use.window, use.other))
		PROVE(had || (use.before.unseen && use.other >= use.before.high &&
			      use.other < use.id));
	/* None goes, but for want of room if credits are unseen. */
	if (had && !(use.used && use.of_it) && !use.before.unseen)
		PROVE(has(&use.window, use.other));
	if (use.used && use.other >= use.before.high && use.other >= use.window.low &&
	    use.other < use.id)
		PROVE(has(&use.window, use.other));
	if (!use.before.unseen)
		PROVE(use.window.high == use.before.high);
	REACHED(use.used && had && !use.of_it);
	REACHED(has(&use.window, use.other) && !had);
	REACHED(had && !use.of_it && !has(&use.window, use.other));
}

void all_granted_may_be_used(void)
{
	struct smbsign_window window;
	u64 id = ANY(u64), end;
	u32 charge = ANY(u32), i;
	bool all = true;

	ASSUME(charge <= 0xffff);
	make_any(&window);
	ASSUME(!window.unseen);
	end = id + (charge ? charge : 1);
	for (i = 0; i < SIZE; i++) {
		if (id + i < end)
			all &= has(&window, id + i);
	}
	/* So many are never granted; and none from there on. */
	if (end - id > SIZE || id >= SMBSIGN_WINDOW_END)
		all = false;
	PROVE(smbsign_window_use(&window, id, charge) == all);
	REACHED(all && charge > 1);
	REACHED(!all && has(&window, id));
}

void grants_what_is_granted(void)
{
	struct smbsign_window window, before;
	u64 other = ANY(u64);
	u32 credits = ANY(u32);

	/* CreditResponse has 16 bits. */
	ASSUME(credits <= 0xffff);
	make_any(&window);
	before = window;
	before.used = before.small;
	smbsign_window_grant(&window, credits);
	PROVE(is_sound(&window));
	PROVE(window.high == before.high + credits && window.low >= before.low);
	/* What there is room for */
	PROVE(has(&window, other) ==
	      (other >= window.low &&
	       (has(&before, other) ||
		(other >= before.high && other < window.high))));
	/* If there is room, nothing is forgotten. */
	if (before.high + credits - before.low <= SIZE)
		PROVE(window.low == before.low);
	REACHED(window.low > before.low && has(&window, other) && other < before.high);
	REACHED(credits > SIZE);
	REACHED(window.low == before.low && credits);
}

void growth_keeps_all(void)
{
	struct smbsign_window window, before;
	unsigned long used = 0, *old;
	u64 other = ANY(u64);
	u32 size = ANY(u32);

	/* What smbsign_window_wanted() returns is a power of two. */
	ASSUME(size && size <= BITS_PER_LONG && !(size & (size - 1)));
	make_any(&window);
	before = window;
	before.used = before.small;
	old = smbsign_window_resize(&window, &used, size);
	PROVE(has(&window, other) == has(&before, other));
	/* No bit is set that a later id has. */
	PROVE(size <= SIZE || __builtin_popcountl(used) == __builtin_popcountl(before.small[0]));
	PROVE(window.size == (size > SIZE ? size : SIZE));
	/* Memory that came too late is given back; the window's own never. */
	PROVE(old == (size > SIZE ? NULL : &used));
	REACHED(size == BITS_PER_LONG && has(&window, other));
	REACHED(size <= SIZE && has(&window, other));
}

/* For any credits and any window, large ones included. */
void wants_enough(void)
{
	struct smbsign_window window = ANY(struct smbsign_window);
	u32 credits = ANY(u32), size;
	u64 span;

	ASSUME_BOOL(window.unseen);
	ASSUME(window.size >= SMBSIGN_WINDOW_SMALL &&
	       window.size <= SMBSIGN_WINDOW_LARGE &&
	       !(window.size & (window.size - 1)));
	ASSUME(window.low <= window.high && window.high < FAR &&
	       window.high - window.low <= window.size);
	span = window.high + credits - window.low;
	size = smbsign_window_wanted(&window, credits);
	PROVE(size >= window.size && size <= SMBSIGN_WINDOW_LARGE);
	PROVE(!(size & (size - 1)));
	PROVE(size >= span || size == SMBSIGN_WINDOW_LARGE);
	if (window.unseen)
		PROVE(size >= SMBSIGN_WINDOW_UNSEEN);
	/* No client has the server keep more than that. */
	PROVE(size == window.size || size < 2 * span || size == SMBSIGN_WINDOW_UNSEEN);
	REACHED(size > window.size && !window.unseen);
	REACHED(size == SMBSIGN_WINDOW_LARGE && span > SMBSIGN_WINDOW_LARGE);
}
