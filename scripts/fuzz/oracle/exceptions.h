/* SPDX-License-Identifier: GPL-2.0-only */
/* A second list of exceptions, written for clarity alone. */
#ifndef ORACLE_EXCEPTIONS_H
#define ORACLE_EXCEPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define ORACLE_MOST	256

/* A prefix: its family, AF_INET or AF_INET6, and its bits as text, "0101..." */
struct oracle_prefix {
	int	family;
	char	bits[129];
};

int oracle_exceptions_parse(const char *text, size_t length,
			    struct oracle_prefix *prefixes);
int oracle_exceptions_match(const struct oracle_prefix *prefixes, int count,
			    const unsigned char address[16]);
void oracle_exceptions_print(const struct oracle_prefix *prefix, char text[64]);

#endif /* ORACLE_EXCEPTIONS_H */
