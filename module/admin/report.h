/* SPDX-License-Identifier: GPL-2.0-only */
/* What the administrator learns about a request. */
#ifndef SMBSIGN_REPORT_H
#define SMBSIGN_REPORT_H

#include "rules/reason.h"

struct smbsign_conn;
struct smbsign_element;

void smbsign_report(struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_outcome outcome);
void smbsign_report_foreseen(struct smbsign_conn *conn,
			     const struct smbsign_element *element,
			     enum smbsign_reason reason);

#endif /* SMBSIGN_REPORT_H */
