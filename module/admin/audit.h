/* SPDX-License-Identifier: GPL-2.0-only */
/* Records for the kernel's audit log. */
#ifndef SMBSIGN_AUDIT_H
#define SMBSIGN_AUDIT_H

#include "rules/reason.h"

struct smbsign_conn;
struct smbsign_element;

void smbsign_audit_verdict(const struct smbsign_conn *conn,
			   const struct smbsign_element *element,
			   enum smbsign_reason reason,
			   enum smbsign_outcome outcome);
void smbsign_audit_change(const char *name, const char *old, const char *new);

#endif /* SMBSIGN_AUDIT_H */
