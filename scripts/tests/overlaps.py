# SPDX-License-Identifier: GPL-2.0-only
"""Segments that come twice, out of order, or in two versions. Which version
of a byte TCP keeps is its own affair; the one that was verified must be the
one that ksmbd reads."""

import contextlib
import random

from smb2 import attack, wire
from smb2.connection import Closed

from . import judge
from .network import Namespace
from .rig import GMAC, LATEST
from .server import PORT
from .tap import case, equal, expect, status

# Where Flags lies in a frame, behind 4 bytes of NBSS header
FLAGS = 4 + 16
BEFORE = b"-" * 600
SIGNED = bytes(range(200)) * 3
FORGED = b"X" * 600
ROUNDS = 12


@contextlib.contextmanager
def _session(rig):
    with Namespace() as space:
        session = rig.new_session(transport=space.raw_tcp(PORT))
        with session.connection:
            yield session


def _pieces(dice, size):
    """Overlapping (start, end) that cover @size bytes, in any order; the
    first byte comes last, so that all the rest arrives out of order."""
    cuts = sorted(dice.sample(range(1, size), 6))
    edges = list(zip([0] + cuts, cuts + [size]))
    pieces = [(start, min(size, end + dice.randrange(60)))
              for start, end in edges[1:]]
    pieces += dice.sample(pieces, 3)
    dice.shuffle(pieces)
    return pieces + [edges[0]]


@case(modes=("mandatory",), profiles=(*LATEST, GMAC))
def segments_out_of_order_repeated_and_overlapping(rig):
    dice = random.Random(1)
    with _session(rig) as session:
        file, raw = rig.file(BEFORE, session), session.connection.socket
        for turn in range(ROUNDS):
            data = bytes([turn]) + SIGNED[1:]
            message_id, message = session.signed(wire.write(file.id, 0, data))
            frame = wire.frame(message)
            for start, end in _pieces(dice, len(frame)):
                raw.segment(start, frame[start:end])
            raw.advance(len(frame))
            status(session.connection.answer(message_id), wire.SUCCESS)
            equal(file.content, data, "content")


@case(modes=("mandatory",), profiles=(*LATEST, GMAC))
def forgeries_out_of_order_repeated_and_overlapping(rig):
    dice = random.Random(2)
    with _session(rig) as session:
        file, raw = rig.file(BEFORE, session), session.connection.socket
        for forge in attack.ALL.values():
            request = session.request(wire.write(file.id, 0, FORGED))
            frame = wire.frame(forge(session, request))
            for start, end in _pieces(dice, len(frame)):
                raw.segment(start, frame[start:end])
            raw.advance(len(frame))
            judge.denied(session, request)
        equal(file.content, BEFORE, "content")
        session.echo()
        session.connection.close()


def _two_versions(session, file, order):
    """Send a signed WRITE and, in the same place of the stream, one with
    other data. @order(raw, honest, forged) sends both."""
    raw = session.connection.socket
    _, message = session.signed(wire.write(file.id, 0, SIGNED))
    honest = wire.frame(message)
    forged = honest[:-len(FORGED)] + FORGED
    with contextlib.suppress(Closed, TimeoutError):
        order(raw, honest, forged)
        raw.advance(len(honest))
        raw.settimeout(2)
        session.connection.send(session.signed(wire.echo())[1])
        session.connection.receive()
        session.connection.receive()


def _forged_tail_first(raw, honest, forged):
    raw.segment(300, forged[300:])
    raw.segment(0, honest[:500])
    raw.segment(400, honest[400:])


def _honest_tail_first(raw, honest, forged):
    raw.segment(300, honest[300:])
    raw.segment(0, forged[:500])
    raw.segment(0, honest)


def _forged_middle_first(raw, honest, forged):
    raw.segment(200, forged[200:400])
    raw.segment(300, honest[300:])
    raw.segment(100, honest[100:350])
    raw.segment(0, honest[:150])
    raw.segment(0, honest)


def _forged_after_honest(raw, honest, forged):
    raw.segment(0, honest[:-1])
    raw.segment(0, forged[:-1])
    raw.segment(0, forged)


def _forged_before_last_byte(raw, honest, forged):
    raw.segment(len(honest) - 1, honest[-1:])
    raw.segment(0, honest[:300])
    raw.segment(200, forged[200:])
    raw.segment(300, honest[300:])


def _unsigned_below_signed(raw, honest, forged):
    """Both versions are queued before anybody looks; the one that an
    ordinary reader gets has other data and no SIGNED flag."""
    unsigned = bytearray(forged)
    unsigned[FLAGS] &= ~wire.FLAG_SIGNED & 0xff
    raw.segment(10, honest[10:])
    raw.segment(0, bytes(unsigned[:500]))


@case(modes=("mandatory",), profiles=(*LATEST, GMAC))
def two_versions_of_the_same_bytes(rig):
    for order in (_forged_tail_first, _honest_tail_first,
                  _forged_middle_first, _forged_after_honest,
                  _forged_before_last_byte, _unsigned_below_signed):
        with _session(rig) as session:
            file = rig.file(BEFORE, session)
            _two_versions(session, file, order)
            expect(file.content in (BEFORE, SIGNED),
                   f"{order.__name__}: what was never signed is in the file")
