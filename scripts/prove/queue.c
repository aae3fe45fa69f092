// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where gate/queue.c finds bytes in TCP's queue: where tcp_recvmsg() takes them.
 *
 * The queue has three segments that overlap as they like, and any numbers.  The
 * model of tcp_recvmsg() looks for one byte at a time, from the head of the queue on.
 */
#include "prove.h"
#include "gate/queue.c"

/* More than TCP's window can be */
#define WINDOW		(1U << 30)

static struct sock sock;
/* Each is an object of its own: CBMC takes longer to look into an array. */
static struct sk_buff first, second, third, part;

static bool is_foreign(const struct sk_buff *skb)
{
	return skb_has_shared_frag(skb) ||
	       (skb->parts && (part.shared.flags & SKBFL_SHARED_FRAG));
}

const struct sk_buff *part_of(const struct sk_buff *skb)
{
	return skb->parts ? &part : NULL;
}

int skb_linearize(struct sk_buff *skb)
{
	skb->parts = false;
	skb->shared.flags = 0;
	return ANY_BOOL() ? -ENOMEM : 0;
}

int skb_copy_ubufs(struct sk_buff *skb, gfp_t gfp)
{
	PROVE(!skb->parts);
	skb->shared.flags = 0;
	return ANY_BOOL() ? -ENOMEM : 0;
}

/* How TCP keeps its queue */
static bool holds(void)
{
	const struct sk_buff_head *queue = &sock.sk_receive_queue;
	const struct sk_buff *skb;
	u32 end = sock.copied_seq;
	bool sound = true;

	skb_queue_walk(queue, skb) {
		/*
		 * No hole before it.  It ends later than the one before, but if it has
		 * nothing but the end of the stream.
		 */
		sound = sound && skb->len <= WINDOW && end - skb->cb->seq <= WINDOW &&
			skb_seq_end(skb) - end <= WINDOW &&
			(skb_seq_end(skb) != end || skb == queue->first ||
			 (skb == queue->last && !skb->len));
		end = skb_seq_end(skb);
	}
	return sound && end - sock.copied_seq <= WINDOW;
}

static void any_segment(struct sk_buff *skb)
{
	*skb = ANY(struct sk_buff);
	skb->parts = ANY_BOOL();
	skb->nonlinear = ANY_BOOL();
	/* Where joining can lose the mark, what is not in pages is nobody else's. */
	ASSUME(!marks_get_lost || skb->nonlinear || !is_foreign(skb));
	__skb_queue_tail(&sock.sk_receive_queue, skb);
}

static void make_any_queue(void)
{
	marks_get_lost = ANY_BOOL();
	sock.copied_seq = ANY(u32);
	part = ANY(struct sk_buff);
	any_segment(&first);
	any_segment(&second);
	any_segment(&third);
	ASSUME(holds());
}

static const struct sk_buff *tcp_finds(u32 seq)
{
	const struct sk_buff *skb;

	skb_queue_walk(&sock.sk_receive_queue, skb) {
		if (seq - skb->cb->seq < skb->len)
			return skb;
	}
	return NULL;
}

void finds_what_tcp_takes(void)
{
	const struct sk_buff *skb, *found;
	u32 seq = ANY(u32);

	make_any_queue();
	ASSUME(seq - sock.copied_seq <= WINDOW);
	found = tcp_finds(seq);
	skb = queue_find(&sock, seq);
	PROVE(IS_ERR(skb) || (skb == found && !is_foreign(skb)));
	PROVE(PTR_ERR(skb) == -ENOMEM || IS_ERR(skb) == !found);
	/* It is in the next, too; and that is past the last sequence number. */
	REACHED(skb == &second && seq - third.cb->seq < third.len && first.cb->seq > seq);
	REACHED(skb == &third && first.len > 1);
	REACHED(IS_ERR(skb) && !found);
}
