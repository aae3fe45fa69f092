/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets that ksmbd listens on. */
#ifndef SMBSIGN_LISTENER_H
#define SMBSIGN_LISTENER_H

#include <net/inet_sock.h>
#include <net/mptcp.h>

#include "sysctl.h"

/**
 * smbsign_on_port() - may a socket be ksmbd's, by what it is and by its port?
 * @sk:		any full socket
 *
 * Of MPTCP the sockets underneath are the kernel's, too, and the program's all the
 * same.
 *
 * Context: any.
 * Return: true if it may, whoever's it is.
 */
static inline bool smbsign_on_port(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP &&
	       inet_sk(sk)->inet_num == smbsign_port() && !sk_is_mptcp(sk) &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

void smbsign_listener_prepare(struct sock *sk);
int smbsign_listener_prepare_all(void);

#endif /* SMBSIGN_LISTENER_H */
