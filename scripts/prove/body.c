// SPDX-License-Identifier: GPL-2.0-only
/*
 * What wire/frame.c reads in bodies is what the second parser reads there, for all
 * messages of any length that a frame can have, and any bytes.
 *
 * A message lies in memory that ends where it ends.  Its lists are as long as a loop
 * is unwound: of what has longer ones nothing is said.  But a list of contexts goes on
 * from any state that the contexts before may have left, so what holds of two that
 * follow each other holds of all that do.
 */
#include <stdlib.h>

#include "prove.h"
#include "oracle/frame.c"
#include "wire/frame.c"

#define LENGTH_MAX	0xffffffU

/* Any message, with nothing behind it */
static u8 *any_message(u32 *length)
{
	*length = ANY(u32);
	ASSUME(*length <= LENGTH_MAX);
	return malloc(*length);
}

static bool same_offer(const struct smbsign_offer *a, const struct smbsign_offer *b)
{
	return a->capabilities == b->capabilities && a->security_mode == b->security_mode &&
	       a->dialects == b->dialects && !memcmp(a->guid, b->guid, sizeof(a->guid));
}

/* As far as they count: what is malformed is refused. */
static bool same_contexts(const struct smbsign_contexts *a, const struct smbsign_contexts *b)
{
	unsigned int i;

	if (a->malformed || b->malformed)
		return a->malformed == b->malformed;
	for (i = 0; i < SMB2_SIGNING_COUNT; i++) {
		if (b->offered[i] != 0xffff && a->offered[i] != b->offered[i])
			return false;
	}
	return a->preauth == b->preauth && a->algorithms == b->algorithms &&
	       a->gmac == b->gmac;
}

/* What some contexts may have said, as the parser notes it, and the other one */
static struct smbsign_contexts any_contexts(struct smbsign_contexts *other)
{
	struct smbsign_contexts contexts = ANY(struct smbsign_contexts);
	unsigned int i;

	ASSUME_BOOL(contexts.malformed);
	ASSUME(contexts.algorithms < BIT(SMB2_SIGNING_COUNT));
	*other = contexts;
	for (i = 0; i < SMB2_SIGNING_COUNT; i++) {
		if (i >= hweight16(contexts.algorithms))
			other->offered[i] = 0xffff;
		else
			ASSUME(contexts.offered[i] < SMB2_SIGNING_COUNT);
	}
	return contexts;
}

/* A constant number of contexts is much faster. */
static bool say_the_same(u32 count, struct smbsign_contexts *before,
			 struct smbsign_contexts *contexts)
{
	struct smbsign_contexts other;
	u32 length, offset = ANY(u32);
	u8 *message = any_message(&length);
	struct message m = { message, length };

	*contexts = any_contexts(&other);
	*before = *contexts;
	offered_contexts(message, length, offset, count, contexts);
	negotiate_contexts(&m, offset, count, &other);
	return same_contexts(contexts, &other);
}

void a_context_says_the_same(void)
{
	struct smbsign_contexts before, contexts;

	PROVE(say_the_same(1, &before, &contexts));
	REACHED(!contexts.malformed && contexts.gmac && !before.algorithms &&
		contexts.offered[1] == SMB2_SIGNING_AES_CMAC);
	REACHED(!contexts.malformed && contexts.preauth == before.preauth + 1);
	REACHED(contexts.malformed && !before.malformed);
}

void so_does_the_next(void)
{
	struct smbsign_contexts before, contexts;

	PROVE(say_the_same(2, &before, &contexts));
	REACHED(!contexts.malformed && contexts.preauth == before.preauth + 1 &&
		!before.algorithms && hweight16(contexts.algorithms) == 2);
	REACHED(contexts.malformed && !before.malformed && contexts.algorithms);
}

void dialects_are_a_set(void)
{
	u32 length, count = ANY(u32);
	u8 *message = any_message(&length);
	struct message m = { message, length };
	u8 set;

	ASSUME(count <= 4 && 2 * count <= length);
	set = dialect_set(message, count);
	PROVE(set == dialects(&m, 0, count) && !m.outside);
	REACHED(hweight16(set) == 4);
	REACHED(count == 4 && !set);
}

void a_negotiate_says_the_same(void)
{
	struct smbsign_contexts contexts, other_contexts;
	struct smbsign_offer offer, other;
	u32 length;
	u8 *message = any_message(&length);
	int ret = smbsign_frame_offer(message, length, &offer, &contexts);

	PROVE(!ret == oracle_offer(message, length, &other, &other_contexts));
	if (!ret) {
		PROVE(same_offer(&offer, &other));
		PROVE(same_contexts(&contexts, &other_contexts));
	}
	REACHED(!ret && offer.dialects == SMBSIGN_DIALECT_311 && contexts.algorithms);
	REACHED(!ret && hweight16(offer.dialects) == 2 && contexts.malformed);
	REACHED(ret && length > 4096);
}

void a_validation_says_the_same(void)
{
	struct smbsign_offer offer, other;
	u32 length;
	u8 *message = any_message(&length);
	int ret = smbsign_frame_validate(message, length, &offer);

	PROVE(!ret == oracle_validate(message, length, &other));
	if (!ret)
		PROVE(same_offer(&offer, &other));
	REACHED(!ret && hweight16(offer.dialects) == 2);
	REACHED(ret && length > LENGTH_MAX / 2);
}

/* What stands there, or nothing */
static u32 said_at(const u8 *message, u32 at)
{
	return at ? get_unaligned_le16(message + at) : 0;
}

void choices_are_found(void)
{
	u16 type = ANY(u16);
	u32 length, skip = type == SMB2_CONTEXT_COMPRESSION ? 6 : 0, at, other;
	u8 *message = any_message(&length);
	struct message m = { message, length };
	bool found;

	ASSUME(length >= 128);
	found = !find_choice(message, length, type, skip, &at);
	PROVE(found == choice(&m, type, skip, &other));
	PROVE(!found || (at == other && (!at || length - at >= 2)));
	REACHED(found && at && skip && said_at(message, at));
	REACHED(found && at && type == SMB2_CONTEXT_SIGNING);
	REACHED(found && !at && length > 4096);
	REACHED(!found && at);
}

void answers_are_where_they_are(void)
{
	u32 length, at;
	u8 *message = any_message(&length);

	at = smbsign_frame_validated(message, length);
	PROVE(at == oracle_validated(message, length));
	REACHED(at > 4096);
	at = smbsign_frame_algorithm(message, length);
	PROVE(at == oracle_algorithm(message, length));
	REACHED(at > 4096);
	at = smbsign_frame_compression(message, length);
	PROVE(at == oracle_compression(message, length));
	REACHED(at > 4096);
	REACHED(!at && length > 4096);
}

/* One name, and a short one before it */
#define SMB1_MAX	(SMB1_HEADER_SIZE + 3 + 13)

struct smb1 {
	u8	bytes[SMB1_MAX];
};

void an_smb1_negotiate_says_the_same(void)
{
	struct smb1 message = ANY(struct smb1);
	u32 length = ANY(u32);
	bool upgrades;

	ASSUME(length <= SMB1_MAX);
	upgrades = smbsign_frame_smb1_upgrades(message.bytes, length);
	PROVE(upgrades == oracle_smb1_upgrades(message.bytes, length));
	REACHED(upgrades && message.bytes[SMB1_HEADER_SIZE + 4] == 'S');
	REACHED(upgrades && message.bytes[SMB1_HEADER_SIZE + 4] != 'S');
	REACHED(!upgrades && length == SMB1_MAX);
}

/*
 * Reading, with CBMC's own checks.  Of contexts one is enough, which may begin
 * anywhere.
 */
void reads_no_context_that_is_not_there(void)
{
	struct smbsign_contexts other, contexts = any_contexts(&other);
	u32 length;
	u8 *message = any_message(&length);

	contexts.malformed = false;
	offered_contexts(message, length, ANY(u32), 1, &contexts);
	REACHED(!contexts.malformed && contexts.gmac);
	REACHED(contexts.malformed);
}

void reads_no_validation_that_is_not_there(void)
{
	struct smbsign_offer offer;
	u32 length;
	u8 *message = any_message(&length);
	int ret = smbsign_frame_validate(message, length, &offer);

	REACHED(!ret && offer.dialects);
	REACHED(ret);
}

void reads_no_answer_that_is_not_there(void)
{
	u32 length, at;
	u8 *message = any_message(&length);

	if (ANY_BOOL())
		at = smbsign_frame_validated(message, length);
	else
		at = smbsign_frame_compression(message, length);
	PROVE(!at || (at < length && length - at >= 2));
	REACHED(at);
	REACHED(!at && length > 4096);
}

void reads_no_smb1_name_that_is_not_there(void)
{
	struct smb1 memory = ANY(struct smb1);
	u32 length = ANY(u32);
	bool upgrades;

	ASSUME(length <= SMB1_MAX);
	upgrades = smbsign_frame_smb1_upgrades(memory.bytes + SMB1_MAX - length, length);
	REACHED(upgrades);
	REACHED(!upgrades && length > SMB1_HEADER_SIZE + 3);
}
