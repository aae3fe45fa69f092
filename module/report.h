/* SPDX-License-Identifier: GPL-2.0-only */
/* What the administrator is told of a verdict. */
#ifndef SMBSIGN_REPORT_H
#define SMBSIGN_REPORT_H

#include "reason.h"

struct smbsign_conn;
struct smbsign_element;

/**
 * enum smbsign_report - what is done about a verdict
 * @SMBSIGN_REPORT_REFUSED:	an error is the answer
 * @SMBSIGN_REPORT_RESET:	the connection is cut
 * @SMBSIGN_REPORT_AUDIT:	nothing, as policy is audit
 * @SMBSIGN_REPORT_REQUIRED:	nothing, as policy is not required
 */
enum smbsign_report {
	SMBSIGN_REPORT_REFUSED,
	SMBSIGN_REPORT_RESET,
	SMBSIGN_REPORT_AUDIT,
	SMBSIGN_REPORT_REQUIRED,
};

void smbsign_report(struct smbsign_conn *conn,
		    const struct smbsign_element *element,
		    enum smbsign_reason reason, enum smbsign_report report);
void smbsign_report_foreseen(struct smbsign_conn *conn,
			     const struct smbsign_element *element,
			     enum smbsign_reason reason);
void smbsign_report_knob(const char *name, const char *old, const char *new,
			 bool records);
const char *smbsign_reason_name(enum smbsign_reason reason);
const char *smbsign_report_name(enum smbsign_report report);

#endif /* SMBSIGN_REPORT_H */
