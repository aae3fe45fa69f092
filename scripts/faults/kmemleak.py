# SPDX-License-Identifier: GPL-2.0-only
"""kmemleak: what nobody can reach any more, and nobody has freed."""

import pathlib
import re
import time

REPORTS = pathlib.Path("/sys/kernel/debug/kmemleak")
# It does not suspect what is younger, nor what changed since the last scan
AGE = 6
NAMELESS = re.compile(r"^ +0x[0-9a-f]{16}$", re.MULTILINE)


def available():
    """Whether the kernel keeps account."""
    return REPORTS.exists()


def _write(word):
    REPORTS.write_text(word, encoding="ascii")


def forget():
    """What is suspected up to now is not reported again."""
    scan()
    _write("clear")


def scan():
    """Everything suspected, as reports with the stack that allocated it."""
    for _ in range(2):
        time.sleep(AGE)
        _write("scan")
    text = REPORTS.read_text(encoding="ascii", errors="replace")
    return ["unreferenced object" + part
            for part in text.split("unreferenced object")[1:]]


def ours(reports):
    """Those that the module had a part in. Once it is unloaded, its functions
    have no names any more."""
    return [report for report in reports
            if "smbsign" in report or NAMELESS.search(report)]
