/* SPDX-License-Identifier: GPL-2.0-only */
/* Signing keys that are derived from no secret. */
#ifndef SMBSIGN_DERIVE_H
#define SMBSIGN_DERIVE_H

#include "smb2_wire.h"

#define SMBSIGN_PREAUTH_SIZE	64

int smbsign_derive_init(void);
void smbsign_derive_exit(void);
int smbsign_derive_preauth(const u8 before[SMBSIGN_PREAUTH_SIZE],
			   const u8 *message, u32 length,
			   u8 after[SMBSIGN_PREAUTH_SIZE]);
int smbsign_derive_public(u16 dialect, const u8 preauth[SMBSIGN_PREAUTH_SIZE],
			  const u8 raw[SMB2_KEY_SIZE]);

#endif /* SMBSIGN_DERIVE_H */
