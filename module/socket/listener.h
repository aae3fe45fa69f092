/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets that ksmbd listens on. */
#ifndef SMBSIGN_LISTENER_H
#define SMBSIGN_LISTENER_H

#include <net/inet_sock.h>
#include <net/mptcp.h>

#include "admin/sysctl.h"

/**
 * smbsign_on_port() - may this be ksmbd's socket, by its kind and port?
 * @sk:		any full socket
 *
 * MPTCP's subflows are kernel sockets, too, but belong to a program.
 *
 * Context: any.
 * Return: true if it may, whoever owns it.
 */
static inline bool smbsign_on_port(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP &&
	       inet_sk(sk)->inet_num == smbsign_port() && !sk_is_mptcp(sk) &&
	       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
}

/**
 * smbsign_is_ksmbds() - is this connection ksmbd's?
 * @sk:		any full socket
 *
 * Context: any.
 * Return: true if it is a kernel socket on ksmbd's port.
 */
static inline bool smbsign_is_ksmbds(const struct sock *sk)
{
	return sk->sk_kern_sock && smbsign_on_port(sk);
}

void smbsign_listener_prepare(struct sock *sk);
int smbsign_listener_prepare_all(void);

#endif /* SMBSIGN_LISTENER_H */
