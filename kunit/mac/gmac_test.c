// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-GMAC against known answers and the kernel's gcm(aes), by each engine; the
 * other cases are those of mac_test.c.
 *
 * User-mode Linux is a process with vector registers of its own.
 */
#include <crypto/aead.h>
#include <linux/hex.h>
#include <linux/scatterlist.h>

#include "../failing.h"
#include "../surroundings.h"

#include "mac/clmul.h"

/* What the CPU is said to have, and whether the registers are free. */
static bool occupied, none, spoiled;

/* The kernel's AES-GCM, or a name that nothing has; what it has hashed */
static const char *gcm_name = "none";
static u32 hashed_by_gcm;

#ifdef CONFIG_UML
static u32 features(void)
{
	u32 a = 1, b, c = 0, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	return c;
}

/* PCLMULQDQ, AES, OSXSAVE and AVX */
#define NEEDED		(BIT(1) | BIT(25) | BIT(27) | BIT(28))
#define CLMUL_EXISTS	(!none && (features() & NEEDED) == NEEDED)
#define CLMUL_NOW	(!occupied && !in_interrupt())
#define CLMUL_BEGIN()	preempt_disable()
#define CLMUL_END()	preempt_enable()
#endif
#ifdef CONFIG_X86_64
#include "mac/clmul.c"
#endif

static inline void spoiled_hash(const struct smbsign_clmul_powers *powers, u8 *y,
				const u8 *data, size_t blocks)
{
	smbsign_clmul_hash(powers, y, data, blocks);
	y[0] ^= spoiled;
}

#ifdef CONFIG_UML
#define GCM_NAME	gcm_name
#define GCM_NOW		(!occupied && !in_interrupt())
#endif
#include "mac/gcm.c"

static inline int spoiled_gcm(const struct smbsign_gcm_key *key,
			      const struct smbsign_ghash_key *ghash, u8 *y,
			      const u8 *data, u32 length)
{
	int ret = smbsign_gcm_hash(key, ghash, y, data, length);

	if (ret > 0) {
		y[0] ^= spoiled;
		hashed_by_gcm += ret;
	}
	return ret;
}

#define smbsign_clmul_hash	spoiled_hash
#define smbsign_gcm_hash	spoiled_gcm
#include "mac/gmac.c"
#undef smbsign_clmul_hash
#undef smbsign_gcm_hash

/**
 * struct way - a way to compute GHASH
 * @name:	for the log
 * @occupied:	somebody else uses the vector registers
 * @none:	the CPU lacks the instructions
 * @gcm:	the kernel has them in its AES-GCM
 */
struct way {
	const char	*name;
	bool		occupied;
	bool		none;
	bool		gcm;
};

static const struct way ways[] = {
	{ .name = "by our own loop" },
	{ .name = "without vector registers", .occupied = true },
	{ .name = "by the kernel", .none = true },
	{ .name = "by the kernel's AES-GCM", .none = true, .gcm = true },
	{
		.name = "by the kernel, without vector registers",
		.occupied = true, .none = true, .gcm = true,
	},
};

KUNIT_ARRAY_PARAM_DESC(way, ways, name);

/**
 * struct gmac_vector - a known answer
 * @key:	16 bytes
 * @nonce:	12 bytes
 * @message:	the message
 * @mac:	its MAC
 */
struct gmac_vector {
	const char	*key;
	const char	*nonce;
	const char	*message;
	const char	*mac;
};

static const struct gmac_vector vectors[] = {
	/* McGrew and Viega, "The Galois/Counter Mode of Operation", case 1 */
	{
		"00000000000000000000000000000000", "000000000000000000000000",
		"", "58e2fccefa7e3061367f1d57a4e7455a",
	},
	/* NIST's gcmEncryptExtIV128.rsp, PTlen = 0, AADlen = 128 and 160 */
	{
		"77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3",
		"7a43ec1d9c0a5a78a0b16533a6213cab",
		"209fcc8d3675ed938e9c7166709dd946",
	}, {
		"2fb45e5b8f993a2bfebc4b15b533e0b4", "5b05755f984d2b90f94b8027",
		"e85491b2202caf1d7dce03b97e09331c32473941",
		"c75b7832b2a2d9bd827412b6ef5769db",
	},
	/* A LOGOFF of 3.1.1 */
	{
		"ac36e9543cd888f0a84123e46bb2a0d7", "090000000000000000000000",
		"fe534d42400001000000000002000100180000000000000009000000"
		"00000000000000000000000053200c21000000000000000000000000"
		"000000000000000004000000",
		"76234b3c812f51ab8a5cf9fa43d4eb28",
	},
};

static int mac_of(const struct smbsign_gmac_key *key, const u8 *nonce,
		  const u8 *message, u32 length, u8 mac[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_gmac gmac;

	smbsign_gmac_begin(&gmac, nonce);
	return smbsign_gmac_update(key, &gmac, message, length) ?:
	       smbsign_gmac_end(key, &gmac, mac);
}

static void known_answers(struct kunit *test)
{
	u8 raw[SMB2_KEY_SIZE], nonce[SMBSIGN_GMAC_NONCE_SIZE], message[80];
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	static struct smbsign_gmac_key key;
	u32 i, length;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		length = strlen(vectors[i].message) / 2;
		KUNIT_ASSERT_LE(test, length, sizeof(message));
		KUNIT_ASSERT_EQ(test, 0, hex2bin(raw, vectors[i].key,
						 sizeof(raw)));
		KUNIT_ASSERT_EQ(test, 0, hex2bin(nonce, vectors[i].nonce,
						 sizeof(nonce)));
		KUNIT_ASSERT_EQ(test, 0, hex2bin(message, vectors[i].message,
						 length));
		KUNIT_ASSERT_EQ(test, 0, hex2bin(expected, vectors[i].mac,
						 sizeof(expected)));
		KUNIT_ASSERT_EQ(test, 0, smbsign_gmac_setkey(&key, raw));
		KUNIT_EXPECT_EQ(test, 0, mac_of(&key, nonce, message, length,
						mac));
		KUNIT_EXPECT_MEMEQ(test, mac, expected, sizeof(mac));
		smbsign_gmac_freekey(&key);
	}
}

#define LENGTH	20000

/* What the kernel's AES-GCM makes of a message that is authenticated only. */
static int kernel_mac(struct kunit *test, const u8 *raw, const u8 *nonce,
		      const u8 *message, u32 length, u8 *mac)
{
	struct crypto_aead *tfm = crypto_alloc_aead("gcm(aes)", 0,
						    CRYPTO_ALG_ASYNC);
	u8 iv[SMBSIGN_GMAC_NONCE_SIZE], *copy;
	struct aead_request *req;
	struct scatterlist sg;
	int ret;

	KUNIT_ASSERT_FALSE(test, IS_ERR(tfm));
	copy = kunit_kzalloc(test, length + SMB2_SIGNATURE_SIZE, GFP_KERNEL);
	req = aead_request_alloc(tfm, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, copy && req);
	memcpy(copy, message, length);
	memcpy(iv, nonce, sizeof(iv));
	sg_init_one(&sg, copy, length + SMB2_SIGNATURE_SIZE);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_ad(req, length);
	aead_request_set_crypt(req, &sg, &sg, 0, iv);
	ret = crypto_aead_setkey(tfm, raw, SMB2_KEY_SIZE) ?:
	      crypto_aead_setauthsize(tfm, SMB2_SIGNATURE_SIZE) ?:
	      crypto_aead_encrypt(req);
	memcpy(mac, copy + length, SMB2_SIGNATURE_SIZE);
	aead_request_free(req);
	crypto_free_aead(tfm);
	kunit_kfree(test, copy);
	return ret;
}

/* Random keys, nonces, messages and lengths; cut at random. */
static void as_the_kernel(struct kunit *test)
{
	const struct way *way = test->param_value;
	u8 raw[SMB2_KEY_SIZE], nonce[SMBSIGN_GMAC_NONCE_SIZE];
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u8 *data = guarded_alloc(test, LENGTH), *message;
	static struct smbsign_gmac_key key;
	struct smbsign_gmac gmac;
	struct rnd_state state;
	u32 i, length, done, part;

	prandom_seed_state(&state, 3);
	for (i = 0; i < 200; i++) {
		prandom_bytes_state(&state, data, LENGTH);
		prandom_bytes_state(&state, raw, sizeof(raw));
		prandom_bytes_state(&state, nonce, sizeof(nonce));
		length = prandom_u32_state(&state) % (i % 4 ? 600 : LENGTH);
		message = data + LENGTH - length;
		KUNIT_ASSERT_EQ(test, 0, kernel_mac(test, raw, nonce, message,
						    length, expected));
		KUNIT_ASSERT_EQ(test, 0, smbsign_gmac_setkey(&key, raw));
		smbsign_gmac_begin(&gmac, nonce);
		for (done = 0; done < length; done += part) {
			part = 1 + prandom_u32_state(&state) % (length - done);
			KUNIT_ASSERT_EQ(test, 0,
					smbsign_gmac_update(&key, &gmac,
							    message + done,
							    part));
		}
		KUNIT_ASSERT_EQ(test, 0, smbsign_gmac_end(&key, &gmac, mac));
		KUNIT_EXPECT_MEMEQ(test, mac, expected, sizeof(mac));
		smbsign_gmac_freekey(&key);
	}
	KUNIT_EXPECT_EQ(test, way->gcm && !way->occupied, hashed_by_gcm > 0);
}

/* The registers may be taken at any moment, and free again. */
static void taken_now_and_then(struct kunit *test)
{
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	static const u8 nonce[SMBSIGN_GMAC_NONCE_SIZE] = "now & then";
	static struct smbsign_gmac_key key;
	struct smbsign_gmac gmac;
	u32 turn, i, part;
	u8 data[600];

	fill_pattern(data, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, smbsign_gmac_setkey(&key, data));
	KUNIT_ASSERT_EQ(test, 0, mac_of(&key, nonce, data, sizeof(data),
					expected));
	for (turn = 0; turn < 16; turn++) {
		smbsign_gmac_begin(&gmac, nonce);
		for (i = 0; i < 3; i++) {
			part = sizeof(data) / 3;
			occupied = turn & BIT(i);
			KUNIT_EXPECT_EQ(test, 0,
					smbsign_gmac_update(&key, &gmac,
							    data + i * part,
							    part));
		}
		occupied = turn & BIT(3);
		KUNIT_EXPECT_EQ(test, 0, smbsign_gmac_end(&key, &gmac, mac));
		KUNIT_EXPECT_MEMEQ(test, mac, expected, sizeof(mac));
	}
	occupied = false;
	smbsign_gmac_freekey(&key);
}

static void now_and_then(struct kunit *test)
{
	taken_now_and_then(test);
	smbsign_gmac_exit();
	none = true;
	gcm_name = "gcm(aes)";
	KUNIT_ASSERT_EQ(test, 0, smbsign_gmac_init());
	taken_now_and_then(test);
	KUNIT_EXPECT_GT(test, hashed_by_gcm, 0);
}

/* Whatever a session's key lacks, nothing is left of it. */
static void keys_of_aes_gcm(struct kunit *test)
{
	static struct smbsign_gmac_key key;
	u8 raw[SMB2_KEY_SIZE] = { };
	int i;

	smbsign_gmac_exit();
	none = true;
	gcm_name = "gcm(aes)";
	/* Its GHASH, which is needed all the same, and its requests */
	for (i = 0; i < 3 + 2 * SCRATCHES * num_possible_cpus(); i++) {
		around.allocate = i;
		KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_gmac_init());
		around.allocate = -1;
		KUNIT_EXPECT_FALSE(test, smbsign_gmac_available());
		KUNIT_EXPECT_FALSE(test, smbsign_gcm_available());
	}
	KUNIT_EXPECT_EQ(test, 0, smbsign_gmac_init());
	KUNIT_EXPECT_TRUE(test, smbsign_gcm_available());
	for (i = 0; i < 4; i++) {
		around.allocate = i;
		KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_gmac_setkey(&key, raw));
		around.allocate = -1;
	}
	smbsign_gmac_exit();
	/* One that is wrong is not used. */
	spoiled = true;
	KUNIT_EXPECT_EQ(test, 0, smbsign_gmac_init());
	spoiled = false;
	KUNIT_EXPECT_TRUE(test, smbsign_gmac_available());
	KUNIT_EXPECT_FALSE(test, smbsign_gcm_available());
}

/* What is the engine, by what the CPU has? */
static void engines(struct kunit *test)
{
	static struct smbsign_gmac_key key;
	u8 raw[SMB2_KEY_SIZE] = { };
	int i, ret;

	smbsign_gmac_exit();
	KUNIT_EXPECT_FALSE(test, smbsign_gmac_available());
	/* A loop that is wrong is not used. */
	spoiled = true;
	KUNIT_EXPECT_EQ(test, 0, smbsign_gmac_init());
	spoiled = false;
	KUNIT_EXPECT_EQ(test, KERNEL, engine);
	smbsign_gmac_exit();

	/* Nor is a kernel whose memory runs out. */
	none = true;
	for (i = 0; i < 2; i++) {
		around.allocate = i;
		ret = smbsign_gmac_init();
		around.allocate = -1;
		KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
		KUNIT_EXPECT_FALSE(test, smbsign_gmac_available());
	}
	KUNIT_EXPECT_EQ(test, 0, smbsign_gmac_init());
	KUNIT_EXPECT_EQ(test, KERNEL, engine);
	for (i = 0; i < 2; i++) {
		around.allocate = i;
		KUNIT_EXPECT_EQ(test, -ENOMEM, smbsign_gmac_setkey(&key, raw));
		around.allocate = -1;
	}
	smbsign_gmac_exit();
}

static int way_init(struct kunit *test)
{
	static const struct way usual;
	const struct way *way = test->param_value ?: &usual;

	surroundings_reset();
	none = way->none;
	gcm_name = way->gcm ? "gcm(aes)" : "none";
	if (smbsign_gmac_init())
		return -ENOMEM;
	occupied = way->occupied;
	hashed_by_gcm = 0;
	if (!none && engine != CLMUL)
		kunit_skip(test, "this CPU lacks the instructions");
	return 0;
}

static void way_exit(struct kunit *test)
{
	smbsign_gmac_exit();
	occupied = false;
	none = false;
}

static struct kunit_case gmac_cases[] = {
	KUNIT_CASE_PARAM(known_answers, way_gen_params),
	KUNIT_CASE_PARAM(as_the_kernel, way_gen_params),
	KUNIT_CASE(now_and_then),
	KUNIT_CASE(keys_of_aes_gcm),
	KUNIT_CASE(engines),
	{}
};

static struct kunit_suite gmac_suite = {
	.name = "smbsign_gmac",
	.init = way_init,
	.exit = way_exit,
	.test_cases = gmac_cases,
};

kunit_test_suite(gmac_suite);
