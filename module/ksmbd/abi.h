/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks the prototypes of the functions of ksmbd that are hooked. */
#ifndef SMBSIGN_ABI_H
#define SMBSIGN_ABI_H

int smbsign_abi_check(void);

#endif /* SMBSIGN_ABI_H */
