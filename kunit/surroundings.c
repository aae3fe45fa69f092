// SPDX-License-Identifier: GPL-2.0-only
/* The rest of the module, as the sources under test see it. */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "state/conn.h"
#include "base/grace.h"
#include "admin/audit.h"
#include "admin/sysctl.h"
#include "surroundings.h"

struct surroundings around = { .allocate = -1 };
struct smbsign_knob_values smbsign_knobs;

static DEFINE_SPINLOCK(gauges_lock);

/**
 * surroundings_reset() - reset counters and knobs to their values after insmod
 *
 * Context: process.
 */
void surroundings_reset(void)
{
	around = (struct surroundings) {
		.policy = {
			.mode = SMBSIGN_POLICY_NEGOTIATED,
			.min_dialect = SMB2_DIALECT_202,
			.algorithms = BIT(SMB2_SIGNING_HMAC_SHA256) |
				      BIT(SMB2_SIGNING_AES_CMAC) |
				      BIT(SMB2_SIGNING_AES_GMAC),
			.replay_window = true,
			.sign_responses = true,
		},
		.allocate = -1,
	};
	smbsign_knobs = (struct smbsign_knob_values) {
		.softirq_bytes = 16384,
		.hold_bytes = 65536,
	};
}

/**
 * surroundings_drain() - wait until everything released has been freed
 *
 * Context: process, may sleep.
 */
void surroundings_drain(void)
{
	srcu_barrier(&smbsign_grace);
	/* A session's end releases keys, and a connection's end its sessions. */
	srcu_barrier(&smbsign_grace);
	srcu_barrier(&smbsign_grace);
}

/**
 * surroundings_fail() - must this allocation fail?
 *
 * Context: any.
 * Return: true if it must.
 */
bool surroundings_fail(void)
{
	if (around.allocate < 0)
		return false;
	if (around.allocate) {
		around.allocate--;
		return false;
	}
	around.failed++;
	return true;
}

static void free_pages_of(void *first)
{
	vfree(first);
}

/**
 * guarded_alloc() - allocate memory whose last byte is the last one mapped
 * @test:	the case; it frees the memory if guarded_free() has not
 * @length:	bytes
 *
 * vmalloc() leaves an unmapped page after its memory.
 *
 * Context: process, may sleep.
 * Return: the first byte.
 */
u8 *guarded_alloc(struct kunit *test, u32 length)
{
	u32 size = PAGE_ALIGN(max(length, 1U));
	u8 *pages = vmalloc(size);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_pages_of, pages));
	memset(pages, 0xa5, size);
	return pages + size - length;
}

/**
 * guarded_copy() - make a copy that ends where nothing is mapped
 * @test:	the case; it frees the copy if guarded_free() has not
 * @data:	what to copy
 * @length:	number of bytes
 *
 * Context: process, may sleep.
 * Return: the copy.
 */
u8 *guarded_copy(struct kunit *test, const void *data, u32 length)
{
	return memcpy(guarded_alloc(test, length), data, length);
}

/**
 * guarded_free() - free memory of guarded_alloc()
 * @test:	the case
 * @data:	what it returned; at least one byte
 *
 * Context: process.
 */
void guarded_free(struct kunit *test, u8 *data)
{
	kunit_release_action(test, free_pages_of,
			     (void *)PAGE_ALIGN_DOWN((unsigned long)data));
}

/**
 * fill_pattern() - fill memory with bytes that do not repeat with blocks or
 *	pages
 * @data:	where
 * @length:	how many
 *
 * Context: any.
 */
void fill_pattern(u8 *data, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++)
		data[i] = i * 7 + (i >> 8) * 13 + 1;
}

/* From here on: what admin/ and base/count.c define in smbsign.ko. */

void smbsign_policy_get(const struct smbsign_conn *conn,
			struct smbsign_policy *out)
{
	*out = around.policy;
	if (conn && conn->excepted)
		smbsign_policy_except(out);
}

void smbsign_audit_change(const char *name, const char *old, const char *new)
{
}

void smbsign_count_event(unsigned int event)
{
	around.events[event]++;
}

void smbsign_gauge_add(enum smbsign_gauge gauge, int change)
{
	unsigned long flags;

	spin_lock_irqsave(&gauges_lock, flags);
	around.gauges[gauge] += change;
	spin_unlock_irqrestore(&gauges_lock, flags);
}

long smbsign_gauge_read(enum smbsign_gauge gauge)
{
	return READ_ONCE(around.gauges[gauge]);
}

void smbsign_report(struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_outcome outcome)
{
	around.reports++;
	around.reason = reason;
	around.report = outcome;
	if (outcome == SMBSIGN_OUTCOME_AUDIT)
		WRITE_ONCE(conn->excused, reason + 1);
}

void smbsign_report_foreseen(struct smbsign_conn *conn,
			     const struct smbsign_element *element,
			     enum smbsign_reason reason)
{
	around.foreseen++;
}

MODULE_DESCRIPTION("KUnit suites of smbsign");
MODULE_LICENSE("GPL");
