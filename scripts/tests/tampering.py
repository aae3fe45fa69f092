# SPDX-License-Identifier: GPL-2.0-only
"""A fuzzer on the network: real requests changed at random, cut and reset at
random, and honest ones next to them.

Whatever was changed must not be executed: no file shows it, what honest
requests did stays as it is, and ksmbd itself never finds a bad signature,
because it never sees one. What is done in a round follows from its seed, which
a failure names: guest-e2e --suite tampering --seed SEED --rounds 1 does it
again.
"""

import contextlib
import random
import socket
import struct
import threading
import time

from fuzz import tamper
from smb2 import wire
from smb2.connection import Closed

from .bulk import earn
from .rig import LATEST, SAMPLE
from .seeds import Options, named
from .server import ksmbd_complaints
from .tap import case, equal, expect, status

CONTENT = b"as it was" * 3
RENAME_INFORMATION, DISPOSITION_INFORMATION = 10, 13
# Writes of a stream: held and looked at by whoever; streamed
SMALL = (4, 4, 100, 5000)
SIZES = (100, 30000, 70000)
LARGE = (150000, 1 << 20)
CROWD = 3
# Between two pieces of honest work
PAUSE = 0.03
# For ksmbd to end what it was at when its client was gone
GRACE = 1


def _seeds(rounds):
    return range(Options.seed, Options.seed + rounds)


# Honest work meanwhile

class Honest(threading.Thread):
    """Writes and reads on a connection of its own, every byte compared."""

    def __init__(self, rig, seed):
        super().__init__(daemon=True)
        self.session = rig.new_session()
        self.file = rig.file(b"", self.session)
        self.dice = random.Random(seed)
        self.halt = threading.Event()
        self.error = None
        self.work = 0
        self.start()

    def run(self):
        try:
            while not self.halt.is_set():
                self.once()
        except Exception as error:      # for the thread that waits for it
            self.error = error

    def once(self):
        """A piece of work."""
        data = self.dice.randbytes(self.dice.randint(1, 20000))
        self.session.write(self.file.id, 0, data)
        equal(self.session.read(self.file.id, 0, len(data)), data,
              "what an honest client read")
        self.work += 1
        time.sleep(PAUSE)

    def end(self):
        """Fail if anything went wrong, or nothing was done."""
        self.join(60)
        expect(not self.is_alive(), "an honest client hangs")
        if self.error:
            raise AssertionError(f"an honest client: {self.error!r}")
        expect(self.work, "an honest client did nothing")


@contextlib.contextmanager
def _watched(rig):
    """Honest clients work during a `with`, ksmbd never has to complain, and
    afterwards the server is as good as before."""
    complaints = ksmbd_complaints()
    honest = [Honest(rig, seed) for seed in range(2)]
    try:
        yield
    finally:
        for client in honest:
            client.halt.set()
    for client in honest:
        client.end()
    equal(ksmbd_complaints(), complaints, "ksmbd's bad smb2 signature")
    session = rig.new_session()
    session.close_file(session.create(rig.fresh_path().name))


# One request changed

def _hang_up(connection):
    """Send no more, and wait until the server has done what was sent."""
    with contextlib.suppress(OSError):
        connection.socket.shutdown(socket.SHUT_WR)
    connection.wait_closed()
    connection.close()


class Stage:
    """A session, and what requests on it could do."""

    def __init__(self, rig):
        self.rig = rig
        self.session = rig.new_session()
        self.file = rig.file(CONTENT, self.session)
        self.mine = rig.file(bytes(8), self.session)
        self.written = self.sent = bytes(8)
        self.old = []               # honest writes as they were sent
        self.new = rig.fresh_path()
        # Whether a connection that ends may be the work of an earlier round
        self.upset = self.over = False
        self.session.call(wire.ioctl(self.file.id, wire.FSCTL_SET_SPARSE,
                                     b"\1"))

    @property
    def connection(self):
        """The session's connection."""
        return self.session.connection

    def bodies(self):
        """Requests each of which would be seen, or that change nothing."""
        file_id = self.file.id
        name = wire.utf16(self.new.name)
        renamed = struct.pack("<QQI", 0, 0, len(name)) + name
        return (
            wire.write(file_id, 0, b"XXXX"),
            wire.write(file_id, 3, b"Y" * 3000),
            wire.set_info(file_id, wire.FILE_END_OF_FILE_INFORMATION,
                          struct.pack("<Q", 1)),
            wire.set_info(file_id, RENAME_INFORMATION, renamed),
            wire.set_info(file_id, DISPOSITION_INFORMATION, b"\1"),
            wire.ioctl(file_id, wire.FSCTL_SET_ZERO_DATA,
                       struct.pack("<QQ", 0, 6)),
            wire.create(self.new.name),
            wire.create(self.new.name, options=wire.FILE_DIRECTORY),
            wire.close(file_id), wire.logoff(), wire.tree_disconnect(),
            wire.tree_connect("share"), wire.flush(file_id),
            wire.read(file_id, 0, 4), wire.query_info(file_id),
            wire.echo())

    def compounds(self):
        """Likewise, several to a message: (bodies, related)."""
        return (
            ([wire.create(self.new.name), wire.write(wire.ANY_FILE, 0, b"X"),
              wire.close(wire.ANY_FILE)], True),
            ([wire.write(self.file.id, 0, b"X"),
              wire.create(self.new.name)], False),
            ([wire.echo(), wire.close(self.file.id), wire.echo()], False))

    def requests(self, dice):
        """The elements of a message, as yet unsigned."""
        if dice.random() < 0.3:
            return self.session.chain(*dice.choice(self.compounds()))
        return [self.session.request(dice.choice(self.bodies()))]

    def untouched(self):
        """Fail if anything was executed, as far as files show it."""
        equal(self.file.content, CONTENT, "content")
        expect(not self.new.exists(), "a name appeared")
        # The last of them may have been sent, and not been answered
        expect(self.mine.content in (self.written, self.sent),
               "an old request was executed again")

    def works(self, seed):
        """An honest request does what it should, and handle, session and
        tree are what they were."""
        self.sent = data = struct.pack("<Q", seed)
        message_id, message = self.session.signed(
            wire.write(self.mine.id, 0, data))
        self.old.append(message)
        self.connection.send(message)
        status(self.connection.answer(message_id), wire.SUCCESS)
        equal(self.mine.content, data, "what was written")
        self.written = data
        self.session.call(wire.query_info(self.file.id))

    def end(self):
        """Leave, and see that nothing comes of it either."""
        if not self.over:
            _hang_up(self.connection)
        self.over = True
        self.untouched()


def _answers(connection, header):
    """No answer to the request with @header says that it was done."""
    answer = connection.answers.pop(header.message_id, None)
    expect(not answer or answer.status != wire.SUCCESS or
           answer.header.command != header.command or
           header.command == wire.ECHO, f"{answer} says it was executed")


def _changed(stage, dice, requests):
    """(what was done, a frame of what was made of @requests, whether that can
    be refused with an answer, what the answer would be to)."""
    message = b"".join(stage.session.sign(r.encode()) for r in requests)
    chance = dice.random()
    if chance < 0.15 and stage.old:
        old = dice.choice(stage.old)
        return "an old one", wire.frame(old), False, wire.Header.unpack(old)
    header = requests[0].header
    if chance < 0.2:
        return (*tamper.misframe(dice, message), False, header)
    # An unsigned TREE_CONNECT of 3.1.1 cannot
    gentle = len(requests) == 1 and dice.random() < 0.5 and \
        header.command != wire.TREE_CONNECT
    words, message = tamper.change(
        dice, stage.session, message,
        tamper.GENTLE if gentle else tamper.ANY)
    return words, wire.frame(message), gentle, header


def _one_round(stage, seed):
    """A message that must not be executed, then an honest one. True if the
    stage stands."""
    dice = random.Random(seed)
    requests = stage.requests(dice)
    words, frame, gentle, header = _changed(stage, dice, requests)
    stage.upset = stage.upset or not gentle
    with named(seed, f"command {header.command}, {words}"):
        try:
            stage.connection.transmit(frame)
            # Who waits for the rest of a frame does not answer
            if len(frame) != 4 + int.from_bytes(frame[:4], "big"):
                return False
            stage.works(seed)
        except Closed:
            expect(stage.upset, "the connection was cut off")
            return False
        finally:
            stage.untouched()
        _answers(stage.connection, header)
    return True


@case(modes=("mandatory",), profiles=SAMPLE)
def changed_requests_are_not_executed(rig):
    with _watched(rig):
        _rounds(rig, _seeds(Options.rounds))


@case(modes=("required",), profiles=LATEST)
def changed_requests_are_not_executed_where_the_policy_says_so(rig):
    with _watched(rig):
        _rounds(rig, _seeds(Options.rounds))


def _rounds(rig, seeds):
    stages = []
    for seed in seeds:
        stage = stages[-1] if stages else None
        if not stage or stage.over:
            stage = Stage(rig)
            stages.append(stage)
        if not _one_round(stage, seed):
            stage.end()
    for stage in stages:
        stage.end()


# Streams cut and reset

class Stream:
    """Honest and changed writes one behind the other, each to a place of its
    own in a file."""

    def __init__(self, rig, seed):
        self.dice = random.Random(seed)
        self.session = rig.new_session()
        self.file = rig.file(b"", self.session)
        self.slots = []             # (offset, data, request, honest)
        self.data = bytearray()
        # Whether all that is changed can be refused with an answer
        self.gentle = self.dice.random() < 0.5
        self.words = []
        self.fill()

    def fill(self):
        """Make the stream."""
        # What stands behind a change that cuts the connection is not seen
        choices, most = (SMALL, 8) if self.gentle else (SIZES, 2)
        sizes = [self.dice.choice(choices)
                 for _ in range(self.dice.randint(1, most))]
        if not self.gentle:
            sizes.append(self.dice.choice(LARGE))
        earn(self.session, sum(map(wire.charge_for, sizes)))
        for size in sizes:
            self.add(bytes([self.dice.randint(1, 255)]) * size)

    def add(self, data):
        """One write, as it is or changed."""
        offset = sum(len(slot[1]) for slot in self.slots)
        request = self.session.request(wire.write(self.file.id, offset, data))
        message = self.session.sign(request.encode())
        kinds = self.kinds(len(data))
        if kinds:
            words, message = tamper.change(self.dice, self.session, message,
                                           kinds)
            self.words.append(f"write {len(self.slots)} {words}")
        self.slots.append((offset, data, request, not kinds))
        self.data += wire.frame(message)

    def kinds(self, size):
        """How a write is changed; none: it stays as it is."""
        if size in LARGE:
            return tamper.WRONG       # streamed, and found out at its end
        if self.dice.random() < 0.6:
            return ()
        return tamper.GENTLE if self.gentle else tamper.ANY

    def send(self):
        """Send it in pieces; at random not all of it, and then a reset.
        Returns how much was sent."""
        size = len(self.data)
        stop = self.dice.randrange(size) if self.dice.random() < 0.3 else size
        cuts = sorted(self.dice.randrange(size)
                      for _ in range(self.dice.randint(0, 12)))
        start = 0
        for end in (*(cut for cut in cuts if cut < stop), stop):
            self.session.connection.transmit(self.data[start:end])
            time.sleep(self.dice.choice((0, 0, 0.002)))
            start = end
        if stop < size:
            self.session.connection.reset()
        return stop

    def answered(self):
        """Every answer: what was changed is refused, the rest was done."""
        for _, _, request, honest in self.slots:
            response = self.session.answer(request)
            if honest:
                status(response, wire.SUCCESS)
            else:
                expect(response.status != wire.SUCCESS, "executed")

    def play(self):
        """Send it and wait for what comes. True if everything was answered,
        so that every honest write was done."""
        connection = self.session.connection
        try:
            if self.send() < len(self.data):
                return False
            if self.gentle:
                self.answered()
            _hang_up(connection)
        except Closed as closed:
            expect(not self.gentle, f"cut off: {closed}")
        return self.gentle

    def judge(self, complete):
        """Every place in the file holds what it may; unless it is @complete,
        ksmbd may still be at work."""
        content = self.file.content
        for number, (offset, data, _, honest) in enumerate(self.slots):
            found = content[offset:offset + len(data)]
            if not honest:
                expect(not any(found), f"changed write {number} was executed")
            elif complete:
                expect(found == data, f"honest write {number} is not there")


def _stream(rig, seed):
    stream = Stream(rig, seed)
    with named(seed, "; ".join(stream.words)):
        complete = stream.play()
        stream.session.connection.close()
        stream.judge(complete)
    return stream


def _streams(rig, seeds):
    played = [_stream(rig, seed) for seed in seeds]
    # What was reset is over by now, too
    time.sleep(GRACE)
    for seed, stream in zip(seeds, played):
        with named(seed, "; ".join(stream.words)):
            stream.judge(complete=False)


@case(modes=("mandatory",), profiles=SAMPLE)
def streams_are_cut_and_reset_at_random(rig):
    with _watched(rig):
        _streams(rig, _seeds(Options.streams))


# All at once

class Worker(threading.Thread):
    """Rounds and streams of its own seeds."""

    def __init__(self, rig, number):
        super().__init__(daemon=True)
        self.rig = rig
        self.first = Options.seed + 1000000 * number
        self.error = None
        self.start()

    def run(self):
        try:
            _rounds(self.rig, range(self.first, self.first +
                                    Options.rounds // CROWD))
            _streams(self.rig, range(self.first, self.first +
                                     Options.streams // CROWD))
        except Exception as error:      # for the thread that waits for it
            self.error = error


# 6.12's ksmbd corrupts its lists when files are opened at once
@case(modes=("mandatory",), profiles=LATEST, kernels="7")
def several_at_once(rig):
    with _watched(rig):
        workers = [Worker(rig, number) for number in range(CROWD)]
        for worker in workers:
            worker.join()
        for worker in workers:
            if worker.error:
                raise worker.error
