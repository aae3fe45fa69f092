/* SPDX-License-Identifier: GPL-2.0-only */
/* Who was refused lately, and why. */
#ifndef SMBSIGN_REFUSALS_H
#define SMBSIGN_REFUSALS_H

#include "rules/reason.h"

struct seq_file;
struct smbsign_conn;
struct smbsign_element;

void smbsign_refusals_note(const struct smbsign_conn *conn,
			   const struct smbsign_element *element,
			   enum smbsign_reason reason,
			   enum smbsign_outcome outcome);
void smbsign_refusals_show(struct seq_file *seq);

#endif /* SMBSIGN_REFUSALS_H */
