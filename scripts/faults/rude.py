# SPDX-License-Identifier: GPL-2.0-only
"""Peers that do not go on: they stop reading, send a byte a second, close one
half, reset in mid-frame, hang up before they have begun, and come in
thousands. Others are served meanwhile, and all they held comes back."""

import contextlib
import pathlib
import re
import resource
import socket
import subprocess
import sys
import time

from smb2 import attack, wire
from smb2.connection import Closed
from tests.bulk import earn
from tests.rig import ALGORITHMS, LATEST, File
from tests.server import sysctl_set, wait_until
from tests.tap import case, equal, expect, status

from . import dialogue, inject

MANDATORY = ("mandatory",)
ZONES = pathlib.Path("/proc/zoneinfo")
DROP_CACHES = pathlib.Path("/proc/sys/vm/drop_caches")
# Seconds that somebody else's whole session may take meanwhile
PATIENCE = 20
DRIP_SECONDS = 6
DEAF_READ = 1 << 20
# As many as are ever refused without one being answered, and more
DEAF_REFUSALS = 3000
RESETS_AT = (0, 1, 3, 4, 5, 60, 68, 69, 100, 5000, 70000)
LITTLE = 48 << 20
CROWD = 10000
# ksmbd looks for new connections ten times a second, and lets 16 wait till then
BATCH = 15
BATCH_SECONDS = 0.1
# What a half-open frame may hold in the kernel, the socket and its queue and
# ksmbd's thread included
CROWD_BYTES = 64 << 10
# ... and what may stay of it: slab caches are never as full twice, and TIME_WAIT
# takes 60 s. A socket is more.
CROWD_KEPT = 4 << 10


def _meanwhile(rig):
    start = time.monotonic()
    dialogue.honest(rig)
    seconds = time.monotonic() - start
    expect(seconds < PATIENCE, f"somebody else waited for {seconds:.1f} s")


def _gone(rig):
    rig.close()
    rig.end_case(False)
    dialogue.nothing_left(rig.server)


@case(modes=MANDATORY, profiles=ALGORITHMS)
def peer_that_stops_reading(rig):
    session = rig.new_session(receive_buffer=4096)
    file = File(session, bytes(DEAF_READ))
    earn(session, 10 * wire.charge_for(DEAF_READ))
    for _ in range(8):
        session.send(session.request(wire.read(file.id, 0, DEAF_READ)))
    time.sleep(1)
    _meanwhile(rig)
    session.connection.close()
    file.path.unlink()
    _gone(rig)


@case(modes=MANDATORY, profiles=ALGORITHMS)
def peer_that_reads_no_refusal(rig):
    """The refusals that wait for it are bounded; then it is cut off."""
    session = rig.new_session(receive_buffer=4096, send_buffer=4096)
    file = File(session, dialogue.UNTOUCHED)
    connection = session.connection
    while connection.credits < DEAF_REFUSALS:
        session.send(session.request(wire.echo(), credits=512))
        connection.receive()
    requests = [session.request(wire.write(file.id, 0, b"X" * 16))
                for _ in range(DEAF_REFUSALS)]
    connection.socket.settimeout(2)
    with contextlib.suppress(Closed, TimeoutError):
        for request in requests:
            connection.send(attack.signature_flipped(session, request))
    _meanwhile(rig)
    equal(file.content, dialogue.UNTOUCHED, "content")
    connection.close()
    file.path.unlink()
    _gone(rig)


@case(modes=MANDATORY, profiles=LATEST)
def peer_that_sends_a_byte_a_second(rig):
    """One signed, one forged: nobody waits for them, and they are judged when
    they are there."""
    sessions = [rig.new_session() for _ in range(2)]
    file = File(sessions[0], dialogue.UNTOUCHED)
    signed = sessions[0].signed(wire.write(file.id, 0, dialogue.HONEST))
    forged = sessions[1].request(wire.write(wire.ANY_FILE, 0, b"X" * 16))
    frames = [wire.frame(signed[1]),
              wire.frame(attack.signature_flipped(sessions[1], forged))]
    for second in range(DRIP_SECONDS):
        for session, data in zip(sessions, frames):
            session.connection.transmit(data[second:second + 1])
        _meanwhile(rig)
        time.sleep(1)
    for session, data in zip(sessions, frames):
        session.connection.transmit(data[DRIP_SECONDS:])
    status(sessions[0].connection.answer(signed[0]), wire.SUCCESS)
    status(sessions[1].connection.answer(forged), wire.ACCESS_DENIED)
    equal(file.content, dialogue.HONEST, "content")
    file.close()
    _gone(rig)


@case(modes=MANDATORY, profiles=ALGORITHMS)
def peer_that_closes_its_half(rig):
    """Behind a whole request, good or forged: it is answered or the connection
    ends. In mid-frame: it ends."""
    for forge in (lambda s, r: s.sign(r.encode()), *attack.ALL.values()):
        session = rig.new_session()
        file = File(session, dialogue.UNTOUCHED)
        request = session.request(wire.write(file.id, 0, b"X" * 16))
        message = forge(session, request)
        session.connection.send(message)
        session.connection.socket.shutdown(socket.SHUT_WR)
        session.connection.wait_closed()
        answer = session.connection.answers.get(request.header.message_id)
        if forge in attack.ALL.values():
            equal(file.content, dialogue.UNTOUCHED, "content")
            expect(not answer or answer.status == wire.ACCESS_DENIED,
                   "a forged request succeeded")
        file.path.unlink()
    for cut in (1, 4, 40, 100):
        session = rig.new_session()
        data = wire.frame(session.signed(wire.echo())[1])
        session.connection.transmit(data[:min(cut, len(data) - 1)])
        session.connection.socket.shutdown(socket.SHUT_WR)
        session.connection.wait_closed()
    _gone(rig)


@case(modes=MANDATORY, profiles=ALGORITHMS)
def peer_that_resets_in_mid_frame(rig):
    """Held, streamed or refused: what was there of it is not executed."""
    for forge in (lambda s, r: s.sign(r.encode()), attack.unsigned):
        for cut in RESETS_AT:
            session = rig.new_session()
            file = File(session, dialogue.UNTOUCHED)
            earn(session, wire.charge_for(dialogue.LARGE))
            request = session.request(wire.write(
                file.id, 0, b"X" * dialogue.LARGE))
            data = wire.frame(forge(session, request))
            session.connection.transmit(data[:cut])
            session.connection.reset()
            equal(file.content, dialogue.UNTOUCHED, "content")
            file.path.unlink()
    dialogue.honest(rig)
    _gone(rig)


@case(modes=MANDATORY, profiles=LATEST)
def peers_that_leave_at_once(rig):
    """Reset, closed, or left alone, before a byte was sent."""
    for number in range(300):
        connection = rig.dial()
        if number % 3 == 0:
            connection.reset()
        elif number % 3 == 1:
            connection.close()
    dialogue.honest(rig)
    _gone(rig)


HOG = """
import mmap, os, sys, time
free = [line for line in open("/proc/meminfo") if "MemAvailable" in line]
size = int(free[0].split()[1]) * 1024 - int(sys.argv[1])
memory = mmap.mmap(-1, size)
for offset in range(0, size, 4096):
    memory[offset] = 1
print("full", flush=True)
time.sleep(1000)
"""


@contextlib.contextmanager
def _little_memory(left):
    """A process holds all but @left bytes."""
    with subprocess.Popen([sys.executable, "-c", HOG, str(left)],
                          stdout=subprocess.PIPE, text=True) as hog:
        try:
            equal(hog.stdout.readline(), "full\n", "the hog")
            yield
        finally:
            hog.kill()


@case(modes=MANDATORY, profiles=ALGORITHMS)
def little_memory(rig):
    """All but some megabytes are taken: requests are served, or connections
    end; attacks have no more success than ever."""
    with _little_memory(LITTLE):
        served = sum(dialogue.hold(rig) for _ in range(2))
    print(f"# little memory: {served} of 2 clients were served", flush=True)
    rig.end_case(False)
    dialogue.honest(rig)
    _gone(rig)


def _kernel_memory():
    """Bytes that the kernel holds: what is neither free, nor page cache, nor a
    process's. Free pages that a CPU keeps for itself are not in MemFree."""
    with open("/proc/meminfo", encoding="ascii") as file:
        value = {line.split(":")[0]: int(line.split()[1]) for line in file}
    kept = map(int, re.findall(r"^ +count: +(\d+)$", ZONES.read_text(
        encoding="ascii"), re.M))
    return 1024 * (value["MemTotal"] - value["MemFree"] - value["Cached"] -
                   value["Buffers"] - value["AnonPages"] -
                   value["SReclaimable"]) - resource.getpagesize() * sum(kept)


def _settled(measure, limit=20):
    """@measure()'s value, once caches are dropped and it does not fall any
    more."""
    DROP_CACHES.write_text("3\n", encoding="ascii")
    value, end = measure(), time.monotonic() + limit
    while time.monotonic() < end:
        time.sleep(1)
        now = measure()
        if now > value - (1 << 20):
            return now
        value = now
    return value


@contextlib.contextmanager
def _room_for(connections):
    old = sysctl_set("net/ipv4/ip_local_port_range", "10000 65000")
    threads = sysctl_set("kernel/threads-max", "100000")
    pids = sysctl_set("kernel/pid_max", "100000")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (connections + 1000, connections + 1000))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        sysctl_set("kernel/pid_max", pids)
        sysctl_set("kernel/threads-max", threads)
        sysctl_set("net/ipv4/ip_local_port_range", old)


def _half_open(index, frame):
    """A connection with the first half of a @frame on it, from one of many
    addresses."""
    sock = socket.socket()
    sock.settimeout(60)
    sock.bind((f"127.1.{index // 200 + 1}.{index % 200 + 1}", 0))
    sock.connect(("127.0.0.1", 445))
    sock.send(frame)
    return sock


def _crowd_comes_and_goes(rig, number):
    """@number connections, each with half a frame, while somebody else is
    served: the kernel's memory then."""
    request = rig.dial().negotiate_request().encode()
    frame = wire.frame(request)[:-20]
    with _room_for(number):
        crowd = []
        for index in range(number):
            if index % BATCH == BATCH - 1:
                time.sleep(BATCH_SECONDS)
            crowd.append(_half_open(index, frame))
        wait_until("all to be met", lambda:
                   rig.server.stats()["connections"] >= number, 60)
        memory = _kernel_memory()
        _meanwhile(rig)
        for sock in crowd:
            sock.close()
    _gone(rig)
    return memory


def crowd_of_half_open_frames(rig, number):
    """Everybody else is served, and the memory comes back. A first crowd has
    the slab caches grow: what they keep the second one uses."""
    dialogue.honest(rig)
    _crowd_comes_and_goes(rig, number)
    before = _settled(_kernel_memory, 60)
    full = _crowd_comes_and_goes(rig, number)
    kept = _settled(_kernel_memory, 60) - before
    print(f"# {number} half-open frames: {(full - before) // number} bytes "
          f"each, {kept // number} bytes each kept", flush=True)
    # A kernel that checks itself keeps what was freed, to see who uses it
    if not inject.available():
        expect(full - before < number * CROWD_BYTES, "they took too much")
        expect(kept < number * CROWD_KEPT, "it did not come back")
    dialogue.honest(rig)


@case(modes=MANDATORY, profiles=LATEST)
def thousand_half_open_frames(rig):
    crowd_of_half_open_frames(rig, 1000)


@case(modes=MANDATORY, profiles=LATEST)
def ten_thousand_half_open_frames(rig):
    crowd_of_half_open_frames(rig, CROWD)
