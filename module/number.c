// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers of sessions: none is given twice.
 *
 * ksmbd gives a new session the smallest number that is free.  A number that is
 * free again soon stands for another user, while requests that name it are still on
 * their way: a request that was judged for one session would run in the next, be
 * signed with the key of one and be checked with that of the other.  So the numbers
 * come from here, in ksmbd's own table of them, but one after the other.  None comes
 * again before two thousand millions of others, nor then if a connection still
 * remembers it.  After that a session is its number, for ksmbd and for us.
 */
#include <linux/idr.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/random.h>

#include "grace.h"
#include "number.h"
#include "session.h"

/* Below are those that ksmbd gave before we were there, and 0xFFFE of SMB1. */
#define NUMBER_MIN	0x10000
#define NUMBER_MAX	INT_MAX

static DEFINE_MUTEX(number_lock);
/* The next to try; 0 before the first. */
static int next_number;
/* ksmbd's table of the numbers of its sessions; compared, never looked into. */
static const struct ida *numbers;

static int number_behind(int number)
{
	return number == NUMBER_MAX ? NUMBER_MIN : number + 1;
}

/* One that is free in @ida, from next_number on and round. */
static int number_alloc(struct ida *ida)
{
	int number = ida_alloc_range(ida, next_number, NUMBER_MAX, GFP_KERNEL);

	if (number == -ENOSPC)
		number = ida_alloc_range(ida, NUMBER_MIN, NUMBER_MAX,
					 GFP_KERNEL);
	if (number > 0)
		next_number = number_behind(number);
	return number;
}

static bool is_known(int number)
{
	int grace = smbsign_grace_enter();
	bool known = smbsign_session_is_known(number);

	smbsign_grace_leave(grace);
	return known;
}

static int number_take(struct ida *ida)
{
	int number;

	lockdep_assert_held(&number_lock);
	/* Not the same each time we are loaded: nor are those from before. */
	if (!next_number)
		next_number = NUMBER_MIN + get_random_u32() % (NUMBER_MAX / 2);
	for (;;) {
		number = number_alloc(ida);
		if (number < 0 || !is_known(number))
			return number;
		ida_free(ida, number);
	}
}

/**
 * smbsign_number_take() - in place of ksmbd's function that numbers a session
 * @ida:	its table of numbers
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.5.1.
 * Return: the SessionId, or -ENOMEM or -ENOSPC.
 */
int smbsign_number_take(struct ida *ida)
{
	int code = smbsign_code_enter(), number;

	mutex_lock(&number_lock);
	WRITE_ONCE(numbers, ida);
	number = number_take(ida);
	mutex_unlock(&number_lock);
	smbsign_code_leave(code);
	return number;
}

/**
 * smbsign_number_give_back() - ksmbd gives a number of any kind back
 * @ida:	the table it is from
 * @number:	the number
 *
 * That of a session is given back as ksmbd frees it: when it was logged off, has
 * expired or was replaced, and nobody uses it any more.
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter(); called from an
 * ftrace callback, does not sleep.
 */
void smbsign_number_give_back(const struct ida *ida, int number)
{
	if (ida == READ_ONCE(numbers))
		smbsign_session_end(number);
}

/**
 * smbsign_number_is_ours() - was it given by smbsign_number_take()?
 * @session_id:	SessionId
 *
 * Context: any.
 * Return: false if it cannot have been.
 */
bool smbsign_number_is_ours(u64 session_id)
{
	return session_id >= NUMBER_MIN && session_id <= NUMBER_MAX;
}
