// SPDX-License-Identifier: GPL-2.0-only
/*
 * Responses in a write once more: every one is looked for from the start, in bytes
 * that lie in one piece.
 */
#include "response.h"

/* Where NextCommand lies, 2.2.1.2 */
static u64 next_of(const struct oracle_write *w, u64 at)
{
	u64 next = 0;
	int i;

	for (i = 3; i >= 0; i--)
		next = 256 * next + w->bytes[at + 20 + i];
	return next;
}

/* The response with that @number, from 0 on, behind the four bytes of length. */
bool oracle_response_at(const struct oracle_write *w, u64 message_length,
			unsigned int number, struct oracle_response *response)
{
	u64 at = 4, end = 4 + message_length, next;

	for (;; number--) {
		if (at + 64 > end || at + 64 > w->size)
			return false;
		next = next_of(w, at);
		/* Whatever points to the end or behind it is the last. */
		if (next == 0 || at + next >= end)
			next = end - at;
		if (!number)
			break;
		at += next;
		if (at == end)
			return false;
	}
	*response = (struct oracle_response) {
		.at = at, .length = next, .left = end - at,
	};
	return true;
}

/* Nothing at all lies nowhere, unless something is behind it. */
bool oracle_in_one_piece(const struct oracle_write *w, u64 at, u64 length)
{
	unsigned int i;

	if (at >= w->size || at + length > w->size)
		return false;
	for (i = 0; i < w->pieces; i++) {
		if (w->ends[i] > at && w->ends[i] < at + length)
			return false;
	}
	return true;
}
