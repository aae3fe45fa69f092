/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds ksmbd's connections, and guards them. */
#ifndef SMBSIGN_ATTACH_H
#define SMBSIGN_ATTACH_H

int smbsign_attach_init(void);
void smbsign_attach_exit(void);

#endif /* SMBSIGN_ATTACH_H */
