/* SPDX-License-Identifier: GPL-2.0-only */
/* What policy=audit makes of a verdict. */
#ifndef SMBSIGN_VERDICT_H
#define SMBSIGN_VERDICT_H

#include "rules/policy.h"

struct smbsign_conn;

/* Does the policy let pass whatever is wrong? */
static inline bool smbsign_verdict_excuses(const struct smbsign_policy *policy)
{
	return policy->mode == SMBSIGN_POLICY_AUDIT;
}

enum smbsign_action smbsign_verdict_settle(struct smbsign_conn *conn,
					   const struct smbsign_policy *policy,
					   const struct smbsign_element *element,
					   const struct smbsign_verdict *verdict);

#endif /* SMBSIGN_VERDICT_H */
