// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who was refused lately, and why.
 *
 * A connection that was reset is gone before anybody can look at it, and the log
 * is rate-limited.  So the latest refusals are kept, those of one address for one
 * reason in one entry.  Nothing but a refusal comes here.
 */
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "conn.h"
#include "recent.h"

/* More of them than an administrator reads; an attacker can displace others. */
#define RECENT_MAX	128

/**
 * struct recent - refusals of one address for one reason
 * @peer:	the address; port of the latest
 * @reason:	why
 * @report:	what was done about it
 * @command:	the latest one's command
 * @session_id:	the latest one's SessionId
 * @count:	their number; 0: the entry is free
 * @first:	when the first came, seconds since 1970
 * @last:	when the latest came
 * @turn:	of the latest among all; a clock may stand still, or go back
 */
struct recent {
	union smbsign_peer	peer;
	enum smbsign_reason	reason;
	enum smbsign_report	report;
	u16			command;
	u64			session_id;
	u64			count;
	time64_t		first;
	time64_t		last;
	u64			turn;
};

static struct recent recents[RECENT_MAX];
static u64 recents_turn;
static DEFINE_SPINLOCK(recents_lock);

static bool same_address(const union smbsign_peer *a,
			 const union smbsign_peer *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return ipv6_addr_equal(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

/* The entry for such a refusal, or the one that is to become it. */
static struct recent *recent_find(const union smbsign_peer *peer,
				  enum smbsign_reason reason,
				  enum smbsign_report report)
{
	struct recent *oldest = recents, *entry;

	lockdep_assert_held(&recents_lock);
	for (entry = recents; entry < recents + RECENT_MAX; entry++) {
		if (entry->count && entry->reason == reason &&
		    entry->report == report && same_address(&entry->peer, peer))
			return entry;
		/* A free one is older than any. */
		if (entry->turn < oldest->turn)
			oldest = entry;
	}
	*oldest = (struct recent) { .reason = reason, .report = report };
	return oldest;
}

/**
 * smbsign_recent_note() - remember a refusal
 * @conn:	the connection
 * @element:	the request
 * @reason:	what is wrong with it
 * @report:	what is done about it
 *
 * Context: any but hard interrupt.
 */
void smbsign_recent_note(const struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 enum smbsign_reason reason,
			 enum smbsign_report report)
{
	time64_t now = ktime_get_real_seconds();
	struct recent *entry;

	spin_lock_bh(&recents_lock);
	entry = recent_find(&conn->peer, reason, report);
	if (!entry->count++)
		entry->first = now;
	entry->last = now;
	entry->turn = ++recents_turn;
	entry->peer = conn->peer;
	entry->command = element->command;
	entry->session_id = element->session_id;
	spin_unlock_bh(&recents_lock);
}

/**
 * smbsign_recent_show() - a line for every entry
 * @seq:	where
 *
 * Context: process, may sleep.
 */
void smbsign_recent_show(struct seq_file *seq)
{
	struct recent entry;
	unsigned int i;

	for (i = 0; i < RECENT_MAX; i++) {
		spin_lock_bh(&recents_lock);
		entry = recents[i];
		spin_unlock_bh(&recents_lock);
		if (!entry.count)
			continue;
		seq_printf(seq,
			   "%pISpc action=%s reason=%s command=%s session=%#llx count=%llu first=%lld last=%lld\n",
			   &entry.peer, smbsign_report_name(entry.report),
			   smbsign_reason_name(entry.reason),
			   entry.command < SMB2_CMD_COUNT ?
			   smbsign_command_name(entry.command) : "-",
			   entry.session_id, entry.count, entry.first,
			   entry.last);
	}
}
