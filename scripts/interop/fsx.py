# SPDX-License-Identifier: GPL-2.0-only
"""Random I/O on one file, every byte of it compared with a model in memory.

After the idea of fsx. Both ends are looked at: what the client reads is what
it wrote, and what it closed is what the server has; now and then the server's
side changes the file, and the client must see that.
"""

import mmap
import os
import pathlib
import random

from tests.server import wait_until
from tests.tap import equal


LARGEST = 256 << 10
OPEN_FILES = pathlib.Path("/proc/fs/cifs/open_files")


class Fsx:
    """Random operations on a file that is @path on the mount and @origin
    on the server. Without @gaps, nothing is written to where the client has not
    read before."""

    def __init__(self, path, origin, seed, gaps=True):
        self._path = pathlib.Path(path)
        self._origin = origin
        self._gaps = gaps
        self._dice = random.Random(seed)
        self._model = bytearray()
        self._file = open(path, "x+b", buffering=0)
        self._history = []

    def work(self, operations):
        """So many of them."""
        choices = ((self._read, 30), (self._write, 30), (self._truncate, 8),
                   (self._map_read, 8), (self._map_write, 10),
                   (self._append, 5), (self._sync, 3), (self._reopen, 5),
                   (self._change_on_server, 3))
        actions, weights = zip(*choices)
        for action in self._dice.choices(actions, weights, k=operations):
            action()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """A last look at all bytes from both sides, if all went well."""
        try:
            if kind is None:
                self._reopen()
        finally:
            self._file.close()

    def _span(self, size):
        """A random (offset, length) within @size bytes, small or large."""
        largest = self._dice.choice((16, 1000, 4096, 65536, LARGEST))
        offset = self._dice.randrange(size)
        return offset, self._dice.randint(1, min(largest, size - offset))

    def _note(self, *what):
        self._history = [*self._history[-9:], what]

    def _size(self):
        return os.fstat(self._file.fileno()).st_size

    def _close_gaps(self):
        if not self._gaps:
            os.pread(self._file.fileno(), LARGEST, 0)

    def _compare(self, got, offset):
        """@got is what the model has at @offset."""
        wanted = bytes(self._model[offset:offset + len(got)])
        if got == wanted:
            return
        first = next((at for at, pair in enumerate(zip(got, wanted))
                      if pair[0] != pair[1]), len(wanted))
        raise AssertionError(f"byte {offset + first} of {len(self._model)} "
                             f"differs after {self._history}")

    def _put(self, offset, data):
        """Write @data to the model; a gap before it reads as zeroes."""
        gap = max(0, offset - len(self._model))
        self._model += bytes(gap)
        self._model[offset:offset + len(data)] = data

    def _read(self):
        if not self._model:
            return
        offset, length = self._span(len(self._model))
        self._note("read", offset, length)
        got = os.pread(self._file.fileno(), length, offset)
        equal(len(got), length, "bytes read")
        self._compare(got, offset)

    def _write(self):
        offset, length = self._span(LARGEST)
        self._note("write", offset, length)
        data = self._dice.randbytes(length)
        self._close_gaps()
        written = os.pwrite(self._file.fileno(), data, offset)
        equal(written, length, "bytes written")
        self._put(offset, data)

    def _append(self):
        size = len(self._model)
        if size < LARGEST:
            data = self._dice.randbytes(min(5000, LARGEST - size))
            self._note("append", size, len(data))
            self._close_gaps()
            os.pwrite(self._file.fileno(), data, self._size())
            self._put(size, data)

    def _truncate(self):
        size = self._dice.randrange(LARGEST)
        self._note("truncate", size)
        os.ftruncate(self._file.fileno(), size)
        del self._model[size:]
        self._put(size, b"")
        equal(self._size(), size, "size after truncate")

    def _map_read(self):
        if not self._model:
            return
        offset, length = self._span(len(self._model))
        self._note("map read", offset, length)
        with mmap.mmap(self._file.fileno(), len(self._model),
                       prot=mmap.PROT_READ) as view:
            self._compare(view[offset:offset + length], offset)

    def _map_write(self):
        if not self._model:
            return
        offset, length = self._span(len(self._model))
        self._note("map write", offset, length)
        data = self._dice.randbytes(length)
        self._close_gaps()
        with mmap.mmap(self._file.fileno(), len(self._model)) as view:
            view[offset:offset + length] = data
            view.flush()
        self._put(offset, data)

    def _sync(self):
        self._note("sync")
        os.fsync(self._file.fileno())

    def _reopen(self):
        """Close it, see what the server has, and open it again."""
        self._note("reopen")
        self._file.close()
        self._look_at_server()
        self._file = open(self._path, "r+b", buffering=0)

    def _look_at_server(self):
        stored = self._origin.read_bytes()
        equal(len(stored), len(self._model), "size on the server")
        self._compare(stored, 0)

    def _is_held(self):
        """A write of cifs.ko that is just ending keeps the file open, and its
        lease, beyond close()."""
        lines = OPEN_FILES.read_text(encoding="utf-8").splitlines()
        return any(self._path.name in line.split() for line in lines)

    def _change_on_server(self):
        """While nobody has it open, or the client may rightly not notice."""
        self._note("change on the server")
        self._file.close()
        wait_until("cifs.ko to close it", lambda: not self._is_held())
        self._model = bytearray(self._dice.randbytes(
            self._dice.randrange(LARGEST)))
        self._origin.write_bytes(self._model)
        self._file = open(self._path, "r+b", buffering=0)
