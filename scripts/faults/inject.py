# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's fault injection, turned on this module alone: an allocation fails
if a function of the module, or of the kernel's that called it, is among its
callers."""

import contextlib
import ctypes
import errno
import os
import pathlib
import platform
import threading

from tests.tap import expect

DEBUG = pathlib.Path("/sys/kernel/debug")
KINDS = ("failslab", "fail_page_alloc")
# As many callers as the kernel looks at
DEPTH = "32"
FOREVER = 1 << 30
PAGE = 4096


def available():
    """Whether the kernel can do it at all."""
    return (DEBUG / KINDS[0]).is_dir()


def symbols(module=""):
    """Addresses by name: of the functions of @module, or of the kernel's
    own."""
    found = {}
    with open("/proc/kallsyms", encoding="ascii") as file:
        for line in file:
            address, kind, name, *owner = line.split()
            if kind in "tT" and owner == ([f"[{module}]"] if module else []):
                found[name] = int(address, 16)
    return found


def _end_of(start, addresses):
    """Where what begins at @start ends: at the next of @addresses."""
    return min((a for a in addresses if a > start), default=start + PAGE)


def whole_module():
    """The text of the module."""
    addresses = symbols("smbsign").values()
    return min(addresses), max(addresses) + PAGE


def function(name):
    """The text of one function of the module."""
    addresses = symbols("smbsign")
    expect(name in addresses, f"the module has no function {name}")
    start = addresses[name]
    return start, _end_of(start, addresses.values())


def kernel_function(name):
    """The text of one of the kernel's own functions."""
    addresses = symbols()
    start = addresses[name]
    return start, _end_of(start, addresses.values())


def init_calls():
    """What calls a module's init function: a module that is not there yet
    has no addresses."""
    return kernel_function("do_one_initcall")


class Fault:
    """One of KINDS. Allocations under @text fail while it is on."""

    # Allocations that the kernel has counted for it. It counts where not every
    # one is to fail, and the count is not to be read, nor set to zero.
    _counted = dict.fromkeys(KINDS, 0)

    def __init__(self, kind, text):
        self.kind = kind
        self.directory = DEBUG / kind
        start, end = text
        self._set("probability", 0)
        for name, value in (("require-start", hex(start)),
                            ("require-end", hex(end)),
                            ("stacktrace-depth", DEPTH),
                            ("ignore-gfp-wait", "N"), ("task-filter", "N"),
                            ("space", 0), ("verbose", 0)):
            self._set(name, value)
        if kind == "fail_page_alloc":
            self._set("min-order", 0)
            self._set("ignore-gfp-highmem", "N")

    def _set(self, name, value):
        (self.directory / name).write_text(f"{value}\n", encoding="ascii")

    def _times(self):
        return int((self.directory / "times").read_text(encoding="ascii"))

    @contextlib.contextmanager
    def always(self):
        """All of them fail; yields a function that says how many have."""
        self._set("interval", 1)
        self._set("times", FOREVER)
        self._set("probability", 100)
        try:
            yield lambda: FOREVER - self._times()
        finally:
            self._set("probability", 0)

    @contextlib.contextmanager
    def nth(self, number):
        """The @number-th one fails, from now on; yields a function that says
        whether it has."""
        # It fails where the count can be divided by this; with 1 at once, and
        # nothing is counted
        at = self._counted[self.kind] + number
        self._set("interval", at)
        self._set("times", 1)
        self._set("probability", 100)
        try:
            yield lambda: not self._times()
        finally:
            self._set("probability", 0)
            if not self._times() and at > 1:
                self._counted[self.kind] = at

    def settle(self, work):
        """After an nth() that has not come to it: have @work done until it
        has, so that the count is known again. nth() has left the rest as it
        was."""
        self._set("probability", 100)
        for _ in range(1000):
            if not self._times():
                break
            work()
        self._set("probability", 0)
        interval = (self.directory / "interval").read_text(encoding="ascii")
        self._counted[self.kind] = int(interval)


@contextlib.contextmanager
def exhausted(text):
    """No memory of any kind under @text; yields a function that says how
    many allocations have failed."""
    with contextlib.ExitStack() as stack:
        counts = [stack.enter_context(Fault(kind, text).always())
                  for kind in KINDS]
        yield lambda: sum(count() for count in counts)


def nth_of_this_thread(number, call):
    """@call() with the @number-th allocation of this thread, of those that are
    filtered for, failing; True if there were so many."""
    path = f"/proc/self/task/{threading.get_native_id()}/fail-nth"
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.pwrite(descriptor, b"%d" % number, 0)
        try:
            call()
        finally:
            left = int(os.pread(descriptor, 16, 0))
            os.pwrite(descriptor, b"0", 0)
    finally:
        os.close(descriptor)
    return left == 0


NUMBERS = {"x86_64": 313}


def insmod(path, parameters=""):
    """finit_module() from this thread; raises OSError as insmod would say."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if libc.syscall(NUMBERS[platform.machine()], descriptor,
                        parameters.encode(), 0):
            number = ctypes.get_errno()
            raise OSError(number, errno.errorcode[number])
    finally:
        os.close(descriptor)
