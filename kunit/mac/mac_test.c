// SPDX-License-Identifier: GPL-2.0-only
/*
 * MACs against known answers, however a message is cut, wherever it is, and
 * whoever computes at the same time.
 */
#include <crypto/utils.h>
#include <linux/completion.h>
#include <linux/hex.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

#include "../failing.h"
#include "mac_testvecs.h"
#include "../surroundings.h"

#include "mac/mac.c"
#include "mac/nonces.c"

/* Gives the nonce of AES-GMAC; mac_testvecs.h counts on it. */
static const struct smb2_header plain_header = {
	.message_id = cpu_to_le64(0x0102030405060708ULL),
};

/**
 * struct algorithm - the known answers of an algorithm
 * @name:	for the log
 * @id:		SMB2_SIGNING_*
 * @all:	hash over the MACs of all lengths
 */
struct algorithm {
	const char	*name;
	u16		id;
	const char	*all;
};

static const struct algorithm algorithms[] = {
	{ "HMAC-SHA256", SMB2_SIGNING_HMAC_SHA256, ALL_LENGTHS_HMAC },
	{ "AES-CMAC", SMB2_SIGNING_AES_CMAC, ALL_LENGTHS_CMAC },
	{ "AES-GMAC", SMB2_SIGNING_AES_GMAC, ALL_LENGTHS_GMAC },
};

KUNIT_ARRAY_PARAM_DESC(algorithm, algorithms, name);
KUNIT_ARRAY_PARAM_DESC(vector, mac_vectors, name);

static void put_key(void *key)
{
	smbsign_key_put(key);
}

static struct smbsign_key *key_of(struct kunit *test, u16 algorithm,
				  const char *hex)
{
	struct smbsign_key *key;
	u8 raw[SMB2_KEY_SIZE];

	KUNIT_ASSERT_EQ(test, 0, hex2bin(raw, hex, sizeof(raw)));
	key = smbsign_key_alloc(algorithm, raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_key, key));
	return key;
}

static int begin_for(struct smbsign_mac *mac, struct smbsign_key *key,
		     const void *header)
{
	return smbsign_key_get(key) ? smbsign_mac_begin(mac, key, header) :
				      -ENOKEY;
}

static int begin(struct smbsign_mac *mac, struct smbsign_key *key)
{
	return begin_for(mac, key, &plain_header);
}

/*
 * Compute the MAC of a message in up to three pieces, cut at @first and
 * @second.
 */
static int mac_pieces(struct smbsign_key *key, const u8 *data, u32 length,
		      u32 first, u32 second, u8 out[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_mac mac = { };

	return begin(&mac, key) ?:
	       smbsign_mac_update(&mac, data, first) ?:
	       smbsign_mac_update(&mac, data + first, second - first) ?:
	       smbsign_mac_update(&mac, data + second, length - second) ?:
	       smbsign_mac_end(&mac, out);
}

static int mac_whole(struct smbsign_key *key, const u8 *data, u32 length,
		     u8 out[SMB2_SIGNATURE_SIZE])
{
	return mac_pieces(key, data, length, length, length, out);
}

static void assert_mac(struct kunit *test, int ret, const u8 *mac,
		       const u8 *expected)
{
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_MEMEQ(test, mac, expected, SMB2_SIGNATURE_SIZE);
}

/* Compute the MAC of an SMB2 message, with zeroes in place of its Signature. */
static int mac_message(struct smbsign_key *key, const u8 *data, u32 length,
		       u8 out[SMB2_SIGNATURE_SIZE])
{
	const u32 header = sizeof(struct smb2_header);
	struct smbsign_mac mac = { };

	return begin_for(&mac, key, data) ?:
	       smbsign_mac_header(&mac, data) ?:
	       smbsign_mac_update(&mac, data + header, length - header) ?:
	       smbsign_mac_end(&mac, out);
}

/* The same of a header whose Signature is zeroes, as it is. */
static int mac_zeroed(struct smbsign_key *key, const u8 *header,
		      u8 out[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_mac mac = { };

	return begin_for(&mac, key, header) ?:
	       smbsign_mac_update(&mac, header, sizeof(struct smb2_header)) ?:
	       smbsign_mac_end(&mac, out);
}

static void known_answer(struct kunit *test)
{
	const struct mac_vector *vector = test->param_value;
	struct smbsign_key *key = key_of(test, vector->algorithm, vector->key);
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u32 length = strlen(vector->message) / 2;
	u8 *message = guarded_alloc(test, length);

	KUNIT_ASSERT_EQ(test, 0, hex2bin(message, vector->message, length));
	if (vector->mac) {
		KUNIT_ASSERT_EQ(test, 0, hex2bin(expected, vector->mac,
						 sizeof(expected)));
		assert_mac(test, mac_whole(key, message, length, mac), mac,
			   expected);
		return;
	}
	memcpy(expected, ((struct smb2_header *)message)->signature,
	       sizeof(expected));
	assert_mac(test, mac_message(key, message, length, mac), mac, expected);
}

/* The Signature does not change the MAC; everything else does. */
static void header_signature(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	const u32 at = offsetof(struct smb2_header, signature);
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u8 header[sizeof(struct smb2_header)], before[sizeof(header)];
	u32 bit;

	fill_pattern(header, sizeof(header));
	memcpy(before, header, sizeof(header));
	KUNIT_ASSERT_EQ(test, 0, mac_message(key, header, sizeof(header),
					     expected));
	KUNIT_EXPECT_MEMEQ(test, header, before, sizeof(header));
	for (bit = 0; bit < 8 * sizeof(header); bit++) {
		bool inside = bit / 8 >= at &&
			      bit / 8 < at + SMB2_SIGNATURE_SIZE;

		header[bit / 8] ^= BIT(bit % 8);
		KUNIT_ASSERT_EQ(test, 0, mac_message(key, header,
						     sizeof(header), mac));
		KUNIT_EXPECT_EQ(test, inside,
				!memcmp(mac, expected, sizeof(mac)));
		header[bit / 8] ^= BIT(bit % 8);
	}
	memset(header + at, 0, SMB2_SIGNATURE_SIZE);
	assert_mac(test, mac_zeroed(key, header, mac), mac, expected);
}

/* Every length to 4 KiB; each message ends where nothing is mapped. */
static void all_lengths(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	struct crypto_shash *sha256 = crypto_alloc_shash("sha256", 0, 0);
	const u32 count = ALL_LENGTHS_MAX + 1, size = SMB2_SIGNATURE_SIZE;
	u8 *macs = guarded_alloc(test, count * size);
	u8 *end = guarded_alloc(test, ALL_LENGTHS_MAX) + ALL_LENGTHS_MAX;
	u8 digest[32], expected[32];
	u32 length;

	KUNIT_ASSERT_FALSE(test, IS_ERR(sha256));
	KUNIT_ASSERT_EQ(test, 0, hex2bin(expected, algorithm->all, 32));
	for (length = 0; length < count; length++) {
		fill_pattern(end - length, length);
		KUNIT_ASSERT_EQ(test, 0, mac_whole(key, end - length, length,
						   macs + length * size));
	}
	KUNIT_EXPECT_EQ(test, 0, crypto_shash_tfm_digest(sha256, macs,
							 count * size, digest));
	crypto_free_shash(sha256);
	KUNIT_EXPECT_MEMEQ(test, digest, expected, sizeof(digest));
}

/* Three pieces, cut everywhere, with empty ones among them. */
static void every_cut(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	const u32 lengths[] = { 1, 16, 17, 63, 64, 65, 130 };
	u32 i, first, second;
	u8 data[130];

	fill_pattern(data, sizeof(data));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_ASSERT_EQ(test, 0, mac_whole(key, data, lengths[i],
						   expected));
		for (first = 0; first <= lengths[i]; first++) {
			for (second = first; second <= lengths[i]; second++)
				assert_mac(test,
					   mac_pieces(key, data, lengths[i],
						      first, second, mac),
					   mac, expected);
		}
	}
}

/* Compute the MAC of pieces that end where a bit of @cuts is set. */
static int mac_cut(struct smbsign_key *key, const u8 *data, u32 length,
		   u32 cuts, u8 out[SMB2_SIGNATURE_SIZE])
{
	struct smbsign_mac mac = { };
	u32 start = 0, end;
	int ret = begin(&mac, key);

	for (end = 1; !ret && end <= length; end++) {
		if (end < length && !(cuts & BIT(end - 1)))
			continue;
		ret = smbsign_mac_update(&mac, data + start, end - start);
		start = end;
	}
	return ret ?: smbsign_mac_end(&mac, out);
}

/* A block and a bit, in all 65,536 ways to cut it. */
static void every_composition(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u8 data[17];
	u32 cuts;

	fill_pattern(data, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, mac_whole(key, data, sizeof(data), expected));
	for (cuts = 0; cuts < BIT(sizeof(data) - 1); cuts++)
		assert_mac(test, mac_cut(key, data, sizeof(data), cuts, mac),
			   mac, expected);
}

/* Page boundaries at every place, and every alignment. */
static void across_pages(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	u8 expected[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u8 *pages = guarded_alloc(test, 3 * PAGE_SIZE);
	const u32 length = 200;
	u8 data[200];
	u32 before;

	fill_pattern(data, length);
	KUNIT_ASSERT_EQ(test, 0, mac_whole(key, data, length, expected));
	for (before = 0; before <= length; before++) {
		u8 *at = pages + PAGE_SIZE - before;

		memcpy(at, data, length);
		assert_mac(test, mac_whole(key, at, length, mac), mac,
			   expected);
		assert_mac(test, mac_pieces(key, at, length, before, before,
					    mac), mac, expected);
	}
}

/* Two computations with one key do not disturb each other. */
static void interleaved(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct smbsign_key *key = key_of(test, algorithm->id, RFC4493_KEY);
	u8 expected[2][SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	struct smbsign_mac macs[2] = { };
	u8 data[100];
	u32 i;

	fill_pattern(data, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, mac_whole(key, data, 90, expected[0]));
	KUNIT_ASSERT_EQ(test, 0, mac_whole(key, data + 10, 90, expected[1]));
	KUNIT_ASSERT_EQ(test, 0, begin(&macs[0], key));
	KUNIT_ASSERT_EQ(test, 0, begin(&macs[1], key));
	for (i = 0; i < 90; i++) {
		KUNIT_ASSERT_EQ(test, 0, smbsign_mac_update(&macs[0],
							    data + i, 1));
		KUNIT_ASSERT_EQ(test, 0, smbsign_mac_update(&macs[1],
							    data + 10 + i, 1));
	}
	assert_mac(test, smbsign_mac_end(&macs[1], mac), mac, expected[1]);
	assert_mac(test, smbsign_mac_end(&macs[0], mac), mac, expected[0]);
}

/* A computation holds its key.  It can be cancelled, once, and leaves nothing. */
static void references(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	u8 raw[SMB2_KEY_SIZE] = { }, out[SMB2_SIGNATURE_SIZE];
	struct smbsign_mac mac = { };
	struct smbsign_key *key;
	int grace;

	key = smbsign_key_alloc(algorithm->id, raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0, begin(&mac, key));
	KUNIT_ASSERT_EQ(test, 0, smbsign_mac_update(&mac, raw, sizeof(raw)));
	smbsign_key_put(key);
	surroundings_drain();
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_update(&mac, raw, sizeof(raw)));

	/* The last reference goes; the memory stays while somebody reads it. */
	grace = smbsign_grace_enter();
	smbsign_mac_cancel(&mac);
	KUNIT_EXPECT_FALSE(test, smbsign_key_get(key));
	smbsign_mac_cancel(&mac);
	smbsign_grace_leave(grace);
	surroundings_drain();
	smbsign_key_put(NULL);

	key = smbsign_key_alloc(algorithm->id, raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_begin(&mac, key, &plain_header));
	grace = smbsign_grace_enter();
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_end(&mac, out));
	KUNIT_EXPECT_FALSE(test, smbsign_key_get(key));
	smbsign_grace_leave(grace);
	surroundings_drain();
}

/* Each bit of the key changes the MAC. */
static void key_bits(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	u8 first[SMB2_SIGNATURE_SIZE], mac[SMB2_SIGNATURE_SIZE];
	u8 raw[SMB2_KEY_SIZE] = { };
	struct smbsign_key *key;
	u32 bit;

	key = smbsign_key_alloc(algorithm->id, raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_EXPECT_EQ(test, 0, mac_whole(key, raw, sizeof(raw), first));
	smbsign_key_put(key);
	for (bit = 0; bit < 8 * SMB2_KEY_SIZE; bit++) {
		raw[bit / 8] = BIT(bit % 8);
		key = smbsign_key_alloc(algorithm->id, raw);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
		raw[bit / 8] = 0;
		KUNIT_EXPECT_EQ(test, 0, mac_whole(key, raw, sizeof(raw), mac));
		KUNIT_EXPECT_MEMNEQ(test, mac, first, sizeof(mac));
		smbsign_key_put(key);
	}
}

/*
 * A nonce may be used for one message only, on whichever connections, and
 * whatever other keys do.
 */
static void nonces(struct kunit *test)
{
	static const u8 one[SMB2_SIGNATURE_SIZE] = { 1 };
	static const u8 two[SMB2_SIGNATURE_SIZE] = { 2 };
	struct smbsign_key *key, *same, *other;

	key = key_of(test, SMB2_SIGNING_AES_GMAC, RFC4493_KEY);
	KUNIT_EXPECT_NULL(test, key->nonces);
	smbsign_nonces_note(key, 5, one);
	check_nonces = true;
	key = key_of(test, SMB2_SIGNING_AES_CMAC, RFC4493_KEY);
	KUNIT_EXPECT_NULL(test, key->nonces);
	smbsign_nonces_note(key, 5, one);
	key = key_of(test, SMB2_SIGNING_AES_GMAC, RFC4493_KEY);
	same = key_of(test, SMB2_SIGNING_AES_GMAC, RFC4493_KEY);
	other = key_of(test, SMB2_SIGNING_AES_GMAC,
		       "000102030405060708090a0b0c0d0e0f");
	check_nonces = false;
	KUNIT_ASSERT_NOT_NULL(test, key->nonces);
	KUNIT_EXPECT_PTR_EQ(test, key->nonces, same->nonces);
	KUNIT_EXPECT_PTR_NE(test, key->nonces, other->nonces);
	smbsign_nonces_note(same, 5, one);
	KUNIT_EXPECT_FALSE(test, used_for_another(key->nonces, 5, one));
	KUNIT_EXPECT_TRUE(test, used_for_another(key->nonces, 5, two));
	KUNIT_EXPECT_FALSE(test, used_for_another(key->nonces, 6, two));
	KUNIT_EXPECT_FALSE(test, used_for_another(key->nonces, 5ULL << 40, two));
	KUNIT_EXPECT_FALSE(test, used_for_another(other->nonces, 5, two));
}

static void other_algorithms(struct kunit *test)
{
	static const u16 ids[] = {
		SMB2_SIGNING_COUNT, 255, 256, 32768, U16_MAX,
	};
	u8 raw[SMB2_KEY_SIZE] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		KUNIT_EXPECT_EQ(test, (long)-EOPNOTSUPP,
				PTR_ERR(smbsign_key_alloc(ids[i], raw)));
}

#define CROWD_LENGTH	1500
#define CROWD_TASKS	2
#define CROWD_TIME	(2 * HZ)

/**
 * struct crowd - MACs with one key, in all contexts at once
 * @key:	the key
 * @data:	the message
 * @mac:	its MAC
 * @end:	when to stop, in jiffies
 * @wrong:	computations that failed or gave another MAC
 * @hard:	computations in hard interrupts
 * @soft:	in soft interrupts
 * @task:	in tasks
 * @misplaced:	callbacks that did not run in an interrupt
 * @work:	runs in a hard interrupt
 * @timer:	runs in a soft interrupt
 */
struct crowd {
	struct smbsign_key	*key;
	u8			data[CROWD_LENGTH];
	u8			mac[SMB2_SIGNATURE_SIZE];
	unsigned long		end;
	atomic_t		wrong;
	atomic_t		hard;
	atomic_t		soft;
	atomic_t		task;
	atomic_t		misplaced;
	struct irq_work		work;
	struct timer_list	timer;
};

static void crowd_compute(struct crowd *crowd, atomic_t *count)
{
	u32 cut = (u32)atomic_inc_return(count) % CROWD_LENGTH;
	u8 mac[SMB2_SIGNATURE_SIZE];

	if (mac_pieces(crowd->key, crowd->data, CROWD_LENGTH, cut / 2, cut,
		       mac) ||
	    crypto_memneq(mac, crowd->mac, sizeof(mac)))
		atomic_inc(&crowd->wrong);
}

static void crowd_hard(struct irq_work *work)
{
	struct crowd *crowd = container_of(work, struct crowd, work);

	if (!in_hardirq())
		atomic_inc(&crowd->misplaced);
	crowd_compute(crowd, &crowd->hard);
}

static void crowd_soft(struct timer_list *timer)
{
	struct crowd *crowd = container_of(timer, struct crowd, timer);

	if (!in_serving_softirq())
		atomic_inc(&crowd->misplaced);
	crowd_compute(crowd, &crowd->soft);
	irq_work_queue(&crowd->work);
	if (time_before(jiffies, crowd->end))
		mod_timer(timer, jiffies + 1);
}

static int crowd_task(void *data)
{
	struct crowd *crowd = data;

	while (!kthread_should_stop()) {
		crowd_compute(crowd, &crowd->task);
		cond_resched();
	}
	return 0;
}

static void crowd_stop(struct crowd *crowd, struct task_struct **tasks)
{
	u32 i;

	for (i = 0; i < CROWD_TASKS; i++) {
		if (!IS_ERR_OR_NULL(tasks[i]))
			kthread_stop(tasks[i]);
	}
	timer_delete_sync(&crowd->timer);
	irq_work_sync(&crowd->work);
}

static void crowd_run(struct crowd *crowd, struct task_struct **tasks)
{
	u32 i;

	crowd->end = jiffies + CROWD_TIME;
	init_irq_work(&crowd->work, crowd_hard);
	timer_setup(&crowd->timer, crowd_soft, 0);
	mod_timer(&crowd->timer, jiffies);
	for (i = 0; i < CROWD_TASKS; i++)
		tasks[i] = kthread_run(crowd_task, crowd, "smbsign_crowd");
	while (time_before(jiffies, crowd->end)) {
		crowd_compute(crowd, &crowd->task);
		cond_resched();
	}
	crowd_stop(crowd, tasks);
}

/* Interrupts interrupt the computations of tasks, with the same key. */
static void all_contexts(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	struct task_struct *tasks[CROWD_TASKS] = { };

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->key = key_of(test, algorithm->id, RFC4493_KEY);
	fill_pattern(crowd->data, CROWD_LENGTH);
	KUNIT_ASSERT_EQ(test, 0, mac_whole(crowd->key, crowd->data,
					   CROWD_LENGTH, crowd->mac));
	crowd_run(crowd, tasks);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->wrong));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->misplaced));
	KUNIT_EXPECT_GT(test, atomic_read(&crowd->hard), 20);
	KUNIT_EXPECT_GT(test, atomic_read(&crowd->soft), 20);
	KUNIT_EXPECT_GT(test, atomic_read(&crowd->task), 100);
	kunit_info(test, "hard %d, soft %d, task %d\n",
		   atomic_read(&crowd->hard), atomic_read(&crowd->soft),
		   atomic_read(&crowd->task));
}

/* Whichever allocation fails, there is an error, and no key. */
static void no_memory(struct kunit *test)
{
	const struct algorithm *algorithm = test->param_value;
	u8 raw[SMB2_KEY_SIZE] = { };
	struct smbsign_mac mac = { };
	struct smbsign_key *key;
	unsigned int i = 0;
	int ret;

	do {
		around.failed = 0;
		around.allocate = i++;
		key = smbsign_key_alloc(algorithm->id, raw);
		around.allocate = -1;
		if (around.failed)
			KUNIT_ASSERT_EQ(test, PTR_ERR(key), (long)-ENOMEM);
	} while (around.failed);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_EXPECT_GT(test, i, 1U);

	around.allocate = 0;
	ret = smbsign_mac_begin(&mac, key, &plain_header);
	around.allocate = -1;
	KUNIT_EXPECT_EQ(test, ret, around.failed ? -ENOMEM : 0);
	smbsign_mac_cancel(&mac);
	surroundings_drain();
}

static void no_algorithms(struct kunit *test)
{
	unsigned int i = 0;
	int ret;

	smbsign_mac_exit();
	do {
		around.failed = 0;
		around.allocate = i++;
		ret = smbsign_mac_init();
		around.allocate = -1;
		KUNIT_EXPECT_EQ(test, ret, around.failed ? -ENOMEM : 0);
	} while (around.failed && i < 100);
	KUNIT_EXPECT_GT(test, i, 1U);
}

static int mac_init(struct kunit *test)
{
	surroundings_reset();
	return 0;
}

/* AES-CMAC as the kernel provides it */
static int mac_suite_init(struct kunit_suite *suite)
{
	int ret;

	surroundings_reset();
	ret = smbsign_mac_init();
	smbsign_cmac_exit();
	return ret;
}

static int bulk_init(struct kunit *test)
{
	surroundings_reset();
	if (!smbsign_cmac_available())
		kunit_skip(test, "this kernel has no need of it");
	return 0;
}

/* AES-CMAC by bulk CBC */
static int bulk_suite_init(struct kunit_suite *suite)
{
	surroundings_reset();
	return smbsign_mac_init();
}

static void mac_suite_exit(struct kunit_suite *suite)
{
	surroundings_drain();
	smbsign_mac_exit();
}

#define MAC_CASES \
	KUNIT_CASE_PARAM(known_answer, vector_gen_params), \
	KUNIT_CASE_PARAM(header_signature, algorithm_gen_params), \
	KUNIT_CASE_PARAM(all_lengths, algorithm_gen_params), \
	KUNIT_CASE_PARAM(every_cut, algorithm_gen_params), \
	KUNIT_CASE_PARAM(every_composition, algorithm_gen_params), \
	KUNIT_CASE_PARAM(across_pages, algorithm_gen_params), \
	KUNIT_CASE_PARAM(interleaved, algorithm_gen_params), \
	KUNIT_CASE_PARAM(references, algorithm_gen_params), \
	KUNIT_CASE_PARAM(key_bits, algorithm_gen_params), \
	KUNIT_CASE_PARAM_ATTR(all_contexts, algorithm_gen_params, \
			      { .speed = KUNIT_SPEED_SLOW }), \
	KUNIT_CASE(nonces), \
	KUNIT_CASE(other_algorithms), \
	KUNIT_CASE_PARAM(no_memory, algorithm_gen_params), \
	KUNIT_CASE(no_algorithms)

static struct kunit_case mac_cases[] = { MAC_CASES, {} };
static struct kunit_case bulk_cases[] = { MAC_CASES, {} };

static struct kunit_suite mac_suite = {
	.name = "smbsign_mac",
	.suite_init = mac_suite_init,
	.suite_exit = mac_suite_exit,
	.init = mac_init,
	.test_cases = mac_cases,
};

static struct kunit_suite bulk_suite = {
	.name = "smbsign_mac_bulk",
	.suite_init = bulk_suite_init,
	.suite_exit = mac_suite_exit,
	.init = bulk_init,
	.test_cases = bulk_cases,
};

kunit_test_suites(&mac_suite, &bulk_suite);
