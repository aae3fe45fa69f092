// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list of exceptions, and an address that may be one: text as it comes, or made
 * of pieces of addresses.
 */
#include "rules/exceptions.h"
#include "oracle/exceptions.h"
#include "target.h"

#define TEXT_MAX	32768

static const char * const pieces[] = {
	"0", "1", "2", "7", "9", "10.", "192.0.2.", "255", "256", "00", "8.0.0.0",
	".", ":", "::", ":::", "/", ",", ", ", "\n", "\t", " ", "/24", "/32", "/33",
	"/128", "/129", "/0", "/00", "/96", "/97", "/104", "::ffff:", "ffff",
	"2001:db8:", "2001:db8::", "fe80::1%eth0", "a", "F", "g", "1:2:3:4:5:6:7:8",
	"0:0:0:0:0:0:", "64:ff9b::192.0.2.7", "::192.0.2.7", "10.0.0.0/8", "-", "x",
};

/* A byte stands for a piece, or for a number. */
static size_t make_text(const u8 *data, size_t size, char *text)
{
	size_t at = 0, count = sizeof(pieces) / sizeof(*pieces);

	for (; size && at < TEXT_MAX - 64; data++, size--)
		at += *data < count ? sprintf(text + at, "%s", pieces[*data]) :
		      *data < 250 ? sprintf(text + at, "%u", *data * 3u % 260) :
				    sprintf(text + at, "10.0.%u.%zu,", *data - 250u, size % 256);
	return at;
}

/* As the longest address, or shorter, it is read again as what it is. */
static void compare_print(const struct smbsign_prefix *prefix,
			  const struct oracle_prefix *oracle)
{
	char text[SMBSIGN_PREFIX_TEXT], wanted[64];
	size_t length = smbsign_prefix_print(prefix, text);
	struct smbsign_prefix again[SMBSIGN_EXCEPTIONS_MAX];
	struct smbsign_wrong_word wrong;

	HOLDS(length == strlen(text) && length < SMBSIGN_PREFIX_TEXT);
	HOLDS(smbsign_exceptions_parse(text, length, again, &wrong) == 1);
	HOLDS(!memcmp(again, prefix, sizeof(*prefix)));
	oracle_exceptions_print(oracle, wanted);
	/* The C library writes ::1.2.3.4 where RFC 5952 has ::102:304. */
	if (oracle->family == 2 || !strchr(wanted, '.'))
		HOLDS(!strcmp(text, wanted));
}

static void compare_match(const struct smbsign_prefix *prefixes,
			  const struct oracle_prefix *oracles, int count,
			  const u8 *address)
{
	SAME("match", smbsign_exceptions_match(prefixes, count, address),
	     oracle_exceptions_match(oracles, count, address));
}

/* Each prefix begins with itself, and not if its last bit is another. */
static void compare_near(const struct smbsign_prefix *prefixes,
			 const struct oracle_prefix *oracles, int count, int which)
{
	u8 address[SMBSIGN_ADDRESS_SIZE], last = prefixes[which].length - 1;

	memcpy(address, prefixes[which].address, sizeof(address));
	compare_match(prefixes, oracles, count, address);
	address[last / 8] ^= 0x80 >> last % 8;
	compare_match(prefixes, oracles, count, address);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static char text[TEXT_MAX];
	struct smbsign_prefix *prefixes;
	static struct oracle_prefix oracles[ORACLE_MOST];
	struct smbsign_wrong_word wrong = { .why = "?" };
	int count, wanted, i;
	const u8 *address = data;
	size_t length;
	char *exact;

	if (size < SMBSIGN_ADDRESS_SIZE + 1)
		return 0;
	data += SMBSIGN_ADDRESS_SIZE + 1;
	size -= SMBSIGN_ADDRESS_SIZE + 1;
	length = data[-1] & 1 ? make_text(data, size, text) : size;
	exact = (char *)exact_copy(data[-1] & 1 ? (u8 *)text : data, length);
	prefixes = malloc(SMBSIGN_EXCEPTIONS_MAX * sizeof(*prefixes));

	count = smbsign_exceptions_parse(exact, length, prefixes, &wrong);
	wanted = oracle_exceptions_parse(exact, length, oracles);
	SAME("count", count < 0 ? -1 : count, wanted);
	/* The word that is wrong is one of the text. */
	if (count < 0)
		HOLDS(wrong.why && wrong.length && wrong.word >= exact &&
		      wrong.word + wrong.length <= exact + length);
	for (i = 0; i < count; i++)
		compare_print(&prefixes[i], &oracles[i]);
	if (count > 0)
		compare_match(prefixes, oracles, count, address);
	for (i = 0; i < count; i++)
		compare_near(prefixes, oracles, count, i);
	free(prefixes);
	free(exact);
	return 0;
}
