// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command sequence window, fed with a sequence of operations: an opcode and
 * its operand each.
 */
#include "rules/window.h"
#include "oracle/window.h"
#include "target.h"

/* All that a window remembers lies within this of its ends. */
#define NEAR		4
/* CreditCharge up to here, as the oracle counts one by one */
#define MANY		2048

enum {
	GRANT, GRANT_AT_ONCE, GRANT_MANY, USE_LOW, USE_HIGH, USE_ANY, USE_MANY, AGAIN,
	UNSEE, OPERATIONS
};

struct state {
	struct smbsign_window	window;
	struct oracle_window	oracle;
	u64			last;
};

static u64 take(const u8 **data, const u8 *end, unsigned int size)
{
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < size && *data < end; i++)
		value |= (u64)*(*data)++ << (8 * i);
	return value;
}

/* As state/credits.c does it: memory first. */
static void make_memory(struct smbsign_window *w, u32 credits)
{
	u32 size = smbsign_window_wanted(w, credits);
	u64 span = w->high + credits - w->low;

	HOLDS(size >= w->size && !(size & (size - 1)));
	HOLDS(size <= SMBSIGN_WINDOW_LARGE);
	HOLDS(size >= span || size == SMBSIGN_WINDOW_LARGE);
	HOLDS(size == w->size || size < 2 * span ||
	      size == SMBSIGN_WINDOW_UNSEEN);
	if (w->unseen)
		HOLDS(size >= SMBSIGN_WINDOW_UNSEEN);
	/* Memory that came too late, or is none more, is given back. */
	HOLDS(smbsign_window_resize(w, w->small, w->size) == w->small);
	if (size > w->size)
		free(smbsign_window_resize(w, calloc(1, size / 8), size));
	HOLDS(w->size == size);
}

static void grant(struct state *s, u32 credits)
{
	smbsign_window_grant(&s->window, credits);
	oracle_window_grant(&s->oracle, credits, s->window.size);
}

static void grant_with_memory(struct state *s, u32 credits)
{
	make_memory(&s->window, credits);
	grant(s, credits);
}

static void use(struct state *s, u64 id, u32 charge)
{
	u32 size = s->window.size;

	s->last = id;
	SAME("use", smbsign_window_use(&s->window, id, charge),
	     oracle_window_use(&s->oracle, id, charge, size));
}

static void unsee(struct state *s)
{
	smbsign_window_unsee(&s->window);
	s->oracle.unseen = true;
	grant_with_memory(s, 0);
}

static void operate(struct state *s, const u8 **data, const u8 *end)
{
	switch (take(data, end, 1) % OPERATIONS) {
	case GRANT:
		return grant_with_memory(s, take(data, end, 1));
	case GRANT_AT_ONCE:
		/* No more memory: old ids are given up. */
		return grant(s, take(data, end, 1));
	case GRANT_MANY:
		return grant_with_memory(s, take(data, end, 2));
	case USE_LOW:
		return use(s, s->window.low + (int8_t)take(data, end, 1), 1);
	case USE_HIGH:
		return use(s, s->window.high + (int8_t)take(data, end, 1), 1);
	case USE_ANY:
		return use(s, take(data, end, 8), take(data, end, 1));
	case USE_MANY:
		return use(s, s->window.low + take(data, end, 2),
			   take(data, end, 2) % MANY);
	case AGAIN:
		return use(s, s->last, take(data, end, 1));
	case UNSEE:
		return unsee(s);
	}
}

static bool usable(const struct smbsign_window *w, u64 id)
{
	u64 position = id & (w->size - 1);

	return id >= w->low && id < w->high &&
	       !(w->used[position / 64] >> position % 64 & 1);
}

/* What the window remembers, near its ends, is what may be used. */
static void compare(const struct state *s)
{
	const struct smbsign_window *w = &s->window;
	u64 ends[] = { w->low, w->high, s->last };
	unsigned int i;
	u64 id;

	HOLDS(w->low <= w->high && w->high - w->low <= w->size);
	SAME("high", w->high, s->oracle.high);
	for (i = 0; i < 3; i++) {
		for (id = ends[i] - NEAR; id != ends[i] + NEAR; id++)
			SAME("usable", usable(w, id),
			     oracle_window_has(&s->oracle, id));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u8 *end = data + size;
	struct state s = {};

	smbsign_window_init(&s.window);
	oracle_window_init(&s.oracle);
	while (data < end) {
		operate(&s, &data, end);
		compare(&s);
	}
	if (s.window.used != s.window.small)
		free(s.window.used);
	oracle_window_free(&s.oracle);
	return 0;
}
