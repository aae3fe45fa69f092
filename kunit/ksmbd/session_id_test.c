// SPDX-License-Identifier: GPL-2.0-only
/* The SessionIds that are allocated, and what happens to those freed. */
#include <linux/idr.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "../rig.h"

/* How many calls of ida_alloc_range() still succeed, if not negative */
static int calls_left = -1;
static int call_error;

static int failing_alloc_range(struct ida *ida, unsigned int min,
			       unsigned int max, gfp_t gfp)
{
	if (!calls_left)
		return call_error;
	if (calls_left > 0)
		calls_left--;
	return ida_alloc_range(ida, min, max, gfp);
}

static int alloc_range(struct ida *ida, unsigned int min, unsigned int max,
		       gfp_t gfp)
{
	return ida_alloc_range(ida, min, max, gfp);
}

#define ida_alloc_range	failing_alloc_range

#include "ksmbd/session_id.c"

#define FIRST	0x123456

/* Like ksmbd's: some ids were allocated before smbsign was loaded. */
static DEFINE_IDA(sessions);
static DEFINE_IDA(trees);

static int number_init(struct kunit *test)
{
	calls_left = -1;
	numbers.next = FIRST;
	numbers.table = NULL;
	return rig_init(test);
}

static void number_exit(struct kunit *test)
{
	ida_destroy(&sessions);
	ida_destroy(&trees);
	rig_exit(test);
}

static void give_back(const struct ida *ida, int number)
{
	int grace = smbsign_grace_enter();

	smbsign_session_id_give_back(ida, number);
	smbsign_grace_leave(grace);
}

static enum smbsign_session_state state_of(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();

	smbsign_key_put(smbsign_session_lookup(conn, id, false, &facts));
	smbsign_grace_leave(grace);
	return facts.state;
}

/* One after the other, although earlier ones are free again */
static void in_a_row(struct kunit *test)
{
	int i, number;

	for (i = 0; i < 1000; i++) {
		number = smbsign_session_id_take(&sessions);
		KUNIT_ASSERT_EQ(test, FIRST + i, number);
		if (i % 3)
			ida_free(&sessions, number);
	}
}

/* Ids that ksmbd has allocated in its table are skipped. */
static void taken(struct kunit *test)
{
	int i;

	for (i = FIRST; i < FIRST + 100; i++)
		KUNIT_ASSERT_EQ(test, i, alloc_range(&sessions, i, i, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, FIRST + 100, smbsign_session_id_take(&sessions));
	ida_free(&sessions, FIRST);
	KUNIT_EXPECT_EQ(test, FIRST + 101, smbsign_session_id_take(&sessions));
}

/* Another start each time the module is loaded, and none of ksmbd's own ids */
static void first(struct kunit *test)
{
	int i, number, before = 0, same = 0;

	for (i = 0; i < 100; i++) {
		numbers.next = 0;
		number = smbsign_session_id_take(&sessions);
		KUNIT_ASSERT_TRUE(test, smbsign_session_id_is_ours(number));
		KUNIT_ASSERT_LE(test, SMBSIGN_SESSION_ID_MIN, number);
		/* There is room for many after it. */
		KUNIT_ASSERT_LT(test, number, SMBSIGN_SESSION_ID_MAX / 2 + SMBSIGN_SESSION_ID_MIN);
		same += number == before;
		before = number;
		ida_free(&sessions, number);
	}
	KUNIT_EXPECT_LT(test, same, 2);
}

static void wraps(struct kunit *test)
{
	static const int row[] = {
		SMBSIGN_SESSION_ID_MAX - 1, SMBSIGN_SESSION_ID_MAX,
		SMBSIGN_SESSION_ID_MIN, SMBSIGN_SESSION_ID_MIN + 1,
	};
	unsigned int i;

	numbers.next = SMBSIGN_SESSION_ID_MAX - 1;
	for (i = 0; i < ARRAY_SIZE(row); i++)
		KUNIT_EXPECT_EQ(test, row[i], smbsign_session_id_take(&sessions));
	/* The ids at the end are taken, and so are those at the beginning. */
	numbers.next = SMBSIGN_SESSION_ID_MAX - 1;
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ID_MIN + 2, smbsign_session_id_take(&sessions));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ID_MIN + 3, smbsign_session_id_take(&sessions));
}

static bool is_free(int number)
{
	bool fine = alloc_range(&sessions, number, number, GFP_KERNEL) == number;

	if (fine)
		ida_free(&sessions, number);
	return fine;
}

/* No id that is remembered: in progress, established or ended */
static void known(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	static const u8 key[SMB2_KEY_SIZE] = "a key";

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, FIRST, key));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, FIRST + 1, key));
	rig_end(FIRST + 1);
	KUNIT_ASSERT_EQ(test, 0, rig_response(conn, 0, FIRST + 2,
					      SMB2_STATUS_MORE_PROCESSING_REQUIRED));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, SMBSIGN_SESSION_ID_MAX, key));
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, SMBSIGN_SESSION_ID_MIN, key));
	KUNIT_EXPECT_EQ(test, FIRST + 3, smbsign_session_id_take(&sessions));
	numbers.next = SMBSIGN_SESSION_ID_MAX;
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ID_MIN + 1, smbsign_session_id_take(&sessions));
	/* ksmbd can still allocate them. */
	KUNIT_EXPECT_TRUE(test, is_free(FIRST));
	KUNIT_EXPECT_TRUE(test, is_free(SMBSIGN_SESSION_ID_MAX));
	rig_close(test, conn);
	numbers.next = FIRST;
	KUNIT_EXPECT_EQ(test, FIRST, smbsign_session_id_take(&sessions));
}

/* Errors are left to ksmbd, and use up no id. */
static void errors(struct kunit *test)
{
	static const int codes[] = { -ENOMEM, -ENOSPC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		call_error = codes[i];
		calls_left = 0;
		KUNIT_EXPECT_EQ(test, codes[i], smbsign_session_id_take(&sessions));
		KUNIT_EXPECT_EQ(test, FIRST, numbers.next);
	}
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&sessions));
	calls_left = -1;
	KUNIT_EXPECT_EQ(test, FIRST, smbsign_session_id_take(&sessions));
}

static void errors_behind_known(struct kunit *test)
{
	static const u8 key[SMB2_KEY_SIZE] = "a key";
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, FIRST, key));
	call_error = -ENOMEM;
	calls_left = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_session_id_take(&sessions));
	KUNIT_EXPECT_TRUE(test, ida_is_empty(&sessions));
}

/* Only ksmbd's table of sessions counts. */
static void given_back(struct kunit *test)
{
	static const u8 key[SMB2_KEY_SIZE] = "a key";
	struct smbsign_conn *conn = rig_open(test, 0);
	int number;

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, FIRST, key));
	give_back(&sessions, FIRST);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			state_of(conn, FIRST));
	number = smbsign_session_id_take(&sessions);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, number, key));
	give_back(&trees, number);
	give_back(NULL, number);
	give_back(&sessions, number + 1);
	give_back(&sessions, -1);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			state_of(conn, number));
	give_back(&sessions, number);
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ENDED, state_of(conn, number));
	KUNIT_EXPECT_EQ(test, SMBSIGN_SESSION_ESTABLISHED,
			state_of(conn, FIRST));
}

static void ours(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(0));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(1));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(0xfffe));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(0xffff));
	KUNIT_EXPECT_TRUE(test, smbsign_session_id_is_ours(0x10000));
	KUNIT_EXPECT_TRUE(test, smbsign_session_id_is_ours(0x7fffffff));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(0x80000000));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(0x100010000));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(RIG_SESSION));
	KUNIT_EXPECT_FALSE(test, smbsign_session_id_is_ours(~0ULL));
}

#define TAKERS	4
#define TURNS	500

static int take_many(void *data)
{
	int *got = data, i;

	for (i = 0; i < TURNS; i++) {
		got[i] = smbsign_session_id_take(&sessions);
		if (i % 5 == 0)
			ida_free(&sessions, got[i]);
		cond_resched();
	}
	/* kthread_stop() gets the result. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Several threads: each id is allocated once, and none is left out. */
static void several(struct kunit *test)
{
	struct task_struct *task[TAKERS];
	int *got = kunit_kcalloc(test, TAKERS * TURNS, sizeof(*got), GFP_KERNEL);
	u8 *seen = kunit_kzalloc(test, TAKERS * TURNS, GFP_KERNEL);
	int i, at;

	KUNIT_ASSERT_NOT_NULL(test, got);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < TAKERS; i++) {
		task[i] = kthread_run(take_many, got + i * TURNS,
				      "smbsign_taker");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task[i]));
	}
	for (i = 0; i < 3000 && READ_ONCE(numbers.next) < FIRST + TAKERS * TURNS;
	     i++)
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < TAKERS; i++)
		kthread_stop(task[i]);
	for (i = 0; i < TAKERS * TURNS; i++) {
		at = got[i] - FIRST;
		KUNIT_ASSERT_TRUE(test, at >= 0 && at < TAKERS * TURNS);
		KUNIT_ASSERT_EQ(test, 0, seen[at]++);
	}
}

static struct kunit_case number_cases[] = {
	KUNIT_CASE(in_a_row),
	KUNIT_CASE(taken),
	KUNIT_CASE(first),
	KUNIT_CASE(wraps),
	KUNIT_CASE(known),
	KUNIT_CASE(errors),
	KUNIT_CASE(errors_behind_known),
	KUNIT_CASE(given_back),
	KUNIT_CASE(ours),
	KUNIT_CASE(several),
	{}
};

static struct kunit_suite number_suite = {
	.name = "smbsign_session_id",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = number_init,
	.exit = number_exit,
	.test_cases = number_cases,
};

kunit_test_suite(number_suite);
