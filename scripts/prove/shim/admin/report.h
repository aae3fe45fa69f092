/* SPDX-License-Identifier: GPL-2.0-only */
/* As much as gate/verdict.c asks for: what was reported last. */
#ifndef SHIM_ADMIN_REPORT_H
#define SHIM_ADMIN_REPORT_H

#include "rules/policy.h"

struct smbsign_conn {
	unsigned int		reports;
	enum smbsign_reason	reason;
	enum smbsign_outcome	outcome;
};

static inline void smbsign_report(struct smbsign_conn *conn,
				  const struct smbsign_element *element,
				  enum smbsign_reason reason,
				  enum smbsign_outcome outcome)
{
	conn->reports++;
	conn->reason = reason;
	conn->outcome = outcome;
}

#endif /* SHIM_ADMIN_REPORT_H */
