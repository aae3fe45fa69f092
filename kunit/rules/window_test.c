// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command sequence window against a plain model, with one byte for every
 * MessageId there ever was.
 */
#include "rules/window.c"

#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../surroundings.h"

/* Ids that the model knows; a walk stops before their end. */
#define IDS		BIT(23)

/**
 * struct model - what a client may use, written out in full
 * @used:	for each id, whether it was used
 * @granted:	ids below this were granted
 * @floor:	ids below this were forgotten
 * @room:	how many ids are remembered
 * @unseen:	ids from @granted on may have been granted
 */
struct model {
	u8	*used;
	u64	granted;
	u64	floor;
	u32	room;
	bool	unseen;
};

/**
 * struct walk - parameters of a random walk
 * @name:	for the log
 * @seed:	seed of the random numbers
 * @steps:	number of steps
 * @credits:	the most credits granted at once
 * @charge:	the most ids used at once
 * @large:	the most bits that are provided
 * @unsee:	the step when ids and credits become hidden, or 0
 */
struct walk {
	const char	*name;
	u64		seed;
	u32		steps;
	u32		credits;
	u32		charge;
	u32		large;
	u32		unsee;
};

static const struct walk walks[] = {
	{ "one by one", 1, 400000, 2, 2, SMBSIGN_WINDOW_LARGE, 0 },
	{ "as clients do", 2, 400000, 32, 16, SMBSIGN_WINDOW_LARGE, 0 },
	{ "large charges", 3, 100000, 600, 600, SMBSIGN_WINDOW_LARGE, 0 },
	{ "never more memory", 4, 400000, 8, 8, SMBSIGN_WINDOW_SMALL, 0 },
	{ "a little memory", 5, 200000, 64, 8, 4096, 0 },
	{ "hidden from the start", 6, 400000, 4, 8, SMBSIGN_WINDOW_LARGE, 1 },
	{ "hidden later", 7, 300000, 8, 8, SMBSIGN_WINDOW_LARGE, 50000 },
	{ "hidden, without memory", 8, 300000, 8, 8, SMBSIGN_WINDOW_SMALL, 99 },
	{ "wild", 9, 20000, 9000, 9000, SMBSIGN_WINDOW_LARGE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(walk, walks, name);

static void model_raise(struct model *model, u64 granted)
{
	model->granted = granted;
	if (granted > model->room && granted - model->room > model->floor)
		model->floor = granted - model->room;
}

static bool model_use(struct model *model, u64 id, u32 charge)
{
	u32 count = charge ? charge : 1, i;
	bool beyond = id + count > model->granted;

	if (id < model->floor || (beyond && !model->unseen) ||
	    (beyond && count > model->room))
		return false;
	for (i = 0; i < count; i++) {
		if (model->used[id + i])
			return false;
	}
	memset(model->used + id, 1, count);
	if (beyond)
		model_raise(model, id + count);
	return true;
}

/* What state/credits.c does before credits reach the client, without locks. */
static void grant(struct kunit *test, struct smbsign_window *window,
		  struct model *model, u32 credits, u32 large)
{
	u32 size = smbsign_window_wanted(window, credits);
	unsigned long *used;

	KUNIT_ASSERT_TRUE(test, size && !(size & (size - 1)) &&
			  size <= SMBSIGN_WINDOW_LARGE && size >= window->size);
	if (size > window->size && size <= large) {
		used = kzalloc(size / BITS_PER_BYTE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, used);
		kfree(smbsign_window_resize(window, used, size));
		model->room = size;
	}
	smbsign_window_grant(window, credits);
	model_raise(model, model->granted + credits);
}

/* Pick an interesting id: near either end, used before, or anywhere. */
static u64 pick(struct rnd_state *random, const struct model *model)
{
	u32 number = prandom_u32_state(random);
	u64 granted = model->granted;

	switch (number % 8) {
	case 0:
		return granted - min_t(u64, granted, (number >> 8) % 4);
	case 1:
		/* Mostly near, sometimes beyond what is remembered */
		return granted + (number >> 8) % (number >> 24 ? 16 :
						  2 * model->room);
	case 2:
		return model->floor + (number >> 8) % 4;
	case 3:
		return (number >> 8) % (granted + 4);
	default:
		return granted - min_t(u64, granted, (number >> 8) % 64);
	}
}

static void invariants(struct kunit *test, const struct smbsign_window *window,
		       const struct model *model)
{
	u64 unused = model->floor;

	KUNIT_ASSERT_EQ(test, window->high, model->granted);
	KUNIT_ASSERT_EQ(test, window->size, model->room);
	while (unused < model->granted && model->used[unused])
		unused++;
	KUNIT_ASSERT_GE(test, window->low, model->floor);
	KUNIT_ASSERT_LE(test, window->low, unused);
}

static void one_step(struct kunit *test, const struct walk *walk,
		     struct rnd_state *random, struct smbsign_window *window,
		     struct model *model)
{
	u32 number = prandom_u32_state(random);
	u64 id = pick(random, model);
	u32 charge = (number >> 8) % (walk->charge + 1);

	if (number % 4 == 0) {
		grant(test, window, model, (number >> 8) % (walk->credits + 1),
		      walk->large);
		return;
	}
	KUNIT_ASSERT_EQ_MSG(test, smbsign_window_use(window, id, charge),
			    model_use(model, id, charge),
			    "id %llu charge %u", id, charge);
}

static void free_used(void *used)
{
	vfree(used);
}

static void model_init(struct kunit *test, struct model *model)
{
	*model = (struct model) {
		.used = vzalloc(IDS), .granted = 1, .room = SMBSIGN_WINDOW_SMALL,
	};
	KUNIT_ASSERT_NOT_NULL(test, model->used);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_used,
							   model->used));
}

/* Some ids near the end must be left for the next step. */
static bool at_end(const struct walk *walk, const struct model *model)
{
	return model->granted > IDS - 4 * SMBSIGN_WINDOW_LARGE;
}

static void random_walk(struct kunit *test)
{
	const struct walk *walk = test->param_value;
	struct smbsign_window window;
	struct rnd_state random;
	struct model model;
	u32 step;

	prandom_seed_state(&random, walk->seed);
	model_init(test, &model);
	smbsign_window_init(&window);
	for (step = 1; step <= walk->steps && !at_end(walk, &model); step++) {
		if (step == walk->unsee) {
			smbsign_window_unsee(&window);
			model.unseen = true;
			grant(test, &window, &model, 0, walk->large);
		}
		one_step(test, walk, &random, &window, &model);
		if (step % 64 == 0)
			invariants(test, &window, &model);
	}
	invariants(test, &window, &model);
	kunit_info(test, "%u steps, %llu ids\n", step - 1, model.granted);
	if (window.used != window.small)
		kfree(window.used);
}

/* Every id of a window once, in both directions; and none of them again. */
static void each_once(struct kunit *test)
{
	struct smbsign_window window;
	u32 i;

	smbsign_window_init(&window);
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 0, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 0, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 1, 1));
	smbsign_window_grant(&window, SMBSIGN_WINDOW_SMALL);
	for (i = SMBSIGN_WINDOW_SMALL; i > 0; i--)
		KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, i, 0));
	for (i = 0; i <= SMBSIGN_WINDOW_SMALL + 1; i++)
		KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, i, 1));
	KUNIT_EXPECT_EQ(test, window.low, window.high);
	KUNIT_EXPECT_NULL(test, memchr_inv(window.small, 0,
					   sizeof(window.small)));
}

/* If one id of a range is bad, none is used. */
static void all_or_nothing(struct kunit *test)
{
	struct smbsign_window window;

	smbsign_window_init(&window);
	smbsign_window_grant(&window, 9);
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 5, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 3, 3));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 4, 8));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 7, 4));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 3, 2));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 7, 3));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 6, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 0, 3));
	KUNIT_EXPECT_EQ(test, window.low, 10ULL);
}

/* Ids and charges whose sum exceeds 64 bits. */
static void wraps(struct kunit *test)
{
	static const u64 ids[] = {
		U64_MAX, U64_MAX - 1, U64_MAX - 65535, 1ULL << 63, 1ULL << 32,
	};
	static const u32 charges[] = { 0, 1, 2, 3, 65535, 65536, U32_MAX };
	struct smbsign_window window;
	unsigned int i, j;

	smbsign_window_init(&window);
	smbsign_window_grant(&window, 3);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (j = 0; j < ARRAY_SIZE(charges); j++)
			KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window,
								    ids[i],
								    charges[j]));
	}
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 0, U32_MAX));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 0, 4));
}

/* With hidden credits, known replays are still found; the rest passes. */
static void unseen(struct kunit *test)
{
	struct smbsign_window window;

	smbsign_window_init(&window);
	smbsign_window_grant(&window, 9);
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 2, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 200, 1));
	smbsign_window_unsee(&window);
	KUNIT_EXPECT_EQ(test, smbsign_window_wanted(&window, 0),
			(u32)SMBSIGN_WINDOW_UNSEEN);
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 2, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 200, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 200, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 3, 1));
	/* Beyond all that is remembered */
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 1ULL << 40, 2));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 1ULL << 40, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 4, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, (1ULL << 40) - 1, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 1ULL << 41,
						    SMBSIGN_WINDOW_SMALL + 1));
}

/* An id near the end of all ids must not make the window wrap. */
static void unseen_end(struct kunit *test)
{
	struct smbsign_window window;
	u64 id;

	smbsign_window_init(&window);
	smbsign_window_unsee(&window);
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 3, 1));
	for (id = SMBSIGN_WINDOW_END; id; id += SMBSIGN_WINDOW_END / 4)
		KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, id, 1));
	for (id = U64_MAX; id > U64_MAX - 2000; id--)
		KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, id, 500));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window,
						   SMBSIGN_WINDOW_END - 1, 500));
	smbsign_window_grant(&window, U16_MAX);
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 3, 1));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window,
						    SMBSIGN_WINDOW_END - 1, 1));
}

static void wanted(struct kunit *test)
{
	static const struct { u32 credits, size; } cases[] = {
		{ 0, 512 }, { 511, 512 }, { 512, 1024 }, { 1023, 1024 },
		{ 1024, 2048 }, { 8191, 8192 }, { 8192, 16384 },
		{ 65535, 65536 }, { 65536, 65536 }, { U32_MAX, 65536 },
	};
	struct smbsign_window window;
	unsigned int i;

	smbsign_window_init(&window);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ(test, cases[i].size,
				smbsign_window_wanted(&window,
						      cases[i].credits));
	/* No id is left to use: the current size is enough. */
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 0, 1));
	KUNIT_EXPECT_EQ(test, 512U, smbsign_window_wanted(&window, 0));
}

/* New memory holds the same ids; memory that is too small is returned. */
static void resize(struct kunit *test)
{
	unsigned long *used = kunit_kzalloc(test, 1024 / 8, GFP_KERNEL);
	unsigned long *more = kunit_kzalloc(test, 2048 / 8, GFP_KERNEL);
	struct smbsign_window window;

	KUNIT_ASSERT_NOT_NULL(test, used);
	KUNIT_ASSERT_NOT_NULL(test, more);
	smbsign_window_init(&window);
	smbsign_window_grant(&window, 600);
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 550, 3));
	KUNIT_EXPECT_PTR_EQ(test, used,
			    smbsign_window_resize(&window, used, 512));
	KUNIT_EXPECT_NULL(test, smbsign_window_resize(&window, used, 1024));
	KUNIT_EXPECT_PTR_EQ(test, used,
			    smbsign_window_resize(&window, more, 2048));
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 551, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 553, 48));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 549, 1));
	/* Forgotten when there was no room */
	KUNIT_EXPECT_FALSE(test, smbsign_window_use(&window, 88, 1));
	KUNIT_EXPECT_TRUE(test, smbsign_window_use(&window, 89, 1));
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(each_once),
	KUNIT_CASE(all_or_nothing),
	KUNIT_CASE(wraps),
	KUNIT_CASE(unseen),
	KUNIT_CASE(unseen_end),
	KUNIT_CASE(wanted),
	KUNIT_CASE(resize),
	KUNIT_CASE_PARAM(random_walk, walk_gen_params),
	{}
};

static struct kunit_suite window_suite = {
	.name = "smbsign_window",
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
