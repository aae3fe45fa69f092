// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules/verified.c promises, for all sequences of calls, of any length.
 *
 * By induction: each call, made on any sound table, leaves a sound table, and
 * changes it as it should.  One entry, @at, which may be any, stands for all.  The
 * table has 1 << BITS entries and grows by one bit, so that the proof is short.
 */
#include <linux/hash.h>
#include <linux/string.h>

#include "prove.h"
#include "rules/verified.h"

#define BITS	2
#define ENTRIES	(1 << BITS)

struct table {
	struct smbsign_verified		verified;
	struct smbsign_verified_entry	entry[ENTRIES];
};

/* What is there is where its MessageId is looked for. */
static bool is_sound(const struct smbsign_verified *verified, unsigned int at)
{
	const struct smbsign_verified_entry *entry = &verified->entry[at];

	return !entry->key || hash_64(entry->message_id, verified->bits) == at;
}

/* Any sound table. */
static void make_any(struct table *table)
{
	unsigned int at;

	*table = ANY(struct table);
	table->verified.entry = table->entry;
	table->verified.bits = BITS;
	for (at = 0; at < ENTRIES; at++)
		ASSUME(is_sound(&table->verified, at));
}

static bool same(const struct smbsign_verified_entry *a,
		 const struct smbsign_verified_entry *b)
{
	return a->message_id == b->message_id && a->key == b->key &&
	       a->length == b->length &&
	       !memcmp(a->signature, b->signature, SMB2_SIGNATURE_SIZE);
}

static unsigned int any_entry(void)
{
	unsigned int at = ANY(unsigned int);

	ASSUME(at < ENTRIES);
	return at;
}

void given_as_noted_and_once(void)
{
	struct table table, before;
	u8 signature[SMB2_SIGNATURE_SIZE], again[SMB2_SIGNATURE_SIZE];
	struct smbsign_verified_entry *entry;
	u64 id = ANY(u64), key = ANY(u64);
	unsigned int at = any_entry(), place;
	u32 length = ANY(u32);
	bool taken;

	make_any(&table);
	before = table;
	taken = smbsign_verified_take(&table.verified, id, key, length, signature);
	place = hash_64(id, BITS);
	entry = &before.entry[place];
	/* There, of this message and this key, and as it was noted */
	PROVE(taken == (key && entry->key == key && entry->message_id == id &&
			entry->length == length));
	if (taken) {
		PROVE(!memcmp(signature, entry->signature, SMB2_SIGNATURE_SIZE));
		PROVE(!smbsign_verified_take(&table.verified, id, key, length, again));
	}
	PROVE(is_sound(&table.verified, at));
	PROVE((taken && at == place) ? !table.entry[at].key :
	      same(&table.entry[at], &before.entry[at]));
	REACHED(taken);
	REACHED(!taken && entry->key == key && key);
	REACHED(!taken && entry->message_id == id && entry->key);
}

void notes_what_it_is_told(void)
{
	struct table table, before;
	u8 signature[SMB2_SIGNATURE_SIZE], taken[SMB2_SIGNATURE_SIZE];
	u64 id = ANY(u64), key = ANY(u64);
	unsigned int at = any_entry(), place;
	u32 length = ANY(u32);
	bool room;

	/* A key's serial is not 0. */
	ASSUME(key);
	make_any(&table);
	before = table;
	room = smbsign_verified_note(&table.verified, id, key, length, signature);
	place = hash_64(id, BITS);
	PROVE(is_sound(&table.verified, at));
	if (at != place)
		PROVE(same(&table.entry[at], &before.entry[at]));
	PROVE(room == !before.entry[place].key);
	PROVE(smbsign_verified_take(&table.verified, id, key, length, taken));
	PROVE(!memcmp(taken, signature, SMB2_SIGNATURE_SIZE));
	REACHED(room);
	REACHED(!room);
}

void growth_keeps_all(void)
{
	struct table table, before;
	struct smbsign_verified_entry larger[2 * ENTRIES] = {};
	u8 a[SMB2_SIGNATURE_SIZE] = {}, b[SMB2_SIGNATURE_SIZE] = {};
	u64 id = ANY(u64), key = ANY(u64);
	unsigned int at = ANY(unsigned int);
	u32 length = ANY(u32);
	bool found;

	ASSUME(at < 2 * ENTRIES);
	make_any(&table);
	before = table;
	before.verified.entry = before.entry;
	PROVE(smbsign_verified_resize(&table.verified, larger, BITS + 1) == table.entry);
	PROVE(is_sound(&table.verified, at));
	found = smbsign_verified_take(&table.verified, id, key, length, a);
	PROVE(found == smbsign_verified_take(&before.verified, id, key, length, b));
	PROVE(!memcmp(a, b, SMB2_SIGNATURE_SIZE));
	REACHED(found);
	REACHED(!found);
}

void nothing_without_memory(void)
{
	struct smbsign_verified verified = {};
	struct smbsign_verified_entry entry[ENTRIES] = {};
	u8 signature[SMB2_SIGNATURE_SIZE];
	u8 bits = smbsign_verified_wanted(&verified);
	unsigned int at = any_entry();

	PROVE(!smbsign_verified_note(&verified, ANY(u64), ANY(u64), ANY(u32), signature));
	PROVE(!smbsign_verified_take(&verified, ANY(u64), ANY(u64), ANY(u32), signature));
	PROVE(bits == SMBSIGN_VERIFIED_BITS);
	PROVE(!smbsign_verified_resize(&verified, entry, BITS));
	PROVE(is_sound(&verified, at) && !entry[at].key);
	/* It grows by one bit at a time, and not for ever. */
	verified = (struct smbsign_verified) { .entry = entry, .bits = ANY(u8) };
	ASSUME(verified.bits >= SMBSIGN_VERIFIED_BITS &&
	       verified.bits <= SMBSIGN_VERIFIED_BITS_MAX);
	bits = smbsign_verified_wanted(&verified);
	PROVE(!bits || (bits == verified.bits + 1 && bits <= SMBSIGN_VERIFIED_BITS_MAX));
	REACHED(!bits);
	REACHED(bits == SMBSIGN_VERIFIED_BITS_MAX);
}
