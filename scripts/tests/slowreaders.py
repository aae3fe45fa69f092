# SPDX-License-Identifier: GPL-2.0-only
"""Clients that ask for much and read slowly. ksmbd 6.x waits five seconds for
room, and forgets the rest of its response; smbsign writes on, for a while."""

import time

from smb2 import wire

from .bulk import MIB, earn, pattern
from .rig import LATEST, SAMPLE
from .server import wait_until
from .tap import add, case, equal, expect

LENGTH = 4 * MIB
ROOM = 32768
# Longer than ksmbd's own 5 s: 6.x forgets the rest then, 7.x resets
PAUSE, SHORT_PAUSE = 9, 3
# send.h's SMBSIGN_SEND_SECONDS, and the 5 s that ksmbd has TCP wait
SEND_SECONDS, LAST_TRY = 30, 5
AT_ONCE = 3


def _asked(rig, **options):
    """(a session that has asked for LENGTH bytes, the request, the bytes)."""
    session = rig.new_session(receive_buffer=ROOM, **options)
    content = pattern(LENGTH)
    file = rig.file(content, session)
    earn(session, wire.charge_for(LENGTH))
    request = session.request(wire.read(file.id, 0, LENGTH))
    session.send(request)
    return session, request, content


def _others_work(rig, seconds):
    """For so long, others are answered at once."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        rig.session.echo()
        waited = time.monotonic() - start
        expect(waited < AT_ONCE, f"another client waited {waited:.1f} s")
        time.sleep(0.2)


def _pausing_case(pause):
    def run(rig):
        rig.session.echo()
        with rig.server.counts("reason_short_write", 0):
            session, request, content = _asked(rig)
            _others_work(rig, pause)
            # Another one waits until the first is out, and is not mixed with it
            echo = session.request(wire.echo())
            session.send(echo)
            response = session.answer(request)
            equal(response.status, wire.SUCCESS, "status")
            expect(wire.read_data(response.raw) == content, "other bytes")
            equal(session.answer(echo).status, wire.SUCCESS, "the next status")
    return run


def _register():
    add("client that pauses gets every byte", _pausing_case(PAUSE),
        suite="slowreaders", modes=("mandatory",), profiles=SAMPLE,
        kernels="6")
    add("client that pauses for a moment gets every byte",
        _pausing_case(SHORT_PAUSE), suite="slowreaders", modes=("mandatory",),
        profiles=LATEST)


_register()


@case(modes=("mandatory",), profiles=LATEST, kernels="6")
def client_that_never_reads_is_cut_off(rig):
    """With all that wait behind it, after one deadline, not after one each."""
    session = _asked(rig, timeout=60)[0]
    for _ in range(5):
        session.send(session.request(wire.echo()))
    start = time.monotonic()
    with rig.server.counts("reason_short_write"), rig.server.counts("aborted"):
        _others_work(rig, SEND_SECONDS - AT_ONCE)
        before = rig.server.stats()["connections"]
        wait_until("the end of the connection", lambda:
                   rig.server.stats()["connections"] < before,
                   AT_ONCE + 2 * LAST_TRY)
    print(f"# cut off after {time.monotonic() - start:.1f} s", flush=True)


@case(modes=("mandatory",), profiles=LATEST, kernels="6")
def cut_ends_the_waiting(rig):
    """Who is cut off for something else keeps no worker of ksmbd any longer."""
    session = _asked(rig)[0]
    _others_work(rig, 2 * LAST_TRY)
    before = rig.server.stats()["connections"]
    with rig.server.counts("reason_not_smb"):
        session.connection.transmit(b"no SMB")
        wait_until("the end of the connection", lambda:
                   rig.server.stats()["connections"] < before, AT_ONCE)


@case(modes=("mandatory",), profiles=LATEST, kernels="6")
def rmmod_does_not_wait_for_a_client(rig):
    session = _asked(rig)[0]
    time.sleep(2 * LAST_TRY)
    start = time.monotonic()
    rig.server.unload()
    seconds = time.monotonic() - start
    rig.server.load(f"policy={rig.server.mode.policy}")
    expect(seconds < LAST_TRY, f"rmmod took {seconds:.1f} s")
    session.connection.close()
    rig.new_session().echo()
