# SPDX-License-Identifier: GPL-2.0-only
"""Refusals must cost no credit and leave no hole in the MessageIds: ksmbd
never sees them, and since 7.x it keeps a window of 8192 ids."""

from smb2 import attack, wire

from . import judge
from .rig import ALGORITHMS, LATEST
from .tap import case, expect, status

WINDOW = 8192
REFUSALS = 300
BATCH = 128


def _echoes(session, count):
    """@count ECHOs, a batch in flight at a time."""
    while count:
        batch = min(count, BATCH, session.connection.credits)
        signed = [session.signed(wire.echo(), credits=1)
                  for _ in range(batch)]
        session.connection.send(*[message for _, message in signed])
        for message_id, _ in signed:
            status(session.connection.answer(message_id), wire.SUCCESS)
        count -= batch


def _refusals(session, count):
    """@count refused requests, every kind in turn, a batch in flight."""
    forge = list(attack.ALL.values())
    while count:
        batch = min(count, BATCH, session.connection.credits)
        requests = [session.request(wire.echo(), credits=1)
                    for _ in range(batch)]
        session.connection.send(*[forge[n % len(forge)](session, request)
                                  for n, request in enumerate(requests)])
        for request in requests:
            judge.denied(session, request)
        count -= batch


def _all_credits_are_good(session):
    """Spend every credit at once; who overdraws is cut off, so there must be
    an answer before there is another request."""
    spent = [session.signed(wire.echo(), credits=1)
             for _ in range(session.connection.credits)]
    session.connection.send(*[message for _, message in spent])
    session.connection.answer(spent[0][0])
    session.echo()


@case(profiles=ALGORITHMS)
def refusals_cost_no_credit(rig):
    session = rig.new_session()
    while session.connection.credits < 2 * BATCH:
        session.echo()
    before = session.connection.credits
    _refusals(session, REFUSALS)
    expect(session.connection.credits >= before,
           f"{session.connection.credits} credits left of {before}")
    _all_credits_are_good(session)


@case(modes=("mandatory",), profiles=LATEST)
def a_full_turn_of_the_window_after_refusals(rig):
    session = rig.new_session()
    while session.connection.credits < 2 * BATCH:
        session.echo()
    _refusals(session, REFUSALS)
    _echoes(session, WINDOW // 2)
    _refusals(session, REFUSALS)
    _echoes(session, WINDOW)
    _all_credits_are_good(session)


@case(profiles=ALGORITHMS)
def refused_multi_credit_requests(rig):
    """A refused request that costs many credits gives them all back."""
    session, file = rig.session, rig.file(b"untouched")
    charge = 4
    for _ in range(100):
        while session.connection.credits < charge + 1:
            session.echo()
        before = session.connection.credits
        request = session.request(wire.read(file.id, 0, charge << 16),
                                  credits=charge)
        judge.refused(session, request, request.encode())
        expect(session.connection.credits >= before, "credits were lost")
    while session.connection.credits < charge + 1:
        session.echo()
    session.call(wire.write(file.id, 0, bytes(charge << 16)))
    file.close()
