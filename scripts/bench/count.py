# SPDX-License-Identifier: GPL-2.0-only
"""Counting the guest's instructions.

Under QEMU's -icount shift=0 the guest's clock advances by a nanosecond with each
instruction, and jumps where the guest is idle. So there is somebody who runs
when nobody else wants to, and his time does not count.
"""

import os
import statistics
import time


class Idler:
    """A process that takes what others leave."""

    def __init__(self):
        self._pid = os.fork()
        if not self._pid:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            while True:
                pass

    def nanoseconds(self):
        """How long it has run."""
        with open(f"/proc/{self._pid}/schedstat", encoding="ascii") as stat:
            return int(stat.read().split()[0])

    def stop(self):
        """End it."""
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)


class Counter:
    """Counts what others than the idler do."""

    def __init__(self, idler, repeat):
        self._idler = idler
        self._repeat = repeat

    def _now(self):
        return time.monotonic_ns() - self._idler.nanoseconds()

    def count(self, work):
        """Instructions of the guest while @work runs: the median of several
        runs, after one to warm up. @work is called with the run's number."""
        counts = []
        for turn in range(self._repeat + 1):
            ready = work(turn)
            start = self._now()
            ready()
            counts.append(self._now() - start)
        return statistics.median(counts[1:])
