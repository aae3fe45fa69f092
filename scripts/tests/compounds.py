# SPDX-License-Identifier: GPL-2.0-only
"""Compounds, [MS-SMB2] 3.3.5.2.7: no element runs unless all of them may."""

import struct

from smb2 import attack, wire

from . import judge
from .rig import SAMPLE, USUAL
from .tap import add, equal, expect, status

END_OF_FILE = 0xc0000011
PLACES = ("first", "middle", "last")
FORGERIES = ("unsigned", "signature flipped", "body flipped", "foreign key")


def _bodies(path):
    """A file created, written and closed, in one message."""
    return (wire.create(path.name),
            wire.write(wire.ANY_FILE, 0, b"compound"),
            wire.close(wire.ANY_FILE))


def _message(session, requests, forge=None, bad=None):
    """The elements signed each on its own, but @bad, which is forged."""
    return b"".join(
        forge(session, request) if index == bad
        else session.sign(request.encode())
        for index, request in enumerate(requests))


def _tail(session, request):
    """@request as the answers to a related element name it."""
    return request.changed(session_id=session.id)


def _all_denied(session, requests):
    for request in requests:
        judge.denied(session, _tail(session, request))


def _related(forge, bad):
    def run(rig):
        session, path = rig.session, rig.fresh_path()
        requests = session.chain(_bodies(path))
        session.connection.send(_message(session, requests, forge, bad))
        _all_denied(session, requests)
        expect(not path.exists(), "an element was executed")
        session.echo()
    return run


def _unrelated(forge, bad):
    def run(rig):
        session = rig.session
        paths = [rig.fresh_path() for _ in PLACES]
        requests = session.chain([wire.create(path.name) for path in paths],
                                 related=False)
        session.connection.send(_message(session, requests, forge, bad))
        _all_denied(session, requests)
        equal([path for path in paths if path.exists()], [], "created")
        session.echo()
    return run


def _honest_related(rig):
    session, path = rig.session, rig.fresh_path()
    requests = session.chain(_bodies(path))
    session.connection.send(_message(session, requests))
    for request in requests:
        status(session.answer(request), wire.SUCCESS)
    equal(path.read_bytes(), b"compound", "content")


def _read_and_fail(content):
    """A READ, and one past the end in the same message. ksmbd 6.x signs the
    second as if it began with what the first has read: that is no header, and
    stays as it is."""
    def run(rig):
        session, file = rig.session, rig.file(content)
        for size in (len(content), 80, 64):
            requests = session.chain(
                [wire.read(file.id, 0, size),
                 wire.read(file.id, 2 * len(content), 512)], related=False)
            session.connection.send(_message(session, requests))
            first, last = map(session.answer, requests)
            equal(wire.read_data(first.raw), content[:size], "what was read")
            equal(last.status, END_OF_FILE, "status past the end")
        file.close()
    return run


def _like_a_header():
    """What could be taken for the header of a READ response without a
    SessionId; but the length in it is another."""
    header = wire.Header(wire.READ, flags=wire.FLAG_RESPONSE,
                         session_id=wire.ANY_SESSION).pack()
    return header + struct.pack("<HBBIII", 17, 80, 0, 5000, 0, 0) + bytes(512)


def _honest_unrelated(rig):
    session = rig.session
    requests = session.chain([wire.create(rig.fresh_path().name)
                              for _ in PLACES], related=False)
    session.connection.send(_message(session, requests))
    for request in requests:
        response = session.answer(request)
        status(response, wire.SUCCESS)
        session.close_file(wire.created_file(response.raw))


def _only_first_signed(rig):
    """ksmbd judges a compound by its first header's flags."""
    session, path = rig.session, rig.fresh_path()
    requests = session.chain(_bodies(path))
    session.connection.send(session.sign(requests[0].encode()) +
                            requests[1].encode() + requests[2].encode())
    _all_denied(session, requests)
    expect(not path.exists(), "an element was executed")
    session.echo()


def _broken_chain(rig):
    """A NextCommand that leads out of the message: nothing of it can be
    judged, so the connection ends."""
    session, path = rig.new_session(), rig.fresh_path()
    requests = session.chain(_bodies(path))
    requests[1].header.next_command = 0x10000
    judge.cut_off(session.connection, _message(session, requests))
    expect(not path.exists(), "an element was executed")


def _add(title, function):
    add(title, function, suite="compounds", modes=("mandatory",),
        profiles=USUAL)
    add(title, function, suite="compounds", modes=("required",),
        profiles=SAMPLE)


def _register():
    for shape, make in (("related", _related), ("unrelated", _unrelated)):
        for name in FORGERIES:
            for index, place in enumerate(PLACES):
                _add(f"{shape}, {place} {name}: none runs",
                     make(attack.ALL[name], index))
    for name, function in (("related works", _honest_related),
                           ("unrelated works", _honest_unrelated),
                           ("related, only the first signed: none runs",
                            _only_first_signed),
                           ("what was read is no header",
                            _read_and_fail(b"\xff" * 600)),
                           ("what was read looks like a header",
                            _read_and_fail(_like_a_header())),
                           ("broken chain ends the connection",
                            _broken_chain)):
        _add(name, function)


_register()
