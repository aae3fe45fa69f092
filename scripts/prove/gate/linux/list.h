/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_LIST_H
#define GATE_LIST_H

#include <linux/types.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)	struct list_head name = { &name, &name }

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline int list_empty(const struct list_head *list)
{
	return list->next == list;
}

/* Only whether it is empty matters here. */
static inline void list_add(struct list_head *node, struct list_head *list)
{
	list->next = node;
	list->prev = node;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	list_add(node, list);
}

#endif /* GATE_LIST_H */
