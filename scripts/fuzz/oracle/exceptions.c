// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions from policy=required once more.
 *
 * The C library reads and writes addresses.  A prefix is a string of "0" and "1":
 * it covers an address of its family if the address's string begins with it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exceptions.h"

static void write_bits(const unsigned char *bytes, int bits, char *out)
{
	int i;

	for (i = 0; i < bits; i++)
		out[i] = bytes[i / 8] & (0x80 >> i % 8) ? '1' : '0';
	out[bits] = '\0';
}

/* An address of IPv6 that stands for one of IPv4 is one of IPv4. */
static int write_address(const unsigned char *bytes, char *out)
{
	struct in6_addr address;

	memcpy(&address, bytes, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		write_bits(bytes + 12, 32, out);
		return AF_INET;
	}
	write_bits(bytes, 128, out);
	return AF_INET6;
}

static int is_number(const char *text)
{
	return strlen(text) >= 1 && strlen(text) <= 3 &&
	       strspn(text, "0123456789") == strlen(text) &&
	       (text[0] != '0' || text[1] == '\0');
}

static bool parse_word(char *word, struct oracle_prefix *prefix)
{
	char *slash = strchr(word, '/');
	unsigned char bytes[16];
	int length, written;

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, word, bytes) == 1) {
		prefix->family = AF_INET;
		write_bits(bytes, 32, prefix->bits);
		written = 32;
	} else if (inet_pton(AF_INET6, word, bytes) == 1) {
		prefix->family = write_address(bytes, prefix->bits);
		written = 128;
	} else {
		return false;
	}
	if (slash && !is_number(slash))
		return false;
	length = slash ? atoi(slash) : written;
	if (length > written)
		return false;
	/* A mapped address, and a length that counts the bits before it */
	if (written == 128 && prefix->family == AF_INET)
		length -= 96;
	if (length <= 0 || strchr(prefix->bits + length, '1'))
		return false;
	prefix->bits[length] = '\0';
	return true;
}

static bool is_there(const struct oracle_prefix *prefixes, int count,
		     const struct oracle_prefix *wanted)
{
	while (count--) {
		if (prefixes[count].family == wanted->family &&
		    !strcmp(prefixes[count].bits, wanted->bits))
			return true;
	}
	return false;
}

/* The number of prefixes, or -1. */
int oracle_exceptions_parse(const char *text, size_t length,
			    struct oracle_prefix *prefixes)
{
	char *copy = strndup(text, length), *rest = copy, *word;
	struct oracle_prefix prefix;
	int count = 0;

	/* No word has a NUL. */
	if (strlen(copy) < length)
		count = -1;
	while (count >= 0 && (word = strsep(&rest, ", \t\n"))) {
		if (!*word)
			continue;
		if (!parse_word(word, &prefix))
			count = -1;
		else if (is_there(prefixes, count, &prefix))
			continue;
		else if (count == ORACLE_MOST)
			count = -1;
		else
			prefixes[count++] = prefix;
	}
	free(copy);
	return count;
}

/* The index of the longest prefix, or -1. */
int oracle_exceptions_match(const struct oracle_prefix *prefixes, int count,
			    const unsigned char address[16])
{
	char bits[129];
	int family = write_address(address, bits), found = -1, i;

	for (i = 0; i < count; i++) {
		size_t length = strlen(prefixes[i].bits);

		if (prefixes[i].family == family &&
		    !strncmp(prefixes[i].bits, bits, length) &&
		    (found < 0 || length > strlen(prefixes[found].bits)))
			found = i;
	}
	return found;
}

void oracle_exceptions_print(const struct oracle_prefix *prefix, char text[64])
{
	int whole = prefix->family == AF_INET ? 32 : 128;
	unsigned char bytes[16] = { 0 };
	int i, length = strlen(prefix->bits);

	for (i = 0; i < length; i++)
		bytes[i / 8] |= (prefix->bits[i] - '0') << (7 - i % 8);
	inet_ntop(prefix->family, bytes, text, 64);
	if (length < whole)
		sprintf(text + strlen(text), "/%d", length);
}
