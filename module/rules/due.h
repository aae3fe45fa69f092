/* SPDX-License-Identifier: GPL-2.0-only */
/* Pure set of MessageIds: those whose responses are due. */
#ifndef SMBSIGN_DUE_H
#define SMBSIGN_DUE_H

#include <linux/types.h>

/*
 * A bit for each of the latest MessageIds, as many as ksmbd has credits for.
 * An older one whose response is still due is one that ksmbd has answered with
 * STATUS_PENDING, and given the credits back.  Windows allows 512 of them
 * (AsynchronousCredits).
 */
#define SMBSIGN_DUE_BITS	8192
#define SMBSIGN_DUE_LATE	768

/**
 * struct smbsign_due - MessageIds that were accepted, and have had no final
 *	response
 * @end:	no id from here on was added
 * @latest:	for the last SMBSIGN_DUE_BITS ids before @end, whether they are
 *		in the set.  The bit's number is the id modulo SMBSIGN_DUE_BITS
 * @lates:	number of ids in @late
 * @late:	older ids that are in the set, in ascending order
 */
struct smbsign_due {
	u64		end;
	unsigned long	latest[SMBSIGN_DUE_BITS / (8 * sizeof(long))];
	u32		lates;
	u64		late[SMBSIGN_DUE_LATE];
};

void smbsign_due_add(struct smbsign_due *due, u64 id);
bool smbsign_due_has(const struct smbsign_due *due, u64 id);
void smbsign_due_remove(struct smbsign_due *due, u64 id);
u64 smbsign_due_lowest(const struct smbsign_due *due);

#endif /* SMBSIGN_DUE_H */
