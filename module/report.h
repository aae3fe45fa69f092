/* SPDX-License-Identifier: GPL-2.0-only */
/* What the administrator is told of a verdict. */
#ifndef SMBSIGN_REPORT_H
#define SMBSIGN_REPORT_H

#include "reason.h"

struct smbsign_conn;
struct smbsign_element;

enum smbsign_report {
	SMBSIGN_REPORT_REFUSED,
	SMBSIGN_REPORT_RESET,
	SMBSIGN_REPORT_AUDIT,
};

void smbsign_report(const struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_report report);

#endif /* SMBSIGN_REPORT_H */
