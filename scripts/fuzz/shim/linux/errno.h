/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ERRNO_H
#define SHIM_ERRNO_H

#include <asm/errno.h>

#endif /* SHIM_ERRNO_H */
