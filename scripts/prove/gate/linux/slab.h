/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory, or none.  As linux/string.h here: what lies in it is anything. */
#ifndef GATE_SLAB_H
#define GATE_SLAB_H

#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/gfp_types.h>

void *kmalloc(size_t size, gfp_t gfp);
void *krealloc(void *object, size_t size, gfp_t gfp);
void kfree(const void *object);

#define struct_size(object, member, count) \
	(sizeof(*(object)) + sizeof(*(object)->member) * (count))

#endif /* GATE_SLAB_H */
