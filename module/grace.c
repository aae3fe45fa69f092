// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits to be freed: counted, and bounded.
 *
 * A grace period ends soon, as nobody sleeps in a section for a peer.  Who closes
 * connections faster than that, waits.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "grace.h"
#include "stats.h"

DEFINE_SRCU(smbsign_grace);
DEFINE_SRCU(smbsign_code);

/**
 * smbsign_grace_free() - free an object once nobody can see it any more
 * @rcu:	its head
 * @free:	frees it; calls smbsign_grace_freed()
 * @size:	bytes that it takes
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
 * smbsign_grace_freed() - an object is being freed
 * @size:	as smbsign_grace_free() was told
 *
 * Context: any.
 */
void smbsign_grace_freed(size_t size)
{
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING_BYTES, -(int)size);
	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, -1);
	wake_up_var(&smbsign_grace);
}

/**
 * smbsign_grace_throttle() - wait while too much waits to be freed
 *
 * For whoever a client can have add to it without end: ksmbd's threads, as they close
 * a connection or end sessions.  The others are few: a connection that nobody has
 * accepted ends with its listener only.
 *
 * Context: process, may sleep; inside smbsign_code_enter(), not smbsign_grace_enter(),
 * and with no lock of ours held.
 */
void smbsign_grace_throttle(void)
{
	RCU_LOCKDEP_WARN(srcu_read_lock_held(&smbsign_grace),
			 "what is waited for would never end");
	wait_var_event(&smbsign_grace, !is_full());
}
