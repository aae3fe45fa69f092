/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guarded socket does in place of TCP's own functions. */
#ifndef SMBSIGN_PROTO_H
#define SMBSIGN_PROTO_H

#include <linux/types.h>

struct proto;
struct sock;

/**
 * enum smbsign_proto_kind - what a socket has become
 * @SMBSIGN_PROTO_GUARDED:	it has a struct smbsign_conn
 * @SMBSIGN_PROTO_SHUT:		it could not get one: nothing can be read from it
 */
enum smbsign_proto_kind {
	SMBSIGN_PROTO_GUARDED,
	SMBSIGN_PROTO_SHUT,
	SMBSIGN_PROTO_KINDS
};

bool smbsign_proto_install(struct sock *sk, enum smbsign_proto_kind kind);
bool smbsign_proto_restore(struct sock *sk);
bool smbsign_proto_is_ours(const struct sock *sk);
void smbsign_data_ready(struct sock *sk);

#endif /* SMBSIGN_PROTO_H */
