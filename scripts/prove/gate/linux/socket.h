/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_SOCKET_H
#define GATE_SOCKET_H

#include <linux/uio.h>

#define MSG_DONTWAIT	0x40

struct msghdr {
	struct iov_iter	msg_iter;
	int		msg_flags;
};

#endif /* GATE_SOCKET_H */
