/* SPDX-License-Identifier: GPL-2.0-only */
/* Applies a stricter policy. */
#ifndef SMBSIGN_ENFORCE_H
#define SMBSIGN_ENFORCE_H

void smbsign_enforce(void);

#endif /* SMBSIGN_ENFORCE_H */
