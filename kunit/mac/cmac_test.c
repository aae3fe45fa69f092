// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-CMAC by bulk CBC; the cases are those of mac_test.c.
 *
 * User-mode Linux has no vector registers.  There another CBC stands in for the
 * fast way, and hard and soft interrupts use the plain way.
 */
#include <linux/percpu.h>

#include "../failing.h"
#include "../surroundings.h"

#include "mac/cmac.h"

#ifdef CONFIG_UML
#define FAST_NOW (!in_interrupt())
static const struct smbsign_cipher ciphers[] = {
	{ "none", 0, 0 },
	{ "cbc(aes-generic)", 0, CRYPTO_ALG_ASYNC },
};
#endif
#include "mac/cmac.c"

#define LENGTH	(4 * PAGE_SIZE)

static int all_plainly(const struct smbsign_cmac_key *key, u8 *chain,
		       const u8 *data, u32 length)
{
	int ret = 0;

	for (; length && ret >= 0; data += ret, length -= ret)
		ret = cbc_plainly(key, chain, data, length);
	return ret < 0 ? ret : 0;
}

/* Wherever the data is, both ways give the same result. */
static void both_ways(struct kunit *test)
{
	struct smbsign_cmac_key key = { };
	static const u8 raw[SMB2_KEY_SIZE] = "both ways";
	u8 fast_chain[AES_BLOCK_SIZE], plain_chain[AES_BLOCK_SIZE];
	u8 *data = guarded_alloc(test, LENGTH);
	u32 offset;

	fill_pattern(data, LENGTH);
	KUNIT_ASSERT_EQ(test, 0, smbsign_cmac_init());
	if (!smbsign_cmac_available())
		kunit_skip(test, "this kernel has no need of it");
	KUNIT_ASSERT_EQ(test, 0, smbsign_cmac_setkey(&key, raw));
	for (offset = 0; offset < LENGTH; offset += 129) {
		u32 length = round_down(LENGTH - offset, AES_BLOCK_SIZE);

		memset(fast_chain, 7, sizeof(fast_chain));
		memset(plain_chain, 7, sizeof(plain_chain));
		KUNIT_EXPECT_EQ(test, 0, cbc(&key, fast_chain, data + offset,
					     length));
		KUNIT_EXPECT_EQ(test, 0, all_plainly(&key, plain_chain,
						     data + offset, length));
		KUNIT_EXPECT_MEMEQ(test, fast_chain, plain_chain,
				   sizeof(fast_chain));
	}
	smbsign_cmac_freekey(&key);
	smbsign_cmac_exit();
}

static struct kunit_case cmac_cases[] = {
	KUNIT_CASE(both_ways),
	{}
};

static struct kunit_suite cmac_suite = {
	.name = "smbsign_cmac",
	.test_cases = cmac_cases,
};

kunit_test_suite(cmac_suite);
