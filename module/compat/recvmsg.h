/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proto->recvmsg() lost its last argument, which TCP never used, between 6.12
 * and 7.3.  The compiler tells which of the two prototypes this kernel has.
 */
#ifndef SMBSIGN_COMPAT_RECVMSG_H
#define SMBSIGN_COMPAT_RECVMSG_H

#include <net/sock.h>

typedef int (*smbsign_recvmsg4_t)(struct sock *sk, struct msghdr *msg,
				  size_t length, int flags);
typedef int (*smbsign_recvmsg5_t)(struct sock *sk, struct msghdr *msg,
				  size_t length, int flags,
				  int *address_length);

#define SMBSIGN_RECVMSG_HAS_5						\
	__builtin_types_compatible_p(typeof_member(struct proto, recvmsg), \
				     smbsign_recvmsg5_t)

static_assert(SMBSIGN_RECVMSG_HAS_5 ||
	      __builtin_types_compatible_p(typeof_member(struct proto, recvmsg),
					   smbsign_recvmsg4_t));

/* Make @function, which takes four arguments, fit either prototype. */
#define SMBSIGN_COMPAT_RECVMSG(function)				\
static int __maybe_unused						\
function##_5(struct sock *sk, struct msghdr *msg, size_t length,	\
	     int flags, int *address_length)				\
{									\
	return function(sk, msg, length, flags);			\
}

/* The variant of @function that a struct proto takes. */
#define smbsign_compat_recvmsg(function)				\
	__builtin_choose_expr(SMBSIGN_RECVMSG_HAS_5, function##_5, function)

/**
 * smbsign_compat_call_recvmsg() - call proto->recvmsg()
 * @proto:	the table to call it from
 * @sk:		as recvmsg() takes it
 * @msg:	as recvmsg() takes it
 * @length:	as recvmsg() takes it
 * @flags:	as recvmsg() takes it
 *
 * Context: as the function called.
 * Return: as the function called.
 */
static inline int smbsign_compat_call_recvmsg(const struct proto *proto,
					      struct sock *sk,
					      struct msghdr *msg,
					      size_t length, int flags)
{
	const void *recvmsg = proto->recvmsg;
	int address_length;

	if (SMBSIGN_RECVMSG_HAS_5)
		return ((smbsign_recvmsg5_t)recvmsg)(sk, msg, length, flags,
						     &address_length);
	return ((smbsign_recvmsg4_t)recvmsg)(sk, msg, length, flags);
}

#endif /* SMBSIGN_COMPAT_RECVMSG_H */
