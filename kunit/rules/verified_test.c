// SPDX-License-Identifier: GPL-2.0-only
/* Verified signatures that are kept. */
#include "../surroundings.h"

#include "rules/verified.c"

#define IDS	1000
#define KEY	3
#define LENGTH	100

static void resize(struct kunit *test, struct smbsign_verified *verified,
		   u8 bits)
{
	struct smbsign_verified_entry *entry =
		kunit_kcalloc(test, 1 << bits, sizeof(*entry), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, entry);
	smbsign_verified_resize(verified, entry, bits);
}

static void signature_of(u64 id, u8 signature[SMB2_SIGNATURE_SIZE])
{
	memset(signature, id + 1, SMB2_SIGNATURE_SIZE);
}

static bool note(struct smbsign_verified *verified, u64 id)
{
	u8 signature[SMB2_SIGNATURE_SIZE];

	signature_of(id, signature);
	return smbsign_verified_note(verified, id, KEY, LENGTH, signature);
}

static bool takes(struct kunit *test, struct smbsign_verified *verified, u64 id)
{
	u8 signature[SMB2_SIGNATURE_SIZE] = { }, expected[SMB2_SIGNATURE_SIZE];

	/* Not for another key */
	KUNIT_EXPECT_FALSE(test, smbsign_verified_take(verified, id, KEY + 1,
						       LENGTH, signature));
	KUNIT_EXPECT_FALSE(test, smbsign_verified_take(verified, id, KEY,
						       LENGTH + 1, signature));
	if (!smbsign_verified_take(verified, id, KEY, LENGTH, signature))
		return false;
	signature_of(id, expected);
	KUNIT_EXPECT_MEMEQ(test, signature, expected, sizeof(expected));
	return true;
}

/* The latest are there, once; nothing else is. */
static void latest(struct kunit *test)
{
	struct smbsign_verified verified = { };
	unsigned int found = 0, roomless = 0;
	u64 id;

	KUNIT_EXPECT_FALSE(test, takes(test, &verified, 0));
	KUNIT_EXPECT_FALSE(test, note(&verified, 0));
	resize(test, &verified, SMBSIGN_VERIFIED_BITS);
	KUNIT_EXPECT_FALSE(test, takes(test, &verified, 0));
	for (id = 0; id < IDS; id++)
		roomless += !note(&verified, id);
	for (id = 0; id < IDS; id++) {
		found += takes(test, &verified, id);
		KUNIT_EXPECT_FALSE(test, takes(test, &verified, id));
	}
	KUNIT_EXPECT_EQ(test, IDS - roomless, found);
	KUNIT_EXPECT_GE(test, found, (1 << SMBSIGN_VERIFIED_BITS) / 2);
	KUNIT_EXPECT_LE(test, found, 1 << SMBSIGN_VERIFIED_BITS);
}

/* One request at a time, as with most clients, is always found. */
static void alternating(struct kunit *test)
{
	struct smbsign_verified verified = { };
	u64 id;

	resize(test, &verified, SMBSIGN_VERIFIED_BITS);
	for (id = 0; id < 16 * IDS; id += 16) {
		KUNIT_EXPECT_TRUE(test, note(&verified, id));
		KUNIT_EXPECT_TRUE(test, takes(test, &verified, id));
	}
}

/* Growing loses nothing, up to the largest size. */
static void grows(struct kunit *test)
{
	struct smbsign_verified verified = { };
	unsigned int before = 0, after = 0;
	u64 id;
	u8 bits;

	KUNIT_EXPECT_EQ(test, SMBSIGN_VERIFIED_BITS,
			smbsign_verified_wanted(&verified));
	resize(test, &verified, SMBSIGN_VERIFIED_BITS);
	for (id = 0; id < IDS; id++)
		before += note(&verified, id);
	while ((bits = smbsign_verified_wanted(&verified)))
		resize(test, &verified, bits);
	KUNIT_EXPECT_EQ(test, SMBSIGN_VERIFIED_BITS_MAX, verified.bits);
	for (id = 0; id < IDS; id++)
		after += takes(test, &verified, id);
	KUNIT_EXPECT_EQ(test, before, after);
}

static struct kunit_case verified_cases[] = {
	KUNIT_CASE(latest),
	KUNIT_CASE(alternating),
	KUNIT_CASE(grows),
	{}
};

static struct kunit_suite verified_suite = {
	.name = "smbsign_verified",
	.test_cases = verified_cases,
};

kunit_test_suite(verified_suite);
