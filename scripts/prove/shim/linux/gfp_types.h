/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_GFP_TYPES_H
#define SHIM_GFP_TYPES_H

typedef unsigned int gfp_t;

#define GFP_ATOMIC	1U
#define GFP_KERNEL	2U
#define __GFP_NOWARN	4U

#endif /* SHIM_GFP_TYPES_H */
