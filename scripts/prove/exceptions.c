// SPDX-License-Identifier: GPL-2.0-only
/* What rules/exceptions.c promises of prefixes, for all of them and all addresses. */
#include "prove.h"
#include "rules/exceptions.h"

#define MANY	3

struct address {
	u8	bytes[SMBSIGN_ADDRESS_SIZE];
};

static struct smbsign_prefix any_prefix(void)
{
	struct smbsign_prefix prefix = ANY(struct smbsign_prefix);

	ASSUME(prefix.length >= 1 && prefix.length <= 128);
	return prefix;
}

static bool bit_of(const u8 *address, unsigned int bit)
{
	return address[bit / 8] & 0x80 >> bit % 8;
}

/* ::ffff:0:0/96 */
static bool is_ipv4(const u8 *address)
{
	unsigned int i;

	for (i = 0; i < 96; i++) {
		if (bit_of(address, i) != (i >= 80))
			return false;
	}
	return true;
}

void covers_what_begins_alike(void)
{
	struct smbsign_prefix prefix = any_prefix();
	struct address address = ANY(struct address);
	bool ipv4 = prefix.length >= 96 && is_ipv4(prefix.address);
	bool covers = is_ipv4(address.bytes) == ipv4;
	unsigned int i;

	for (i = 0; i < prefix.length; i++)
		covers = covers && bit_of(prefix.address, i) == bit_of(address.bytes, i);
	PROVE(smbsign_exceptions_match(&prefix, 1, address.bytes) == (covers ? 0 : -1));
	REACHED(covers && ipv4 && prefix.length == 97);
	REACHED(covers && !ipv4 && prefix.length == 1);
	REACHED(!covers && is_ipv4(address.bytes) && prefix.length == 80);
}

struct list {
	struct smbsign_prefix prefix[MANY];
};

void longest_counts(void)
{
	struct list list = ANY(struct list);
	struct address address = ANY(struct address);
	unsigned int other = ANY(unsigned int), i;
	int found;

	for (i = 0; i < MANY; i++)
		ASSUME(list.prefix[i].length >= 1 && list.prefix[i].length <= 128);
	ASSUME(other < MANY);
	found = smbsign_exceptions_match(list.prefix, MANY, address.bytes);
	PROVE(found >= -1 && found < MANY);
	if (smbsign_exceptions_match(&list.prefix[other], 1, address.bytes) == 0)
		PROVE(found >= 0 && list.prefix[found].length >= list.prefix[other].length);
	if (found >= 0)
		PROVE(smbsign_exceptions_match(&list.prefix[found], 1, address.bytes) == 0);
	REACHED(found == 2 && other == 0 &&
		smbsign_exceptions_match(&list.prefix[other], 1, address.bytes) == 0);
	REACHED(found == -1);
}
