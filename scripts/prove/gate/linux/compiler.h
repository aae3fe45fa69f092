/* SPDX-License-Identifier: GPL-2.0-only */
/* A proof has one thread. What others do meanwhile, it does itself. */
#ifndef GATE_COMPILER_H
#define GATE_COMPILER_H

#include <linux/types.h>

typedef int32_t s32;

#define READ_ONCE(place)		(place)
#define WRITE_ONCE(place, value)	((place) = (value))
#define smp_load_acquire(place)		(*(place))
#define smp_store_release(place, value)	(*(place) = (value))
#define likely(condition)		(condition)
#define unlikely(condition)		(condition)
#define __uninitialized
#define U32_MAX				((u32)~0U)
#define U64_MAX				((u64)~0ULL)
/* There is one connection, and one work for it. */
#define container_of(place, type, member) conn_of(place)

struct work_struct;
struct smbsign_conn *conn_of(const struct work_struct *work);

#endif /* GATE_COMPILER_H */
