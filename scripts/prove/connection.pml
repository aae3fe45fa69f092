/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a connection: ksmbd's reader and a writer, TCP's softirq, a callback
 * of ftrace, rmmod, and what frees after a grace period. Every order in which their
 * steps can happen is looked at.
 *
 * Asserted: nobody touches the connection after it was freed; nobody runs the
 * module's code after it was unloaded; nobody waits for a peer in a grace section;
 * the connection is detached once, and freed once. And all come to their end, so
 * rmmod does, whatever the peer does not do.
 *
 * Documentation/proofs.rst says which line of the module each step is.
 */

#define PROCESSES	4
#define KSMBD		0
#define WRITER		1
#define SOFTIRQ		2
#define CALLBACK	3

bool ours = true;	/* sk->sk_prot and sk_data_ready are the module's */
bool known = true;	/* icsk_ulp_data is the connection */
bool listed = true;	/* on the registry's list */
bool hooked = true;	/* ftrace calls the module */
bool cut, aborted;	/* conn->life; sk->sk_err */
bool kicked;		/* the reader has something to look at */
bool locked;		/* the socket lock */
byte users = 1;		/* conn->users */
byte sockets = 1;	/* guard.sockets */
bool queued, freed;	/* given to call_srcu(); kfree() is done */
bool unloaded;

/*
 * For each process: it is inside, or on its way in or out, without having slept;
 * it is in a section of either domain.
 */
bool running[PROCESSES];
bool grace[PROCESSES];
bool code[PROCESSES];

#define CODE	assert(!unloaded)
#define TOUCH	CODE; assert(!freed)

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* synchronize_srcu(), synchronize_rcu_tasks(): all that were in it have left it. */
#define SYNCHRONIZE(domain) \
	i = 0; do :: i < PROCESSES -> !domain[i]; i++ :: else -> break od

/* smbsign_conn_put() */
inline put()
{
	atomic {
		assert(users > 0);
		users--;
		if
		:: users == 0 -> assert(!queued); queued = true
		:: else
		fi
	}
}

/* smbsign_end_detach(), under the socket lock */
inline detach()
{
	if
#ifdef DETACH_TWICE
	:: true ->
#else
	:: ours ->
#endif
		ours = false;
#ifdef PUT_TOO_EARLY
		put();
#endif
		known = false;
		cut = true;
		listed = false;
#ifndef PUT_TOO_EARLY
		put();
#endif
		assert(sockets > 0);
		sockets--
	:: else
	fi
}

/* What begins a call of recvmsg() and sendmsg(): is there a connection? */
inline enter(me)
{
	CODE;
#ifndef NO_CODE_SECTION
	code[me] = true;
#endif
	grace[me] = true;
	has = known;
	if
	:: has -> TOUCH;
#ifdef NO_REFERENCE
		skip
#else
		atomic {
			if
			:: users > 0 -> users++
			:: else -> has = false
			fi
		}
#endif
	:: else
	fi;
#ifndef WAITS_IN_SECTION
	grace[me] = false
#endif
}

/* A task sleeps, and is not on its way any more. */
inline sleep(me)
{
	running[me] = false;
	running[me] = true
}

inline leave(me)
{
	if
	:: has ->
#ifdef NO_REFERENCE
		skip
#else
		put()
#endif
	:: else
	fi;
	grace[me] = false;
	CODE;
	code[me] = false;
	CODE;
	running[me] = false
}

/* The reader, and then close() */
proctype ksmbd()
{
	bool has;

	atomic { if :: ours -> running[KSMBD] = true :: else -> goto closing fi };
	enter(KSMBD);
	if
	:: has ->
		lock();
		do
		:: TOUCH;
			if
			:: cut -> break
			:: !cut && aborted -> break
			:: else
			fi;
			grace[KSMBD] = true; TOUCH; grace[KSMBD] = false;
			unlock();
			/* It sleeps: the peer may be silent for ever. */
#ifdef WAITS_IN_SECTION
			grace[KSMBD] = true;
#endif
			assert(!grace[KSMBD]);
			running[KSMBD] = false;
			atomic { kicked || aborted -> kicked = false; running[KSMBD] = true };
			lock()
		od;
		unlock();
		TOUCH
	:: else
	fi;
	leave(KSMBD);
closing:
	atomic { if :: ours -> running[KSMBD] = true :: else -> goto done fi };
	CODE;
	code[KSMBD] = true;
	lock();
	detach();
	unlock();
	CODE;
	code[KSMBD] = false;
	CODE;
	running[KSMBD] = false;
done:	skip
}

/* A response; TCP may have no room for it for a while. */
proctype writer()
{
	bool has;

	atomic { if :: ours -> running[WRITER] = true :: else -> goto done fi };
	enter(WRITER);
	if
	:: has ->
		grace[WRITER] = true; TOUCH; grace[WRITER] = false;
		sleep(WRITER);
		TOUCH
	:: else
		/* smbsign_grace_throttle() */
		sleep(WRITER)
	fi;
	leave(WRITER);
done:	skip
}

/* Packets come, as many as they like. */
proctype softirq()
{
	bool has;

	do
	:: atomic { ours -> running[SOFTIRQ] = true };
		CODE;
		grace[SOFTIRQ] = true;
		has = known;
		if
		:: has -> TOUCH; kicked = true
		:: else
		fi;
		CODE;
		grace[SOFTIRQ] = false;
		CODE;
		running[SOFTIRQ] = false
	:: break
	od
}

/* ksmbd calls what is hooked; the connection is found by its name. */
proctype callback()
{
	bool has;

	do
	:: atomic { hooked -> running[CALLBACK] = true };
		CODE;
		grace[CALLBACK] = true;
		has = listed;
		if
		:: has -> TOUCH;
			/* For the socket lock */
			sleep(CALLBACK);
			TOUCH
		:: else
		fi;
		CODE;
		grace[CALLBACK] = false;
		CODE;
		running[CALLBACK] = false
	:: break
	od
}

/* call_srcu(), then conn_free() */
proctype freeing()
{
	byte i;

	queued;
#ifndef FREED_AT_ONCE
	SYNCHRONIZE(grace);
#endif
	CODE;
	assert(!freed);
	freed = true
}

proctype rmmod()
{
	byte i;
	bool found;

	/* smbsign_end_reset_all() */
	atomic { found = listed };
	if
	:: found ->
		lock();
		if
		:: ours -> cut = true; kicked = true
		:: else
		fi;
		unlock();
#ifndef NOT_ABORTED
		aborted = true;
#else
		kicked = false;
#endif
		lock();
		detach();
		unlock()
	:: else
	fi;
	/* smbsign_guard_wait() */
	sockets == 0;
	/* smbsign_hooks_exit() */
	hooked = false;
	/* drain_callers() */
#ifndef NOT_ON_THE_WAY_IN
	SYNCHRONIZE(running);
#endif
#ifndef NOT_IN_SECTIONS
	SYNCHRONIZE(grace);
#endif
#ifndef NOT_IN_CODE
	SYNCHRONIZE(code);
#endif
#ifndef NOT_ON_THE_WAY_OUT
	SYNCHRONIZE(running);
#endif
#ifndef NO_BARRIER
	!queued || freed;
#endif
	unloaded = true;
	assert(!ours && !known && !listed && freed)
}

init
{
	atomic {
		run ksmbd();
		run writer();
		run softirq();
		run callback();
		run freeing();
		run rmmod()
	}
}
