# SPDX-License-Identifier: GPL-2.0-only
"""The share, mounted by cifs.ko."""

import contextlib
import pathlib
import tempfile

from .server import run


@contextlib.contextmanager
def mounted(server, options, address="127.0.0.1"):
    """A mount of the share for the `with`."""
    with tempfile.TemporaryDirectory() as directory:
        run("mount", "-t", "cifs", f"//{address}/share", directory, "-o",
            f"user={server.user},password={server.password},{options}")
        try:
            yield pathlib.Path(directory)
        finally:
            run("umount", directory)
