# SPDX-License-Identifier: GPL-2.0-only
"""The command sequence window, [MS-SMB2] 3.3.1.1 and 3.3.5.2.3: every
MessageId that a response granted is good for one request. What was recorded
and is sent again, or lies outside of the window, ends the connection. ksmbd of
6.12 has no window."""

import random
import threading

from smb2 import wire

from . import judge
from .bulk import earn
from .flaws import OTHERS
from .rig import ALGORITHMS, ENCRYPTING, LATEST, PLAIN, USUAL
from .responses import EARLY_ERRORS
from .tap import case, equal, expect, status
from .waiting import BlockedLock

REASON = "reason_message_id"
LAST_ID = 0xFFFFFFFFFFFFFFFF
MAX_CREDITS = 8192
# Kernels whose ksmbd has no window of its own
NO_WINDOW = "6"


def _ends(rig, connection, message):
    """@message ends @connection, by our hand."""
    with rig.server.counts(REASON):
        judge.cut_off(connection, message)


def _echo(session, message_id, **fields):
    """A signed ECHO with that MessageId."""
    return session.sign(session.request(
        wire.echo(), message_id=message_id, **fields).encode())


def _use(session, message_id, **fields):
    """An ECHO with that MessageId works."""
    session.connection.send(_echo(session, message_id, **fields))
    status(session.connection.answer(message_id), wire.SUCCESS)


# Replays

@case(modes=("mandatory", "required", "auto"), profiles=USUAL)
def recorded_write_is_not_executed_again(rig):
    session = rig.new_session()
    file = rig.file(b"......", session)
    message_id, message = session.signed(wire.write(file.id, 0, b"paid 1"))
    session.connection.send(message)
    status(session.connection.answer(message_id), wire.SUCCESS)
    session.write(file.id, 0, b"refund")
    _ends(rig, session.connection, message)
    equal(file.content, b"refund", "content")


@case(modes=("auto",), profiles=LATEST)
def unsigned_requests_have_a_window_too(rig):
    session = rig.new_session()
    request = session.request(wire.echo())
    session.connection.send(request.encode())
    status(session.connection.answer(request), wire.SUCCESS)
    _ends(rig, session.connection, request.encode())


@case(modes=("mandatory",), profiles=ALGORITHMS)
def what_stood_behind_a_refused_request_is_not_executed_later(rig):
    """The client was told that nothing of its compound was done."""
    session, path = rig.new_session(), rig.fresh_path()
    first, last = session.chain([wire.echo(), wire.create(path.name)],
                                related=False)
    behind = session.sign(last.encode())
    session.connection.send(first.encode() + behind)
    for request in (first, last):
        judge.denied(session, request)
    _ends(rig, session.connection, behind)
    expect(not path.exists(), "the file was created")


@case(modes=("mandatory",), profiles=ALGORITHMS)
def what_stands_behind_a_refused_request_must_be_in_the_window(rig):
    """Else whoever sends it gets a signed error for a request that was done,
    or for one that is still to come."""
    for place in (lambda c, used: used, lambda c, used: c.next_message_id + 60000):
        session = rig.new_session()
        file = rig.file(b"......", session)
        message_id, message = session.signed(wire.write(file.id, 0, b"paid 1"))
        session.connection.send(message)
        status(session.connection.answer(message_id), wire.SUCCESS)
        first, last = session.chain(
            [wire.cancel(), wire.write(file.id, 0, b"refund")], related=False)
        last = last.changed(message_id=place(session.connection, message_id))
        _ends(rig, session.connection, first.encode() + last.encode())
        equal(file.content, b"paid 1", "content")


@case(modes=("mandatory",), profiles=ALGORITHMS)
def replay_right_behind_the_original(rig):
    """In one segment: the original is answered before the end, or not."""
    session = rig.new_session()
    file = rig.file(b".", session)
    _, message = session.signed(wire.write(file.id, 0, b"X"))
    with rig.server.counts(REASON):
        session.connection.send(message, message)
        session.connection.wait_closed()


@case(modes=("mandatory",), profiles=LATEST)
def refused_request_sent_again(rig):
    """A refusal uses the MessageId up, as an answer does."""
    session = rig.new_session()
    request = session.request(wire.echo())
    judge.refused(session, request, request.encode())
    _ends(rig, session.connection, session.sign(request.encode()))


@case(modes=("mandatory",), profiles=LATEST, kernels=OTHERS)
def replay_of_a_request_that_waits(rig):
    """Its interim answer was sent, its final one was not."""
    rig.close()
    lock = BlockedLock(rig)
    connection = lock.session.connection
    for _ in range(50):
        lock.session.echo()
    _ends(rig, connection, lock.session.sign(lock.request.encode()))
    rig.close()


@case(modes=("mandatory",), profiles=ENCRYPTING)
def replay_of_plaintext_after_encryption(rig):
    session = rig.new_session()
    message_id, message = session.signed(wire.echo())
    session.connection.send(message)
    status(session.connection.answer(message_id), wire.SUCCESS)
    session.encrypting = True
    for _ in range(3):
        session.echo()
    _ends(rig, session.connection, message)


@case(modes=("mandatory",), profiles=ENCRYPTING)
def plaintext_goes_on_after_encryption(rig):
    """The ids inside a transform are not ours to see: they must leave the
    window as wide as it is."""
    session = rig.new_session()
    for turn in range(20):
        session.encrypting = bool(turn % 3)
        session.echo()
    file = rig.file(b"", session)
    session.encrypting = True
    for _ in range(session.connection.credits):
        # Its answer is encrypted; that to an ECHO is not.
        response = session.call(wire.query_info(file.id))
        expect(response.encrypted, "in the plain")
    session.encrypting = False
    session.echo()


# Ranges and compounds

@case(modes=("mandatory", "auto"), profiles=ALGORITHMS)
def one_id_twice_in_a_compound(rig):
    session = rig.new_session()
    first, second = session.chain([wire.echo(), wire.echo()], related=False)
    second.header.message_id = first.header.message_id
    _ends(rig, session.connection, session.sign(first.encode()) +
          session.sign(second.encode()))


def _read(session, file, message_id, charge):
    return session.request(wire.read(file.id, 0, charge << 16),
                           message_id=message_id, credit_charge=charge)


@case(modes=("mandatory",), profiles=ALGORITHMS)
def ranges_that_overlap(rig):
    """Of multi-credit requests: one that begins inside another's, one that
    ends inside, one that spans a single used id."""
    for used, charge, start, wanted in ((0, 4, 3, 4), (3, 4, 0, 4),
                                        (2, 1, 0, 4), (0, 4, 1, 1)):
        session = rig.new_session()
        file = rig.file(b"data", session)
        earn(session, 16)
        base = session.connection.next_message_id
        request = _read(session, file, base + used, charge)
        session.send(request)
        status(session.answer(request), wire.SUCCESS)
        request = _read(session, file, base + start, wanted)
        _ends(rig, session.connection, session.sign(request.encode()))


@case(modes=("mandatory",), profiles=ALGORITHMS)
def ranges_side_by_side_in_any_order(rig):
    session = rig.new_session()
    file = rig.file(b"data", session)
    earn(session, 48)
    base = session.connection.allocate(40)
    places = list(range(0, 40, 4))
    random.Random(3).shuffle(places)
    for place in places:
        request = _read(session, file, base + place, 4)
        session.send(request)
        status(session.answer(request), wire.SUCCESS)
    session.echo()


# Outside of the window

@case(modes=("mandatory", "required"), profiles=PLAIN)
def id_that_was_never_granted(rig):
    """The first behind the last credit, one far away, the last of all."""
    for place in (lambda c: c.next_message_id + c.credits,
                  lambda c: c.next_message_id + 100000,
                  lambda c: 1 << 63, lambda c: LAST_ID - 1,
                  lambda c: LAST_ID):
        session = rig.new_session()
        _ends(rig, session.connection,
              _echo(session, place(session.connection)))


@case(modes=("mandatory",), profiles=ALGORITHMS)
def range_that_leaves_the_window_or_wraps(rig):
    """Its beginning alone would be good."""
    for place, charge in ((lambda c: c.next_message_id + c.credits - 3, 4),
                          (lambda c: LAST_ID - 1, 4),
                          (lambda c: LAST_ID - 3, 8)):
        session = rig.new_session()
        file = rig.file(b"data", session)
        request = _read(session, file, place(session.connection), charge)
        _ends(rig, session.connection, session.sign(request.encode()))


@case(modes=("mandatory", "auto"), profiles=PLAIN)
def last_granted_id_works(rig):
    session = rig.new_session()
    for _ in range(3):
        session.echo()
    connection = session.connection
    _use(session, connection.next_message_id + connection.credits - 1)
    session.echo()


@case(modes=("mandatory",), profiles=PLAIN)
def first_id_is_0(rig):
    """NEGOTIATE has one credit, and it is for that."""
    for message_id in (1, 5, LAST_ID):
        connection = rig.dial()
        request = connection.negotiate_request()
        _ends(rig, connection, request.changed(message_id=message_id).encode())


@case(modes=("mandatory",), profiles=PLAIN)
def smb1_negotiate_counts_as_id_0(rig):
    connection = rig.dial()
    connection.send(wire.smb1_negotiate("NT LM 0.12", "SMB 2.???"))
    connection.receive()
    connection.answers.clear()
    _ends(rig, connection, connection.negotiate_request().encode())


# What must go on working

@case(modes=("mandatory", "auto"), profiles=ALGORITHMS)
def ids_in_any_order_and_holes(rig):
    """A hole at the low end stays open for as long as the window is wide,
    and can be filled late."""
    session = rig.new_session()
    earn(session, 300)
    hole = session.connection.allocate()
    base = session.connection.allocate(200)
    order = list(range(base, base + 200))
    random.Random(4).shuffle(order)
    for message_id in order:
        session.connection.send(_echo(session, message_id, credits=1))
    for message_id in order:
        status(session.connection.answer(message_id), wire.SUCCESS)
    for _ in range(200):
        session.echo()
    _use(session, hole)
    _ends(rig, session.connection, _echo(session, hole))


@case(modes=("auto",), profiles=LATEST)
def eight_thousand_credits_in_flight(rig):
    """All that ksmbd grants, spent at once, the last first. As long as the
    first is not used, 7.x grants nothing."""
    session = rig.new_session()
    session.signing = False
    connection = session.connection
    while connection.credits < MAX_CREDITS:
        session.call(wire.echo(), credits=MAX_CREDITS)
    base = connection.allocate(MAX_CREDITS)
    ids = range(base + MAX_CREDITS - 1, base - 1, -1)
    messages = [session.request(wire.echo(), message_id=message_id,
                                credits=1).encode() for message_id in ids]
    sender = threading.Thread(target=connection.send, args=messages)
    sender.start()
    for message_id in ids:
        status(connection.answer(message_id), wire.SUCCESS)
    sender.join()
    expect(connection.credits > 0, "no credit is left")
    session.echo()


@case(modes=("mandatory",), profiles=PLAIN)
def credits_granted_late(rig):
    """By the answer to a LOCK that waits, and by its interim answer."""
    rig.close()
    lock = BlockedLock(rig)
    connection = lock.session.connection
    for _ in range(connection.credits):
        lock.session.call(wire.echo(), credits=1)
    lock.end()
    for _ in range(20):
        lock.session.echo()
    _use(lock.session, connection.next_message_id + connection.credits - 1)
    rig.close()


@case(modes=("mandatory",), profiles=ALGORITHMS, kernels=NO_WINDOW)
def credits_granted_by_errors(rig):
    """Where ksmbd gives up early it grants whatever was asked for; clients
    take it at its word."""
    session = rig.new_session()
    connection = session.connection
    for make in EARLY_ERRORS:
        request = make(session).changed(credits=64)
        session.send(request)
        status(session.answer(request), wire.INVALID_PARAMETER)
    _use(session, connection.next_message_id + connection.credits - 1)
    _ends(rig, connection, _echo(
        session, connection.next_message_id + connection.credits))


@case(modes=("mandatory",), profiles=ALGORITHMS)
def cancel_may_have_any_id(rig):
    """It names the request it is about, 3.2.4.24."""
    session = rig.new_session()
    for message_id in (0, 1, session.connection.next_message_id + 100000,
                       LAST_ID):
        request = session.request(wire.cancel(), message_id=message_id)
        session.send(request)
        session.echo()


# The knobs

@case(modes=("mandatory",), profiles=ALGORITHMS, kernels=NO_WINDOW)
def replay_window_0_leaves_it_to_ksmbd(rig):
    with rig.server.knob("replay_window", "0"), \
            rig.server.counts(REASON, 0):
        _replay_is_answered(rig)


def _replay_is_answered(rig):
    session = rig.new_session()
    message_id, message = session.signed(wire.echo())
    for turn in range(2):
        # With AES-GMAC one nonce signs one answer (nonces.py)
        session.connection.strict = not (turn and session.gmac)
        session.connection.send(message)
        status(session.connection.answer(message_id), wire.SUCCESS)


@case(modes=("mandatory",), profiles=LATEST, kernels=NO_WINDOW)
def audit_lets_replays_pass_and_counts(rig):
    with rig.server.knob("policy", "audit"), rig.server.counts(REASON):
        _replay_is_answered(rig)
