# SPDX-License-Identifier: GPL-2.0-only
"""The root that run --beside puts beside the guest's own, of clients or of another
Samba's tests: read only, but for /tmp and /run."""

import pathlib
import subprocess
import tempfile

from tests.server import run

ROOT = pathlib.Path("/beside")
TMP = ROOT / "tmp"
# The tree, as it is seen in there
PROGRAMS = "/mnt/scripts/interop/programs"
# Seconds that a client may take; most want three, beside others that compute
LIMIT = 120
ENVIRONMENT = ("HOME=/tmp", "XDG_RUNTIME_DIR=/run", "LANG=C.UTF-8",
               "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "GIO_USE_VOLUME_MONITOR=unix",
               "NODE_PATH=/usr/local/node_modules")


def prepare():
    """Make the root livable, and what is temporary visible in it."""
    for directory in ("tmp", "run"):
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs",
            ROOT / directory)
    for own, there in (("/proc", "proc"), ("/dev", "dev"),
                       ("/smbsign", "mnt")):
        run("mount", "--rbind", own, ROOT / there)
    tempfile.tempdir = str(TMP)


def inside(*words):
    """The command that runs the program @words of that root, in its /tmp."""
    return "chroot", str(ROOT), "env", "-i", "-C", "/tmp", *ENVIRONMENT, *words


def command(*words):
    """A program of that root: what it prints, and its status."""
    done = subprocess.run(
        ("timeout", "-k", "5", str(LIMIT), *inside(*words)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout.strip()
