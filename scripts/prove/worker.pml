/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker that verifies a request beside the reader: it has the request while
 * ksmbd's reader, which then closes the socket, TCP's softirq, rmmod, and what frees
 * after a grace period go on. Every order in which their steps can happen is looked
 * at. connection.pml has what these do otherwise.
 *
 * Asserted: the worker finds the connection, its MAC, and the socket as long as it
 * needs them; nobody else touches that MAC meanwhile; nothing is released after a
 * cut; no worker runs, or is asked for, after rmmod has dismissed them. And all come to
 * their end, so rmmod does.
 *
 * Documentation/proofs.rst says which line of the module each step is.
 */

bool ours = true;	/* the socket is guarded */
bool cut;		/* conn->life is not OPEN */
bool kicked;		/* the reader has something to look at */
bool locked;		/* the socket lock */
byte users = 1;		/* conn->users */
bool queued, freed;	/* given to call_srcu(); kfree() is done */
bool grace;		/* softirq is in a section */
bool code = true;	/* ksmbd is in a section of the other domain */
bool away;		/* gate.request.away */
bool requested;		/* queue_work() */
bool working;		/* work_ahead() runs */
bool computing;		/* it adds to the MAC, without the socket lock */
bool emptied;		/* conn_empty(): the MAC is gone */
bool closed;		/* the owner has closed the socket */
byte held;		/* the workers' references to the socket */
bool dismissed;		/* destroy_workqueue() is done */
bool unloaded;

#define CODE	assert(!unloaded)
#define TOUCH	CODE; assert(!freed)
/* What the worker does with the socket, and with the connection */
#define SOCKET	TOUCH; assert(!closed || held)

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* smbsign_conn_put() */
inline put()
{
	atomic {
		assert(users > 0);
		users--;
		if
		:: users == 0 -> assert(!queued && !away); emptied = true; queued = true
		:: else
		fi
	}
}

/* smbsign_end_detach(), under the socket lock */
inline detach()
{
	if
	:: ours -> ours = false; cut = true; put()
	:: else
	fi
}

/* smbsign_ahead_start() for a request that is worth it */
inline start()
{
	atomic {
		assert(!dismissed);
#ifndef NO_REFERENCE
		assert(users > 0);
		users++;
#endif
#ifndef NO_SOCKET
		held++;
#endif
		away = true;
		requested = true
	}
}

/* A turn of the gate at the body of a request, under the socket lock */
inline turn()
{
	TOUCH;
	if
#ifdef GATE_GOES_ON
	:: !cut ->
#else
	:: !cut && !away ->
#endif
		assert(!computing && !emptied);
		if
		:: !away -> start()
		:: true
		fi
	:: else
	fi
}

/* The reader, with a reference, and then close() */
proctype ksmbd()
{
	lock();
	do
	:: cut -> break
	:: !cut -> turn();
		unlock();
		atomic { kicked -> kicked = false };
		lock()
	od;
	TOUCH;
	unlock();
	put();
	CODE;
	code = false;
	/* smbsign_close(), if the socket is still guarded */
	atomic {
		if
		:: ours -> code = true
		:: else -> goto done
		fi
	};
	lock();
	detach();
	unlock();
	CODE;
	code = false;
done:	closed = true
}

/* Packets come, as many as they like; or somebody cuts the connection. */
proctype softirq()
{
	do
	:: atomic { !locked && ours -> locked = true; grace = true };
		turn();
		if
		:: cut = true
		:: true
		fi;
		kicked = true;
		TOUCH;
		atomic { grace = false; locked = false }
	:: !ours -> break
	:: true -> break
	od
}

/* mac_some(), take_in(): it looks at conn->life after each. */
inline verify()
{
	do
	:: !cut ->
		computing = true;
#ifdef AWAY_ENDS_EARLY
		away = false;
#endif
		SOCKET;
		unlock();
		TOUCH;
		assert(!emptied);
		SOCKET;
		lock();
		SOCKET;
		computing = false;
#ifndef NOT_LOOKED_AT_AGAIN
		if
		:: cut -> break
		:: else
		fi;
#endif
		/* smbsign_request_advance() */
		assert(!cut);
		kicked = true
	:: break
	od
}

/* The workqueue */
proctype worker()
{
	do
	:: atomic { requested -> requested = false; working = true };
		SOCKET;
		lock();
		verify();
		away = false;
		SOCKET;
		unlock();
#ifdef PUT_TOO_EARLY
		put();
#endif
		SOCKET;
		kicked = true;
		SOCKET;
		/* smbsign_end_abort() */
		SOCKET;
#if !defined(NO_REFERENCE) && !defined(PUT_TOO_EARLY)
		put();
#endif
		CODE;
		held--;
		CODE;
		working = false
	:: atomic { dismissed && !requested -> break }
	od
}

/* call_srcu(), then conn_free() */
proctype freeing()
{
	queued;
	!grace;
	CODE;
	assert(!freed);
	freed = true
}

proctype rmmod()
{
#ifdef DISMISSED_TOO_EARLY
	!requested && !working;
	dismissed = true;
#endif
	/* smbsign_attach_exit() */
	lock();
	cut = true;
	kicked = true;
	unlock();
	lock();
	detach();
	unlock();
	/* smbsign_ahead_exit() */
#if !defined(NOT_DISMISSED) && !defined(DISMISSED_TOO_EARLY)
	!requested && !working;
#endif
	dismissed = true;
	/* drain_callers() */
	!grace;
	!code;
	!queued || freed;
	unloaded = true
}

init
{
	atomic {
		users++;
		run ksmbd();
		run softirq();
		run worker();
		run freeing();
		run rmmod()
	}
}
