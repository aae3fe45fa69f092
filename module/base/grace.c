// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that wait to be freed: counted, and bounded.
 *
 * A grace period is short, because nobody waits for a peer in a grace section.
 * A task that closes connections faster must wait.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "base/count.h"
#include "base/grace.h"

DEFINE_SRCU(smbsign_grace);
DEFINE_SRCU(smbsign_code);

/**
 * smbsign_grace_free() - free an object once nobody can see it any more
 * @rcu:	its head
 * @free:	frees it; calls smbsign_grace_freed()
 * @size:	size of the object in bytes
 *
 * Context: any but hard interrupt.
 */
void smbsign_grace_free(struct rcu_head *rcu, rcu_callback_t free, size_t size)
{
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, 1);
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING_BYTES, size);
	call_srcu(&smbsign_grace, rcu, free);
}

static bool is_full(void)
{
	return smbsign_gauge_read(SMBSIGN_GAUGE_FREEING) >
	       SMBSIGN_GRACE_OBJECTS;
}

/**
 * smbsign_grace_freed() - note that an object is freed
 * @size:	as passed to smbsign_grace_free()
 *
 * Context: any.
 */
void smbsign_grace_freed(size_t size)
{
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING_BYTES, -(int)size);
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, -1);
	/* The waiter sees the amount, or we see the waiter. */
	smp_mb__after_atomic();
	wake_up_var(&smbsign_grace);
}

/**
 * smbsign_grace_throttle() - wait while too much waits to be freed
 *
 * For tasks through which a client can add objects without end: ksmbd's
 * threads, when they close a connection or end sessions.  Others add few:
 * connections that were never accepted end only with their listener.
 *
 * Context: process, may sleep; inside smbsign_code_enter(), not
 * smbsign_grace_enter(), and with none of our locks held.
 */
void smbsign_grace_throttle(void)
{
	RCU_LOCKDEP_WARN(srcu_read_lock_held(&smbsign_grace),
			 "what is waited for would never end");
	wait_var_event(&smbsign_grace, !is_full());
}
