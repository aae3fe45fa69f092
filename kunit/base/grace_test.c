// SPDX-License-Identifier: GPL-2.0-only
/* Waiting objects are counted, and a task that adds too many waits. */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "../rig.h"

#include "base/grace.c"

#define SIZE	100

struct object {
	struct rcu_head		rcu;
	struct completion	freed;
};

static void object_free(struct rcu_head *rcu)
{
	struct object *object = container_of(rcu, struct object, rcu);

	smbsign_grace_freed(SIZE);
	complete(&object->freed);
}

/* An object counts as long as somebody may see it, and no longer. */
static void counted(struct kunit *test)
{
	struct object *object = kunit_kzalloc(test, sizeof(*object), GFP_KERNEL);
	int grace;

	KUNIT_ASSERT_NOT_NULL(test, object);
	init_completion(&object->freed);
	grace = smbsign_grace_enter();
	smbsign_grace_free(&object->rcu, object_free, SIZE);
	KUNIT_EXPECT_EQ(test, 1L, smbsign_gauge_read(SMBSIGN_GAUGE_FREEING));
	KUNIT_EXPECT_EQ(test, (long)SIZE,
			smbsign_gauge_read(SMBSIGN_GAUGE_FREEING_BYTES));
	msleep(50);
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&object->freed));
	smbsign_grace_leave(grace);
	surroundings_drain();
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&object->freed));
	KUNIT_EXPECT_EQ(test, 0L, smbsign_gauge_read(SMBSIGN_GAUGE_FREEING));
	KUNIT_EXPECT_EQ(test, 0L,
			smbsign_gauge_read(SMBSIGN_GAUGE_FREEING_BYTES));
}

static DECLARE_COMPLETION(went_on);

static int close_something(void *unused)
{
	smbsign_grace_throttle();
	complete(&went_on);
	return 0;
}

static void close_elsewhere(struct kunit *test)
{
	struct task_struct *task;

	reinit_completion(&went_on);
	task = kthread_run(close_something, NULL, "smbsign_closer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
}

static void throttled(struct kunit *test)
{
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, SMBSIGN_GRACE_OBJECTS);
	close_elsewhere(test);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&went_on, 5 * HZ));

	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, 1);
	close_elsewhere(test);
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&went_on, HZ / 5));
	smbsign_grace_freed(0);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&went_on, 5 * HZ));
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, -SMBSIGN_GRACE_OBJECTS);
}

static struct kunit_case grace_cases[] = {
	KUNIT_CASE(counted),
	KUNIT_CASE(throttled),
	{}
};

static struct kunit_suite grace_suite = {
	.name = "smbsign_grace",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = grace_cases,
};

kunit_test_suite(grace_suite);
