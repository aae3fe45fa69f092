/* SPDX-License-Identifier: GPL-2.0-only */
/* Records for the kernel's audit log. */
#ifndef SMBSIGN_RECORD_H
#define SMBSIGN_RECORD_H

#include "report.h"

void smbsign_record_verdict(const struct smbsign_conn *conn,
			    const struct smbsign_element *element,
			    enum smbsign_reason reason,
			    enum smbsign_report report);
void smbsign_record_change(const char *name, const char *old, const char *new);

#endif /* SMBSIGN_RECORD_H */
