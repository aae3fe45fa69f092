// SPDX-License-Identifier: GPL-2.0-only
/* Counters and gauges. */
#include <linux/percpu.h>

#include "base/count.h"

/* Packets count on their own CPU; connections share no counter. */
static DEFINE_PER_CPU(u64 [SMBSIGN_COUNT_NR], counts);
static atomic_long_t gauges[SMBSIGN_GAUGE_NR];

/**
 * smbsign_count_event() - count an event
 * @event:	enum smbsign_counter, or SMBSIGN_COUNT_REASONS plus a reason
 *
 * Context: any.
 */
void smbsign_count_event(unsigned int event)
{
	this_cpu_inc(counts[event]);
}

/**
 * smbsign_count_sum() - how often an event has been counted
 * @event:	enum smbsign_counter, or SMBSIGN_COUNT_REASONS plus a reason
 *
 * Context: any.
 * Return: the sum over all CPUs.
 */
u64 smbsign_count_sum(unsigned int event)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(counts[event], cpu);
	return sum;
}

/**
 * smbsign_gauge_add() - add to a gauge
 * @gauge:	which
 * @change:	by how much
 *
 * Context: any.
 */
void smbsign_gauge_add(enum smbsign_gauge gauge, int change)
{
	atomic_long_add(change, &gauges[gauge]);
}

/**
 * smbsign_gauge_read() - read a gauge
 * @gauge:	which
 *
 * Context: any.
 * Return: its value.
 */
long smbsign_gauge_read(enum smbsign_gauge gauge)
{
	return atomic_long_read(&gauges[gauge]);
}
