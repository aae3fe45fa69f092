# SPDX-License-Identifier: GPL-2.0-only
"""Many requests on their way at once."""

from smb2 import attack, wire

from . import judge
from .rig import ALGORITHMS, GMAC, HMAC, SAMPLE, USUAL
from .tap import GUARDED, add, case, equal, expect, status

PIPELINE = 200


def _between_two_good(forge):
    """Three writes to three places of a file in one segment; the middle one
    is forged."""
    def run(rig):
        session, file = rig.session, rig.file(b"......")
        requests = [session.request(wire.write(file.id, offset, data))
                    for offset, data in ((0, b"aa"), (2, b"XX"), (4, b"bb"))]
        session.connection.send(session.sign(requests[0].encode()),
                                forge(session, requests[1]),
                                session.sign(requests[2].encode()))
        status(session.answer(requests[0]), wire.SUCCESS)
        judge.denied(session, requests[1])
        status(session.answer(requests[2]), wire.SUCCESS)
        equal(file.content, b"aa..bb", "content")
        session.echo()
        file.close()
    return run


def _register():
    for name, forge in attack.ALL.items():
        add(f"one {name} between two good requests", _between_two_good(forge),
            suite="pipelines", modes=GUARDED, profiles=(*SAMPLE, HMAC, GMAC))


_register()


def _fill(session, requests):
    """Grow the purse until @requests can be in flight at once."""
    while session.connection.credits < requests:
        session.echo()


@case(profiles=USUAL)
def two_hundred_signed_writes_in_one_segment(rig):
    session, file = rig.session, rig.file()
    _fill(session, PIPELINE + 8)
    wanted = b"".join(b"%07d\n" % n for n in range(PIPELINE))
    requests = [session.request(wire.write(file.id, n * 8,
                                           wanted[n * 8:n * 8 + 8]))
                for n in range(PIPELINE)]
    session.connection.send(*[session.sign(r.encode()) for r in requests])
    for request in requests:
        status(session.answer(request), wire.SUCCESS)
    equal(file.content, wanted, "content")
    file.close()


@case(profiles=ALGORITHMS)
def every_third_of_two_hundred_is_forged(rig):
    session, file = rig.session, rig.file(b"." * PIPELINE)
    _fill(session, PIPELINE + 8)
    forge = list(attack.ALL.values())
    requests, messages, wanted = [], [], bytearray(b"." * PIPELINE)
    for n in range(PIPELINE):
        request = session.request(wire.write(file.id, n, b"#"))
        requests.append(request)
        if n % 3 == 1:
            messages.append(forge[n % len(forge)](session, request))
        else:
            messages.append(session.sign(request.encode()))
            wanted[n] = ord("#")
    session.connection.send(*messages)
    for n, request in enumerate(requests):
        if n % 3 == 1:
            judge.denied(session, request)
        else:
            status(session.answer(request), wire.SUCCESS)
    equal(file.content, bytes(wanted), "content")
    session.echo()
    file.close()


def _digits(size):
    return b"%04d" % (size % 10000)


@case(profiles=ALGORITHMS)
def what_comes_behind_a_refused_request_in_its_segment_is_read_whole(rig):
    """A refused request of every size from 1 byte of payload on, with a
    good one right behind it."""
    session, file = rig.session, rig.file(bytes(4))
    for size in (1, 2, 3, 100, 1000, 1460, 4000, 20000, 70000):
        _fill(session, 8)
        bad = session.request(wire.write(file.id, 0, b"X" * size))
        good = session.request(wire.write(file.id, 0, _digits(size)))
        session.connection.send(bad.encode(), session.sign(good.encode()))
        judge.denied(session, bad)
        status(session.answer(good), wire.SUCCESS)
        equal(file.content, _digits(size), "content")
    file.close()


@case(profiles=USUAL)
def unsigned_in_mid_session(rig):
    """Fifty signed requests, one unsigned, fifty signed."""
    session, path = rig.session, rig.fresh_path()
    for _ in range(50):
        session.echo()
    request = session.request(wire.create(path.name))
    judge.refused(session, request, request.encode())
    expect(not path.exists(), "the file was created")
    for _ in range(50):
        session.echo()


@case(profiles=ALGORITHMS)
def refusals_in_a_stream_of_requests(rig):
    """Each in a segment of its own, as fast as they can be sent, so that some
    arrive while ksmbd reads what takes a refused one's place."""
    session = rig.session
    _fill(session, 400)
    expected, messages = [], []
    for index in range(390):
        request = session.request(wire.echo())
        bad = index % 2
        messages.append(attack.signature_flipped(session, request) if bad
                        else session.sign(request.encode()))
        expected.append((request, wire.ACCESS_DENIED if bad
                         else wire.SUCCESS))
    for message in messages:
        session.connection.send(message)
    for request, wanted in expected:
        status(session.connection.answer(request), wanted)
