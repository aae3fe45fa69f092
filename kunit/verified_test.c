// SPDX-License-Identifier: GPL-2.0-only
/* Signatures remembered. */
#include "surroundings.h"

#include "../module/verified.c"

#define IDS	1000
#define KEY	3

static void signature_of(u64 id, u8 signature[SMB2_SIGNATURE_SIZE])
{
	memset(signature, id + 1, SMB2_SIGNATURE_SIZE);
}

static void note(struct smbsign_verified *verified, u64 id)
{
	u8 signature[SMB2_SIGNATURE_SIZE];

	signature_of(id, signature);
	smbsign_verified_note(verified, id, KEY, signature);
}

static bool takes(struct kunit *test, struct smbsign_verified *verified, u64 id)
{
	u8 signature[SMB2_SIGNATURE_SIZE] = { }, expected[SMB2_SIGNATURE_SIZE];

	/* Not for another key */
	KUNIT_EXPECT_FALSE(test, smbsign_verified_take(verified, id, KEY + 1,
						       signature));
	if (!smbsign_verified_take(verified, id, KEY, signature))
		return false;
	signature_of(id, expected);
	KUNIT_EXPECT_MEMEQ(test, signature, expected, sizeof(expected));
	return true;
}

/* The latest ones are there, once; what is not, was never said to be. */
static void latest(struct kunit *test)
{
	struct smbsign_verified *verified =
		kunit_kzalloc(test, sizeof(*verified), GFP_KERNEL);
	unsigned int found = 0;
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, verified);
	KUNIT_EXPECT_FALSE(test, smbsign_verified_has(verified, 0));
	KUNIT_EXPECT_FALSE(test, takes(test, verified, 0));
	for (id = 0; id < IDS; id++) {
		KUNIT_EXPECT_FALSE(test, smbsign_verified_has(verified, id));
		note(verified, id);
		KUNIT_EXPECT_TRUE(test, smbsign_verified_has(verified, id));
	}
	for (id = 0; id < IDS; id++) {
		found += takes(test, verified, id);
		KUNIT_EXPECT_FALSE(test, takes(test, verified, id));
	}
	KUNIT_EXPECT_GE(test, found, ARRAY_SIZE(verified->entry) / 2);
	KUNIT_EXPECT_LE(test, found, ARRAY_SIZE(verified->entry));
}

/* One at a time, as most clients have it, is always found. */
static void alternating(struct kunit *test)
{
	struct smbsign_verified *verified =
		kunit_kzalloc(test, sizeof(*verified), GFP_KERNEL);
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, verified);
	for (id = 0; id < 16 * IDS; id += 16) {
		note(verified, id);
		KUNIT_EXPECT_TRUE(test, takes(test, verified, id));
	}
}

static struct kunit_case verified_cases[] = {
	KUNIT_CASE(latest),
	KUNIT_CASE(alternating),
	{}
};

static struct kunit_suite verified_suite = {
	.name = "smbsign_verified",
	.test_cases = verified_cases,
};

kunit_test_suite(verified_suite);
