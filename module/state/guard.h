/* SPDX-License-Identifier: GPL-2.0-only */
/* What smbsign changes in a guarded socket. */
#ifndef SMBSIGN_GUARD_H
#define SMBSIGN_GUARD_H

#include <linux/types.h>

struct proto;
struct smbsign_conn;
struct sock;

/**
 * enum smbsign_guard_kind - what a socket has become
 * @SMBSIGN_GUARD_CONN:	it has a struct smbsign_conn
 * @SMBSIGN_GUARD_SHUT:	it could not get one: ksmbd can read nothing from it
 */
enum smbsign_guard_kind {
	SMBSIGN_GUARD_CONN,
	SMBSIGN_GUARD_SHUT,
	SMBSIGN_GUARD_KINDS
};

/**
 * struct smbsign_guard_functions - the functions of a guarded socket
 * @fill:	puts them into a copy of TCP's own table
 * @data_ready:	replaces sk_data_ready if there is a struct smbsign_conn
 */
struct smbsign_guard_functions {
	void	(*fill)(struct proto *table, enum smbsign_guard_kind kind);
	void	(*data_ready)(struct sock *sk);
};

bool smbsign_guard_install(struct sock *sk, enum smbsign_guard_kind kind,
			   const struct smbsign_guard_functions *functions);
void smbsign_guard_publish(struct smbsign_conn *conn,
			   const struct smbsign_guard_functions *functions);
struct smbsign_conn *smbsign_guard_remove(struct sock *sk);
void smbsign_guard_removed(void);
bool smbsign_guard_is_ours(const struct sock *sk);
bool smbsign_guard_has_conn(const struct sock *sk);
void smbsign_guard_wait(void);

#endif /* SMBSIGN_GUARD_H */
