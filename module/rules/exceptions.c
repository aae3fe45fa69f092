// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions from policy=required: addresses and prefixes as text, and who is one.
 *
 * What cannot be read in one way only is not taken: numbers with leading zeros,
 * which others read as octal, and a prefix with bits behind its length.  An IPv4
 * address is the same however it is written.  No prefix of IPv6 covers it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "rules/exceptions.h"

#define BITS		(8 * SMBSIGN_ADDRESS_SIZE)
/* ::ffff:0:0/96, RFC 4291 2.5.5.2 */
#define MAPPED_SIZE	12
#define MAPPED_BITS	(8 * MAPPED_SIZE)

static const u8 mapped[MAPPED_SIZE] = { [10] = 0xff, [11] = 0xff };

/**
 * struct scan - text that is being read
 * @at:		the next character
 * @end:	behind the last one
 */
struct scan {
	const char	*at;
	const char	*end;
};

static bool is_over(const struct scan *scan)
{
	return scan->at == scan->end;
}

static bool take(struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	if (scan->end - scan->at < length || memcmp(scan->at, text, length))
		return false;
	scan->at += length;
	return true;
}

/* The value of a digit, 16 or more if it is none. */
static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Take a decimal number up to @most without leading zeros, or return -1. */
static int take_number(struct scan *scan, unsigned int most)
{
	const char *start = scan->at;
	unsigned int number = 0;

	while (!is_over(scan) && digit_of(*scan->at) < 10 && number <= most)
		number = 10 * number + digit_of(*scan->at++);
	if (scan->at == start || number > most ||
	    (*start == '0' && scan->at != start + 1))
		return -1;
	return number;
}

/* Take a dotted address that ends the text. */
static bool take_ipv4(struct scan *scan, u8 *address)
{
	unsigned int i;
	int number;

	for (i = 0; i < 4; i++) {
		if (i && !take(scan, "."))
			return false;
		number = take_number(scan, 255);
		if (number < 0)
			return false;
		address[i] = number;
	}
	return is_over(scan);
}

/* Take one to four hexadecimal digits. */
static bool take_group(struct scan *scan, u8 *group)
{
	unsigned int value = 0, digits = 0;

	for (; digits < 4 && !is_over(scan) && digit_of(*scan->at) < 16; digits++)
		value = 16 * value + digit_of(*scan->at++);
	group[0] = value >> 8;
	group[1] = value;
	return digits;
}

/* An address of IPv6, read from its beginning. */
struct groups {
	u8	bytes[SMBSIGN_ADDRESS_SIZE];
	int	count;
	/* Bytes before "::", or -1 */
	int	gap;
};

/* Take a group, or a dotted address, and the colon behind it. */
static bool take_part(struct scan *scan, struct groups *groups)
{
	u8 *bytes = groups->bytes + groups->count;
	struct scan dotted = *scan;

	if (groups->count <= MAPPED_SIZE && take_ipv4(&dotted, bytes)) {
		*scan = dotted;
		groups->count += 4;
		return true;
	}
	if (groups->count == SMBSIGN_ADDRESS_SIZE || !take_group(scan, bytes))
		return false;
	groups->count += 2;
	if (is_over(scan))
		return true;
	if (groups->gap < 0 && take(scan, "::")) {
		groups->gap = groups->count;
		return true;
	}
	/* Behind a single colon comes another group. */
	return take(scan, ":") && !is_over(scan);
}

static bool take_ipv6(struct scan *scan, u8 *address)
{
	struct groups groups = { .gap = take(scan, "::") ? 0 : -1 };
	int after;

	while (!is_over(scan)) {
		if (!take_part(scan, &groups))
			return false;
	}
	if (groups.gap < 0) {
		memcpy(address, groups.bytes, SMBSIGN_ADDRESS_SIZE);
		return groups.count == SMBSIGN_ADDRESS_SIZE;
	}
	after = groups.count - groups.gap;
	memset(address, 0, SMBSIGN_ADDRESS_SIZE);
	memcpy(address, groups.bytes, groups.gap);
	memcpy(address + SMBSIGN_ADDRESS_SIZE - after, groups.bytes + groups.gap,
	       after);
	/* "::" stands for a group at least. */
	return groups.count < SMBSIGN_ADDRESS_SIZE;
}

static bool is_mapped(const u8 *address)
{
	return !memcmp(address, mapped, sizeof(mapped));
}

static bool is_ipv4(const struct smbsign_prefix *prefix)
{
	return prefix->length >= MAPPED_BITS && is_mapped(prefix->address);
}

/* Do the first @length bits of two addresses agree? */
static bool agree(const u8 *a, const u8 *b, unsigned int length)
{
	unsigned int whole = length / 8, rest = length % 8;

	return !memcmp(a, b, whole) &&
	       (!rest || !((a[whole] ^ b[whole]) >> (8 - rest)));
}

static bool is_clear_behind(const struct smbsign_prefix *prefix)
{
	unsigned int i;

	for (i = prefix->length; i < BITS; i++) {
		if (prefix->address[i / 8] >> (7 - i % 8) & 1)
			return false;
	}
	return true;
}

/* NULL, or what is wrong with the word. */
static const char *parse_word(const char *word, const char *end,
			      struct smbsign_prefix *prefix)
{
	const char *slash = memchr(word, '/', end - word);
	struct scan scan = { .at = word, .end = slash ?: end };
	unsigned int least = 0;
	int length = BITS;

	if (take_ipv4(&scan, prefix->address + MAPPED_SIZE)) {
		memcpy(prefix->address, mapped, sizeof(mapped));
		least = MAPPED_BITS;
	} else {
		scan.at = word;
		if (!take_ipv6(&scan, prefix->address))
			return "is no address";
	}
	if (slash) {
		scan = (struct scan) { .at = slash + 1, .end = end };
		length = take_number(&scan, BITS - least);
		if (length < 0 || !is_over(&scan))
			return "has a wrong prefix length";
		length += least;
	}
	prefix->length = length;
	if (!is_clear_behind(prefix))
		return "has bits set behind its prefix length";
	if (!length || (length == MAPPED_BITS && is_ipv4(prefix)))
		return "is everybody: that would be policy=negotiated";
	return NULL;
}

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n';
}

/**
 * smbsign_exceptions_find() - find a prefix in a list
 * @prefixes:	the list
 * @count:	their number
 * @wanted:	the prefix
 *
 * Context: any.
 * Return: its index, or -1.
 */
int smbsign_exceptions_find(const struct smbsign_prefix *prefixes,
			    unsigned int count,
			    const struct smbsign_prefix *wanted)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!memcmp(&prefixes[i], wanted, sizeof(*wanted)))
			return i;
	}
	return -1;
}

/**
 * smbsign_exceptions_parse() - read a list
 * @text:	words, separated by commas or white space
 * @length:	bytes at @text
 * @prefixes:	filled in, in the order of @text, each once; room for
 *		SMBSIGN_EXCEPTIONS_MAX
 * @wrong:	set to the first word that is wrong
 *
 * Context: any.
 * Return: the number of prefixes, or -EINVAL.
 */
int smbsign_exceptions_parse(const char *text, size_t length,
			     struct smbsign_prefix *prefixes,
			     struct smbsign_wrong_word *wrong)
{
	const char *end = text + length, *word;
	struct smbsign_prefix prefix;
	unsigned int count = 0;

	while (text < end) {
		if (is_separator(*text)) {
			text++;
			continue;
		}
		word = text;
		while (text < end && !is_separator(*text))
			text++;
		*wrong = (struct smbsign_wrong_word) {
			.word = word, .length = text - word,
			.why = parse_word(word, text, &prefix),
		};
		if (wrong->why)
			return -EINVAL;
		if (smbsign_exceptions_find(prefixes, count, &prefix) >= 0)
			continue;
		if (count == SMBSIGN_EXCEPTIONS_MAX) {
			wrong->why = "is one too many";
			return -EINVAL;
		}
		prefixes[count++] = prefix;
	}
	return count;
}

static unsigned int group_at(const u8 *address, unsigned int group)
{
	return address[2 * group] << 8 | address[2 * group + 1];
}

/* The first of the longest runs of zeroes, of two groups at least (RFC 5952). */
static unsigned int longest_gap(const u8 *address, unsigned int *length)
{
	unsigned int i, run = 0, start = 0;

	*length = 1;
	for (i = 0; i < 8; i++) {
		run = group_at(address, i) ? 0 : run + 1;
		if (run > *length) {
			*length = run;
			start = i + 1 - run;
		}
	}
	return *length > 1 ? start : 8;
}

static size_t print_ipv6(const u8 *address, char *text, size_t size)
{
	unsigned int length, i, gap = longest_gap(address, &length);
	const char *colon = "";
	size_t at = 0;

	for (i = 0; i < 8; i++) {
		if (i == gap) {
			at += scnprintf(text + at, size - at, "::");
			colon = "";
			i += length - 1;
			continue;
		}
		at += scnprintf(text + at, size - at, "%s%x", colon,
				group_at(address, i));
		colon = ":";
	}
	return at;
}

/**
 * smbsign_prefix_print() - write a prefix as text
 * @prefix:	the prefix
 * @text:	filled in; smbsign_exceptions_parse() reads it again
 *
 * Context: any.
 * Return: its length.
 */
size_t smbsign_prefix_print(const struct smbsign_prefix *prefix,
			    char text[SMBSIGN_PREFIX_TEXT])
{
	const u8 *four = prefix->address + MAPPED_SIZE;
	unsigned int least = 0;
	size_t at;

	if (is_ipv4(prefix)) {
		least = MAPPED_BITS;
		at = scnprintf(text, SMBSIGN_PREFIX_TEXT, "%u.%u.%u.%u",
			       four[0], four[1], four[2], four[3]);
	} else {
		at = print_ipv6(prefix->address, text, SMBSIGN_PREFIX_TEXT);
	}
	if (prefix->length < BITS)
		at += scnprintf(text + at, SMBSIGN_PREFIX_TEXT - at, "/%u",
				prefix->length - least);
	return at;
}

/**
 * smbsign_exceptions_match() - find the exception for an address
 * @prefixes:	the list
 * @count:	their number
 * @address:	the address; IPv4 is mapped
 *
 * Context: any.
 * Return: the index of the longest prefix that covers it, or -1.
 */
int smbsign_exceptions_match(const struct smbsign_prefix *prefixes,
			     unsigned int count,
			     const u8 address[SMBSIGN_ADDRESS_SIZE])
{
	bool ipv4 = is_mapped(address);
	unsigned int i, longest = 0;
	int found = -1;

	for (i = 0; i < count; i++) {
		if (prefixes[i].length <= longest ||
		    is_ipv4(&prefixes[i]) != ipv4 ||
		    !agree(prefixes[i].address, address, prefixes[i].length))
			continue;
		longest = prefixes[i].length;
		found = i;
	}
	return found;
}
