/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions from policy=required: addresses and prefixes as text, and who is one. */
#ifndef SMBSIGN_EXCEPTIONS_H
#define SMBSIGN_EXCEPTIONS_H

#include <linux/types.h>

/* More than a site has machines that cannot sign. */
#define SMBSIGN_EXCEPTIONS_MAX	256
#define SMBSIGN_ADDRESS_SIZE	16
/* The longest text of a prefix, and its NUL */
#define SMBSIGN_PREFIX_TEXT	\
	sizeof("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")

/**
 * struct smbsign_prefix - an address, or all that begin alike
 * @address:	in network order; IPv4 is mapped, ::ffff:192.0.2.7
 * @length:	bits that count, 1 to 128; for IPv4 97 to 128
 */
struct smbsign_prefix {
	u8	address[SMBSIGN_ADDRESS_SIZE];
	u8	length;
};

/**
 * struct smbsign_wrong_word - why a list is not taken
 * @word:	the word, in the list; not terminated
 * @length:	its bytes
 * @why:	what is wrong with it, to be put behind it
 */
struct smbsign_wrong_word {
	const char	*word;
	size_t		length;
	const char	*why;
};

int smbsign_exceptions_parse(const char *text, size_t length,
			     struct smbsign_prefix *prefixes,
			     struct smbsign_wrong_word *wrong);
size_t smbsign_prefix_print(const struct smbsign_prefix *prefix,
			    char text[SMBSIGN_PREFIX_TEXT]);
int smbsign_exceptions_find(const struct smbsign_prefix *prefixes,
			    unsigned int count,
			    const struct smbsign_prefix *wanted);
int smbsign_exceptions_match(const struct smbsign_prefix *prefixes,
			     unsigned int count,
			     const u8 address[SMBSIGN_ADDRESS_SIZE]);

#endif /* SMBSIGN_EXCEPTIONS_H */
