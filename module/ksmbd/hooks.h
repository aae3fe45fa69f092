/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions of ksmbd that are watched or replaced. */
#ifndef SMBSIGN_HOOKS_H
#define SMBSIGN_HOOKS_H

int smbsign_hooks_init(void);
void smbsign_hooks_exit(void);

#endif /* SMBSIGN_HOOKS_H */
