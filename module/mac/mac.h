/* SPDX-License-Identifier: GPL-2.0-only */
/* Message authentication codes over messages in pieces. */
#ifndef SMBSIGN_MAC_H
#define SMBSIGN_MAC_H

#include <crypto/hash.h>
#include <linux/refcount.h>
#include <linux/uio.h>

#include "smb2_wire.h"
#include "mac/cmac.h"
#include "mac/gmac.h"

struct smbsign_nonces;

/**
 * enum smbsign_engine - what computes MACs with a key
 * @SMBSIGN_ENGINE_SHASH:	the kernel's shash
 * @SMBSIGN_ENGINE_CMAC:	cmac.c
 * @SMBSIGN_ENGINE_GMAC:	gmac.c
 */
enum smbsign_engine {
	SMBSIGN_ENGINE_SHASH,
	SMBSIGN_ENGINE_CMAC,
	SMBSIGN_ENGINE_GMAC,
};

/**
 * struct smbsign_key - a signing key, prepared once
 * @algorithm:	SMB2_SIGNING_*
 * @engine:	what computes MACs with it, and which member has it
 * @raw:	what it was made of: ksmbd's key
 * @own:	the connection that it belongs to signs nothing with it below
 *		this MessageId
 * @lent:	MessageIds that it has signed on other connections
 * @serial:	its number: no other key ever has the same, and it is not 0
 * @refs:	references; the key is freed a grace period after the last one
 * @rcu:	for that grace period
 * @nonces:	with check_nonces, what was signed with its @raw (nonces.c)
 * @tfm:	the kernel's transform with the key set, which never changes
 *		after that
 * @cmac:	the key for AES-CMAC by bulk CBC
 * @gmac:	the key for AES-GMAC
 */
struct smbsign_key {
	u16				algorithm;
	enum smbsign_engine		engine;
	u8				raw[SMB2_KEY_SIZE];
	u64				own;
	unsigned long			lent;
	u64				serial;
	refcount_t			refs;
	struct rcu_head			rcu;
	struct smbsign_nonces		*nonces;
	/* Comes last: there is memory for the engine's member only. */
	union {
		struct crypto_shash	*tfm;
		struct smbsign_cmac_key	cmac;
		struct smbsign_gmac_key	gmac;
	};
};

/**
 * struct smbsign_mac - a MAC being computed
 * @key:	the key, with a reference; NULL if no computation is under way
 * @leaves:	its result is the signature of a response that leaves
 * @message_id:	MessageId
 * @cmac:	the computation, by the key's engine
 * @gmac:	the same
 * @state:	the same: a struct shash_desc, followed by its state
 */
struct smbsign_mac {
	struct smbsign_key	*key;
	bool			leaves;
	u64			message_id;
	union {
		struct smbsign_cmac	cmac;
		struct smbsign_gmac	gmac;
		u8			state[sizeof(struct shash_desc) +
					      HASH_MAX_DESCSIZE]
							CRYPTO_MINALIGN_ATTR;
	};
};

int smbsign_mac_init(void);
void smbsign_mac_exit(void);
bool smbsign_mac_knows(u16 algorithm);

struct smbsign_key *smbsign_key_alloc(u16 algorithm,
				      const u8 raw[SMB2_KEY_SIZE]);
bool smbsign_key_get(struct smbsign_key *key);
void smbsign_key_put(struct smbsign_key *key);
bool smbsign_key_lend(struct smbsign_key *key, u64 message_id);

int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key,
		      const struct smb2_header *header);
int smbsign_mac_header(struct smbsign_mac *mac, const u8 *header);
int smbsign_mac_update(struct smbsign_mac *mac, const u8 *data,
		       unsigned int length);
int smbsign_mac_end(struct smbsign_mac *mac, u8 out[SMB2_SIGNATURE_SIZE]);
void smbsign_mac_cancel(struct smbsign_mac *mac);
int smbsign_mac_pieces(struct smbsign_key *key, const struct kvec *vec,
		       int vecs, u8 out[SMB2_SIGNATURE_SIZE]);

#endif /* SMBSIGN_MAC_H */
