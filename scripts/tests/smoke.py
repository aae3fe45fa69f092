# SPDX-License-Identifier: GPL-2.0-only
"""What shows within two minutes whether the module does its work on a kernel: it
loads, attackers get nothing, honest clients notice nothing, it can be unloaded."""

from .rig import ALGORITHMS
from .tap import CASES, equal

MODE = "mandatory"
PROFILES = ALGORITHMS
# Of each suite these cases, or all
SUITES = {
    "attacks": (),
    "clients": ("smbclient SMB3_11 signed", "smbclient SMB3_11 encrypted",
                "cifs.ko 3.1.1 sealed"),
    "bulk": ("forged writes around hold bytes", "reads are signed side by side",
             "large writes are verified beside the reader"),
    "life": ("rmmod with connections open", "module loaded after ksmbd",
             "ksmbd comes back under the module"),
}


def _belongs(case):
    names = SUITES.get(case.suite)
    return names is not None and (not names or case.name in names)


def cases():
    """The cases, of those that are registered."""
    found = [c for c in CASES if MODE in c.modes and _belongs(c)]
    named = [name for names in SUITES.values() for name in names]
    equal(sorted(c.name for c in found if c.name in named), sorted(named),
          "the cases that exist")
    return found
