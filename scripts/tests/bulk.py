# SPDX-License-Identifier: GPL-2.0-only
"""Requests larger than what is held whole (hold_bytes), and larger than any
receive queue."""

import random

from smb2 import attack, wire

from . import judge
from .rig import ALGORITHMS, ENCRYPTING, HMAC, USUAL
from .server import ksmbd_complaints
from .tap import GUARDED, add, case, equal, expect

MIB = 1 << 20
SIZES = {"64 KiB": 65536, "1 MiB": MIB, "8 MiB": 8 * MIB}


def pattern(size, seed=1):
    """@size bytes that no shift or swap leaves alike."""
    return random.Random(seed).randbytes(size)


def earn(session, charge):
    """Collect the credits for a request that costs @charge."""
    while session.connection.credits < charge + 8:
        session.echo()


def largest(session, size):
    """@size, or what the server takes at once if that is less."""
    expect(session.connection.negotiated.max_write >= size,
           f"MaxWriteSize is {session.connection.negotiated.max_write}")
    return size


def _forged_is_cut_off(forge, size):
    """A bad signature on a request that was let through piece by piece can
    only end the connection; ksmbd, which would find it out itself, must never
    have all of it."""
    def run(rig):
        session, complaints = rig.new_session(), ksmbd_complaints()
        file = rig.file(b"untouched", session)
        earn(session, wire.charge_for(largest(session, size)))
        request = session.request(wire.write(file.id, 0, pattern(size)))
        judge.cut_off(session.connection, forge(session, request))
        equal(file.content, b"untouched", "content")
        rig.session.echo()
        equal(ksmbd_complaints(), complaints, "ksmbd's bad smb2 signature")
    return run


def _unsigned_is_denied(size):
    """No signature is seen in the header: denied, whatever the size."""
    def run(rig):
        session, file = rig.session, rig.file(b"untouched")
        earn(session, wire.charge_for(largest(session, size)))
        request = session.request(wire.write(file.id, 0, pattern(size)))
        judge.refused(session, request, request.encode())
        equal(file.content, b"untouched", "content")
        file.close()
    return run


def round_trip(session, file, data):
    """@data is written in one request, and read in one."""
    earn(session, wire.charge_for(len(data)))
    session.write(file.id, 0, data)
    equal(file.content, data, "what was written")
    earn(session, wire.charge_for(len(data)))
    equal(session.read(file.id, 0, len(data)), data, "what was read")


def _honest(size):
    def run(rig):
        file = rig.file()
        round_trip(rig.session, file,
                   pattern(largest(rig.session, size), seed=size))
        file.close()
    return run


def _register():
    for name, size in SIZES.items():
        profiles = (*USUAL, HMAC) if size == MIB else ALGORITHMS
        for forgery in ("signature flipped", "body flipped", "foreign key"):
            if size > 65536:
                add(f"WRITE of {name}, {forgery}: cut off, nothing written",
                    _forged_is_cut_off(attack.ALL[forgery], size),
                    suite="bulk", modes=GUARDED,
                    profiles=profiles if forgery == "signature flipped"
                    else ALGORITHMS)
        add(f"WRITE of {name} unsigned is denied", _unsigned_is_denied(size),
            suite="bulk", modes=GUARDED, profiles=profiles)
        add(f"WRITE of {name} signed arrives whole", _honest(size),
            suite="bulk", modes=GUARDED, profiles=profiles)


_register()


@case(profiles=ALGORITHMS)
def forged_writes_around_hold_bytes(rig):
    """Just below the bound a forgery is denied, just above it the answer
    may be that or the end; on neither side is it executed."""
    hold = 65536
    file = rig.file(b"untouched")
    for size in (hold - 4096, hold - 113, hold - 112, hold, hold + 4096):
        session = rig.new_session()
        other = session.create(file.name)
        earn(session, 4)
        request = session.request(wire.write(other, 0, pattern(size)))
        session.connection.send(attack.signature_flipped(session, request))
        if size < hold - 1024:
            judge.denied(session, request)
            session.echo()
        else:
            judge.denied_or_cut_off(session, request)
        equal(file.content, b"untouched", f"content after {size} bytes")
    file.close()


@case(modes=GUARDED, profiles=ALGORITHMS)
def reads_are_signed_side_by_side(rig):
    """In ksmbd's workers, not in the order in which they leave."""
    data = pattern(MIB)
    session, file = rig.session, rig.file(data)
    pieces = [(n << 16, 65536) for n in range(8)]
    earn(session, 2 * len(pieces))
    requests = [session.request(wire.read(file.id, *piece))
                for piece in pieces]
    with rig.server.counts("signed_ahead", len(pieces)):
        session.connection.send(*[session.sign(r.encode()) for r in requests])
        answers = [session.answer(request) for request in requests]
    for (offset, length), answer in zip(pieces, answers):
        expect(answer.signed, f"what was read at {offset} is signed")
        equal(wire.read_data(answer.raw), data[offset:offset + length],
              f"what was read at {offset}")
    file.close()


@case(modes=GUARDED, profiles=ALGORITHMS)
def large_writes_are_verified_beside_the_reader(rig):
    """By a worker, on another CPU."""
    file = rig.file()
    earn(rig.session, wire.charge_for(MIB))
    with rig.server.counts("verified_ahead"):
        rig.session.write(file.id, 0, pattern(MIB))
    equal(file.content, pattern(MIB), "content")
    file.close()


@case(modes=GUARDED, profiles=ENCRYPTING)
def encrypted_reads_are_not_signed(rig):
    """Nobody looks at a signature inside, and AES-GMAC must make none."""
    session = rig.new_session()
    session.encrypting = True
    file = rig.file(pattern(65536), session)
    with rig.server.counts("signed_ahead", 0):
        equal(session.read(file.id, 0, 65536), pattern(65536), "what was read")
    file.close()


@case(profiles=ENCRYPTING)
def encrypted_write_arrives_whole(rig):
    session = rig.new_session()
    session.encrypting = True
    round_trip(session, rig.file(b"", session), pattern(MIB))
