/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QUEUE_MM_H
#define QUEUE_MM_H

#include <linux/gfp_types.h>

#define PAGE_SIZE	4096

struct page;

struct page *alloc_page(gfp_t gfp);
void put_page(struct page *page);

#endif /* QUEUE_MM_H */
