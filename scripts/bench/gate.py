# SPDX-License-Identifier: GPL-2.0-only
"""How long the gate runs at a time, by the kernel's function_graph tracer, whose
clock counts instructions here: what a frame costs without a MAC, and what
softirq_bytes bounds."""

import re
import statistics

from bench import replay
from bench.replay import KIB
from smb2 import wire
from tests.server import sysctl_set
from tests.tracer import Tracer

# Of the gate, in TCP's softirq and in ksmbd's thread
SOFTIRQ = "smbsign_data_ready"
READER = "smbsign_gate_next"
DURATION = re.compile(r"([0-9.]+) us +\| +[a-z_0-9]")
QUEUED = (1, 10, 50, 200)
CROWD = 16
BOUNDS = (0, 4 * KIB, 16 * KIB, 64 * KIB, 1024 * KIB)
# Larger than any of them, so that each is met
BULK = 1024 * KIB
REPEAT = 5


class _Runs(Tracer):
    """What of @functions ran, and for how long."""

    def __init__(self, functions):
        super().__init__("function_graph", functions,
                         (("trace_clock", "mono"), ("buffer_size_kb", "16384")))

    def costs(self):
        """Instructions of each run since this was last called."""
        found = [round(float(us) * 1000) for us in self.findall(DURATION)]
        self.forget()
        return found


def _frames(server, dialect):
    """What a frame costs that is not signed, by how many come at once."""
    found = []
    with replay.clients(server, dialect, False, 1) as crowd, \
            _Runs((SOFTIRQ, READER)) as runs:
        for queued in QUEUED:
            operation = replay.Operation("ECHO", 0, queued,
                                         lambda file: [wire.echo()])
            work, costs = replay.work(crowd, operation), []
            for turn in range(REPEAT):
                ready = work(turn)
                runs.forget()
                ready()
                costs.append(sum(runs.costs()))
            found.append({"frames": queued, "instructions":
                          round(statistics.median(costs) / queued)})
    return found


def _longest(server, dialect):
    """The longest run in softirq, by softirq_bytes."""
    found = []
    with replay.clients(server, dialect, True, CROWD) as crowd, \
            _Runs((SOFTIRQ,)) as runs:
        work = replay.work(crowd, replay.write_of(BULK, 1))
        small = replay.work(crowd, replay.write_of(4 * KIB, 16))
        for bound in BOUNDS:
            sysctl_set("net/smbsign/softirq_bytes", str(bound))
            runs.forget()
            for turn in range(REPEAT):
                work(turn)()
                small(turn)()
            costs = runs.costs()
            found.append({"softirq_bytes": bound, "runs": len(costs),
                          "longest": max(costs)})
        sysctl_set("net/smbsign/softirq_bytes", str(16 * KIB))
    return found


def measure(server, dialect):
    """{"frames": ..., "softirq": ...}, with the module loaded."""
    sysctl_set("net/smbsign/policy", "negotiated")
    frames = _frames(server, dialect)
    sysctl_set("net/smbsign/policy", "required")
    return {"frames": frames, "softirq": _longest(server, dialect)}
