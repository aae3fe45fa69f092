/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QUEUE_PRINTK_H
#define QUEUE_PRINTK_H

#define pr_notice(text)	((void)(text))

#endif /* QUEUE_PRINTK_H */
