# SPDX-License-Identifier: GPL-2.0-only
"""What a peer can have the server hold or do is bounded: no flood keeps what
closed connections have left from being freed, the module from being unloaded,
or ksmbd from being stopped."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import struct
import time

from smb2 import wire
from smb2.connection import Closed, Connection

from .rig import LATEST
from .server import PORT, wait_until
from .tap import add, case, equal, expect

MANDATORY = ("mandatory",)
SLABINFO = pathlib.Path("/proc/slabinfo")
UNKNOWN_SESSION = 0x7777
# Each variant floods for so many seconds, while others come and go
SECONDS = 3
# What may wait to be freed (grace.h), and what is left soon after nobody adds
# to it
OBJECTS = 4096
OBJECTS_LATER = 4
SOON = 3
# What slab caches may have more of meanwhile: the answers that wait for the
# connections that are there. Where they are kept, it is two thousand a second
SLAB_OBJECTS = 3000
# What a connection leaves behind: refused requests, in so many compounds
COMPOUND = 220
COMPOUNDS = 4
# rx.c's UNANSWERED_MAX in CANCELs, as many as ksmbd grants credits
CANCELS = 8192
UNLOAD_LIMIT = 10
STOP_LIMIT = 30
# The kernels of make test-debug, which check themselves, are so much slower
SLOWNESS = 6 if os.uname().release.endswith(("-debug", "-kcsan")) else 1
FLOODERS = 2
LARGE = 4 << 20


def _connection(**options):
    return Connection(strict=False, **options).negotiate()


def _frames(connection, body, number, **fields):
    fields.setdefault("session_id", UNKNOWN_SESSION)
    request = connection.request(body, **fields)
    return wire.frame(request.encode()) * number


def cancels():
    """Refused, and nothing answers them."""
    connection = _connection()
    data = _frames(connection, wire.cancel(), 5000, message_id=5)
    while True:
        connection.transmit(data)


def chains_of_cancels():
    """The same, many in a frame."""
    connection = _connection()
    message = connection.request(wire.cancel(), message_id=5,
                                 session_id=UNKNOWN_SESSION,
                                 next_command=72).encode()
    message = message.ljust(72, b"\0")
    last = connection.request(wire.cancel(), message_id=5,
                              session_id=UNKNOWN_SESSION).encode()
    data = wire.frame(message * 2000 + last)
    while True:
        connection.transmit(data)


def single_bytes():
    """The same, a byte at a time."""
    connection = _connection()
    data = _frames(connection, wire.cancel(), 1, message_id=5)
    while True:
        for index in range(len(data)):
            connection.transmit(data[index:index + 1])


def refusals():
    """ksmbd reads something in place of each, and all are answered."""
    connection = _connection()
    while True:
        request = connection.request(wire.create("x"),
                                     session_id=UNKNOWN_SESSION)
        connection.send(request.encode())
        connection.answer(request)


def large_refusals():
    """The same, each of some megabytes."""
    connection = _connection()
    while True:
        request = connection.request(wire.echo(), credit_charge=1,
                                     session_id=UNKNOWN_SESSION)
        message = request.encode()
        connection.transmit(struct.pack(">I", len(message) + LARGE) + message)
        for _ in range(LARGE >> 16):
            connection.transmit(bytes(1 << 16))
        connection.answer(request)


def silence():
    """Nothing: readers wait, some of them at any time. ksmbd has them look up
    every seven seconds."""
    connections = []
    for _ in range(7):
        connections.append(_connection(timeout=60))
        time.sleep(0.5)
    connections[0].receive()


def _narrow():
    """A socket that takes little, in small segments: the server can send
    little."""
    sock = socket.socket()
    sock.settimeout(30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", PORT))
    return sock


def _refused_and_deaf():
    """A connection with many refused requests, whose answers nobody reads."""
    connection = _connection(transport=_narrow())
    request = connection.request(wire.echo(), credits=8000)
    connection.send(request.encode())
    connection.answer(request)
    for _ in range(COMPOUNDS):
        chain = [connection.request(wire.create(""), credits=1,
                                    session_id=UNKNOWN_SESSION)
                 for _ in range(COMPOUND)]
        size = -(-len(chain[0].encode()) // 8) * 8
        message = b"".join(
            r.changed(next_command=0 if r is chain[-1] else size)
            .encode().ljust(size, b"\0") for r in chain)
        connection.transmit(wire.frame(message))
    return connection


def deafness():
    """Writers wait, some of them at any time."""
    connections = []
    while True:
        connections = [*connections[-9:], _refused_and_deaf()]
        time.sleep(0.5)


def empty_messages():
    """No messages at all; where they pass, ksmbd has them."""
    connection = _connection()
    while True:
        connection.transmit(bytes(4) * 5000)


def keepalives():
    """Discarded, and nothing answers them."""
    connection = _connection()
    while True:
        connection.transmit(b"\x85\0\0\0" * 5000)


def litter():
    """Comes, is refused, and is gone."""
    connection = _refused_and_deaf()
    time.sleep(0.05)
    connection.reset()


FLOODS = (cancels, chains_of_cancels, single_bytes, refusals, large_refusals,
          silence, deafness, empty_messages, keepalives)


def _again_and_again(function):
    while True:
        try:
            function()
        except (Closed, OSError, AssertionError, wire.Malformed):
            time.sleep(0.05)


@contextlib.contextmanager
def _doing(function, number=1):
    """@number processes do it, and begin anew whenever they are cut off."""
    children = []
    try:
        for _ in range(number):
            child = os.fork()
            if not child:
                with contextlib.suppress(BaseException):
                    _again_and_again(function)
                os._exit(0)
            children.append(child)
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _slab_objects():
    """What entries of the module, a request to be answered each, are among."""
    text = SLABINFO.read_text(encoding="ascii")
    return sum(map(int, re.findall(r"^kmalloc-\S*128 +(\d+)", text, re.M)))


def _wait_to_be_freed(rig):
    return rig.server.stats()["freeing"]


def _largest_meanwhile(measure, seconds):
    largest, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        largest = max(largest, measure())
        time.sleep(0.1)
    return largest


def _keeps_nothing(flood, policy):
    def run(rig):
        with rig.server.knob("policy", policy), _doing(flood):
            with _doing(litter, 2):
                time.sleep(1)
                before = _slab_objects()
                time.sleep(SECONDS)
                more = _slab_objects() - before
                expect(more < SLAB_OBJECTS, f"{more} more objects of slab")
                largest = _largest_meanwhile(lambda: _wait_to_be_freed(rig), 1)
                expect(largest <= OBJECTS, f"{largest} wait to be freed")
                # Others are served, but where ksmbd is left to see to it
                if policy != "audit":
                    rig.new_session().echo()
            wait_until("all to be freed", lambda:
                       _wait_to_be_freed(rig) <= OBJECTS_LATER, SOON)
            more = _slab_objects() - before
            expect(more < SLAB_OBJECTS, f"{more} objects of slab stay")
    return run


def _register():
    for flood in FLOODS:
        add(f"nothing is kept by {flood.__name__}",
            _keeps_nothing(flood, "negotiated"), suite="bounds",
            modes=MANDATORY, profiles=LATEST)
    # A faster one keeps 7.x's ksmbd itself, which gets it all, busy for long
    for flood in (single_bytes, empty_messages):
        add(f"nothing is kept by {flood.__name__} in audit",
            _keeps_nothing(flood, "audit"), suite="bounds", modes=MANDATORY,
            profiles=LATEST)


_register()


@case(modes=MANDATORY, profiles=LATEST)
def what_nothing_answers_is_bounded(rig):
    """As many CANCELs as there can be requests, and not one more."""
    connection = rig.connect()
    for _ in range(2):
        connection.transmit(_frames(connection, wire.cancel(), CANCELS,
                                    message_id=5))
        # What is answered in between starts the count anew
        request = connection.request(wire.echo())
        connection.send(request.encode())
        connection.answer(request)
    with rig.server.counts("reason_unanswered"):
        with contextlib.suppress(Closed):
            connection.transmit(_frames(connection, wire.cancel(), CANCELS + 1,
                                        message_id=5))
        connection.wait_closed()


def _timed(what, function, limit):
    start = time.monotonic()
    function()
    seconds = time.monotonic() - start
    print(f"# {what}: {seconds:.1f} s", flush=True)
    expect(seconds < limit * SLOWNESS, f"{what} took {seconds:.1f} s")


@case(modes=MANDATORY, profiles=LATEST)
def rmmod_in_the_middle_of_floods(rig):
    for flood in (cancels, single_bytes, large_refusals, silence, deafness,
                  keepalives):
        with _doing(flood, FLOODERS):
            time.sleep(0.5)
            _timed(f"rmmod under {flood.__name__}", rig.server.unload,
                   UNLOAD_LIMIT)
        rig.server.load(f"policy={rig.server.mode.policy}")
    rig.new_session().echo()


@case(modes=MANDATORY, profiles=LATEST)
def ksmbd_is_stopped_in_the_middle_of_floods(rig):
    for flood in (cancels, single_bytes, large_refusals, keepalives):
        with _doing(flood, FLOODERS):
            time.sleep(0.5)
            _timed(f"to stop ksmbd under {flood.__name__}",
                   rig.server.stop_ksmbd, STOP_LIMIT)
        equal(rig.server.stats()["connections"], 0, "connections")
        rig.server.start_ksmbd()
    rig.new_session().echo()
