// SPDX-License-Identifier: GPL-2.0-only
/*
 * SessionIds: none is used twice.
 *
 * ksmbd gives a new session the smallest free id.  If that id was freed
 * recently, it now means another user while requests that name it are still on
 * their way.  Such a request would be judged for one session and run in the
 * next, or be signed with one key and checked with the other.  So this file
 * allocates the ids, in ksmbd's own table, but one after the other.  An id
 * returns only after two thousand million others, and only if no connection
 * remembers it.  So an id identifies a session, for ksmbd and for smbsign.
 */
#include <linux/idr.h>
#include <linux/mutex.h>
#include <linux/random.h>

#include "base/grace.h"
#include "ksmbd/session_id.h"
#include "state/session.h"

/*
 * @next: the id to try next; 0 before the first
 * @table: ksmbd's table of SessionIds; compared, never dereferenced
 */
static struct {
	struct mutex		lock;	/* all below */
	int			next;
	const struct ida	*table;
} numbers = {
	.lock = __MUTEX_INITIALIZER(numbers.lock),
};

static int number_behind(int number)
{
	return number == SMBSIGN_SESSION_ID_MAX ? SMBSIGN_SESSION_ID_MIN :
						  number + 1;
}

/* Allocate a free id in @ida, from numbers.next on, wrapping around. */
static int number_alloc(struct ida *ida)
{
	int number = ida_alloc_range(ida, numbers.next,
				     SMBSIGN_SESSION_ID_MAX, GFP_KERNEL);

	if (number == -ENOSPC)
		number = ida_alloc_range(ida, SMBSIGN_SESSION_ID_MIN,
					 SMBSIGN_SESSION_ID_MAX, GFP_KERNEL);
	if (number > 0)
		numbers.next = number_behind(number);
	return number;
}

static bool is_remembered(int number)
{
	int grace = smbsign_grace_enter();
	bool known = smbsign_session_is_known(number);

	smbsign_grace_leave(grace);
	return known;
}

static int number_take(struct ida *ida)
{
	int number;

	lockdep_assert_held(&numbers.lock);
	/*
	 * Start at random: a client may still use an id from before we were
	 * loaded.
	 */
	if (!numbers.next)
		numbers.next = SMBSIGN_SESSION_ID_MIN +
			       get_random_u32() % (SMBSIGN_SESSION_ID_MAX / 2);
	for (;;) {
		number = number_alloc(ida);
		if (number < 0 || !is_remembered(number))
			return number;
		ida_free(ida, number);
	}
}

/**
 * smbsign_session_id_take() - runs in place of ksmbd's function that allocates
 *	a SessionId
 * @ida:	ksmbd's table of ids
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.5.1.
 * Return: the SessionId, or -ENOMEM or -ENOSPC.
 */
int smbsign_session_id_take(struct ida *ida)
{
	int code = smbsign_code_enter(), number;

	mutex_lock(&numbers.lock);
	WRITE_ONCE(numbers.table, ida);
	number = number_take(ida);
	mutex_unlock(&numbers.lock);
	smbsign_code_leave(code);
	return number;
}

/**
 * smbsign_session_id_give_back() - ksmbd frees an id of any kind
 * @ida:	the table that the id is from
 * @number:	the id
 *
 * ksmbd frees a SessionId with its session: after the session was logged off,
 * has expired or was replaced, and nobody uses it any more.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 */
void smbsign_session_id_give_back(const struct ida *ida, int number)
{
	if (ida == READ_ONCE(numbers.table))
		smbsign_session_end(number);
}
