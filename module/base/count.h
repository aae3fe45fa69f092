/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters and gauges. */
#ifndef SMBSIGN_COUNT_H
#define SMBSIGN_COUNT_H

#include <linux/types.h>

#include "rules/reason.h"

/* Events: X(identifier, name in /proc/net/smbsign/stats). */
#define SMBSIGN_COUNTS(X)			\
	X(ATTACHED, "attached")			\
	X(ATTACH_FAILED, "attach_failed")	\
	X(KEYS_LEARNED, "keys_learned")		\
	X(FRAMES, "frames")			\
	X(KEEPALIVES, "keepalives")		\
	X(VERIFIED, "verified")			\
	X(VERIFIED_SOFTIRQ, "verified_softirq")	\
	X(VERIFIED_AHEAD, "verified_ahead")	\
	X(STREAMED, "streamed")			\
	X(ENCRYPTED, "encrypted")		\
	X(PROVISIONAL, "provisional")		\
	X(SIGNED, "signed_responses")		\
	X(SIGNED_AHEAD, "signed_ahead")		\
	X(NONCES_SPENT, "nonces_spent")		\
	X(GUESTS, "guests")			\
	X(REFUSED, "refused")			\
	X(ABORTED, "aborted")			\
	X(AUDITED, "audited")			\
	X(FORESEEN, "foreseen")			\
	X(EXCEPTED, "excepted")

/* Gauges: X(identifier, name in /proc/net/smbsign/stats). */
#define SMBSIGN_GAUGES(X)			\
	X(CONNECTIONS, "connections")		\
	X(SESSIONS, "sessions")			\
	X(FREEING, "freeing")			\
	X(FREEING_BYTES, "freeing_bytes")

enum smbsign_counter {
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
u64 smbsign_count_sum(unsigned int event);
void smbsign_gauge_add(enum smbsign_gauge gauge, int change);
long smbsign_gauge_read(enum smbsign_gauge gauge);

static inline void smbsign_count(enum smbsign_counter event)
{
	smbsign_count_event(event);
}

static inline void smbsign_count_reason(enum smbsign_reason reason)
{
	smbsign_count_event(SMBSIGN_COUNT_REASONS + reason);
}

#endif /* SMBSIGN_COUNT_H */
