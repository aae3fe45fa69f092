/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP's receive queue, by sequence number. */
#ifndef SMBSIGN_QUEUE_H
#define SMBSIGN_QUEUE_H

#include <linux/types.h>

#include "wire/frame.h"

/* The most bytes that must wait for more before they can be judged or released. */
#define SMBSIGN_QUEUE_CUT_MAX	(SMBSIGN_HEAD_SIZE + SMBSIGN_INSPECT_MAX)

struct sk_buff_head;
struct smbsign_mac;
struct sock;

int smbsign_queue_init(void);
u32 smbsign_queue_end(const struct sock *sk);
int smbsign_queue_peek(struct sock *sk, u32 seq, void *to, u32 length);
int smbsign_queue_mac(struct sock *sk, struct smbsign_mac *mac, u32 seq,
		      u32 length);
int smbsign_queue_hold(struct sock *sk, u32 seq, u32 length,
		       struct sk_buff_head *held);
void smbsign_queue_let_go(struct sk_buff_head *held);
int smbsign_queue_mac_held(const struct sk_buff_head *held,
			   struct smbsign_mac *mac, u32 seq, u32 length);
void smbsign_queue_cut(struct sock *sk, u32 seq);

#endif /* SMBSIGN_QUEUE_H */
