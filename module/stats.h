/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters, and /proc/net/smbsign. */
#ifndef SMBSIGN_STATS_H
#define SMBSIGN_STATS_H

#include <linux/types.h>

#include "reason.h"

/* Events: X(identifier, name in /proc/net/smbsign/stats). */
#define SMBSIGN_COUNTS(X)			\
	X(ATTACHED, "attached")			\
	X(ATTACH_FAILED, "attach_failed")	\
	X(KEYS_LEARNED, "keys_learned")		\
	X(FRAMES, "frames")			\
	X(VERIFIED, "verified")			\
	X(VERIFIED_SOFTIRQ, "verified_softirq")	\
	X(STREAMED, "streamed")			\
	X(ENCRYPTED, "encrypted")		\
	X(PROVISIONAL, "provisional")		\
	X(SIGNED, "signed_responses")		\
	X(GUESTS, "guests")			\
	X(REFUSED, "refused")			\
	X(ABORTED, "aborted")			\
	X(AUDITED, "audited")			\
	X(FORESEEN, "foreseen")

/* Amounts that go up and down. */
#define SMBSIGN_GAUGES(X)			\
	X(CONNECTIONS, "connections")		\
	X(SESSIONS, "sessions")			\
	X(FREEING, "freeing")			\
	X(FREEING_BYTES, "freeing_bytes")

enum smbsign_count {
#define X(id, name) SMBSIGN_COUNT_##id,
	SMBSIGN_COUNTS(X)
#undef X
	SMBSIGN_COUNT_REASONS,
	SMBSIGN_COUNT_NR = SMBSIGN_COUNT_REASONS + SMBSIGN_REASON_NR
};

enum smbsign_gauge {
#define X(id, name) SMBSIGN_GAUGE_##id,
	SMBSIGN_GAUGES(X)
#undef X
	SMBSIGN_GAUGE_NR
};

void smbsign_count_event(unsigned int event);
void smbsign_gauge_add(enum smbsign_gauge gauge, int change);
long smbsign_gauge_read(enum smbsign_gauge gauge);
int smbsign_stats_init(void);
void smbsign_stats_exit(void);

static inline void smbsign_count(enum smbsign_count event)
{
	smbsign_count_event(event);
}

static inline void smbsign_count_reason(enum smbsign_reason reason)
{
	smbsign_count_event(SMBSIGN_COUNT_REASONS + reason);
}

#endif /* SMBSIGN_STATS_H */
