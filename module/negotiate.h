/* SPDX-License-Identifier: GPL-2.0-only */
/* What ksmbd says of itself, made to say what the administrator wants. */
#ifndef SMBSIGN_NEGOTIATE_H
#define SMBSIGN_NEGOTIATE_H

#include <linux/types.h>

struct smbsign_contexts;

void smbsign_negotiate_algorithm(u8 *message, u32 length,
				 const struct smbsign_contexts *contexts);
void smbsign_negotiate_compression(u8 *message, u32 length, bool required);
bool smbsign_negotiate_demand(u8 *message, u32 length);
void smbsign_negotiate_validated(u8 *message, u32 length);

#endif /* SMBSIGN_NEGOTIATE_H */
