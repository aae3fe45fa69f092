/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds and resets connections of ksmbd that are on no list. */
#ifndef SMBSIGN_SWEEP_H
#define SMBSIGN_SWEEP_H

unsigned int smbsign_sweep_unguarded(void);
void smbsign_sweep_ours(void);

#endif /* SMBSIGN_SWEEP_H */
