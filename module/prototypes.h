/* SPDX-License-Identifier: GPL-2.0-only */
/* The prototypes of ksmbd's functions that we rely on. */
#ifndef SMBSIGN_PROTOTYPES_H
#define SMBSIGN_PROTOTYPES_H

int smbsign_prototypes_check(void);

#endif /* SMBSIGN_PROTOTYPES_H */
