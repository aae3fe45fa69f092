/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of TCP as its queue asks for. */
#ifndef QUEUE_TCP_H
#define QUEUE_TCP_H

#include <linux/skbuff.h>

struct sock {
	struct sk_buff_head	sk_receive_queue;
	u32			copied_seq;
};

static inline bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

#define after(a, b)			before(b, a)
#define tcp_sk(sk)			(sk)
#define tcp_full_space(sk)		ANY(u16)
#define sk_rmem_schedule(sk, skb, size)	ANY_BOOL()
#define skb_set_owner_r(skb, sk)	((void)(skb))

#endif /* QUEUE_TCP_H */
