// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command sequence window once more ([MS-SMB2] 3.3.1.1, 3.3.5.2.3).
 *
 * There are no bits and no positions: a list of ranges holds every id that may be
 * used, and numbers have 128 bits.  How many ids are remembered is the one thing
 * that it must be told.
 */
#include <stdlib.h>
#include <string.h>

#include "window.h"

/* Ids from here on nobody is ever granted. */
#define NEVER ((unsigned __int128)1 << 63)

static void insert(struct oracle_window *w, unsigned int at,
		   unsigned __int128 first, unsigned __int128 end)
{
	if (first >= end)
		return;
	if (w->count == w->room) {
		w->room = w->room * 2 + 8;
		w->ranges = realloc(w->ranges, w->room * sizeof(*w->ranges));
	}
	memmove(w->ranges + at + 1, w->ranges + at,
		(w->count - at) * sizeof(*w->ranges));
	w->ranges[at] = (struct oracle_range) { first, end };
	w->count++;
}

static void take_out(struct oracle_window *w, unsigned int at)
{
	w->count--;
	memmove(w->ranges + at, w->ranges + at + 1,
		(w->count - at) * sizeof(*w->ranges));
}

/* Ids below @first are not remembered any more. */
static void forget(struct oracle_window *w, unsigned __int128 first)
{
	while (w->count && w->ranges[0].end <= first)
		take_out(w, 0);
	if (w->count && w->ranges[0].first < first)
		w->ranges[0].first = first;
}

/* Ids up to @end, not included, may be used. */
static void extend(struct oracle_window *w, unsigned __int128 end, u32 size)
{
	insert(w, w->count, w->high, end);
	w->high = end;
	if (end > size)
		forget(w, end - size);
}

void oracle_window_init(struct oracle_window *w)
{
	memset(w, 0, sizeof(*w));
	extend(w, 1, 1);
}

void oracle_window_free(struct oracle_window *w)
{
	free(w->ranges);
}

void oracle_window_grant(struct oracle_window *w, u32 credits, u32 size)
{
	extend(w, w->high + credits, size);
}

bool oracle_window_has(const struct oracle_window *w, u64 id)
{
	unsigned int i;

	for (i = 0; i < w->count; i++) {
		if (w->ranges[i].first <= id && id < w->ranges[i].end)
			return true;
	}
	return false;
}

static bool has_all(const struct oracle_window *w, unsigned __int128 id,
		    unsigned __int128 end)
{
	for (; id < end && id < w->high; id++) {
		if (!oracle_window_has(w, id))
			return false;
	}
	return true;
}

static void use_one(struct oracle_window *w, unsigned __int128 id)
{
	struct oracle_range range;
	unsigned int i;

	for (i = 0; i < w->count; i++) {
		range = w->ranges[i];
		if (id < range.first || id >= range.end)
			continue;
		take_out(w, i);
		insert(w, i, id + 1, range.end);
		insert(w, i, range.first, id);
		return;
	}
}

bool oracle_window_use(struct oracle_window *w, u64 id, u32 charge, u32 size)
{
	unsigned __int128 first = id, end = first + (charge ? charge : 1);

	if (first >= NEVER || !has_all(w, first, end))
		return false;
	/* Beyond: only where credits may have been granted unseen. */
	if (end > w->high) {
		if (!w->unseen || end - first > size)
			return false;
		extend(w, end, size);
	}
	for (; first < end; first++)
		use_one(w, first);
	return true;
}
