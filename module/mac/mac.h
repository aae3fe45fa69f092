/* SPDX-License-Identifier: GPL-2.0-only */
/* Message authentication codes over messages in pieces. */
#ifndef SMBSIGN_MAC_H
#define SMBSIGN_MAC_H

#include <crypto/hash.h>
#include <linux/refcount.h>
#include <linux/uio.h>

#include "smb2_wire.h"
#include "mac/cmac.h"

/**
 * struct smbsign_key - a signing key, prepared once
 * @tfm:	the kernel's transform with the key set, which never changes
 *		after that; NULL if @cmac is used
 * @cmac:	the key for AES-CMAC by bulk CBC
 * @serial:	its number: no other key ever has the same, and it is not 0
 * @refs:	references; the key is freed a grace period after the last one
 * @rcu:	for that grace period
 */
struct smbsign_key {
	struct crypto_shash	*tfm;
	struct smbsign_cmac_key	cmac;
	u64			serial;
	refcount_t		refs;
	struct rcu_head		rcu;
};

/**
 * struct smbsign_mac - a MAC being computed
 * @key:	the key, with a reference; NULL if no computation is under way
 * @cmac:	the computation, if the key has no @tfm
 * @state:	otherwise a struct shash_desc, followed by its state
 */
struct smbsign_mac {
	struct smbsign_key	*key;
	union {
		struct smbsign_cmac	cmac;
		u8			state[sizeof(struct shash_desc) +
					      HASH_MAX_DESCSIZE]
							CRYPTO_MINALIGN_ATTR;
	};
};

int smbsign_mac_init(void);
void smbsign_mac_exit(void);

struct smbsign_key *smbsign_key_alloc(u16 algorithm,
				      const u8 raw[SMB2_KEY_SIZE]);
bool smbsign_key_get(struct smbsign_key *key);
void smbsign_key_put(struct smbsign_key *key);

int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key);
int smbsign_mac_header(struct smbsign_mac *mac, const u8 *header);
int smbsign_mac_update(struct smbsign_mac *mac, const u8 *data,
		       unsigned int length);
int smbsign_mac_end(struct smbsign_mac *mac, u8 out[SMB2_SIGNATURE_SIZE]);
void smbsign_mac_cancel(struct smbsign_mac *mac);
int smbsign_mac_pieces(struct smbsign_key *key, const struct kvec *vec,
		       int vecs, u8 out[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_MAC_H */
