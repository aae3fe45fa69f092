/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The suites replace the rest of the module by something plain: knobs,
 * counters, reports and the grace period.  They also provide memory that ends
 * where nothing is mapped, and allocations that fail.
 */
#ifndef SMBSIGN_KUNIT_SURROUNDINGS_H
#define SMBSIGN_KUNIT_SURROUNDINGS_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "rules/policy.h"
#include "admin/report.h"
#include "admin/sysctl.h"
#include "base/count.h"

/**
 * struct surroundings - what a case sets, and what it reads
 * @policy:		the knobs of the policy; the others are smbsign_knobs
 * @reports:		verdicts reported
 * @foreseen:		requests that policy=required would refuse
 * @reason:		the reason of the last one
 * @report:		what was done about it
 * @allocate:		how many allocations still succeed, if not negative
 * @failed:		allocations that have failed
 * @events:		counters
 * @gauges:		gauges
 */
struct surroundings {
	struct smbsign_policy	policy;
	unsigned int		reports;
	unsigned int		foreseen;
	enum smbsign_reason	reason;
	enum smbsign_outcome	report;
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
