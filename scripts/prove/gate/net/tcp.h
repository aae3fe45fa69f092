/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of TCP as the gate asks for. */
#ifndef GATE_TCP_H
#define GATE_TCP_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>

#include "prove.h"

struct sock {
	int	sk_rmem_alloc;
	int	sk_rcvbuf;
};

struct inet_connection_sock {
	struct sock	sk;
	struct {
		int	rcv_mss;
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock	icsk;
	u32				copied_seq;
	u32				rcv_nxt;
};

static inline bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

#define after(a, b)		before(b, a)
#define tcp_sk(sk)		((struct tcp_sock *)(sk))
#define inet_csk(sk)		((struct inet_connection_sock *)(sk))
#define atomic_read(place)	(*(place))
#define in_serving_softirq()	ANY_BOOL()
#define WARN_ON_ONCE(condition)	PROVE(!(condition))
#define lockdep_assert_held(lock)	((void)(lock))
#define spin_lock_bh(lock)	((void)(lock))
#define spin_unlock_bh(lock)	((void)(lock))
#define refcount_inc(count)	(++*(count))
#define cond_resched()		((void)0)

/* Any window, any memory */
#define tcp_space(sk)		ANY(u16)
#define tcp_full_space(sk)	ANY(u16)
#define tcp_receive_window(tp)	ANY(u32)

void sock_owned_by_me(const struct sock *sk);
void lock_sock(struct sock *sk);
void release_sock(struct sock *sk);
void sock_hold(struct sock *sk);
void sock_put(struct sock *sk);

#endif /* GATE_TCP_H */
