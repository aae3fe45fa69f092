# SPDX-License-Identifier: GPL-2.0-only
"""Cases, and the runner that counts them.

A case is a function with a name. A unit needs nothing; a case gets a Rig
(rig.py) and says under which modes of the server (server.py) and with which
client profiles it is run.
"""

import sys
import time
import traceback
from dataclasses import dataclass

from smb2 import connection, session, wire


class Skip(Exception):
    """The case does not apply here."""


@dataclass
class Case:
    """One test; profiles None: run once per mode, with the last profile."""

    name: str
    function: object
    modes: tuple = ()
    profiles: tuple = None
    kernels: str = ""
    suite: str = ""


UNITS = []
CASES = []
GUARDED = ("mandatory", "required")


def _title(function):
    return function.__name__.replace("_", " ")


def unit(function):
    """Register @function as a unit test."""
    UNITS.append(Case(_title(function), function,
                      suite=function.__module__.rpartition(".")[2]))
    return function


def add(name, function, *, suite, modes=GUARDED, profiles=None, kernels=""):
    """Register one case of a matrix."""
    CASES.append(Case(name, function, modes, profiles, kernels, suite))


def case(*, modes=GUARDED, profiles=None, kernels="", suite=""):
    """Register the function under its own name. @kernels: a prefix of the
    kernel releases it is for, or some. @suite: if it is not named after the
    file."""
    def register(function):
        add(_title(function), function, modes=modes, profiles=profiles,
            kernels=kernels,
            suite=suite or function.__module__.rpartition(".")[2])
        return function
    return register


def expect(condition, why):
    """Fail with @why unless @condition."""
    if not condition:
        raise AssertionError(why)


def equal(got, wanted, what="got"):
    """Fail unless @got equals @wanted; large values are not printed."""
    if got == wanted:
        return
    if max(len(repr(got)), len(repr(wanted))) > 200:
        raise AssertionError(f"{what}: not as expected")
    raise AssertionError(f"{what} {got!r}, wanted {wanted!r}")


def status(response, wanted):
    """Fail unless @response has the status @wanted."""
    expect(response.status == wanted,
           f"status {response.status:#010x}, wanted {wanted:#010x}")


def share(text):
    """(number, of) of a share of the work, which is written so: 1/2."""
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError
    return number, of


EXPECTED = (AssertionError, connection.Closed, session.BadSignature,
            session.StatusError, wire.Malformed, OSError)


class Runner:
    """Runs cases and prints one line for each."""

    def __init__(self, match="", out=sys.stdout):
        self.match = match
        self.out = out
        self.passed = 0
        self.failures = []

    def run(self, name, function, *args, excuse=lambda: None):
        """Run one case; True if it passed. Where it fails and @excuse knows
        of something else that broke meanwhile, it is run once more."""
        start = time.monotonic()
        try:
            why = self._attempt(function, *args)
            other = excuse() if why else None
            if other:
                self._print(f"# {name}: {why}")
                self._print(f"# {other}: once more")
                why = self._attempt(function, *args)
        except Skip:
            return True
        if why:
            self.failures.append(name)
            self._print(f"not ok {self.count} {name}: {why}")
            return False
        self.passed += 1
        seconds = time.monotonic() - start
        slow = f" # {seconds:.1f} s" if seconds > 2 else ""
        self._print(f"ok {self.count} {name}{slow}")
        return True

    def _attempt(self, function, *args):
        """What went wrong, or None."""
        try:
            function(*args)
        except Skip:
            raise
        except EXPECTED as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:     # a fault of the test is a failure too
            traceback.print_exc(file=self.out)
            return f"{type(error).__name__}: {error}"
        return None

    @property
    def count(self):
        """Cases run so far."""
        return self.passed + len(self.failures)

    def _print(self, line):
        print(line, file=self.out, flush=True)

    def close(self):
        """The closing line; returns the exit status."""
        self._print(f"{self.passed} passed, {len(self.failures)} failed")
        return 1 if self.failures or not self.passed else 0
