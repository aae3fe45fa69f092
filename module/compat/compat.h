/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between the kernels that are supported; nothing else may ask. */
#ifndef SMBSIGN_COMPAT_H
#define SMBSIGN_COMPAT_H

#include <linux/version.h>
#include <net/sock.h>

/*
 * 7.0 took the address length, which TCP never used, out of proto->recvmsg().
 * There is nothing but the number to tell it by: a prototype is not visible to
 * the preprocessor.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define SMBSIGN_COMPAT_RECVMSG(name, function)				\
static int name(struct sock *sk, struct msghdr *msg, size_t length,	\
		int flags)						\
{									\
	return function(sk, msg, length, flags);			\
}

static inline int smbsign_compat_recvmsg(const struct proto *proto,
					 struct sock *sk, struct msghdr *msg,
					 size_t length, int flags)
{
	return proto->recvmsg(sk, msg, length, flags);
}
#else
#define SMBSIGN_COMPAT_RECVMSG(name, function)				\
static int name(struct sock *sk, struct msghdr *msg, size_t length,	\
		int flags, int *address_length)				\
{									\
	return function(sk, msg, length, flags);			\
}

static inline int smbsign_compat_recvmsg(const struct proto *proto,
					 struct sock *sk, struct msghdr *msg,
					 size_t length, int flags)
{
	int address_length;

	return proto->recvmsg(sk, msg, length, flags, &address_length);
}
#endif

#endif /* SMBSIGN_COMPAT_H */
