/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SOCKET_H
#define SHIM_SOCKET_H

#include <linux/uio.h>

struct msghdr {
	struct iov_iter msg_iter;
};

#endif /* SHIM_SOCKET_H */
