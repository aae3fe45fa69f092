/* SPDX-License-Identifier: GPL-2.0-only */
/* Can functions be redirected on this kernel? */
#ifndef SMBSIGN_TRIAL_H
#define SMBSIGN_TRIAL_H

int smbsign_trial(void);
int smbsign_trial_subject(long a, long b, long c, long d, long e);

#endif /* SMBSIGN_TRIAL_H */
