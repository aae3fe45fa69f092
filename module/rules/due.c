// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure set of MessageIds: those whose responses are due.
 *
 * Under AES-GMAC the MessageId is the nonce, and a response is signed only if
 * its MessageId is in this set.  A request adds its MessageId once, because the
 * window lets it pass once; the final response removes it.  So there are no two
 * signed responses with one MessageId, whatever ksmbd sends.
 *
 * What the set has no room for, it forgets, and then a response is not signed.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "rules/due.h"

static u32 due_bit(u64 id)
{
	return id & (SMBSIGN_DUE_BITS - 1);
}

/* The first id that has a bit. */
static u64 due_start(const struct smbsign_due *due)
{
	return due->end - min_t(u64, due->end, SMBSIGN_DUE_BITS);
}

/* Where in @late the id is, or would be. */
static u32 late_index(const struct smbsign_due *due, u64 id)
{
	u32 low = 0, high = due->lates, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (due->late[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_late(const struct smbsign_due *due, u64 id, u32 index)
{
	return index < due->lates && due->late[index] == id;
}

static void late_drop(struct smbsign_due *due, u32 index)
{
	due->lates--;
	memmove(&due->late[index], &due->late[index + 1],
		(due->lates - index) * sizeof(due->late[0]));
}

/* If there is no room, the oldest is forgotten. */
static void late_add(struct smbsign_due *due, u64 id)
{
	u32 at = late_index(due, id);

	if (is_late(due, id, at))
		return;
	if (due->lates == SMBSIGN_DUE_LATE) {
		if (!at--)
			return;
		late_drop(due, 0);
	}
	memmove(&due->late[at + 1], &due->late[at],
		(due->lates - at) * sizeof(due->late[0]));
	due->late[at] = id;
	due->lates++;
}

static void late_remove(struct smbsign_due *due, u64 id)
{
	u32 at = late_index(due, id);

	if (is_late(due, id, at))
		late_drop(due, at);
}

/* Ids from @id up to @last that are in the set and have a bit. */
static u32 count_latest(const struct smbsign_due *due, u64 id, u64 last)
{
	u32 count = 0;

	for (; id < last; id++)
		count += test_bit(due_bit(id), due->latest);
	return count;
}

/* Make room for @count late ids, SMBSIGN_DUE_LATE at most. */
static void forget_oldest(struct smbsign_due *due, u32 count)
{
	u32 room = SMBSIGN_DUE_LATE - due->lates;
	u32 excess = count - min(count, room);

	due->lates -= excess;
	memmove(due->late, &due->late[excess],
		due->lates * sizeof(due->late[0]));
}

/*
 * The ids that lose their bits are late if they are in the set.  They are later
 * than all that are late already.
 */
static void move_end(struct smbsign_due *due, u64 end)
{
	u64 id, start = end - min_t(u64, end, SMBSIGN_DUE_BITS);
	u64 last = min(start, due->end);
	u32 count = count_latest(due, due_start(due), last);
	u32 skip = count - min_t(u32, count, SMBSIGN_DUE_LATE);

	forget_oldest(due, count - skip);
	for (id = due_start(due); id < last; id++) {
		if (!__test_and_clear_bit(due_bit(id), due->latest))
			continue;
		if (skip)
			skip--;
		else
			due->late[due->lates++] = id;
	}
	due->end = end;
}

/**
 * smbsign_due_add() - a request was accepted
 * @due:	the set; all zero in the beginning
 * @id:		its MessageId, which was never accepted before
 *
 * Context: any, under smbsign_conn.lock. Takes as many steps as MessageIds have
 * been left out, and at most SMBSIGN_DUE_BITS.
 */
void smbsign_due_add(struct smbsign_due *due, u64 id)
{
	if (id >= due->end)
		move_end(due, id + 1);
	if (id >= due_start(due))
		__set_bit(due_bit(id), due->latest);
	else
		late_add(due, id);
}

/**
 * smbsign_due_has() - is a response due?
 * @due:	the set
 * @id:		MessageId of the response
 *
 * Context: any, under smbsign_conn.lock.
 * Return: true if it is.
 */
bool smbsign_due_has(const struct smbsign_due *due, u64 id)
{
	if (id >= due->end)
		return false;
	if (id >= due_start(due))
		return test_bit(due_bit(id), due->latest);
	return is_late(due, id, late_index(due, id));
}

/**
 * smbsign_due_remove() - a request has had its final response
 * @due:	the set
 * @id:		MessageId of the response
 *
 * Context: any, under smbsign_conn.lock.
 */
void smbsign_due_remove(struct smbsign_due *due, u64 id)
{
	if (id >= due->end)
		return;
	if (id >= due_start(due))
		__clear_bit(due_bit(id), due->latest);
	else
		late_remove(due, id);
}

/**
 * smbsign_due_lowest() - below which MessageId will nothing be signed any more?
 * @due:	the set
 *
 * Context: any, under smbsign_conn.lock.
 * Return: the lowest MessageId in the set, or one after all that were added.
 */
u64 smbsign_due_lowest(const struct smbsign_due *due)
{
	u64 start = due_start(due);
	u32 first = due_bit(start), bit;

	if (due->lates)
		return due->late[0];
	bit = find_next_bit(due->latest, SMBSIGN_DUE_BITS, first);
	if (bit < SMBSIGN_DUE_BITS)
		return start + bit - first;
	bit = find_next_bit(due->latest, first, 0);
	return bit < first ? start + SMBSIGN_DUE_BITS - first + bit : due->end;
}
