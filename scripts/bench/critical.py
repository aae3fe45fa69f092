# SPDX-License-Identifier: GPL-2.0-only
"""What the requests of one connection wait for, however many CPUs there are: the
connection's one reader, the worker that verifies ahead of it, and the writes, one
after the other under its lock. Requests come one at a time, so that nothing else
runs meanwhile."""

import glob
import pathlib
import re
import socket
import statistics
import time

from bench import replay
from bench.replay import KIB, MIB
from tests.tracer import Tracer

# What ksmbd calls under its lock for writers: ours is inside of it
WRITES = "ksmbd_tcp_writev"
DURATION = re.compile(r"([0-9.]+) us +\| +[a-z_0-9}]")
SIZES = {"64 KiB": 64 * KIB, "1 MiB": MIB, "4 MiB": 4 * MIB}
REPEAT = 9
# Seconds after which the server's threads sleep, and have been counted
SETTLED = 0.01
# A connection's thread is named after ksmbd's port. ksmbd's workers belong to a
# CPU, ours to none
READERS, AHEAD, WORKERS = "ksmbd:", "kworker/u", "kworker/"


def _operations():
    for name, size in SIZES.items():
        yield replay.write_of(size, 1, f"write {name}")
        yield replay.read_of(size, 1, f"read {name}")


def _spent():
    """Instructions so far, by readers and by workers."""
    found = {READERS: 0, AHEAD: 0, WORKERS: 0}
    for path in map(pathlib.Path, glob.glob("/proc/[0-9]*")):
        try:
            name = (path / "comm").read_text(encoding="ascii")
            stat = (path / "schedstat").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        for kind in found:
            if name.startswith(kind):
                found[kind] += int(stat.split()[0])
                break
    return found


def _once(client, operation, writes):
    """One request and its answer: (reader, ahead, workers, writes)."""
    request, size = client.prepare(operation)
    answer = bytearray(size)
    connection = client.connection.socket
    connection.settimeout(None)  # for MSG_WAITALL
    writes.forget()
    before = _spent()
    connection.sendall(request)
    connection.recv_into(answer, size, socket.MSG_WAITALL)
    time.sleep(SETTLED)
    after = _spent()
    client.settle(answer)
    return (*(spent - before[kind] for kind, spent in after.items()),
            sum(round(float(us) * 1000) for us in writes.findall(DURATION)))


def measure(server, algorithm, dialect, algorithms=()):
    """What of an operation is done one after the other, in instructions."""
    found = []
    with replay.clients(server, dialect, True, 1, algorithms) as (client,), \
            Tracer("function_graph", (WRITES,),
                   (("trace_clock", "mono"),
                    ("options/sleep-time", "0"))) as writes:
        for operation in _operations():
            costs = [_once(client, operation, writes) for _ in range(REPEAT)]
            reader, ahead, workers, written = map(statistics.median, zip(*costs))
            found.append({"algorithm": algorithm, "alone": server.alone,
                          "operation": operation.name,
                          "bytes": operation.size, "reader": reader,
                          "ahead": ahead, "workers": workers,
                          "writes": written})
            print(f"# critical path: {found[-1]}", flush=True)
    return found
