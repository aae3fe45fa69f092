/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lifetime of everything that others can see.
 *
 * Such an object is freed a grace period after it was removed.  Code that looks
 * at one does so between smbsign_grace_enter() and smbsign_grace_leave(), a
 * grace section.  It must not wait for a peer there: otherwise one peer could
 * keep the objects of others from being freed.
 *
 * ksmbd's reader and writers do wait for a peer.  Meanwhile they hold a
 * reference to their connection, and stay between smbsign_code_enter() and
 * smbsign_code_leave().  Only the module's text must outlive such a code
 * section.
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
 * Seconds that a grace section may last.  A turn of the reader or one message
 * of ksmbd takes milliseconds; the rest allows for a busy CPU.
 */
#define SMBSIGN_GRACE_SECONDS	5
/* Objects that may wait to be freed before tasks are made to wait (grace.c). */
#define SMBSIGN_GRACE_OBJECTS	4096

/* With CONFIG_PROVE_RCU, the time of entry is kept above the index, 0 or 1. */
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
