// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules/due.c promises, for all sequences of calls, of any length.
 *
 * By induction, as window.c here.  The constants are made smaller (properties.py):
 * a bit for each of 2 ids, and room for 2 older ones.
 */
#include "prove.h"
#include "rules/due.h"

/* No connection lives long enough to see it: smbsign_window_use() */
#define LAST_ID	((1ULL << 63) - 1)

static u64 start_of(const struct smbsign_due *due)
{
	return due->end < SMBSIGN_DUE_BITS ? 0 : due->end - SMBSIGN_DUE_BITS;
}

/* The model: is @id in the set? */
static bool has(const struct smbsign_due *due, u64 id)
{
	unsigned int i;

	if (id >= due->end)
		return false;
	if (id >= start_of(due))
		return due->latest[0] >> (id & (SMBSIGN_DUE_BITS - 1)) & 1;
	for (i = 0; i < SMBSIGN_DUE_LATE; i++) {
		if (i < due->lates && due->late[i] == id)
			return true;
	}
	return false;
}

/* The older ids are in order, and older; no bit is set that no id has. */
static bool is_sound(const struct smbsign_due *due)
{
	unsigned long bits = (1UL << SMBSIGN_DUE_BITS) - 1;
	bool sound = due->lates <= SMBSIGN_DUE_LATE && due->end <= LAST_ID + 1;
	unsigned int i;

	if (due->end < SMBSIGN_DUE_BITS)
		bits = (1UL << due->end) - 1;
	sound &= !(due->latest[0] & ~bits);
	for (i = 0; i < SMBSIGN_DUE_LATE; i++) {
		if (i >= due->lates)
			continue;
		sound &= due->late[i] < start_of(due);
		if (i)
			sound &= due->late[i - 1] < due->late[i];
	}
	return sound;
}

static void make_any(struct smbsign_due *due)
{
	*due = ANY(struct smbsign_due);
	ASSUME(is_sound(due));
}

void begins_empty(void)
{
	struct smbsign_due due = {};
	u64 id = ANY(u64);

	PROVE(is_sound(&due) && !smbsign_due_has(&due, id) && !has(&due, id));
	PROVE(smbsign_due_lowest(&due) == 0);
	REACHED(id > SMBSIGN_DUE_BITS);
}

void only_what_was_added(void)
{
	struct smbsign_due due, before;
	u64 id = ANY(u64), other = ANY(u64);

	ASSUME(id <= LAST_ID);
	make_any(&due);
	before = due;
	smbsign_due_add(&due, id);
	PROVE(is_sound(&due));
	if (has(&due, other))
		PROVE(has(&before, other) || other == id);
	/* The oldest is forgotten, and only if there is no room. */
	if ((has(&before, other) || other == id) && !has(&due, other)) {
		PROVE(due.lates == SMBSIGN_DUE_LATE);
		PROVE(other < due.late[0]);
	}
	if (id >= before.end)
		PROVE(has(&due, id));
	REACHED(id > before.end + SMBSIGN_DUE_BITS && due.lates == SMBSIGN_DUE_LATE);
	REACHED(id < start_of(&before) && has(&due, id));
	REACHED(id < start_of(&before) && !has(&due, id));
	REACHED(has(&before, other) && !has(&due, other));
}

void removed_is_removed(void)
{
	struct smbsign_due due, before;
	u64 id = ANY(u64), other = ANY(u64);

	make_any(&due);
	before = due;
	smbsign_due_remove(&due, id);
	PROVE(is_sound(&due));
	PROVE(has(&due, other) == (has(&before, other) && other != id));
	PROVE(due.end == before.end);
	REACHED(id < start_of(&before) && has(&before, id));
	REACHED(id >= start_of(&before) && has(&before, id));
	REACHED(!has(&before, id));
}

void answers_what_is_in_it(void)
{
	struct smbsign_due due;
	u64 id = ANY(u64), lowest;

	make_any(&due);
	PROVE(smbsign_due_has(&due, id) == has(&due, id));
	lowest = smbsign_due_lowest(&due);
	if (has(&due, id))
		PROVE(id >= lowest);
	PROVE(has(&due, lowest) || lowest == due.end);
	REACHED(has(&due, id) && id < start_of(&due));
	REACHED(lowest == due.end && lowest);
	REACHED(has(&due, id) && lowest >= start_of(&due));
}
