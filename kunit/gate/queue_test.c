// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP's receive queue: the bytes looked at are the ones tcp_recvmsg() will
 * take, however segments overlap and wherever their bytes are.
 */
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <net/tcp.h>

#include "../failing.h"
#include "../rig.h"

#include "gate/queue.c"

#define LENGTH		3000
#define ROUNDS		400

static const u8 raw_key[SMB2_KEY_SIZE] = "key for queues";

static void enqueue(struct smbsign_conn *conn, struct sk_buff *skb)
{
	struct tcp_sock *tp = tcp_sk(conn->sk);

	lock_sock(conn->sk);
	__skb_queue_tail(&conn->sk->sk_receive_queue, skb);
	if (after(skb_seq_end(skb), tp->rcv_nxt))
		WRITE_ONCE(tp->rcv_nxt, skb_seq_end(skb));
	release_sock(conn->sk);
}

static int peek(struct smbsign_conn *conn, u32 seq, void *to, u32 length)
{
	int ret;

	lock_sock(conn->sk);
	ret = smbsign_queue_peek(conn->sk, seq, to, length);
	release_sock(conn->sk);
	return ret;
}

/* AES-CMAC needs none. */
static const struct smb2_header no_header;

static int mac_queue(struct smbsign_conn *conn, u32 seq, u32 length, u8 *out)
{
	struct smbsign_key *key = smbsign_key_alloc(SMB2_SIGNING_AES_CMAC,
						    raw_key);
	struct smbsign_mac mac = { };
	int ret;

	if (IS_ERR(key))
		return PTR_ERR(key);
	ret = smbsign_mac_begin(&mac, key, &no_header);
	if (ret)
		return ret;
	lock_sock(conn->sk);
	ret = smbsign_queue_mac(conn->sk, &mac, seq, length);
	release_sock(conn->sk);
	if (ret)
		smbsign_mac_cancel(&mac);
	return ret ?: smbsign_mac_end(&mac, out);
}

static int mac_bytes(const u8 *data, u32 length, u8 *out)
{
	struct smbsign_key *key = smbsign_key_alloc(SMB2_SIGNING_AES_CMAC,
						    raw_key);
	struct smbsign_mac mac = { };

	if (IS_ERR(key))
		return PTR_ERR(key);
	return smbsign_mac_begin(&mac, key, &no_header) ?:
	       smbsign_mac_update(&mac, data, length) ?:
	       smbsign_mac_end(&mac, out);
}

/*
 * Segments that overlap at random, each with other bytes, such as an attacker
 * on the path would retransmit.  Their ends grow, and there is no gap.
 */
static void overlap(struct kunit *test, struct smbsign_conn *conn,
		    struct rnd_state *random)
{
	u32 base = tcp_sk(conn->sk)->copied_seq, end = 0, start, length, i;
	u8 *data = kunit_kmalloc(test, LENGTH, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	while (end < LENGTH) {
		u32 number = prandom_u32_state(random);

		start = end - min(end, number % 3 ? number % 64 : 0);
		length = end - start + 1 + (number >> 8) % 300;
		length = min_t(u32, length, LENGTH - start);
		for (i = 0; i < length; i++)
			data[i] = prandom_u32_state(random);
		enqueue(conn, rig_segment(test, base + start, data, length,
					  number & BIT(30)));
		end = start + length;
	}
	kunit_kfree(test, data);
}

static void compare_reading(struct kunit *test, struct smbsign_conn *conn,
			    struct rnd_state *random)
{
	u32 base = tcp_sk(conn->sk)->copied_seq;
	u32 from = prandom_u32_state(random) % LENGTH;
	u32 length = 1 + prandom_u32_state(random) % (LENGTH - from);
	u8 mac[SMB2_SIGNATURE_SIZE], expected[SMB2_SIGNATURE_SIZE];
	u8 *seen = kunit_kmalloc(test, LENGTH, GFP_KERNEL);
	u8 *read = kunit_kmalloc(test, LENGTH, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_NOT_NULL(test, read);
	KUNIT_ASSERT_EQ(test, 0, peek(conn, base + from, seen, length));
	KUNIT_ASSERT_EQ(test, 0, mac_queue(conn, base + from, length, mac));
	KUNIT_ASSERT_EQ(test, LENGTH, rig_read(conn, read, LENGTH));
	KUNIT_ASSERT_MEMEQ(test, seen, read + from, length);
	KUNIT_ASSERT_EQ(test, 0, mac_bytes(read + from, length, expected));
	KUNIT_ASSERT_MEMEQ(test, mac, expected, sizeof(mac));
	kunit_kfree(test, seen);
	kunit_kfree(test, read);
}

/* The peeked and the MACed bytes are those that tcp_recvmsg() reads. */
static void overlaps(struct kunit *test)
{
	/* Before, at and after the point where sequence numbers wrap */
	static const u32 starts[] = { 0, 0 - LENGTH / 2, 0x7fffff00, 0 - LENGTH };
	struct smbsign_conn *conn = rig_open(test, 0);
	struct rnd_state random;
	unsigned int i;

	prandom_seed_state(&random, 4711);
	for (i = 0; i < ROUNDS; i++) {
		rig_rewind(conn, starts[i % ARRAY_SIZE(starts)]);
		overlap(test, conn, &random);
		compare_reading(test, conn, &random);
	}
}

/* Bytes that have not arrived, or are in a hole, are not found. */
static void missing(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 1000);
	u8 data[100], out[200];

	fill_pattern(data, sizeof(data));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 1000, out, 1));
	KUNIT_EXPECT_EQ(test, 1000U, smbsign_queue_end(conn->sk));
	rig_arrive(test, conn, data, sizeof(data), false);
	KUNIT_EXPECT_EQ(test, 1100U, smbsign_queue_end(conn->sk));
	KUNIT_EXPECT_EQ(test, 0, peek(conn, 1000, out, 100));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 1000, out, 101));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 1100, out, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, mac_queue(conn, 1000, 101, out));
	KUNIT_EXPECT_EQ(test, -EAGAIN, mac_queue(conn, 1100, 1, out));
	KUNIT_EXPECT_EQ(test, 0, mac_queue(conn, 1050, 50, out));
	KUNIT_EXPECT_EQ(test, 0, mac_queue(conn, 1100, 0, out));
	enqueue(conn, rig_segment(test, 1150, data, 50, false));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 1100, out, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 1149, out, 10));
	KUNIT_EXPECT_EQ(test, -EAGAIN, peek(conn, 999, out, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, mac_queue(conn, 1149, 10, out));
	KUNIT_EXPECT_EQ(test, 0, peek(conn, 1150, out, 50));
}

/* A message in segments cut everywhere, in pages or not */
static void cuts(struct kunit *test)
{
	u8 mac[SMB2_SIGNATURE_SIZE], expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_conn *conn = rig_open(test, 0);
	u8 data[150];
	u32 first, pages;

	fill_pattern(data, sizeof(data));
	KUNIT_ASSERT_EQ(test, 0, mac_bytes(data + 1, 148, expected));
	for (first = 1; first < sizeof(data); first++) {
		for (pages = 0; pages < 4; pages++) {
			rig_rewind(conn, 0 - first);
			rig_arrive(test, conn, data, first, pages & 1);
			rig_arrive(test, conn, data + first,
				   sizeof(data) - first, pages & 2);
			KUNIT_ASSERT_EQ(test, 0, mac_queue(conn, 1 - first,
							   148, mac));
			KUNIT_ASSERT_MEMEQ(test, mac, expected, sizeof(mac));
		}
	}
}

/* Long segments: many pages, and segments chained by GRO */
static void long_segments(struct kunit *test)
{
	u8 mac[SMB2_SIGNATURE_SIZE], expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_conn *conn = rig_open(test, 0);
	const u32 length = 20000;
	u8 *data = guarded_alloc(test, length), *out = guarded_alloc(test, length);
	struct sk_buff *skb, *part;

	fill_pattern(data, length);
	KUNIT_ASSERT_EQ(test, 0, mac_bytes(data, length, expected));
	rig_arrive(test, conn, data, length, true);
	KUNIT_EXPECT_EQ(test, 0, mac_queue(conn, 0, length, mac));
	KUNIT_EXPECT_MEMEQ(test, mac, expected, sizeof(mac));

	rig_rewind(conn, 0);
	skb = rig_segment(test, 0, data, 7000, true);
	part = rig_segment(test, 7000, data + 7000, length - 7000, true);
	skb_shinfo(skb)->frag_list = part;
	skb->len += part->len;
	skb->data_len += part->len;
	enqueue(conn, skb);
	KUNIT_EXPECT_EQ(test, 0, mac_queue(conn, 0, length, mac));
	KUNIT_EXPECT_MEMEQ(test, mac, expected, sizeof(mac));
	KUNIT_EXPECT_EQ(test, 0, peek(conn, 1, out, length - 1));
	KUNIT_EXPECT_MEMEQ(test, out, data + 1, length - 1);
}

/* Look at a page, then change it as its sender still could. */
static void change_later(struct kunit *test, bool hung)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	const u32 length = 1000;
	u8 *data = guarded_alloc(test, length), *out = guarded_alloc(test, length);
	struct sk_buff *skb, *last;
	u8 mac[SMB2_SIGNATURE_SIZE];
	struct page *page;

	fill_pattern(data, length);
	skb = rig_segment(test, 0, data, hung ? 300 : length, true);
	last = skb;
	if (hung) {
		last = rig_segment(test, 300, data + 300, length - 300, true);
		skb_shinfo(skb)->frag_list = last;
		skb->len += last->len;
		skb->data_len += last->len;
	}
	if (!marks_get_lost)
		skb_shinfo(last)->flags |= SKBFL_SHARED_FRAG;
	page = skb_frag_page(&skb_shinfo(last)->frags[0]);
	get_page(page);
	enqueue(conn, skb);
	KUNIT_EXPECT_EQ(test, 0, mac_queue(conn, 0, length, mac));
	memset(page_address(page), 0xee, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, (int)length, rig_read(conn, out, length));
	KUNIT_EXPECT_MEMEQ(test, out, data, length);
	put_page(page);
}

static void foreign_pages(struct kunit *test)
{
	change_later(test, false);
	change_later(test, true);
	/* As on a kernel that loses the mark; this one does not. */
	KUNIT_EXPECT_EQ(test, 0, smbsign_queue_init());
	KUNIT_EXPECT_FALSE(test, marks_get_lost);
	marks_get_lost = true;
	change_later(test, false);
	change_later(test, true);
	marks_get_lost = false;
}

static void cut(struct smbsign_conn *conn, u32 seq)
{
	lock_sock(conn->sk);
	smbsign_queue_cut(conn->sk, seq);
	release_sock(conn->sk);
}

/* An incomplete tail gets a segment of its own, and reads the same. */
static void cut_off(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0 - 4000U);
	const u32 length = 5000, seq = 900;
	u8 *data = guarded_alloc(test, length), *out = guarded_alloc(test, length);
	struct sk_buff_head *queue = &conn->sk->sk_receive_queue;

	fill_pattern(data, length);
	rig_arrive(test, conn, data, length, true);
	skb_peek(queue)->truesize = tcp_full_space(conn->sk);

	/* Nothing after, nothing before, too much after, a small segment */
	cut(conn, 1000);
	cut(conn, 0 - 4000U);
	cut(conn, 999 - (u32)SMBSIGN_QUEUE_CUT_MAX);
	skb_peek(queue)->truesize = tcp_full_space(conn->sk) / 8 - 1;
	cut(conn, seq);
	KUNIT_EXPECT_EQ(test, 1U, skb_queue_len(queue));
	skb_peek(queue)->truesize = tcp_full_space(conn->sk) / 8;
	TCP_SKB_CB(skb_peek(queue))->tcp_flags = TCPHDR_FIN;
	cut(conn, seq);
	KUNIT_EXPECT_EQ(test, 1U, skb_queue_len(queue));
	TCP_SKB_CB(skb_peek(queue))->tcp_flags = 0;
	around.allocate = 0;
	cut(conn, seq);
	around.allocate = -1;
	KUNIT_EXPECT_EQ(test, 1U, skb_queue_len(queue));

	cut(conn, seq);
	KUNIT_EXPECT_EQ(test, 2U, skb_queue_len(queue));
	KUNIT_EXPECT_EQ(test, 4900U, skb_peek(queue)->len);
	KUNIT_EXPECT_EQ(test, seq, TCP_SKB_CB(skb_peek(queue))->end_seq);
	KUNIT_EXPECT_EQ(test, seq, TCP_SKB_CB(skb_peek_tail(queue))->seq);
	KUNIT_EXPECT_EQ(test, 1000U, smbsign_queue_end(conn->sk));
	KUNIT_EXPECT_EQ(test, 0, peek(conn, 0 - 4000U, out, length));
	KUNIT_EXPECT_MEMEQ(test, out, data, length);
	KUNIT_EXPECT_EQ(test, (int)length, rig_read(conn, out, length));
	KUNIT_EXPECT_MEMEQ(test, out, data, length);
}

/* Not if the segment before reaches as far */
static void cut_overlap(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct sk_buff_head *queue = &conn->sk->sk_receive_queue;
	u8 data[200];

	fill_pattern(data, sizeof(data));
	enqueue(conn, rig_segment(test, 0, data, 150, false));
	enqueue(conn, rig_segment(test, 100, data + 100, 100, false));
	skb_peek_tail(queue)->truesize = tcp_full_space(conn->sk);
	cut(conn, 150);
	KUNIT_EXPECT_EQ(test, 2U, skb_queue_len(queue));
	cut(conn, 151);
	KUNIT_EXPECT_EQ(test, 3U, skb_queue_len(queue));
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(overlaps),
	KUNIT_CASE(missing),
	KUNIT_CASE(cuts),
	KUNIT_CASE(long_segments),
	KUNIT_CASE(foreign_pages),
	KUNIT_CASE(cut_off),
	KUNIT_CASE(cut_overlap),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "smbsign_queue",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
