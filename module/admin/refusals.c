// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who was refused lately, and why.
 *
 * A connection that was reset is gone before anybody can look at it, and the
 * log is rate-limited.  So the latest refusals are kept.  Those to one address
 * for one reason share an entry.  Only refusals come here.
 */
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "admin/refusals.h"
#include "state/conn.h"

/* More than an administrator reads.  An attacker can displace others. */
#define REFUSALS_MAX	128

/**
 * struct refusal - refusals to one address for one reason
 * @peer:	the address, with the port of the latest
 * @reason:	why
 * @outcome:	what was done about it
 * @command:	Command of the latest
 * @session_id:	SessionId of the latest
 * @dialect:	that of the latest's connection, 0 before NEGOTIATE
 * @count:	their number; 0: the entry is free
 * @first:	when the first came, seconds since 1970
 * @last:	when the latest came
 * @turn:	number of the latest among all: a clock may stand still, or go
 *		back
 */
struct refusal {
	union smbsign_peer	peer;
	enum smbsign_reason	reason;
	enum smbsign_outcome	outcome;
	u16			command;
	u64			session_id;
	u16			dialect;
	u64			count;
	time64_t		first;
	time64_t		last;
	u64			turn;
};

static struct {
	spinlock_t	lock;		/* all below */
	struct refusal	entry[REFUSALS_MAX];
	u64		turn;
} refusals = {
	.lock = __SPIN_LOCK_UNLOCKED(refusals.lock),
};

static bool same_address(const union smbsign_peer *a,
			 const union smbsign_peer *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return ipv6_addr_equal(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

/* Find the entry for such a refusal, or make the oldest one its entry. */
static struct refusal *refusal_find(const union smbsign_peer *peer,
				    enum smbsign_reason reason,
				    enum smbsign_outcome outcome)
{
	struct refusal *oldest = refusals.entry, *entry;

	lockdep_assert_held(&refusals.lock);
	for (entry = oldest; entry < refusals.entry + REFUSALS_MAX; entry++) {
		if (entry->count && entry->reason == reason &&
		    entry->outcome == outcome && same_address(&entry->peer, peer))
			return entry;
		/* A free entry is older than any other. */
		if (entry->turn < oldest->turn)
			oldest = entry;
	}
	*oldest = (struct refusal) { .reason = reason, .outcome = outcome };
	return oldest;
}

/**
 * smbsign_refusals_note() - keep a refusal
 * @conn:	the connection
 * @element:	the request
 * @reason:	what is wrong with it
 * @outcome:	what is done about it
 *
 * Context: any but hard interrupt.
 */
void smbsign_refusals_note(const struct smbsign_conn *conn,
			   const struct smbsign_element *element,
			   enum smbsign_reason reason,
			   enum smbsign_outcome outcome)
{
	time64_t now = ktime_get_real_seconds();
	struct refusal *entry;

	spin_lock_bh(&refusals.lock);
	entry = refusal_find(&conn->peer, reason, outcome);
	if (!entry->count++)
		entry->first = now;
	entry->last = now;
	entry->turn = ++refusals.turn;
	entry->peer = conn->peer;
	entry->command = element->command;
	entry->session_id = element->session_id;
	entry->dialect = READ_ONCE(conn->facts.dialect);
	spin_unlock_bh(&refusals.lock);
}

/**
 * smbsign_refusals_show() - print a line for each entry
 * @seq:	the file to print to
 *
 * Context: process, may sleep.
 */
void smbsign_refusals_show(struct seq_file *seq)
{
	struct refusal entry;
	unsigned int i;

	for (i = 0; i < REFUSALS_MAX; i++) {
		spin_lock_bh(&refusals.lock);
		entry = refusals.entry[i];
		spin_unlock_bh(&refusals.lock);
		if (!entry.count)
			continue;
		seq_printf(seq,
			   "%pISpc action=%s reason=%s command=%s session=%#llx count=%llu first=%lld last=%lld dialect=%#06x\n",
			   &entry.peer, smbsign_outcome_name(entry.outcome),
			   smbsign_reason_name(entry.reason),
			   entry.command < SMB2_CMD_COUNT ?
			   smbsign_command_name(entry.command) : "-",
			   entry.session_id, entry.count, entry.first,
			   entry.last, entry.dialect);
	}
}
