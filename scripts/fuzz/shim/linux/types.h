/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel as the pure files ask for. */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16, __le16;
typedef uint32_t u32, __u32, __le32;
typedef uint64_t u64, __u64, __le64;

#define __packed __attribute__((__packed__))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SHIM_LE(bits, x) ((u##bits)(x))
#else
#define SHIM_LE(bits, x) __builtin_bswap##bits(x)
#endif

#define cpu_to_le16(x) SHIM_LE(16, x)
#define cpu_to_le32(x) SHIM_LE(32, x)
#define cpu_to_le64(x) SHIM_LE(64, x)
#define le16_to_cpu(x) SHIM_LE(16, x)
#define le32_to_cpu(x) SHIM_LE(32, x)
#define le64_to_cpu(x) SHIM_LE(64, x)

#endif /* SHIM_TYPES_H */
