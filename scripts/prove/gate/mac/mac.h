/* SPDX-License-Identifier: GPL-2.0-only */
/* A MAC is the bytes that are in it: from where, up to where. */
#ifndef GATE_MAC_H
#define GATE_MAC_H

#include <linux/gfp_types.h>

#include "smb2_wire.h"

struct smbsign_key {
	u64	serial;
};

struct smbsign_mac {
	struct smbsign_key	*key;
	u32			from;
	u32			to;
};

void smbsign_key_put(struct smbsign_key *key);
bool smbsign_key_lend(struct smbsign_key *key, u64 message_id);
int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key,
		      const struct smb2_header *header);
int smbsign_mac_header(struct smbsign_mac *mac, const u8 *header);
int smbsign_mac_end(struct smbsign_mac *mac, u8 out[SMB2_SIGNATURE_SIZE]);
void smbsign_mac_cancel(struct smbsign_mac *mac);

#endif /* GATE_MAC_H */
