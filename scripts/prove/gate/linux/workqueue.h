/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATE_WORKQUEUE_H
#define GATE_WORKQUEUE_H

#include <linux/compiler.h>

struct work_struct {
	void (*work)(struct work_struct *work);
};

struct workqueue_struct;

#define WQ_UNBOUND	1
#define WQ_MEM_RECLAIM	2
#define WQ_SYSFS	4
#define INIT_WORK(place, function) ((place)->work = (function))

struct workqueue_struct *alloc_workqueue(const char *name, int flags, int most);
void destroy_workqueue(struct workqueue_struct *queue);
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);

#endif /* GATE_WORKQUEUE_H */
