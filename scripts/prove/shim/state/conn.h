/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a connection as state/credits.c asks for.  A proof has one thread:
 * what is done under the lock is done at once.
 */
#ifndef SHIM_STATE_CONN_H
#define SHIM_STATE_CONN_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>

#include "rules/due.h"
#include "rules/policy.h"
#include "rules/verified.h"
#include "rules/window.h"

#define READ_ONCE(place)	(place)
#define WRITE_ONCE(place, value) ((place) = (value))
#define swap(a, b)	\
	do { __typeof__(a) shim_ = (a); (a) = (b); (b) = shim_; } while (0)
#define spin_lock_bh(lock)	((void)(lock))
#define spin_unlock_bh(lock)	((void)(lock))

struct smbsign_conn {
	int				lock;
	struct smbsign_conn_facts	facts;
	struct smbsign_window		window;
	struct smbsign_due		*due;
	struct smbsign_verified		verified, ahead;
	bool				closed, repeats;
};


#endif /* SHIM_STATE_CONN_H */
