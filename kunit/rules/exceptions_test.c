// SPDX-License-Identifier: GPL-2.0-only
/* Lists of exceptions: read, written, matched. */
#include "rules/exceptions.c"

#include <linux/inet.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "../surroundings.h"

static int parse(const char *text, struct smbsign_prefix *prefixes,
		 struct smbsign_wrong_word *wrong)
{
	return smbsign_exceptions_parse(text, strlen(text), prefixes, wrong);
}

static struct smbsign_prefix *list_new(struct kunit *test)
{
	return kunit_kcalloc(test, SMBSIGN_EXCEPTIONS_MAX,
			     sizeof(struct smbsign_prefix), GFP_KERNEL);
}

/**
 * struct word - a word, and what it is read as
 * @text:	the word
 * @canonical:	as it is written again; NULL: it is wrong
 * @why:	what is wrong with it
 */
struct word {
	const char	*text;
	const char	*canonical;
	const char	*why;
};

#define NO_ADDRESS	"is no address"
#define WRONG_LENGTH	"has a wrong prefix length"
#define BITS_BEHIND	"has bits set behind its prefix length"
#define EVERYBODY	"is everybody: that would be policy=negotiated"

static const struct word words[] = {
	{ "192.0.2.7", "192.0.2.7" },
	{ "192.0.2.7/32", "192.0.2.7" },
	{ "192.0.2.0/24", "192.0.2.0/24" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "128.0.0.0/1", "128.0.0.0/1" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::ffff:192.0.2.7", "192.0.2.7" },
	{ "::FFFF:c000:207", "192.0.2.7" },
	{ "0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7" },
	{ "::ffff:192.0.2.0/120", "192.0.2.0/24" },
	{ "2001:DB8:0:0:0:0:0:7", "2001:db8::7" },
	{ "2001:0db8::0007/128", "2001:db8::7" },
	{ "2001:db8::/32", "2001:db8::/32" },
	{ "2001:db8:0:0:1::/80", "2001:db8:0:0:1::/80" },
	{ "2001:db8:0:1:0:0:0:0/64", "2001:db8:0:1::/64" },
	{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" },
	{ "1:0:0:2:3:0:0:4", "1::2:3:0:0:4" },
	{ "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "::/1", "::/1" },
	{ "::192.0.2.7", "::c000:207" },
	{ "64:ff9b::192.0.2.7", "64:ff9b::c000:207" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
	{ "192.0.2", NULL, NO_ADDRESS },
	{ "192.0.2.7.1", NULL, NO_ADDRESS },
	{ "192.0.2.256", NULL, NO_ADDRESS },
	{ "192.0.2.99999999999", NULL, NO_ADDRESS },
	{ "192.0.02.7", NULL, NO_ADDRESS },
	{ "192.0.2.0x7", NULL, NO_ADDRESS },
	{ "192.0.2.-7", NULL, NO_ADDRESS },
	{ "192.0.2.", NULL, NO_ADDRESS },
	{ "3221225991", NULL, NO_ADDRESS },
	{ "scanner.example", NULL, NO_ADDRESS },
	{ "192.0.2.7:445", NULL, NO_ADDRESS },
	{ "192.0.2.7;192.0.2.8", NULL, NO_ADDRESS },
	{ "192.0.2.1-192.0.2.9", NULL, NO_ADDRESS },
	{ "[2001:db8::7]", NULL, NO_ADDRESS },
	{ "fe80::1%eth0", NULL, NO_ADDRESS },
	{ "2001:db8", NULL, NO_ADDRESS },
	{ "2001:db8:::7", NULL, NO_ADDRESS },
	{ "2001::db8::7", NULL, NO_ADDRESS },
	{ "1:2:3:4:5:6:7", NULL, NO_ADDRESS },
	{ "1:2:3:4:5:6:7:8:9", NULL, NO_ADDRESS },
	{ "1:2:3:4::5:6:7:8", NULL, NO_ADDRESS },
	{ "1:2:3:4:5:6:7:", NULL, NO_ADDRESS },
	{ ":1:2:3:4:5:6:7", NULL, NO_ADDRESS },
	{ "12345::", NULL, NO_ADDRESS },
	{ "2001:db8::g", NULL, NO_ADDRESS },
	{ "::192.0.2.7:1", NULL, NO_ADDRESS },
	{ "1:2:3:4:5:6:7:192.0.2.7", NULL, NO_ADDRESS },
	{ "/24", NULL, NO_ADDRESS },
	{ "192.0.2.0/", NULL, WRONG_LENGTH },
	{ "192.0.2.0/33", NULL, WRONG_LENGTH },
	{ "192.0.2.0/024", NULL, WRONG_LENGTH },
	{ "192.0.2.0/24/24", NULL, WRONG_LENGTH },
	{ "192.0.2.0/255.255.255.0", NULL, WRONG_LENGTH },
	{ "2001:db8::/129", NULL, WRONG_LENGTH },
	{ "2001:db8::/4294967328", NULL, WRONG_LENGTH },
	{ "192.0.2.7/24", NULL, BITS_BEHIND },
	{ "10.0.0.1/2", NULL, BITS_BEHIND },
	{ "2001:db8::7/64", NULL, BITS_BEHIND },
	{ "::ffff:192.0.2.0/24", NULL, BITS_BEHIND },
	{ "0.0.0.0/0", NULL, EVERYBODY },
	{ "::/0", NULL, EVERYBODY },
	{ "::ffff:0:0/96", NULL, EVERYBODY },
};

static void word_name(const struct word *word, char *name)
{
	strscpy(name, word->text, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(word, words, word_name);

static void reads_a_word(struct kunit *test)
{
	const struct word *word = test->param_value;
	struct smbsign_prefix *list = list_new(test);
	struct smbsign_wrong_word wrong;
	char text[SMBSIGN_PREFIX_TEXT];
	int count;

	KUNIT_ASSERT_NOT_NULL(test, list);
	count = parse(word->text, list, &wrong);
	if (!word->canonical) {
		KUNIT_EXPECT_EQ(test, -EINVAL, count);
		KUNIT_EXPECT_STREQ(test, word->why, wrong.why);
		KUNIT_EXPECT_EQ(test, strlen(word->text), wrong.length);
		return;
	}
	KUNIT_ASSERT_EQ(test, 1, count);
	KUNIT_EXPECT_EQ(test, strlen(word->canonical),
			smbsign_prefix_print(list, text));
	KUNIT_EXPECT_STREQ(test, word->canonical, text);
}

/* Commas and white space separate; the order stays, and each comes once. */
static void reads_a_list(struct kunit *test)
{
	struct smbsign_prefix *list = list_new(test);
	struct smbsign_wrong_word wrong;
	char text[SMBSIGN_PREFIX_TEXT];

	KUNIT_ASSERT_NOT_NULL(test, list);
	KUNIT_EXPECT_EQ(test, 0, parse("", list, &wrong));
	KUNIT_EXPECT_EQ(test, 0, parse(" ,\t\n", list, &wrong));
	KUNIT_EXPECT_EQ(test, 3, parse("\t::2, ::1,,192.0.2.7 ::2\n::ffff:192.0.2.7/128,",
				       list, &wrong));
	smbsign_prefix_print(&list[0], text);
	KUNIT_EXPECT_STREQ(test, "::2", text);
	smbsign_prefix_print(&list[2], text);
	KUNIT_EXPECT_STREQ(test, "192.0.2.7", text);
	/* The first word that is wrong is named. */
	KUNIT_EXPECT_EQ(test, -EINVAL, parse("::1,10.0.0.1/8,x", list, &wrong));
	KUNIT_EXPECT_EQ(test, strlen("10.0.0.1/8"), wrong.length);
	KUNIT_EXPECT_EQ(test, 0, strncmp(wrong.word, "10.0.0.1/8", wrong.length));
	/* A NUL is part of a word. */
	KUNIT_EXPECT_EQ(test, -EINVAL,
			smbsign_exceptions_parse("::1\0,::2", 8, list, &wrong));
}

static void takes_so_many(struct kunit *test)
{
	size_t size = (SMBSIGN_EXCEPTIONS_MAX + 1) * sizeof("10.0.255.255,"), at = 0;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	struct smbsign_prefix *list = list_new(test);
	struct smbsign_wrong_word wrong;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, list);
	for (i = 0; i < SMBSIGN_EXCEPTIONS_MAX; i++)
		at += scnprintf(text + at, size - at, "10.0.%u.%u,", i / 256,
				i % 256);
	/* What is there twice does not count. */
	scnprintf(text + at, size - at, "10.0.0.9");
	KUNIT_EXPECT_EQ(test, SMBSIGN_EXCEPTIONS_MAX, parse(text, list, &wrong));
	scnprintf(text + at, size - at, "11.0.0.1");
	KUNIT_EXPECT_EQ(test, -EINVAL, parse(text, list, &wrong));
	KUNIT_EXPECT_STREQ(test, "is one too many", wrong.why);
}

/**
 * struct pair - an exception, and an address
 * @list:	the exceptions
 * @address:	the address
 * @index:	the one that it is, or -1
 */
struct pair {
	const char	*list;
	const char	*address;
	int		index;
};

static const struct pair pairs[] = {
	{ "192.0.2.7", "::ffff:192.0.2.7", 0 },
	{ "192.0.2.7", "::ffff:192.0.2.6", -1 },
	{ "::ffff:192.0.2.7", "::ffff:192.0.2.7", 0 },
	/* Other forms that have the same four bytes in them */
	{ "192.0.2.7", "::192.0.2.7", -1 },
	{ "192.0.2.7", "64:ff9b::192.0.2.7", -1 },
	{ "192.0.2.7", "2002:c000:207::", -1 },
	{ "192.0.2.7", "::ffff:0:192.0.2.7", -1 },
	{ "::192.0.2.7", "::ffff:192.0.2.7", -1 },
	{ "64:ff9b::192.0.2.7", "::ffff:192.0.2.7", -1 },
	/* No prefix of IPv6 covers IPv4 */
	{ "::/1", "::ffff:192.0.2.7", -1 },
	{ "::/1", "::1", 0 },
	{ "::/64", "::ffff:192.0.2.7", -1 },
	{ "::/81", "::ffff:192.0.2.7", -1 },
	{ "192.0.2.0/25", "::ffff:192.0.2.127", 0 },
	{ "192.0.2.0/25", "::ffff:192.0.2.128", -1 },
	{ "128.0.0.0/1", "::ffff:127.255.255.255", -1 },
	{ "128.0.0.0/1", "::ffff:128.0.0.0", 0 },
	{ "2001:db8::/33", "2001:db8:7fff::1", 0 },
	{ "2001:db8::/33", "2001:db8:8000::", -1 },
	{ "2001:db8::7", "2001:db8::7", 0 },
	{ "2001:db8::7", "2001:db8::8", -1 },
	/* The longest counts */
	{ "10.0.0.0/8,10.1.0.0/16,10.0.0.0/7", "::ffff:10.1.2.3", 1 },
	{ "10.0.0.0/8,10.1.0.0/16,10.0.0.0/7", "::ffff:10.2.2.3", 0 },
	{ "10.0.0.0/8,10.1.0.0/16,10.0.0.0/7", "::ffff:11.2.2.3", 2 },
	{ "10.0.0.0/8,10.1.0.0/16,10.0.0.0/7", "::ffff:12.2.2.3", -1 },
	{ "", "::1", -1 },
};

static void pair_name(const struct pair *pair, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s in %s", pair->address,
		 pair->list);
}

KUNIT_ARRAY_PARAM(pair, pairs, pair_name);

static void matches(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	struct smbsign_prefix *list = list_new(test);
	struct smbsign_wrong_word wrong;
	u8 address[SMBSIGN_ADDRESS_SIZE];
	int count;

	KUNIT_ASSERT_NOT_NULL(test, list);
	count = parse(pair->list, list, &wrong);
	KUNIT_ASSERT_GE(test, count, 0);
	KUNIT_ASSERT_EQ(test, 1, in6_pton(pair->address, -1, address, -1, NULL));
	KUNIT_EXPECT_EQ(test, pair->index,
			smbsign_exceptions_match(list, count, address));
}

/* Of each length, an address is covered until a bit within it differs. */
static void matches_by_length(struct kunit *test)
{
	struct smbsign_prefix prefix = { };
	u8 address[SMBSIGN_ADDRESS_SIZE];
	struct rnd_state random;
	unsigned int length, bit, i;

	prandom_seed_state(&random, 5);
	for (length = 1; length <= 128; length++) {
		prandom_bytes_state(&random, address, sizeof(address));
		prefix.length = length;
		for (i = 0; i < 128; i++) {
			if (!(i % 8))
				prefix.address[i / 8] = 0;
			if (i < length)
				prefix.address[i / 8] |= address[i / 8] &
							 (0x80 >> i % 8);
		}
		for (bit = 0; bit < 128; bit++) {
			address[bit / 8] ^= 0x80 >> bit % 8;
			KUNIT_ASSERT_EQ(test, bit < length ? -1 : 0,
					smbsign_exceptions_match(&prefix, 1,
								 address));
			address[bit / 8] ^= 0x80 >> bit % 8;
		}
	}
}

/* The kernel reads what is written here, and writes the same. */
static void agrees_with_the_kernel(struct kunit *test)
{
	char text[SMBSIGN_PREFIX_TEXT], again[SMBSIGN_PREFIX_TEXT];
	struct smbsign_prefix prefix = { .length = 128 };
	u8 address[SMBSIGN_ADDRESS_SIZE];
	struct rnd_state random;
	unsigned int i, j;

	prandom_seed_state(&random, 6);
	for (i = 0; i < 20000; i++) {
		prandom_bytes_state(&random, prefix.address, sizeof(address));
		/* Not mapped, and with runs of zeroes */
		for (j = 2; j < SMBSIGN_ADDRESS_SIZE; j += 2) {
			if (prandom_u32_state(&random) & 1)
				memset(prefix.address + j, 0, 2);
		}
		prefix.address[0] |= 1;
		smbsign_prefix_print(&prefix, text);
		KUNIT_ASSERT_EQ(test, 1, in6_pton(text, -1, address, -1, NULL));
		KUNIT_ASSERT_MEMEQ(test, prefix.address, address, sizeof(address));
		scnprintf(again, sizeof(again), "%pI6c", prefix.address);
		KUNIT_ASSERT_STREQ(test, again, text);
	}
}

static struct kunit_case exceptions_cases[] = {
	KUNIT_CASE_PARAM(reads_a_word, word_gen_params),
	KUNIT_CASE(reads_a_list),
	KUNIT_CASE(takes_so_many),
	KUNIT_CASE_PARAM(matches, pair_gen_params),
	KUNIT_CASE(matches_by_length),
	KUNIT_CASE(agrees_with_the_kernel),
	{}
};

static struct kunit_suite exceptions_suite = {
	.name = "smbsign_exceptions",
	.test_cases = exceptions_cases,
};

kunit_test_suite(exceptions_suite);
