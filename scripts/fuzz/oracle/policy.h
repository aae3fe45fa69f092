/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdicts once more, as lists of rules; the first that applies counts. */
#ifndef ORACLE_POLICY_H
#define ORACLE_POLICY_H

#include "rules/policy.h"

struct smbsign_verdict
oracle_policy_frame(const struct smbsign_policy *p,
		    const struct smbsign_conn_facts *c,
		    enum smbsign_frame_kind kind, bool smb1_upgrades);
struct smbsign_verdict
oracle_policy_encrypted(const struct smbsign_policy *p,
			const struct smbsign_session_facts *s);
struct smbsign_verdict
oracle_policy_element(const struct smbsign_policy *p,
		      const struct smbsign_conn_facts *c,
		      const struct smbsign_session_facts *s,
		      const struct smbsign_element *e, bool single);
struct smbsign_verdict
oracle_policy_outgrown(const struct smbsign_policy *p,
		       const struct smbsign_session_facts *s);
bool oracle_policy_is_stricter(const struct smbsign_policy *p,
			       const struct smbsign_policy *before);
struct smbsign_verdict
oracle_policy_compound(const struct smbsign_element *e, u64 session_id);
struct smbsign_verdict
oracle_policy_offer(const struct smbsign_element *e,
		    const struct smbsign_offer *offer,
		    const struct smbsign_contexts *contexts);
bool oracle_policy_hides_gmac(const struct smbsign_policy *p,
			      const struct smbsign_contexts *contexts);
bool oracle_policy_lends(const struct smbsign_session_facts *s);
u16 oracle_policy_algorithm(const struct smbsign_policy *p,
			    const struct smbsign_contexts *contexts);
struct smbsign_verdict
oracle_policy_negotiated(const struct smbsign_policy *p,
			 const struct smbsign_negotiated *negotiated);
struct smbsign_verdict
oracle_policy_validate(const struct smbsign_conn_facts *c,
		       const struct smbsign_offer *negotiated,
		       const struct smbsign_element *e,
		       const struct smbsign_offer *validated);
struct smbsign_verdict
oracle_policy_guest(const struct smbsign_policy *p,
		    const struct smbsign_session_facts *s);
bool oracle_policy_must(const struct smbsign_policy *p,
			const struct smbsign_session_facts *s);
bool oracle_policy_is_binding(const struct smbsign_conn_facts *c, u8 flags);
bool oracle_policy_signs(const struct smbsign_policy *p,
			 const struct smbsign_session_facts *s,
			 const u8 *response, bool answers_signed);
bool oracle_policy_session_required(const struct smbsign_conn_facts *c,
				    u16 security_mode, bool guest);

#endif /* ORACLE_POLICY_H */
