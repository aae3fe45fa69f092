/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one grace period that everything here is freed after.
 *
 * Whoever enters this module from TCP, from ksmbd or from procfs does so inside
 * smbsign_grace_enter()/smbsign_grace_leave().  Readers may sleep there (ksmbd's
 * thread does, in our recvmsg), so it is SRCU, and waiting for it also tells
 * rmmod that nobody is left in the module's text but for the last few
 * instructions behind smbsign_grace_leave(), which synchronize_rcu_tasks()
 * covers.
 */
#ifndef SMBSIGN_GRACE_H
#define SMBSIGN_GRACE_H

#include <linux/srcu.h>

extern struct srcu_struct smbsign_grace;

static inline int smbsign_grace_enter(void)
{
	return srcu_read_lock(&smbsign_grace);
}

static inline void smbsign_grace_leave(int index)
{
	srcu_read_unlock(&smbsign_grace, index);
}

static inline void smbsign_grace_call(struct rcu_head *rcu, rcu_callback_t free)
{
	call_srcu(&smbsign_grace, rcu, free);
}

#endif /* SMBSIGN_GRACE_H */
