/* SPDX-License-Identifier: GPL-2.0-only */
/* The administrator's knobs: net.smbsign.* and module parameters. */
#ifndef SMBSIGN_SYSCTL_H
#define SMBSIGN_SYSCTL_H

#include <linux/compiler.h>

#include "rules/policy.h"

/**
 * struct smbsign_knob_values - the values of the knobs; the functions below read them
 * @policy:		enum smbsign_policy_mode
 * @on_violation:	0: deny, 1: reset
 * @min_dialect:	index of the dialect; 0 is 2.0.2
 * @existing:		connections that exist at load; 0: reset, 1: ignore
 * @algorithms:		BIT(SMB2_SIGNING_*)
 * @softirq_bytes:	the most bytes that one softirq call looks at; larger
 *			requests are left to ksmbd's reader thread
 * @hold_bytes:		the largest frame that is held until all of it is
 *			verified
 * @port:		ksmbd's TCP port, in host order
 * @allow_guest:	0 or 1
 * @replay_window:	0 or 1
 * @sign_responses:	0 or 1
 * @audit_records:	0 or 1
 */
struct smbsign_knob_values {
	unsigned int	policy;
	unsigned int	on_violation;
	unsigned int	min_dialect;
	unsigned int	existing;
	unsigned int	algorithms;
	unsigned int	softirq_bytes;
	unsigned int	hold_bytes;
	u16		port;
	u8		allow_guest;
	u8		replay_window;
	u8		sign_responses;
	u8		audit_records;
};

extern struct smbsign_knob_values smbsign_knobs;

struct smbsign_conn;

int smbsign_sysctl_init(void (*enforce)(const struct smbsign_policy *before));
void smbsign_sysctl_exit(void);
void smbsign_policy_get(const struct smbsign_conn *conn,
			struct smbsign_policy *out);
const char *smbsign_policy_name(void);
const char *smbsign_algorithm_name(u16 algorithm);

static inline unsigned int smbsign_softirq_bytes(void)
{
	return READ_ONCE(smbsign_knobs.softirq_bytes);
}

static inline unsigned int smbsign_hold_bytes(void)
{
	return READ_ONCE(smbsign_knobs.hold_bytes);
}

static inline u16 smbsign_port(void)
{
	return smbsign_knobs.port;
}

static inline bool smbsign_reset_existing(void)
{
	return !smbsign_knobs.existing;
}

static inline bool smbsign_audit_records(void)
{
	return READ_ONCE(smbsign_knobs.audit_records);
}

#endif /* SMBSIGN_SYSCTL_H */
