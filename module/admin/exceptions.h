/* SPDX-License-Identifier: GPL-2.0-only */
/* The exceptions from policy=required that are in force, and their use. */
#ifndef SMBSIGN_ADMIN_EXCEPTIONS_H
#define SMBSIGN_ADMIN_EXCEPTIONS_H

#include <linux/types.h>

#include "rules/exceptions.h"

struct seq_file;
struct smbsign_conn;

int smbsign_exceptions_set(const char *text, size_t length, bool records);
char *smbsign_exceptions_text(void);
void smbsign_exceptions_apply(struct smbsign_conn *conn);
void smbsign_exceptions_let_in(const struct smbsign_conn *conn);
void smbsign_exceptions_name(const struct smbsign_conn *conn,
			     char text[SMBSIGN_PREFIX_TEXT]);
void smbsign_exceptions_show(struct seq_file *seq);
void smbsign_exceptions_exit(void);

#endif /* SMBSIGN_ADMIN_EXCEPTIONS_H */
