/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments, and lists of them.  What is only declared is in no proof. */
#ifndef QUEUE_SKBUFF_H
#define QUEUE_SKBUFF_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include "prove.h"

#define GFP_NOWAIT		GFP_ATOMIC
#define CHECKSUM_UNNECESSARY	1
#define SKBFL_SHARED_FRAG	2
#define TCPHDR_FIN		1

struct tcp_skb_cb {
	u32	seq;
	u32	end_seq;
	u8	tcp_flags;
	bool	has_rxtstamp;
};

struct sk_buff {
	struct sk_buff		*next, *prev;
	u32			len;
	u32			truesize;
	u8			ip_summed;
	struct tcp_skb_cb	cb[1];
	/* Somebody else may write to its pages: directly, or to those of its parts. */
	struct {
		int		flags;
	} shared;
	bool			parts, nonlinear;
};

struct sk_buff_head {
	struct sk_buff	*first, *last;
	u32		qlen;
};

struct skb_seq_state {
	int			any;
};

#define TCP_SKB_CB(skb)			((skb)->cb)
#define skb_shinfo(skb)			(&(skb)->shared)
#define skb_has_shared_frag(skb)	((skb)->shared.flags & SKBFL_SHARED_FRAG)
#define skb_has_frag_list(skb)		((skb)->parts)
#define skb_is_nonlinear(skb)		((skb)->nonlinear)
/* A segment with parts has one here. */
#define skb_walk_frags(skb, part)	if (((part) = part_of(skb)))
#define skb_queue_len(list)		((list)->qlen)

#define skb_queue_walk(list, skb) \
	for ((skb) = (list)->first; (skb); (skb) = (skb)->next)
#define skb_queue_reverse_walk(list, skb) \
	for ((skb) = (list)->last; (skb); (skb) = (skb)->prev)
#define skb_peek_tail(list)		((list)->last)
#define skb_peek_next(skb, list)	((void)(list), (skb)->next)
#define skb_queue_is_first(list, skb)	((skb) == (list)->first)
#define skb_queue_prev(list, skb)	((skb)->prev)

static inline void __skb_queue_tail(struct sk_buff_head *list, struct sk_buff *new)
{
	new->prev = list->last;
	new->next = NULL;
	if (list->last)
		list->last->next = new;
	else
		list->first = new;
	list->last = new;
	list->qlen++;
}

const struct sk_buff *part_of(const struct sk_buff *skb);
struct sk_buff *alloc_skb(u32 size, gfp_t gfp);
struct sk_buff *skb_clone(struct sk_buff *skb, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);
void consume_skb(struct sk_buff *skb);
void __skb_queue_after(struct sk_buff_head *list, struct sk_buff *skb,
		       struct sk_buff *new);
struct sk_buff *__skb_dequeue(struct sk_buff_head *list);
void *skb_put(struct sk_buff *skb, u32 length);
int skb_copy_bits(const struct sk_buff *skb, u32 offset, void *to, u32 length);
int skb_linearize(struct sk_buff *skb);
int skb_copy_ubufs(struct sk_buff *skb, gfp_t gfp);
int pskb_trim(struct sk_buff *skb, u32 length);
bool skb_try_coalesce(struct sk_buff *to, struct sk_buff *from, bool *stolen, int *delta);
void skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int offset, int size,
		     u32 truesize);
void skb_prepare_seq_read(struct sk_buff *skb, u32 from, u32 to,
			  struct skb_seq_state *state);
u32 skb_seq_read(u32 consumed, const u8 **data, struct skb_seq_state *state);
void skb_abort_seq_read(struct skb_seq_state *state);

#endif /* QUEUE_SKBUFF_H */
