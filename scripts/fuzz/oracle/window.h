/* SPDX-License-Identifier: GPL-2.0-only */
/* The command sequence window once more, as a list of the ids that may be used. */
#ifndef ORACLE_WINDOW_H
#define ORACLE_WINDOW_H

#include <linux/types.h>

/* Ids from @first to @end, not included */
struct oracle_range {
	unsigned __int128 first, end;
};

struct oracle_window {
	struct oracle_range	*ranges;	/* in order, none empty */
	unsigned int		count, room;
	unsigned __int128	high;
	bool			unseen;
};

void oracle_window_init(struct oracle_window *w);
void oracle_window_free(struct oracle_window *w);
void oracle_window_grant(struct oracle_window *w, u32 credits, u32 size);
bool oracle_window_use(struct oracle_window *w, u64 id, u32 charge, u32 size);
bool oracle_window_has(const struct oracle_window *w, u64 id);

#endif /* ORACLE_WINDOW_H */
