/* SPDX-License-Identifier: GPL-2.0-only */
/* No MAC is in these proofs. */
#ifndef QUEUE_MAC_H
#define QUEUE_MAC_H

#include <linux/types.h>

struct smbsign_mac;

int smbsign_mac_update(struct smbsign_mac *mac, const u8 *data, u32 length);

#endif /* QUEUE_MAC_H */
