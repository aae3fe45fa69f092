# SPDX-License-Identifier: GPL-2.0-only
"""The same bytes, cut in every way TCP may cut them."""

import contextlib
import socket

from smb2 import attack, wire
from smb2.connection import Closed

from . import judge
from .bulk import pattern, round_trip
from .flaws import keeps_small_segments
from .rig import ALGORITHMS, PROFILES
from .server import sysctl_set
from .tap import case, equal, expect, status

# Enough for a slow guest; nothing else is waited for after it
URGENT_TIMEOUT = 3


@case(profiles=ALGORITHMS)
def signed_frame_cut_at_every_byte(rig):
    session, file = rig.session, rig.file(bytes(4))
    size = len(wire.frame(session.signed(wire.write(file.id, 0, b"0000"))[1]))
    session.connection.next_message_id -= 1
    for cut in range(1, size):
        data = b"%04d" % cut
        message_id, message = session.signed(wire.write(file.id, 0, data))
        session.connection.send_cut(wire.frame(message), cut)
        status(session.connection.answer(message_id), wire.SUCCESS)
        equal(file.content, data, "content")
    file.close()


@case(profiles=ALGORITHMS)
def unsigned_frame_cut_at_every_byte(rig):
    _refused_at_every_cut(rig, attack.unsigned)


@case(profiles=ALGORITHMS)
def forged_frame_cut_at_every_byte(rig):
    _refused_at_every_cut(rig, attack.signature_flipped)


def _refused_at_every_cut(rig, forge):
    session, file = rig.session, rig.file(b"untouched")
    size = 4 + len(session.request(wire.write(file.id, 0, b"XXXX"),
                                   message_id=0).encode())
    for cut in range(1, size):
        request = session.request(wire.write(file.id, 0, b"XXXX"))
        session.connection.send_cut(wire.frame(forge(session, request)), cut)
        judge.denied(session, request)
    equal(file.content, b"untouched", "content")
    session.echo()
    file.close()


@case(profiles=ALGORITHMS)
def compound_cut_at_every_byte(rig):
    session = rig.session
    for cut in range(1, 64 + 72 + 8 + 8):
        requests = session.chain([wire.echo(), wire.echo()], related=False)
        data = wire.frame(b"".join(session.sign(r.encode())
                                   for r in requests))
        session.connection.send_cut(data, min(cut, len(data) - 1))
        for request in requests:
            status(session.answer(request), wire.SUCCESS)


@case(profiles=PROFILES)
def whole_dialogue_one_byte_at_a_time(rig):
    session = rig.new_session(piece=1)
    file = rig.file(b"", session)
    session.write(file.id, 0, b"one byte at a time")
    equal(file.content, b"one byte at a time", "content")
    request = session.request(wire.write(file.id, 0, b"X"))
    judge.refused(session, request, request.encode())
    request = session.request(wire.write(file.id, 0, b"X"))
    forged = attack.signature_flipped(session, request)
    if keeps_small_segments():
        session.connection.send(forged)
        judge.denied_or_cut_off(session, request)
    else:
        judge.refused(session, request, forged)
    equal(file.content, b"one byte at a time", "content")


@case(profiles=ALGORITHMS)
def pieces_of_every_small_size(rig):
    for piece in (2, 3, 4, 5, 7, 63, 64, 65, 67, 68, 69, 1000):
        session = rig.new_session(piece=piece)
        file = rig.file(b"", session)
        data = pattern(5000, piece)
        session.write(file.id, 0, data)
        equal(file.content, data, "content")
        session.connection.close()


@case(profiles=ALGORITHMS)
def fifty_frames_in_one_segment_cut_askew(rig):
    """Fifty frames in one stream, cut where no frame ends."""
    session = rig.session
    while session.connection.credits < 60:
        session.echo()
    signed = [session.signed(wire.echo()) for _ in range(50)]
    data = b"".join(wire.frame(message) for _, message in signed)
    session.connection.send_cut(data, *range(101, len(data), 701))
    for message_id, _ in signed:
        status(session.connection.answer(message_id), wire.SUCCESS)


@case(profiles=ALGORITHMS)
def megabyte_through_small_buffers(rig):
    session = rig.new_session(send_buffer=4096, receive_buffer=4096)
    _round_trip(rig, session, 1 << 20)


def _round_trip(rig, session, size):
    round_trip(session, rig.file(b"", session), pattern(size))


@contextlib.contextmanager
def _small_receive_queue(rig):
    """ksmbd with the smallest receive buffers; they are inherited from the
    listener, so it has to be a new one."""
    rig.close()
    rig.server.stop_ksmbd()
    old = sysctl_set("net/ipv4/tcp_rmem", "4096 4096 4096")
    rig.server.start_ksmbd()
    try:
        yield
    finally:
        rig.close()
        rig.server.stop_ksmbd()
        sysctl_set("net/ipv4/tcp_rmem", old)
        rig.server.start_ksmbd()


@case(profiles=ALGORITHMS)
def server_with_the_smallest_receive_buffer(rig):
    with _small_receive_queue(rig):
        session = rig.session
        # Larger than the window, and held, streamed or verified in softirq
        for size in (1 << 18, 60000, 12000, 6000):
            _round_trip(rig, session, size)
        for size in (4, 2000, 6000, 60000):
            file = rig.file(b"untouched")
            request = session.request(wire.write(file.id, 0, bytes(size)))
            judge.refused(session, request, request.encode())
            equal(file.content, b"untouched", "content")
        request = session.request(wire.write(file.id, 0, pattern(1 << 16)))
        judge.cut_off(session.connection,
                      attack.signature_flipped(session, request))
        equal(file.content, b"untouched", "content")
        rig.close()
        rig.session.echo()


def _never_shifted(rig, send):
    """After @send(connection, frame) of a signed WRITE the file holds what
    it held or what was signed, and nothing else."""
    session = rig.new_session(timeout=URGENT_TIMEOUT)
    file = rig.file(b"-" * 16, session)
    signed = b"0123456789abcdef"
    _, message = session.signed(wire.write(file.id, 0, signed))
    with contextlib.suppress(Closed, TimeoutError):
        send(session.connection, wire.frame(message))
        session.connection.send(session.signed(wire.echo())[1])
        session.connection.receive()
        session.connection.receive()
    session.connection.close()
    expect(file.content in (b"-" * 16, signed),
           f"executed shifted: {file.content}")


@case(profiles=ALGORITHMS)
def urgent_byte_of_a_signed_write(rig):
    """One byte of the frame is sent as urgent data, which an ordinary
    reader does not see, in the NBSS header, header, signature, data: it is
    what was signed all the same."""
    session = rig.new_session(timeout=URGENT_TIMEOUT)
    file = rig.file(b"-" * 16, session)
    for place in (1, 20, 60, 117, 127):
        signed = f"urgent at {place:06}".encode()
        message_id, message = session.signed(wire.write(file.id, 0, signed))
        data = wire.frame(message)
        session.connection.transmit(data[:place])
        session.connection.transmit(data[place:place + 1], socket.MSG_OOB)
        session.connection.transmit(data[place + 1:])
        status(session.connection.answer(message_id), wire.SUCCESS)
        equal(file.content, signed, "content")


@case(profiles=ALGORITHMS)
def urgent_byte_added_to_a_signed_write(rig):
    """A foreign byte is slipped in between as urgent data."""
    for place in (0, 1, 20, 60, 117, 127):
        def send(connection, data, place=place):
            if place:
                connection.transmit(data[:place])
            connection.transmit(b"Z", socket.MSG_OOB)
            connection.transmit(data[place:])
        _never_shifted(rig, send)
    rig.session.echo()
