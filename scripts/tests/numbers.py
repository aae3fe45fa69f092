# SPDX-License-Identifier: GPL-2.0-only
"""The numbers that sessions get: none comes twice as long as anybody can
remember it, whatever became of the session. And logins in one leg, whose
number is in no earlier message. Part of the suite identity."""

import threading
import time

from smb2 import wire

from . import judge
from .flaws import keeps_sessions
from .rig import EVERY, LATEST, PROFILES
from .server import wait_until
from .tap import case, equal, expect, status

FIRST = 0x10000
LOGINS = 20
MANY = 1000
# Ended sessions that are remembered for a connection, and those of the suite
REMEMBERED = 200


class Numbers:
    """All numbers that were given away."""

    def __init__(self):
        self.seen = set()

    def add(self, session):
        """@session has one that nobody had; returns it."""
        expect(session.id >= FIRST, f"number {session.id:#x}")
        expect(session.id not in self.seen, f"{session.id:#x} came again")
        self.seen.add(session.id)
        return session


@case(modes=("mandatory",), profiles=(PROFILES[0], PROFILES[3]),
      suite="identity")
def every_login_gets_a_new_number(rig):
    numbers, connections = Numbers(), [rig.connect() for _ in range(3)]
    for turn in range(LOGINS):
        session = rig.session_on(connections[turn % 3])
        numbers.add(session.setup()).logoff()
    for _ in range(LOGINS):
        numbers.add(rig.session_on(connections[0]).setup()).logoff()
    for _ in range(LOGINS):
        connection = rig.connect()
        numbers.add(rig.session_on(connection).setup())
        connection.close()


def _fails(rig, connection):
    return rig.failed_on(connection)


def _finished(rig, connection):
    return rig.session_on(connection).setup()


def _begins(rig, connection):
    session = rig.session_on(connection)
    session.begin()
    return session


def _logs_off(rig, connection):
    session = rig.session_on(connection).setup()
    session.logoff()
    return session


def _nobody(rig, connection):
    session = rig.session_on(connection, user="").setup()
    session.signing = False
    session.logoff()
    return session


def _taken_over(rig, _):
    """On a connection of its own: under 6.1 it ends at the next login."""
    session = rig.session_on(rig.connect()).setup()
    rig.session_on(rig.connect(), previous=session.id).setup()
    return session


def _begun(rig, _):
    """On a connection of its own: 7.3 has no resources for another login
    then."""
    return _begins(rig, rig.connect())


def _at_once(rig, connection):
    first = _finished(rig, connection)
    session = rig.session_on(connection).setup_at_once(first)
    first.logoff()
    return session


ENDS = (_fails, _begun, _logs_off, _nobody, _taken_over, _at_once)


@case(modes=("mandatory",), profiles=(PROFILES[0], PROFILES[3]),
      suite="identity")
def number_does_not_come_again_however_the_session_ended(rig):
    numbers, here, there = Numbers(), rig.connect(), rig.connect()
    for _ in range(3):
        for end in ENDS:
            numbers.add(end(rig, here))
            numbers.add(end(rig, there))
            numbers.add(rig.session_on(here).setup())
            here.sessions.clear()


@case(modes=("mandatory",), profiles=LATEST, suite="identity")
def number_does_not_come_again_after_a_channel(rig):
    numbers = Numbers()
    for _ in range(3):
        session = numbers.add(rig.new_session())
        channel = rig.channel(session).setup()
        equal(channel.id, session.id, "number")
        channel.echo()
        channel.connection.close()
        session.connection.close()


@case(modes=("mandatory",), profiles=LATEST, kernels="6", suite="identity")
def number_does_not_come_again_after_ten_idle_seconds(rig):
    """ksmbd 6.x lets go of what is idle at the connection's next login."""
    numbers, connection = Numbers(), rig.connect()
    for _ in range(3):
        numbers.add(rig.session_on(connection).setup())
    time.sleep(11)
    connection.sessions.clear()
    for _ in range(6):
        numbers.add(rig.session_on(connection).setup())


@case(modes=("mandatory",), profiles=(PROFILES[0], PROFILES[3]),
      suite="identity")
def logins_at_the_same_time_get_different_numbers(rig):
    found, errors = [], []

    def work(connection):
        try:
            for _ in range(LOGINS):
                session = rig.session_on(connection).setup()
                found.append(session)
                session.logoff()
        except Exception as error:      # for the thread that waits for it
            errors.append(error)
    threads = [threading.Thread(target=work, args=(rig.connect(),))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not errors, f"{errors}")
    numbers = Numbers()
    for session in found:
        numbers.add(session)


def _sessions(rig):
    return rig.server.stats()["sessions"]


@case(modes=("required",), profiles=LATEST, suite="identity")
def sessions_that_have_ended_are_forgotten(rig):
    """Most logins in one leg, as they take half the time. The client checks
    that every LOGOFF is answered signed."""
    before, connection = _sessions(rig), rig.connect()
    # ksmbd 7.3 closes a connection that has had no session for 45 s
    rig.session_on(connection).setup()
    challenged = None
    for turn in range(MANY):
        session = rig.session_on(connection)
        if turn % 10:
            session.setup_at_once(challenged)
        else:
            challenged = session.setup()
        session.logoff()
        if not turn % 100 and not keeps_sessions():
            expect(_sessions(rig) < before + REMEMBERED, "not forgotten")
    connection.close()
    wait_until("the sessions to go", lambda: _sessions(rig) <= before)


# Logins in one leg

def _works_and_signs(rig, challenged):
    """A session, set up in one leg with the challenge of another."""
    connection = challenged.connection
    session = rig.session_on(connection).setup_at_once(challenged)
    session.connect_tree("share")
    path = rig.fresh_path()
    request = session.request(wire.create(path.name))
    connection.strict = False
    connection.send(request.encode())
    status(connection.answer(request), wire.ACCESS_DENIED)
    connection.strict = True
    expect(not path.exists(), "the file was created")
    session.close_file(session.create(path.name))
    session.logoff()


@case(modes=("required",), profiles=EVERY, suite="identity")
def login_in_one_leg_works_and_signs(rig):
    _works_and_signs(rig, _finished(rig, rig.connect()))


# 7.3 has no resources for it
@case(modes=("required",), profiles=EVERY, kernels="6", suite="identity")
def login_in_one_leg_after_one_that_was_only_begun(rig):
    _works_and_signs(rig, _begins(rig, rig.connect()))


def _nobody_at_once(rig):
    """Somebody without a name who logs in with one leg, with the key that
    everybody knows. He need not be told that he may not."""
    connection = rig.connect(strict=False)
    session = rig.session_on(connection, user="")
    session.take_challenge(_finished(rig, connection))
    request = session.final_leg()
    message = request.encode()
    session.sent_final_leg(message)
    connection.send(message)
    session.id = connection.answer(request).header.session_id
    session.session_key = bytes(16)
    session.derive_keys()
    return session


@case(modes=("required",), profiles=EVERY, suite="identity")
def anonymous_login_in_one_leg_is_a_guest(rig):
    for signed in (False, True):
        before = rig.server.stats()["reason_guest"]
        session = _nobody_at_once(rig)
        request = session.request(wire.tree_connect("share"))
        message = request.encode()
        judge.unheard(session.connection, request,
                      session.sign(message) if signed else message)
        expect(rig.server.stats()["reason_guest"] > before,
               "not known as a guest")


@case(modes=("required",), profiles=EVERY, suite="identity")
def anonymous_login_in_one_leg_makes_no_difference_to_users(rig):
    session = _nobody_at_once(rig)
    connection = session.connection
    user = rig.session_on(connection).setup().connect_tree("share")
    request = user.request(wire.create("nothing"))
    connection.send(session.sign(request.encode()))
    status(connection.answer(request), wire.ACCESS_DENIED)
    user.close_file(user.create(rig.fresh_path().name))
