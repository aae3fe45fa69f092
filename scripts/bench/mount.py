# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own client, which signs and verifies in the same guest."""

import contextlib
import mmap
import os
from dataclasses import dataclass

from bench.replay import KIB, MIB
from tests import mounts

FILE = "mounted"
# Small requests, one after the other
CALLS = 64


def mounted(server, dialect, signed):
    """A mount without caches, signed or not."""
    options = f"vers={dialect},cache=none,actimeo=0,closetimeo=0," \
              f"rsize={MIB},wsize={MIB}" + (",sign" if signed else "")
    return mounts.mounted(server, options)


@dataclass(frozen=True)
class Operation:
    """What is measured: @call is given the file, open, and a buffer of
    @size bytes, @batch times."""

    name: str
    size: int
    batch: int
    call: callable


def _write(file, buffer):
    if os.pwritev(file, [buffer], 0) != len(buffer):
        raise AssertionError("short write")


def _read(file, buffer):
    if os.preadv(file, [buffer], 0) != len(buffer):
        raise AssertionError("short read")


def _reopen(file, _):
    os.close(os.open(f"/proc/self/fd/{file}", os.O_RDONLY))


def _transfers():
    for size, batch, name in ((MIB, 8, "1 MiB"), (64 * KIB, 32, "64 KiB"),
                              (4 * KIB, CALLS, "4 KiB")):
        yield Operation(f"write {name}", size, batch, _write)
        yield Operation(f"read {name}", size, batch, _read)


OPERATIONS = (
    *_transfers(),
    Operation("open+close", 0, CALLS, _reopen),
)


@contextlib.contextmanager
def opened(mount):
    """A file on @mount, as long as the largest transfer."""
    path = mount / FILE
    path.write_bytes(bytes(MIB))
    file = os.open(path, os.O_RDWR | os.O_DIRECT)
    try:
        yield file
    finally:
        os.close(file)


def work(file, operation):
    """For Counter.count(): a batch of calls."""
    buffer = mmap.mmap(-1, max(operation.size, mmap.PAGESIZE))
    buffer.write(os.urandom(len(buffer)))

    def calls():
        for _ in range(operation.batch):
            operation.call(file, buffer)

    return lambda _: calls
