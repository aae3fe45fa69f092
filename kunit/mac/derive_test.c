// SPDX-License-Identifier: GPL-2.0-only
/* The input of key derivation, and keys that are derived from no secret. */
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <linux/hex.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "derive_testvecs.h"
#include "../failing.h"
#include "mac_testvecs.h"
#include "../surroundings.h"

#include "mac/derive.c"

KUNIT_ARRAY_PARAM_DESC(vector, key_vectors, name);

static void from_hex(struct kunit *test, u8 *to, const char *hex, u32 length)
{
	memset(to, 0, length);
	if (hex)
		KUNIT_ASSERT_EQ(test, 0, hex2bin(to, hex, length));
}

/* Compute HMAC-SHA256 with the session key over the PRF's input. */
static void derivation(struct kunit *test)
{
	const struct key_vector *vector = test->param_value;
	u8 session[SMB2_KEY_SIZE], signing[SMB2_KEY_SIZE];
	u8 preauth[SMBSIGN_PREAUTH_SIZE], key[SHA256_DIGEST_SIZE];
	struct crypto_shash *prf = crypto_alloc_shash("hmac(sha256)", 0, 0);
	u8 *input = guarded_alloc(test, 128);
	u32 length;

	KUNIT_ASSERT_FALSE(test, IS_ERR(prf));
	from_hex(test, session, vector->session, sizeof(session));
	from_hex(test, signing, vector->signing, sizeof(signing));
	from_hex(test, preauth, vector->preauth, sizeof(preauth));
	length = kdf_input(vector->dialect, preauth, input);
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_setkey(prf, session,
						     sizeof(session)));
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_tfm_digest(prf, input, length,
							 key));
	crypto_free_shash(prf);
	KUNIT_EXPECT_MEMEQ(test, key, signing, sizeof(signing));
}

/* Keys derived from zeroes are public, and each of their bits matters. */
static void public_keys(struct kunit *test)
{
	const struct key_vector *vector = test->param_value;
	bool public = !strcmp(vector->session, KEY_OF_ZEROES);
	u8 signing[SMB2_KEY_SIZE], preauth[SMBSIGN_PREAUTH_SIZE];
	u32 bit;

	from_hex(test, signing, vector->signing, sizeof(signing));
	from_hex(test, preauth, vector->preauth, sizeof(preauth));
	KUNIT_EXPECT_EQ(test, public,
			smbsign_derive_public(vector->dialect, preauth,
					      signing));
	KUNIT_EXPECT_EQ(test, 0, smbsign_derive_public(SMB2_DIALECT_210,
						       preauth, signing));
	for (bit = 0; bit < 8 * SMB2_KEY_SIZE; bit++) {
		signing[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_EQ(test, 0,
				smbsign_derive_public(vector->dialect, preauth,
						      signing));
		signing[bit / 8] ^= BIT(bit % 8);
	}
	/* On 3.1.1, only with that hash */
	preauth[63] ^= 1;
	KUNIT_EXPECT_EQ(test, public && !vector->preauth,
			smbsign_derive_public(vector->dialect, preauth,
					      signing));
}

/* Zeroes are public: a guest's key on 2.x, and no key at all on the others */
static void zeroes(struct kunit *test)
{
	static const u16 dialects[] = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 };
	u8 preauth[SMBSIGN_PREAUTH_SIZE] = { }, raw[SMB2_KEY_SIZE] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dialects); i++)
		KUNIT_EXPECT_EQ(test, 1, smbsign_derive_public(dialects[i],
							       preauth, raw));
}

/* The hash after a message that ends where nothing is mapped */
static void preauth_hash_known(struct kunit *test)
{
	const char *hex = mac_vectors[5].message;
	u8 before[SMBSIGN_PREAUTH_SIZE], after[SMBSIGN_PREAUTH_SIZE];
	u8 expected[SMBSIGN_PREAUTH_SIZE];
	u32 length = strlen(hex) / 2;
	u8 *message = guarded_alloc(test, length);

	from_hex(test, message, hex, length);
	from_hex(test, before, PREAUTH_1, sizeof(before));
	from_hex(test, expected, PREAUTH_AFTER, sizeof(expected));
	KUNIT_EXPECT_EQ(test, 0, smbsign_derive_preauth(before, message, length,
							after));
	KUNIT_EXPECT_MEMEQ(test, after, expected, sizeof(after));
}

static void no_algorithms(struct kunit *test)
{
	unsigned int i = 0;
	int ret;

	smbsign_derive_exit();
	do {
		around.failed = 0;
		around.allocate = i++;
		ret = smbsign_derive_init();
		around.allocate = -1;
		KUNIT_EXPECT_EQ(test, ret, around.failed ? -ENOENT : 0);
	} while (around.failed && i < 10);
	KUNIT_EXPECT_EQ(test, i, 4U);
}

static int derive_init(struct kunit *test)
{
	surroundings_reset();
	return 0;
}

static int derive_suite_init(struct kunit_suite *suite)
{
	surroundings_reset();
	return smbsign_derive_init();
}

static void derive_suite_exit(struct kunit_suite *suite)
{
	smbsign_derive_exit();
}

static struct kunit_case derive_cases[] = {
	KUNIT_CASE_PARAM(derivation, vector_gen_params),
	KUNIT_CASE_PARAM(public_keys, vector_gen_params),
	KUNIT_CASE(zeroes),
	KUNIT_CASE(preauth_hash_known),
	KUNIT_CASE(no_algorithms),
	{}
};

static struct kunit_suite derive_suite = {
	.name = "smbsign_derive",
	.suite_init = derive_suite_init,
	.suite_exit = derive_suite_exit,
	.init = derive_init,
	.test_cases = derive_cases,
};

kunit_test_suite(derive_suite);
