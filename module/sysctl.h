/* SPDX-License-Identifier: GPL-2.0-only */
/* The administrator's knobs: net.smbsign.* and module parameters. */
#ifndef SMBSIGN_SYSCTL_H
#define SMBSIGN_SYSCTL_H

#include "policy.h"

int smbsign_sysctl_init(void (*enforce)(void));
void smbsign_sysctl_exit(void);

enum smbsign_policy_mode smbsign_policy_mode(void);
void smbsign_policy_get(struct smbsign_policy *out);
bool smbsign_reset_on_violation(void);
unsigned int smbsign_softirq_bytes(void);
unsigned int smbsign_hold_bytes(void);
u16 smbsign_port(void);
bool smbsign_reset_existing(void);
bool smbsign_audit_records(void);
const char *smbsign_policy_name(void);

#endif /* SMBSIGN_SYSCTL_H */
