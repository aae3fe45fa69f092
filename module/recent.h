/* SPDX-License-Identifier: GPL-2.0-only */
/* Who was refused lately, and why. */
#ifndef SMBSIGN_RECENT_H
#define SMBSIGN_RECENT_H

#include "report.h"

struct seq_file;

void smbsign_recent_note(const struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 enum smbsign_reason reason,
			 enum smbsign_report report);
void smbsign_recent_show(struct seq_file *seq);

#endif /* SMBSIGN_RECENT_H */
