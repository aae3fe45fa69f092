// SPDX-License-Identifier: GPL-2.0-only
/* Exceptions in force: whom they cover, and what they count. */
#include "admin/exceptions.c"

#include <linux/inet.h>

#include "../rig.h"
#include "../surroundings.h"

static int set(const char *text)
{
	return smbsign_exceptions_set(text, strlen(text), false);
}

static void expect_text(struct kunit *test, const char *wanted)
{
	char *text = smbsign_exceptions_text();

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_STREQ(test, wanted, text);
	kvfree(text);
}

static struct smbsign_conn *conn_from(struct kunit *test, const char *address)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	if (strchr(address, ':')) {
		conn->peer.in6.sin6_family = AF_INET6;
		in6_pton(address, -1, conn->peer.in6.sin6_addr.s6_addr, -1, NULL);
	} else {
		conn->peer.in.sin_family = AF_INET;
		conn->peer.in.sin_addr.s_addr = in_aton(address);
	}
	smbsign_exceptions_apply(conn);
	return conn;
}

static void expect_use(struct kunit *test, unsigned int index, s64 connections,
		       s64 let_in)
{
	const struct use *use = &rcu_access_pointer(in_force)->use[index];

	KUNIT_EXPECT_EQ(test, connections, (s64)atomic64_read(&use->connections));
	KUNIT_EXPECT_EQ(test, let_in, (s64)atomic64_read(&use->let_in));
	KUNIT_EXPECT_NE(test, 0, use->since);
	KUNIT_EXPECT_EQ(test, !let_in, !use->last);
}

static void covers(struct kunit *test)
{
	struct smbsign_conn *scanner, *other, *camera;
	char name[SMBSIGN_PREFIX_TEXT];

	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.0/24,192.0.2.7,2001:db8::/32"));
	scanner = conn_from(test, "192.0.2.7");
	other = conn_from(test, "192.0.3.7");
	camera = conn_from(test, "2001:db8:1::5");
	KUNIT_EXPECT_TRUE(test, scanner->excepted);
	KUNIT_EXPECT_FALSE(test, other->excepted);
	KUNIT_EXPECT_TRUE(test, camera->excepted);
	smbsign_exceptions_name(scanner, name);
	KUNIT_EXPECT_STREQ(test, "192.0.2.7", name);
	smbsign_exceptions_name(other, name);
	KUNIT_EXPECT_STREQ(test, "-", name);
	smbsign_exceptions_let_in(scanner);
	smbsign_exceptions_let_in(other);
	expect_use(test, 0, 0, 0);
	expect_use(test, 1, 1, 1);
	expect_use(test, 2, 1, 0);
	/* A connection counts once. */
	smbsign_exceptions_apply(camera);
	expect_use(test, 2, 1, 0);
}

/* A new list reaches connections that are there, and keeps what was counted. */
static void changes(struct kunit *test)
{
	struct smbsign_conn *scanner, *camera;

	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.7"));
	scanner = conn_from(test, "192.0.2.7");
	camera = conn_from(test, "192.0.2.8");
	smbsign_exceptions_let_in(scanner);
	scanner->foreseen = 1 + SMBSIGN_REASON_UNSIGNED;
	camera->foreseen = 1 + SMBSIGN_REASON_UNSIGNED;

	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.8 192.0.2.7"));
	smbsign_exceptions_apply(scanner);
	smbsign_exceptions_apply(camera);
	KUNIT_EXPECT_TRUE(test, camera->excepted);
	expect_use(test, 0, 1, 0);
	expect_use(test, 1, 1, 1);
	/* What it does is reported again, as what it is now. */
	KUNIT_EXPECT_EQ(test, 0, camera->foreseen);
	KUNIT_EXPECT_NE(test, 0, scanner->foreseen);

	KUNIT_ASSERT_EQ(test, 0, set(""));
	smbsign_exceptions_apply(scanner);
	KUNIT_EXPECT_FALSE(test, scanner->excepted);
	KUNIT_EXPECT_EQ(test, 0, scanner->foreseen);
	expect_text(test, "");
}

/* Another exception counts a connection, and what it lets in, from then on. */
static void narrowed(struct kunit *test)
{
	struct smbsign_conn *scanner;

	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.0/24"));
	scanner = conn_from(test, "192.0.2.7");
	smbsign_exceptions_let_in(scanner);
	scanner->foreseen = 1 + SMBSIGN_REASON_UNSIGNED;
	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.7"));
	smbsign_exceptions_apply(scanner);
	KUNIT_EXPECT_TRUE(test, scanner->excepted);
	expect_use(test, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, scanner->foreseen);
	smbsign_exceptions_apply(scanner);
	expect_use(test, 0, 1, 0);
}

static void wrong_words_change_nothing(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, set("192.0.2.7,2001:DB8::/32\n"));
	KUNIT_EXPECT_EQ(test, -EINVAL, set("192.0.2.8,192.0.2.300"));
	KUNIT_EXPECT_EQ(test, -EINVAL, set("192.0.2.8 10.0.0.1/8"));
	expect_text(test, "192.0.2.7,2001:db8::/32");
	/* As it is read, it can be written. */
	KUNIT_EXPECT_EQ(test, 0, set("192.0.2.7,2001:db8::/32"));
	expect_text(test, "192.0.2.7,2001:db8::/32");
}

/* The longest list of the longest words has room. */
static void full(struct kunit *test)
{
	size_t size = SMBSIGN_EXCEPTIONS_MAX * SMBSIGN_PREFIX_TEXT, at = 0;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < SMBSIGN_EXCEPTIONS_MAX; i++)
		at += scnprintf(text + at, size - at,
				"%sffff:ffff:ffff:ffff:ffff:ffff:ffff:%x/127",
				i ? "," : "", 0xfffe - 2 * i);
	KUNIT_ASSERT_EQ(test, 0, set(text));
	expect_text(test, text);
}

static int exceptions_init(struct kunit *test)
{
	return rig_init(test) ?: set("");
}

static void exceptions_exit(struct kunit *test)
{
	set("");
	rig_exit(test);
}

static struct kunit_case exceptions_cases[] = {
	KUNIT_CASE(covers),
	KUNIT_CASE(changes),
	KUNIT_CASE(narrowed),
	KUNIT_CASE(wrong_words_change_nothing),
	KUNIT_CASE(full),
	{}
};

static struct kunit_suite exceptions_suite = {
	.name = "smbsign_exceptions_in_force",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = exceptions_init,
	.exit = exceptions_exit,
	.test_cases = exceptions_cases,
};

kunit_test_suite(exceptions_suite);
