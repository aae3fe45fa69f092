// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policy=audit makes of a verdict.  No other code asks whether the policy
 * is audit before it acts.  If a request is refused, refuse.c applies
 * on_violation.
 */
#include "admin/report.h"
#include "gate/verdict.h"

/**
 * smbsign_verdict_settle() - decide what is done about a request
 * @conn:	the connection
 * @policy:	the administrator's policy
 * @element:	the request
 * @verdict:	what the rules say
 *
 * Under audit, a violation is reported and the request passes.
 *
 * Context: any but hard interrupt.
 * Return: the action of @verdict, or PASS.
 */
enum smbsign_action smbsign_verdict_settle(struct smbsign_conn *conn,
					   const struct smbsign_policy *policy,
					   const struct smbsign_element *element,
					   const struct smbsign_verdict *verdict)
{
	/* A request that is verified first and then refused has a status. */
	if (!smbsign_verdict_excuses(policy) ||
	    (verdict->action < SMBSIGN_REFUSE && !verdict->status))
		return verdict->action;
	smbsign_report(conn, element, verdict->reason, SMBSIGN_OUTCOME_AUDIT);
	return SMBSIGN_PASS;
}
