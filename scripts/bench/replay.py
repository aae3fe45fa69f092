# SPDX-License-Identifier: GPL-2.0-only
"""A client that costs next to nothing: its requests are made, and signed, before
the count begins, and of the answers it looks only at the first."""

import contextlib
import socket
from dataclasses import dataclass

from smb2 import wire
from smb2.connection import Connection
from smb2.session import Session, StatusError

KIB = 1024
MIB = 1024 * KIB
FILE = "bench"
ANY_FILE = b"\xff" * 16


@dataclass(frozen=True)
class Operation:
    """What is measured: @make gives the bodies of one frame, for a FileId.
    @batch frames are sent before their answers are read."""

    name: str
    size: int
    batch: int
    make: callable


def _write(size):
    data = bytes(range(256)) * (size // 256)
    return lambda file: [wire.write(file, 0, data)]


def _read(size):
    return lambda file: [wire.read(file, 0, size)]


def write_of(size, batch, name=None):
    """Writing @size bytes."""
    return Operation(name or f"write {size}", size, batch, _write(size))


def read_of(size, batch, name):
    """Reading @size bytes."""
    return Operation(name, size, batch, _read(size))


def _transfers():
    for size, batch, name in ((MIB, 8, "1 MiB"), (64 * KIB, 32, "64 KiB"),
                              (4 * KIB, 64, "4 KiB")):
        yield write_of(size, batch, f"write {name}")
        yield read_of(size, batch, f"read {name}")


OPERATIONS = (
    *_transfers(),
    Operation("ECHO", 0, 64, lambda file: [wire.echo()]),
    Operation("CREATE+CLOSE", 0, 64,
              lambda file: [wire.create(FILE), wire.close(ANY_FILE)]),
    Operation("QUERY_INFO", 0, 64, lambda file: [wire.query_info(file)]),
)


def under_way(numbers):
    """Writes and reads, of which each of @numbers are under way at once."""
    for size, name in ((4 * KIB, "4 KiB"), (64 * KIB, "64 KiB")):
        for number in numbers:
            how = f"{name}, {number} in flight"
            yield write_of(size, number, f"write {how}")
            yield read_of(size, number, f"read {how}")


class Client:
    """One connection with a session and an open file."""

    def __init__(self, server, dialect, signed, algorithms):
        mode = wire.SIGNING_REQUIRED if signed else wire.SIGNING_ENABLED
        self.signed = signed
        self.connection = Connection(
            dialect=dialect, security_mode=mode, algorithms=algorithms,
            strict=False, timeout=120).negotiate()
        self.session = Session(self.connection, server.user, server.password)
        self.session.setup().connect_tree("share")
        self.session.signing = signed
        self.file = self.session.create(FILE)
        self.session.write(self.file, 0, bytes(MIB))

    def close(self):
        """End the connection."""
        self.connection.close()

    def frame(self, bodies):
        """A frame with a request for each of @bodies, related."""
        requests = self.session.chain(bodies)
        messages = [request.encode() for request in requests]
        if self.signed:
            messages = [self.session.sign(message) for message in messages]
        return wire.frame(b"".join(messages))

    def once(self, operation):
        """Do it, see that it worked; returns the bytes of the answer."""
        self.connection.transmit(self.frame(operation.make(self.file)))
        message = self.connection.receive_message()
        for response in wire.split(message):
            if response.status != wire.SUCCESS:
                raise StatusError(response)
            self.connection.credits += response.header.credits
        return wire.frame(message)

    def earn(self, credits):
        """Have at least @credits."""
        while self.connection.credits < credits:
            self.session.echo()

    def prepare(self, operation):
        """What a batch of it takes: (bytes to send, bytes to expect)."""
        bodies = operation.make(self.file)
        self.earn(operation.batch * sum(max(b.charge, 1) for b in bodies) + 1)
        answer = self.once(operation)
        frames = [self.frame(bodies) for _ in range(operation.batch)]
        return b"".join(frames), len(answer) * operation.batch

    def settle(self, answers):
        """Take the credits of a batch's @answers in, and check them."""
        view = memoryview(answers)
        while view:
            size = int.from_bytes(view[:4], "big")
            for response in wire.split(bytes(view[4:4 + size])):
                if response.status != wire.SUCCESS:
                    raise StatusError(response)
                self.connection.credits += response.header.credits
            view = view[4 + size:]


@contextlib.contextmanager
def clients(server, dialect, signed, number, algorithms=()):
    """@number of them, which offer @algorithms to sign with."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(
            Client(server, dialect, signed, algorithms)))
            for _ in range(number)]


def _exchange(batches):
    for client, (request, _), _ in batches:
        client.connection.socket.sendall(request)
    for client, _, answers in batches:
        got = client.connection.socket.recv_into(answers, 0,
                                                 socket.MSG_WAITALL)
        if got != len(answers):
            raise AssertionError(f"{got} bytes of {len(answers)}")


def work(crowd, operation):
    """For Counter.count(): a batch by each of the clients in @crowd."""
    done = []

    def prepare(_):
        for client, _, answers in done:
            client.settle(answers)
        done.clear()
        for client in crowd:
            batch = client.prepare(operation)
            client.connection.socket.settimeout(None)  # for MSG_WAITALL
            done.append((client, batch, bytearray(batch[1])))
        return lambda: _exchange(done)

    return prepare
