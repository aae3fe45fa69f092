# SPDX-License-Identifier: GPL-2.0-only
"""ksmbd as the interop suites want it, with the module or without."""

import os
import pathlib
import re
import shutil

from tests.kernellog import KernelLog
from tests.server import COMMON_CONF, SHARE, Server, guest_sh, run, sysctl_set

# ksmbd tells clients of an interface only if it is not the loopback, and
# clients want another one for a second channel. Packets to these addresses
# stay in the guest all the same.
INTERFACES = {"smb0": "10.77.0.1", "smb1": "10.77.0.2"}
ADDRESS = INTERFACES["smb0"]
FAULTS = pathlib.Path(__file__).parent.parent / "vm" / "faults"
# Fake_fscaps: or else 6.12 calls every file sparse, and most of smbtorture's
# session tests end there.
CONF = (*COMMON_CONF, "server multi channel support = yes",
        "smb2 leases = yes", "durable handles = yes",
        "share:fake_fscaps = 0")


def _add_interfaces():
    run("modprobe", "dummy", "numdummies=0")
    for name, address in INTERFACES.items():
        run("ip", "link", "add", name, "type", "dummy")
        run("ip", "address", "add", f"{address}/24", "dev", name)
        run("ip", "link", "set", name, "up")


def start(signing, policy):
    """Start ksmbd with `server signing = @signing` (its default if empty),
    behind the module unless @policy is empty."""
    _add_interfaces()
    server = Server(alone=not policy)
    lines = (f"server signing = {signing}",) if signing else ()
    guest_sh("write_ksmbd_conf", *CONF, *lines)
    if policy:
        server.load(f"policy={policy}")
    server.start_ksmbd()
    return server


def clean_share():
    """Remove what is on the share, as far as ksmbd lets go of it."""
    for path in SHARE.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def fault_pattern():
    """What the harness takes for a fault in the kernel log."""
    lines = FAULTS.read_text(encoding="ascii").splitlines()
    return re.compile("|".join(f"(?:{line})" for line in lines
                               if line and not line.startswith("#")))


class Faults(KernelLog):
    """Faults in the kernel log, from now on."""

    def __init__(self):
        # All that is said here, even if it is much
        sysctl_set("kernel/printk_devkmsg", "on\n")  # it wants the newline
        super().__init__(os.SEEK_END)
        self._fault = fault_pattern()

    def fault(self):
        """The first fault since the last call, or ""."""
        found = [line for line in self.messages() if self._fault.search(line)]
        return found[0] if found else ""
