// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP's receive queue, by sequence number.
 *
 * Segments overlap if a peer cuts a retransmission differently, and two copies
 * of a byte can differ.  The copy that counts is the one tcp_recvmsg() will
 * take: that in the first segment that ends after the byte.  Segment ends grow
 * along the queue.
 */
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/skbuff.h>
#include <net/tcp.h>

#include "gate/queue.h"
#include "mac/mac.h"

static u32 skb_seq_end(const struct sk_buff *skb)
{
	return TCP_SKB_CB(skb)->seq + skb->len;
}

/* True if joining two segments can lose the mark of foreign pages. */
static bool marks_get_lost;

static bool has_foreign_pages(const struct sk_buff *skb)
{
	const struct sk_buff *part;

	if (skb_has_shared_frag(skb))
		return true;
	if (unlikely(marks_get_lost))
		return skb_is_nonlinear(skb);
	skb_walk_frags(skb, part) {
		if (skb_has_shared_frag(part))
			return true;
	}
	return false;
}

/* How many of the @length bytes from @seq on are in this segment? */
static u32 queue_part(const struct sk_buff *skb, u32 seq, u32 length)
{
	return min(length, skb_seq_end(skb) - seq);
}

/*
 * A local sender that uses sendfile() or splice() can still write to the pages
 * after we have checked them.  Give such a segment pages of its own first.
 */
static int make_private(struct sk_buff *skb)
{
	if (likely(!has_foreign_pages(skb)))
		return 0;
	if (skb_has_frag_list(skb) ? skb_linearize(skb) :
				     skb_copy_ubufs(skb, GFP_ATOMIC))
		return -ENOMEM;
	skb_shinfo(skb)->flags &= ~SKBFL_SHARED_FRAG;
	return 0;
}

/* Does the mark of foreign pages survive when two segments are joined? */
static bool keeps_mark(struct sk_buff *to, struct sk_buff *from,
		       struct page *page)
{
	bool stolen;
	int delta;

	skb_add_rx_frag(from, 0, page, 0, PAGE_SIZE, PAGE_SIZE);
	skb_shinfo(from)->flags |= SKBFL_SHARED_FRAG;
	return !skb_try_coalesce(to, from, &stolen, &delta) ||
	       skb_has_shared_frag(to);
}

/**
 * smbsign_queue_init() - find out how this kernel joins segments
 *
 * Kernels without the fix for CVE-2026-46300 lose the mark of foreign pages.
 * There, every segment whose data is in pages counts as foreign.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int smbsign_queue_init(void)
{
	struct sk_buff *to = alloc_skb(0, GFP_KERNEL);
	struct sk_buff *from = alloc_skb(0, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	int ret = to && from && page ? 0 : -ENOMEM;

	if (!ret)
		marks_get_lost = !keeps_mark(to, from, page);
	else if (page)
		put_page(page);
	kfree_skb(from);
	kfree_skb(to);
	if (marks_get_lost)
		pr_notice("smbsign: this kernel forgets whose pages data lies in (CVE-2026-46300): all data is copied\n");
	return ret;
}

/**
 * smbsign_queue_end() - find the first byte that has not arrived
 * @sk:		a TCP socket, locked
 *
 * Context: any but hard interrupt.
 * Return: its sequence number.
 */
u32 smbsign_queue_end(const struct sock *sk)
{
	const struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);

	return tail ? skb_seq_end(tail) : tcp_sk(sk)->copied_seq;
}

static struct sk_buff *find_from_head(struct sock *sk, u32 seq)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		if (after(skb_seq_end(skb), seq))
			return skb;
	}
	return NULL;
}

static struct sk_buff *find_from_tail(struct sock *sk, u32 seq)
{
	struct sk_buff *skb, *found = NULL;

	skb_queue_reverse_walk(&sk->sk_receive_queue, skb) {
		if (!after(skb_seq_end(skb), seq))
			break;
		found = skb;
	}
	return found;
}

/*
 * Search from the nearer end: new bytes are at the tail, a reader's at the
 * head.
 */
static struct sk_buff *queue_find(struct sock *sk, u32 seq)
{
	u32 end = smbsign_queue_end(sk);
	struct sk_buff *skb;

	/*
	 * A frame was released before all of it arrived: @seq is beyond the
	 * queue.
	 */
	if (!before(seq, end))
		return ERR_PTR(-EAGAIN);
	if (seq - tcp_sk(sk)->copied_seq < end - seq)
		skb = find_from_head(sk, seq);
	else
		skb = find_from_tail(sk, seq);
	if (!skb || before(seq, TCP_SKB_CB(skb)->seq))
		return ERR_PTR(-EAGAIN);
	return make_private(skb) ? ERR_PTR(-ENOMEM) : skb;
}

static struct sk_buff *queue_next(struct sock *sk, struct sk_buff *skb)
{
	skb = skb_peek_next(skb, &sk->sk_receive_queue);
	if (!skb)
		return ERR_PTR(-EAGAIN);
	return make_private(skb) ? ERR_PTR(-ENOMEM) : skb;
}

static int mac_skb(struct smbsign_mac *mac, struct sk_buff *skb, u32 offset,
		   u32 length)
{
	struct skb_seq_state state;
	u32 done = 0, part;
	const u8 *data;
	int ret = 0;

	skb_prepare_seq_read(skb, offset, offset + length, &state);
	while (done < length) {
		part = skb_seq_read(done, &data, &state);
		if (!part) {
			ret = -EFAULT;
			break;
		}
		part = min(part, length - done);
		ret = smbsign_mac_update(mac, data, part);
		if (ret)
			break;
		done += part;
	}
	skb_abort_seq_read(&state);
	return ret;
}

/**
 * smbsign_queue_mac() - add bytes of the queue to a MAC
 * @sk:		a TCP socket, locked
 * @mac:	the MAC, begun
 * @seq:	sequence number of the first byte
 * @length:	number of bytes
 *
 * Context: any but hard interrupt.
 * Return: 0, -EAGAIN if not all of them have arrived, -ENOMEM, or the error of
 * the kernel's crypto.
 */
int smbsign_queue_mac(struct sock *sk, struct smbsign_mac *mac, u32 seq,
		      u32 length)
{
	struct sk_buff *skb = queue_find(sk, seq);
	u32 offset, part;
	int ret;

	while (length) {
		if (IS_ERR(skb))
			return PTR_ERR(skb);
		offset = seq - TCP_SKB_CB(skb)->seq;
		part = queue_part(skb, seq, length);
		ret = mac_skb(mac, skb, offset, part);
		if (ret)
			return ret;
		seq += part;
		length -= part;
		if (length)
			skb = queue_next(sk, skb);
	}
	return 0;
}

/* Segments of our own at a time: each costs memory that TCP does not count. */
#define HELD_MAX	64

/**
 * smbsign_queue_hold() - make bytes of the queue stay, whatever becomes of it
 * @sk:		a TCP socket, locked
 * @seq:	sequence number of the first byte
 * @length:	number of bytes at most, all of which have arrived
 * @held:	gets segments of our own that share the bytes, even on error; see
 *		smbsign_queue_let_go()
 *
 * Context: any but hard interrupt.
 * Return: how many bytes are held, -EAGAIN if the first has not arrived, or
 * -ENOMEM.
 */
int smbsign_queue_hold(struct sock *sk, u32 seq, u32 length,
		       struct sk_buff_head *held)
{
	struct sk_buff *skb = queue_find(sk, seq), *clone;
	u32 part, taken = 0;

	for (;;) {
		if (IS_ERR(skb))
			return PTR_ERR(skb);
		/* TCP adds nothing to a segment that shares its bytes. */
		clone = skb_clone(skb, GFP_NOWAIT | __GFP_NOWARN);
		if (!clone)
			return -ENOMEM;
		__skb_queue_tail(held, clone);
		part = queue_part(skb, seq + taken, length - taken);
		taken += part;
		if (taken == length || skb_queue_len(held) == HELD_MAX)
			return taken;
		skb = queue_next(sk, skb);
	}
}

/**
 * smbsign_queue_let_go() - free what was held
 * @held:	what smbsign_queue_hold() has filled; empty on return
 *
 * Context: any but hard interrupt.
 */
void smbsign_queue_let_go(struct sk_buff_head *held)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(held)))
		consume_skb(skb);
}

/**
 * smbsign_queue_mac_held() - add bytes that are held to a MAC
 * @held:	what smbsign_queue_hold() has filled
 * @mac:	the MAC, begun
 * @seq:	as for smbsign_queue_hold()
 * @length:	as for smbsign_queue_hold()
 *
 * Context: any but hard interrupt.
 * Return: 0 or the error of the kernel's crypto.
 */
int smbsign_queue_mac_held(const struct sk_buff_head *held,
			   struct smbsign_mac *mac, u32 seq, u32 length)
{
	struct sk_buff *skb;
	int ret = 0;
	u32 part;

	skb_queue_walk(held, skb) {
		part = queue_part(skb, seq, length);
		ret = mac_skb(mac, skb, seq - TCP_SKB_CB(skb)->seq, part);
		if (ret)
			break;
		seq += part;
		length -= part;
	}
	return ret;
}

/**
 * smbsign_queue_peek() - copy bytes of the queue
 * @sk:		a TCP socket, locked
 * @seq:	sequence number of the first byte
 * @to:		where to
 * @length:	number of bytes
 *
 * Context: any but hard interrupt.
 * Return: 0, -EAGAIN if not all of them have arrived, or -ENOMEM.
 */
int smbsign_queue_peek(struct sock *sk, u32 seq, void *to, u32 length)
{
	struct sk_buff *skb = queue_find(sk, seq);
	u32 part;

	for (;;) {
		if (IS_ERR(skb))
			return PTR_ERR(skb);
		part = queue_part(skb, seq, length);
		if (skb_copy_bits(skb, seq - TCP_SKB_CB(skb)->seq, to, part))
			return -ENOMEM;
		to += part;
		seq += part;
		length -= part;
		if (!length)
			return 0;
		skb = queue_next(sk, skb);
	}
}

static struct sk_buff *copy_tail(struct sock *sk, struct sk_buff *skb,
				 u32 offset)
{
	u32 length = skb->len - offset;
	struct sk_buff *tail = alloc_skb(length, GFP_ATOMIC);

	if (!tail)
		return NULL;
	if (skb_copy_bits(skb, offset, skb_put(tail, length), length) ||
	    !sk_rmem_schedule(sk, tail, tail->truesize)) {
		kfree_skb(tail);
		return NULL;
	}
	memcpy(tail->cb, skb->cb, sizeof(tail->cb));
	TCP_SKB_CB(tail)->seq += offset;
	TCP_SKB_CB(tail)->has_rxtstamp = false;
	tail->ip_summed = CHECKSUM_UNNECESSARY;
	return tail;
}

/**
 * smbsign_queue_cut() - split a large segment where reading will stop
 * @sk:		a TCP socket, locked
 * @seq:	the bytes before it are about to be read; the bytes from it on
 *		are the start of something incomplete
 *
 * A segment's memory is freed only once it has been read to its end.  If the
 * last few bytes wait for more data, TCP may have no room to let that data in,
 * so they move to a small segment of their own.  If that fails, nothing
 * changes.
 *
 * Context: process, before tcp_recvmsg(), which opens the window.
 */
void smbsign_queue_cut(struct sock *sk, u32 seq)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_receive_queue), *tail;
	u32 offset, left = smbsign_queue_end(sk) - seq;

	if (!skb || !left || left > SMBSIGN_QUEUE_CUT_MAX ||
	    !after(seq, TCP_SKB_CB(skb)->seq) ||
	    skb->truesize < tcp_full_space(sk) / 8 ||
	    TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN)
		return;
	/* The rest of it must not lie wholly within the segment before. */
	if (!skb_queue_is_first(&sk->sk_receive_queue, skb) &&
	    !before(skb_seq_end(skb_queue_prev(&sk->sk_receive_queue, skb)),
		    seq))
		return;
	offset = seq - TCP_SKB_CB(skb)->seq;
	tail = copy_tail(sk, skb, offset);
	if (!tail)
		return;
	if (pskb_trim(skb, offset)) {
		kfree_skb(tail);
		return;
	}
	TCP_SKB_CB(skb)->end_seq = seq;
	skb_set_owner_r(tail, sk);
	__skb_queue_after(&sk->sk_receive_queue, skb, tail);
}
