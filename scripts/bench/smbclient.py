# SPDX-License-Identifier: GPL-2.0-only
"""smbclient and the server in one guest: what a file costs both of them. By
itself smbclient prefers AES-GMAC."""

import contextlib
import os
import pathlib
import tempfile

from bench.replay import MIB, Operation
from tests.server import SHARE, run

SIZE = 64 * MIB
FILE = "transferred"
ALGORITHMS = "--option=client smb3 signing algorithms="
# Nothing but the connection: part of the others, and taken off them
CONNECT = Operation("connect", 0, 1, "exit")


def options(signed, gmac):
    """Of smbclient, to sign or not."""
    if not signed:
        return ("--option=client signing=disabled",)
    return ("--option=client signing=required",
            ALGORITHMS + ("AES-128-GMAC" if gmac else "AES-128-CMAC"))


def operations(path):
    """A file of SIZE there and back; the client's end is @path, and
    nowhere."""
    return (Operation("put 64 MiB", SIZE, 1, f"put {path} {FILE}"),
            Operation("get 64 MiB", SIZE, 1, f"get {FILE} /dev/null"))


@contextlib.contextmanager
def source():
    """A file to put."""
    with tempfile.TemporaryDirectory(dir="/run") as directory:
        path = pathlib.Path(directory, "source")
        path.write_bytes(os.urandom(MIB) * (SIZE // MIB))
        yield path
    (SHARE / FILE).unlink(missing_ok=True)


def work(server, operation, how):
    """For Counter.count(): one run of smbclient, with the options @how."""
    def once():
        run("smbclient", "//127.0.0.1/share", "-m", "SMB3_11",
            "-U", f"{server.user}%{server.password}", *how,
            "-c", operation.make)
    return lambda _: once
