/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sources under test have around them in smbsign.ko, and the suites put
 * something plain in place of: knobs, counters, reports, the grace period; and
 * memory that ends where nothing is mapped, or is not to be had.
 */
#ifndef SMBSIGN_KUNIT_SURROUNDINGS_H
#define SMBSIGN_KUNIT_SURROUNDINGS_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "../module/policy.h"
#include "../module/report.h"
#include "../module/stats.h"

/**
 * struct surroundings - what a case sets, and what it finds out
 * @policy:		the knobs that the policy is made of
 * @reset_on_violation:	on_violation=reset
 * @softirq_bytes:	the knob
 * @hold_bytes:		the knob
 * @reports:		verdicts reported
 * @foreseen:		requests that policy=required would refuse
 * @reason:		the reason of the last one
 * @report:		what was done about it
 * @allocate:		allocations that still succeed, if not negative
 * @failed:		allocations that did not
 * @events:		counters
 * @gauges:		amounts
 */
struct surroundings {
	struct smbsign_policy	policy;
	bool			reset_on_violation;
	unsigned int		softirq_bytes;
	unsigned int		hold_bytes;
	unsigned int		reports;
	unsigned int		foreseen;
	enum smbsign_reason	reason;
	enum smbsign_report	report;
	int			allocate;
	unsigned int		failed;
	unsigned int		events[SMBSIGN_COUNT_NR];
	long			gauges[SMBSIGN_GAUGE_NR];
};

extern struct surroundings around;

void surroundings_reset(void);
void surroundings_drain(void);
bool surroundings_fail(void);

u8 *guarded_alloc(struct kunit *test, u32 length);
u8 *guarded_copy(struct kunit *test, const void *data, u32 length);
void guarded_free(struct kunit *test, u8 *data);
void fill_pattern(u8 *data, u32 length);

#endif /* SMBSIGN_KUNIT_SURROUNDINGS_H */
