# SPDX-License-Identifier: GPL-2.0-only
"""The share, mounted by cifs.ko."""

import contextlib
import pathlib
import tempfile

from .server import run


@contextlib.contextmanager
def mounted(server, options, address="127.0.0.1", share="share"):
    """A mount of @share for the `with`; of "guests" as a guest."""
    who = f"user={server.user},password={server.password}"
    if share == "guests":
        who = "guest"
    with tempfile.TemporaryDirectory() as directory:
        run("mount", "-t", "cifs", f"//{address}/{share}", directory, "-o",
            f"{who},{options}")
        try:
            yield pathlib.Path(directory)
        finally:
            run("umount", directory)
