/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_UIO_H
#define GATE_UIO_H

#include_next <linux/uio.h>

size_t copy_to_iter(const void *from, size_t size, struct iov_iter *to);

#endif /* GATE_UIO_H */
