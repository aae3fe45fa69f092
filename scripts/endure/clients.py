# SPDX-License-Identifier: GPL-2.0-only
"""Clients in processes of their own, honest ones and others."""

import collections
import contextlib
import multiprocessing
import os
import pathlib
import random
import time
import traceback

from smb2.connection import Closed
from tests.server import run
from tests.tap import expect

FORK = multiprocessing.get_context("fork")
# A client that waits for ksmbd at work under an emulator may take its time
PATIENCE = 120
NICE = 10


class Client:
    """@work(client, dice, ...) in a process of its own, until stopped. What it
    returns, a Counter or None, is what stop() returns."""

    def __init__(self, name, seed, work, *arguments):
        self.name = name
        self._stopping = FORK.Event()
        self._done = FORK.Value("Q", 0)
        self._result, self._end = FORK.Pipe(duplex=False)
        self._process = FORK.Process(
            target=self._run, args=(seed, work, arguments), daemon=True)
        self._process.start()
        self._end.close()

    def _run(self, seed, work, arguments):
        # Behind who stirs them up, and behind ksmbd
        os.nice(NICE)
        try:
            self._end.send(("", work(self, random.Random(seed), *arguments)))
        except Exception as error:
            traceback.print_exc()
            self._end.send((f"{type(error).__name__}: {error}", None))

    # For the work

    def wanted(self):
        """Go on?"""
        return not self._stopping.is_set()

    def count(self, operations=1):
        """So much more has been done."""
        with self._done.get_lock():
            self._done.value += operations

    def rest(self, seconds):
        """Do nothing for so long, or until it is to end."""
        self._stopping.wait(seconds)

    # For who started it

    @property
    def done(self):
        """What it has done so far."""
        return self._done.value

    def stopping(self):
        """Tell it to end, without waiting for that."""
        self._stopping.set()

    def stop(self):
        """End it; what went wrong in it is raised here."""
        self.stopping()
        expect(self._result.poll(PATIENCE), f"{self.name} does not end")
        try:
            why, result = self._result.recv()
        except EOFError:
            why, result = "died", None
        self._process.join(PATIENCE)
        if why:
            raise AssertionError(f"{self.name}: {why}")
        return collections.Counter(result or {})

    def failed(self):
        """Has it ended before it was to?"""
        return self._result.poll()


def stop_all(clients):
    """End all @clients; returns what they counted, all together."""
    for client in clients:
        client.stopping()
    counted, errors = collections.Counter(), []
    for client in clients:
        try:
            counted += client.stop()
        except AssertionError as error:
            errors.append(str(error))
    expect(not errors, "; ".join(errors))
    return counted


@contextlib.contextmanager
def at_work(rig):
    """What @rig opened is closed at the end of the `with`."""
    try:
        yield rig
    finally:
        rig.close()
        rig.end_case(False)


def _who_keeps_it():
    """Where the kernel's tasks are, and what ksmbd.mountd's threads do."""
    for key in "lw":
        pathlib.Path("/proc/sysrq-trigger").write_text(key, encoding="ascii")
    pids = run("pgrep", "-f", "ksmbd.mountd", check=False).stdout.split()
    for _ in range(2):
        for stat in (path for pid in pids for path in
                     pathlib.Path(f"/proc/{pid}/task").glob("*/stat")):
            with contextlib.suppress(OSError):  # it has ended
                fields = stat.read_text(encoding="ascii").split()
                print(f"# {fields[1]} {fields[0]}: {fields[2]}, ran for "
                      f"{fields[13]} and {fields[14]} ticks", flush=True)
        time.sleep(1)


def when_it_works(client, attempt, *arguments, seconds=60):
    """@attempt until it meets no closed connection."""
    end = time.monotonic() + seconds
    while True:
        try:
            return attempt(*arguments)
        except (Closed, OSError) as error:
            if time.monotonic() > end:
                _who_keeps_it()
                raise AssertionError("the server does not come back: "
                                     f"{error!r}") from error
            client.rest(0.05)
