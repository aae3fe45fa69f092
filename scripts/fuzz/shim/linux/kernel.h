/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H

#include <linux/minmax.h>
#include <stdio.h>
#include <linux/types.h>

/* As snprintf(), but how much was written. */
#define scnprintf(text, size, ...)						\
	({ size_t shim_size = (size);						\
	   size_t shim_n = snprintf(text, shim_size, __VA_ARGS__);		\
	   shim_n < shim_size ? shim_n : shim_size ? shim_size - 1 : 0; })

#endif /* SHIM_KERNEL_H */
