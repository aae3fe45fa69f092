/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_REPORT_H
#define GATE_REPORT_H

#include "rules/reason.h"

struct smbsign_conn;
struct smbsign_element;

#define smbsign_report(conn, element, reason, outcome)	((void)(reason))
#define smbsign_report_foreseen(conn, element, reason)	((void)(reason))

#endif /* GATE_REPORT_H */
