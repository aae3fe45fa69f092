/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What everything here lives as long as.
 *
 * An object that others can still see is freed after a grace period: whoever looks
 * at one does so inside smbsign_grace_enter() and smbsign_grace_leave().  Nobody
 * waits there for what a peer does, so that no peer can keep what others have left
 * from being freed.
 *
 * Who does wait for one, ksmbd's reader and writers, holds a reference to his
 * connection meanwhile, and stays inside smbsign_code_enter() and
 * smbsign_code_leave().  Nothing is freed after that but the module's text.
 */
#ifndef SMBSIGN_GRACE_H
#define SMBSIGN_GRACE_H

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/srcu.h>

extern struct srcu_struct smbsign_grace;
extern struct srcu_struct smbsign_code;

/*
 * Seconds that a section may last.  What is done in one, a turn of the reader or one
 * message of ksmbd, takes milliseconds; the rest is for a CPU that is not to be had.
 */
#define SMBSIGN_GRACE_SECONDS	5
/* Objects that may wait to be freed; who adds to more waits, see grace.c. */
#define SMBSIGN_GRACE_OBJECTS	4096

/* A kernel that checks itself keeps the time of entry beside the index, 0 or 1. */
#define SMBSIGN_GRACE_CLOCK	(BIT(29) - 1)

static inline int smbsign_grace_enter(void)
{
	int section = srcu_read_lock(&smbsign_grace);

	if (IS_ENABLED(CONFIG_PROVE_RCU))
		section |= (jiffies & SMBSIGN_GRACE_CLOCK) << 1;
	return section;
}

static inline void smbsign_grace_leave(int section)
{
	if (IS_ENABLED(CONFIG_PROVE_RCU))
		WARN_ON_ONCE(((jiffies - (section >> 1)) &
			      SMBSIGN_GRACE_CLOCK) > SMBSIGN_GRACE_SECONDS * HZ);
	srcu_read_unlock(&smbsign_grace, section & 1);
}

static inline int smbsign_code_enter(void)
{
	return srcu_read_lock(&smbsign_code);
}

static inline void smbsign_code_leave(int section)
{
	srcu_read_unlock(&smbsign_code, section);
}

void smbsign_grace_free(struct rcu_head *rcu, rcu_callback_t free, size_t size);
void smbsign_grace_freed(size_t size);
void smbsign_grace_throttle(void);

#endif /* SMBSIGN_GRACE_H */
