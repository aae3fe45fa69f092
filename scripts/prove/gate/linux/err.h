/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_ERR_H
#define GATE_ERR_H

#include <linux/errno.h>

#define ERR_PTR(error)		((void *)(long)(error))
#define PTR_ERR(pointer)	((long)(pointer))
#define IS_ERR(pointer)		((unsigned long)(pointer) >= -4095UL)

#endif /* GATE_ERR_H */
