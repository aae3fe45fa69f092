// SPDX-License-Identifier: GPL-2.0-only
/* MessageIds whose responses are due, against one byte for each. */
#include "rules/due.c"

#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "../surroundings.h"

#define IDS	BIT(18)

static struct smbsign_due *due_new(struct kunit *test)
{
	struct smbsign_due *due = kunit_kzalloc(test, sizeof(*due), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, due);
	return due;
}

/* Once it is added it is there, until it is removed. */
static void once(struct kunit *test)
{
	static const u64 ids[] = {
		0, 1, SMBSIGN_DUE_BITS - 1, SMBSIGN_DUE_BITS,
		5ULL * SMBSIGN_DUE_BITS + 3, BIT_ULL(62),
	};
	struct smbsign_due *due = due_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, ids[i]));
		smbsign_due_remove(due, ids[i]);
		KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, ids[i]));
		smbsign_due_add(due, ids[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, ids[i] + 3));
		KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, ids[i] - 3));
		KUNIT_EXPECT_TRUE(test, smbsign_due_has(due, ids[i]));
		KUNIT_EXPECT_EQ(test, ids[i], smbsign_due_lowest(due));
		smbsign_due_remove(due, ids[i]);
		KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, ids[i]));
	}
	KUNIT_EXPECT_EQ(test, BIT_ULL(62) + 1, smbsign_due_lowest(due));
	/* A notice has this one. */
	KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, U64_MAX));
	smbsign_due_remove(due, U64_MAX);
}

/* What became of a MessageId. */
enum fate { UNUSED, DUE, ANSWERED };

/**
 * struct model - the same set, a byte for each id
 * @due:	the set
 * @fate:	&enum fate, for each id
 * @end:	no id from here on was used
 * @wrong:	how often the set did not know
 * @late:	how many ids were late when they were answered
 */
struct model {
	struct smbsign_due	*due;
	u8			*fate;
	u64			end;
	unsigned int		wrong;
	unsigned int		late;
};

static void look(struct model *model, u64 id)
{
	model->wrong += smbsign_due_has(model->due, id) !=
			(model->fate[id] == DUE);
}

static void use(struct model *model, u64 id)
{
	if (model->fate[id] != UNUSED)
		return;
	look(model, id);
	smbsign_due_add(model->due, id);
	model->fate[id] = DUE;
	model->end = max(model->end, id + 1);
}

static void answer(struct model *model, u64 id)
{
	look(model, id);
	model->late += id + SMBSIGN_DUE_BITS < model->end &&
		       model->fate[id] == DUE;
	smbsign_due_remove(model->due, id);
	model->fate[id] = ANSWERED;
	look(model, id);
}

/*
 * Ids are used up to @apart after the last one, and what was left out later.
 * The answer comes 3000 ids later, but for @slow of 64 it takes 40000.
 */
static void walk(struct kunit *test, u32 seed, u32 slow, u32 apart)
{
	struct model model = { due_new(test), vzalloc(IDS) };
	u64 id, soon = 0, finally = 0;
	struct rnd_state random;

	KUNIT_ASSERT_NOT_NULL(test, model.fate);
	prandom_seed_state(&random, seed);
	while (model.end + apart < IDS) {
		use(&model, model.end + prandom_u32_state(&random) % apart);
		id = prandom_u32_state(&random) % 2500;
		if (id < model.end)
			use(&model, model.end - id - 1);
		look(&model, prandom_u32_state(&random) % (u32)model.end);
		for (; soon + 3000 < model.end; soon++) {
			if (soon % 64 >= slow)
				answer(&model, soon);
		}
		for (; finally + 40000 < model.end; finally++)
			answer(&model, finally);
	}
	for (id = 0; id < IDS; id++)
		look(&model, id);
	for (id = 0; model.fate[id] != DUE;)
		id++;
	KUNIT_EXPECT_EQ(test, id, smbsign_due_lowest(model.due));
	KUNIT_EXPECT_EQ(test, 0U, model.wrong);
	KUNIT_EXPECT_EQ(test, slow > 0, model.late > 0);
	vfree(model.fate);
}

static void model(struct kunit *test)
{
	walk(test, 1, 0, 1);
	walk(test, 2, 1, 1);
	walk(test, 3, 1, 64);
	walk(test, 4, 1, 2000);
}

/* In any order, and it keeps as many as it says; the oldest are forgotten. */
static void room(struct kunit *test)
{
	const u32 late = SMBSIGN_DUE_LATE, many = late + 100;
	struct smbsign_due *due = due_new(test);
	u32 i, kept = 0;

	smbsign_due_add(due, BIT_ULL(40));
	/* 7919 is prime: each once, and out of order. */
	for (i = 0; i < many; i++)
		smbsign_due_add(due, i * 7919ULL % many);
	for (i = 0; i < many; i++)
		kept += smbsign_due_has(due, i);
	KUNIT_EXPECT_EQ(test, late, kept);
	KUNIT_EXPECT_EQ(test, (u64)many - late, smbsign_due_lowest(due));
	KUNIT_EXPECT_TRUE(test, smbsign_due_has(due, BIT_ULL(40)));
	for (i = 0; i < many; i++)
		smbsign_due_remove(due, i * 6007ULL % many);
	KUNIT_EXPECT_EQ(test, 0U, due->lates);
	KUNIT_EXPECT_EQ(test, BIT_ULL(40), smbsign_due_lowest(due));
	/* Nothing is kept twice. */
	smbsign_due_add(due, 5);
	smbsign_due_add(due, 5);
	smbsign_due_remove(due, 5);
	KUNIT_EXPECT_FALSE(test, smbsign_due_has(due, 5));
}

/* All of them become late at once: the latest are kept, of what was late, too. */
static void leap(struct kunit *test)
{
	const u32 late = SMBSIGN_DUE_LATE;
	struct smbsign_due *due = due_new(test);
	u32 i, apart, kept;

	for (apart = 8; apart <= 32; apart *= 2) {
		memset(due, 0, sizeof(*due));
		smbsign_due_add(due, 1);
		for (i = 0; i < SMBSIGN_DUE_BITS; i += apart)
			smbsign_due_add(due, 10000 + i);
		KUNIT_EXPECT_TRUE(test, smbsign_due_has(due, 1));
		smbsign_due_add(due, BIT_ULL(40));
		for (i = kept = 0; i < SMBSIGN_DUE_BITS; i += apart)
			kept += smbsign_due_has(due, 10000 + i);
		KUNIT_EXPECT_EQ(test, min(late, SMBSIGN_DUE_BITS / apart), kept);
		KUNIT_EXPECT_EQ(test, kept < late, smbsign_due_has(due, 1));
		KUNIT_EXPECT_TRUE(test, smbsign_due_has(due, 10000 + i - apart));
	}
}

static struct kunit_case due_cases[] = {
	KUNIT_CASE(once),
	KUNIT_CASE(model),
	KUNIT_CASE(room),
	KUNIT_CASE(leap),
	{}
};

static struct kunit_suite due_suite = {
	.name = "smbsign_due",
	.test_cases = due_cases,
};

kunit_test_suite(due_suite);
