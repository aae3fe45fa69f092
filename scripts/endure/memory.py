# SPDX-License-Identifier: GPL-2.0-only
"""Where the kernel's memory is.

With slub_debug=U the kernel remembers who allocated each object of a slab. What
the module, or something called by it, has allocated and not freed is found by
that exactly, also after the module has gone: then its functions are addresses
without a name.
"""

import collections
import gc
import pathlib
import re
import time

from faults import inject
from interop.bench import clean_share
from tests.server import run
from tests.tap import expect

SLABS = pathlib.Path("/sys/kernel/debug/slab")
MODULE = "smbsign"
MIB = 1024                      # in KiB, as /proc/meminfo counts
# MemAvailable counts what other programs hold and what files were read, too
SLACK = {"Slab": 6 * MIB, "SUnreclaim": 6 * MIB, "Percpu": MIB,
         "KernelStack": MIB, "MemAvailable": 16 * MIB}

HEAD = re.compile(r" +(\d+) \S+(?: \[\w+\])?(?: waste=(\d+)/)?")
FRAME = re.compile(r" {8,}(\S+)(?: \[(\w+)\])?")


def countable():
    """Does what was freed count as free? Not where KASAN keeps it, to see who
    uses it; there kmemleak tells what is left, see faults/guest-debug."""
    return not inject.available()


# What is below these in a stack has not asked for the memory: packets, which
# TCP frees in its own time, what an interrupt came upon, what SRCU and SLUB make
# for themselves once there is much to do
PASSING = re.compile("skb|tcp_|twsk|irq|interrupt|asm_|srcu|__pcs_")
# ksmbd of 6.12 by itself forgets this one where a connection ends in haste
FORGOTTEN = re.compile("utf8_load")


class Sites:
    """Who has allocated what is there: by function of the module, and by what
    had a name once and is unloaded now."""

    def __init__(self):
        expect(any(SLABS.glob("kmalloc-*/alloc_traces")),
               "the kernel was not started with slub_debug=U,kmalloc-*")
        self.counts = collections.Counter()
        self.bytes = collections.Counter()
        self.wasted = collections.Counter()
        self.nameless = collections.Counter()
        self._stacks = {}
        for path in SLABS.glob("*/alloc_traces"):
            size = pathlib.Path("/sys/kernel/slab", path.parent.name,
                                "object_size")
            self._read(path, int(size.read_text(encoding="ascii")))

    def _read(self, path, size):
        count, wasted, stack = 0, 0, []
        for line in path.read_text(encoding="ascii").splitlines():
            frame = FRAME.match(line)
            head = None if frame else HEAD.match(line)
            if head:
                count, stack = int(head[1]), []
                wasted = int(head[2] or 0)
            stack.append(line.strip())
            if frame and any(PASSING.search(step) for step in stack):
                count = 0
            elif frame and frame[2] == MODULE:
                name = frame[1].partition("+")[0]
                self.counts[name] += count
                self.bytes[name] += count * size
                self.wasted[name] += wasted if count else 0
                count = 0       # those further out are not to blame
            elif frame and frame[1].startswith("0x") and \
                    not FORGOTTEN.search(stack[0]):
                self.nameless[frame[1]] += count
                self._stacks[frame[1]] = stack
                count = 0

    def beyond(self, other):
        """What is here and not in @other."""
        return self.counts - other.counts

    def forgotten(self, other):
        """How many more there are than in @other that an unloaded module has
        left."""
        return self.nameless.total() - other.nameless.total()

    def described(self, other):
        """Those, for a message."""
        return "; ".join(f"{count} by {' < '.join(self._stacks[at])}"
                         for at, count in
                         (self.nameless - other.nameless).items())


def amounts():
    """KiB of memory by the names of /proc/meminfo."""
    lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    return {line.split(":")[0]: int(line.split()[1])
            for line in lines.splitlines()}


def settled():
    """amounts() once caches are dropped and what is freed late is freed."""
    gc.collect()
    clean_share()
    run("sync")
    for _ in range(2):
        time.sleep(1)
        pathlib.Path("/proc/sys/vm/drop_caches").write_text(
            "3", encoding="ascii")
    return amounts()


def described(now):
    """The amounts that matter, for people."""
    return ", ".join(f"{name} {now[name] / MIB:.1f} MiB" for name in
                     ("MemAvailable", "Slab", "SUnreclaim", "Percpu",
                      "KernelStack"))


def expect_back(before, now):
    """Memory is back where it was, but for what the slabs and other programs
    keep for later."""
    for name, slack in SLACK.items():
        more = now[name] - before[name]
        if name == "MemAvailable":
            more = -more
        expect(more <= slack, f"{name} was {before[name]} KiB and is "
               f"{now[name]} KiB")
