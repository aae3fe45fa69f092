# SPDX-License-Identifier: GPL-2.0-only
"""What ksmbd does wrong by itself, and how the suites live with it. Debian 12 has
kernels with old ones: 6.1, and in its backports 6.12.95, which is .95 below.

6.1.192     dies when a directory is opened without a lease: vm/mend is loaded
            before it in the guest
6.1         frees open files that are still on a list, after which somebody's
            open is its end; it is loaded anew before what opens many:
            wants_a_new_ksmbd(); and whole trees of files are left out:
            trees_break_ksmbd()
6.1         takes the end of any network name space's lo for that of its own,
            and stops listening: network.py does without it
6.1, .95,   listen in any network name space where a link comes up: cases that
7.2         listen there themselves say kernels=AT_HOME
6.1, .95    wait for ever for a lock that is not granted when the connection ends,
            and cannot be unloaded then: such cases say kernels=OTHERS, too
6.1, .95    pass over what they cannot decrypt, where 3.3.5.2.1.1 wants the
            connection closed: passes_over_damage()
.95         keeps the socket of a client that has opened a file: who waits for all
            connections to go loads the module anew, which lets go of them:
            keeps_connections()
6.1         (its TCP) can have no room for a hundred segments of a byte each, so that
            the frame they make is streamed and the connection cut where else it
            would be answered: keeps_small_segments()
6.1, 6.12   corrupt their lists when many open files at once:
            crowds_break_ksmbd()
6.12        pads a READ in a compound with what lies behind its buffer, which KASAN does
            not copy: pads_beyond_its_buffer()
all         answer a failed TREE_CONNECT with one buffer twice, which gets two
            signatures, or is encrypted twice, and then nobody can decrypt it:
            garbles_encrypted_errors()
all         wait for a lock until nobody blocks them, which is noted a moment after they
            were woken: who looks in between waits for ever. BlockedLock.granted()
6.1, 6.12   let go of the number of a session that logged off when the next one
            begins on its connection; 7.3 at once: frees_numbers_late()
7.2         keeps a session that logged off until its connection ends, as that can
            still be set up again: keeps_sessions()
6.1, 6.12   end a session that is half made when the next one begins on its
            connection; 7.3 refuses the next one: ends_what_is_half_made()
6.1, 6.12   have no window of MessageIds, and refuse CHANGE_NOTIFY: cases that
            need them, or need them not to be there, say kernels="7", "6"
"""

import platform

RELEASE = platform.release()


def _is_61():
    return RELEASE.startswith("6.1.")


def _is_95():
    return RELEASE.startswith("6.12.95")


def _is_72():
    return RELEASE.startswith("7.2.")


# Kernels, as tap.case() takes them, that are neither of the first two
OTHERS = () if _is_61() or _is_95() else ("6", "7")
# Those that listen in their own network name space
AT_HOME = () if _is_72() else OTHERS


def keeps_sessions():
    """Is a session that logged off kept until its connection ends?"""
    return _is_72()


def crowds_break_ksmbd():
    """Must files not be opened by many at once?"""
    return RELEASE.startswith("6.")


def frees_numbers_late():
    """Is the number of a session that logged off free at the connection's
    next login only?"""
    return RELEASE.startswith("6.")


def ends_what_is_half_made():
    """Does a session that begins end those that are half made on its
    connection?"""
    return RELEASE.startswith("6.")


def trees_break_ksmbd():
    """Must not files by the hundred be opened, one after another?"""
    return _is_61()


def pads_beyond_its_buffer():
    """Would a READ in a compound that needs padding be reported?"""
    return RELEASE.endswith("-debug")


def garbles_encrypted_errors(what):
    """Can nobody read what @what, which fails, is answered with, encrypted?"""
    return what == "TREE_CONNECT (other)"


def wants_a_new_ksmbd(suite):
    """Must ksmbd be loaded anew before @suite?"""
    return suite == "clients" and _is_61()


def passes_over_damage():
    """Does the connection live on after what cannot be decrypted?"""
    return _is_61() or _is_95()


def keeps_connections():
    """Do connections stay that have been closed?"""
    return _is_95()


def keeps_small_segments():
    """May a small frame fill the receive buffer, cut into bytes?"""
    return _is_61()
