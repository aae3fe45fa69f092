# SPDX-License-Identifier: GPL-2.0-only
"""The server under test: ksmbd, the module before it, their knobs."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

from .kernellog import KernelLog
from .tap import equal

VM = pathlib.Path(__file__).parent.parent / "vm"
GUEST_SH = VM / "guest.sh"
MOUNTD = VM / "mountd"
MODULE = pathlib.Path("/out/smbsign.ko")
# The kernel warns, and so the run fails, if a nonce is used twice
CHECKS = ("check_nonces=1",)
MOUNTD_LOG = pathlib.Path("/out/ksmbd.mountd.log")
# PID 1's, as a case may be in another network name space
PROC_NET = pathlib.Path("/proc/1/net/smbsign")
PROC_SYS = pathlib.Path("/proc/sys")
SHARE = pathlib.Path("/srv/share")
# Nobody but the victim may enter it
PRIVATE = SHARE / "private"
PORT = 445

CONF = pathlib.Path("/etc/ksmbd/ksmbd.conf")
# Every mode has it: writes as large as ksmbd can take, channels, and guests
COMMON_CONF = ("smb2 max write = 8MB", "smb2 max read = 8MB",
               "smb2 max credits = 8192",
               "server multi channel support = yes",
               "map to guest = bad user")
# A share of its own for them: on the others, guests are not welcome
GUEST_SHARE = f"[guests]\n\tpath = {SHARE}\n\tread only = no\n" \
              "\tguest ok = yes\n"


@dataclass(frozen=True)
class Mode:
    """How the server is set up: ksmbd.conf's signing and the policy."""

    signing: str
    policy: str
    extra: tuple = ()

    def conf(self):
        """The lines of ksmbd.conf's [global]."""
        # Of two lines with one name, the first counts
        lines = [*self.extra, *COMMON_CONF]
        if self.signing:
            lines.append(f"server signing = {self.signing}")
        return lines


MODES = {
    "mandatory": Mode("mandatory", "negotiated"),
    "required": Mode("", "required"),
    "auto": Mode("auto", "negotiated"),
    "sealed": Mode("mandatory", "negotiated",
                   ("smb3 encryption = mandatory",)),
    # Who logs in without a name is no guest here, and is let in all the same
    "strangers": Mode("mandatory", "negotiated", ("map to guest = never",)),
}


def run(*command, check=True):
    """Run @command; its output, if it failed, is in the error."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: status "
                             f"{done.returncode}: {done.stdout.strip()}")
    return done


def guest_sh(*command):
    """Run a function of the harness's guest.sh."""
    return run("bash", "-c", '. "$0" && "$@"', str(GUEST_SH), *command)


def wait_until(what, condition, seconds=20):
    """Fail unless @condition comes true in @seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"gave up waiting for {what}")
        time.sleep(0.05)


def sysctl_set(name, value):
    """Write the sysctl @name, with slashes; returns what it was."""
    path = PROC_SYS / name
    old = path.read_text(encoding="ascii").strip()
    path.write_text(value, encoding="ascii")
    return old


class _Heard:
    """How often the kernel has said something since it was booted."""

    def __init__(self, *texts):
        self._counts = dict.fromkeys(texts, 0)
        self._log = None

    def count(self, text):
        """How often it has said @text, one of those it was made for."""
        self._log = self._log or KernelLog(os.SEEK_SET)
        for message in self._log.messages():
            for known in self._counts:
                self._counts[known] += known in message
        return self._counts[text]


_BAD_SIGNATURE = "bad smb2 signature"
_NEW_DAEMON = "Reconnect to a new user space daemon"
_heard = _Heard(_BAD_SIGNATURE, _NEW_DAEMON)


def ksmbd_complaints():
    """How many bad signatures ksmbd itself has found: requests that nobody
    kept from it."""
    return _heard.count(_BAD_SIGNATURE)


def mountd_crashes():
    """How often ksmbd.mountd's worker has died: 3.5.3 corrupts its heap now
    and then, and what it was asked meanwhile fails."""
    return _heard.count(_NEW_DAEMON)


def loaded(module):
    """Whether the kernel has @module."""
    return os.path.isdir(f"/sys/module/{module}")


def listening(port=PORT):
    """Whether somebody listens on @port."""
    return bool(run("ss", "-Hltn", f"sport = :{port}").stdout)


class Server:
    """ksmbd with or without (@alone) the module."""

    user = "alice"
    password = "Secret123"
    # Somebody in whose name others try to act
    victim = "victor"
    victim_password = "Victory456"

    def __init__(self, alone=False, checks=CHECKS):
        self.alone = alone
        self.checks = checks
        # Seconds that an answer may take. Without the module many cases
        # fail by waiting for one, so they had better not wait for long.
        self.patience = 5 if alone else 30
        self.mode = None
        self.mountd = None

    def configure(self, name):
        """Bring everything up from nothing in the mode @name. ksmbd is
        loaded anew: what one client negotiated sticks in its statics."""
        self.stop()
        self.mode = MODES[name]
        guest_sh("write_ksmbd_conf", *self.mode.conf())
        with open(CONF, "a", encoding="ascii") as conf:
            conf.write(GUEST_SHARE)
        self.admit_victim()
        if not self.alone:
            self.load(f"policy={self.mode.policy}")
        self.start_ksmbd()

    def admit_victim(self):
        """The second user and his directory, unless they are there."""
        if run("id", "-u", self.victim, check=False).returncode:
            run("useradd", "-M", self.victim)
            run("ksmbd.adduser", "-a", "-p", self.victim_password,
                self.victim)
        PRIVATE.mkdir(mode=0o700, exist_ok=True)
        shutil.chown(PRIVATE, self.victim)

    def stop(self):
        """Take everything down."""
        self.unload()
        self.stop_ksmbd()

    def load(self, *parameters):
        """Load the module, or fail with the reason that the kernel's log has."""
        done = run("insmod", str(MODULE), *self.checks, *parameters,
                   check=False)
        if done.returncode:
            said = [line for line in KernelLog(os.SEEK_SET).messages()
                    if "smbsign: " in line]
            raise AssertionError(
                f"refused at load: {(said or [done.stdout.strip()])[-1]}")

    def unload(self):
        """Unload the module, if it is there."""
        if loaded("smbsign"):
            run("rmmod", "smbsign")

    def start_ksmbd(self):
        """Start ksmbd and wait for its listener."""
        run("modprobe", "ksmbd")
        with open(MOUNTD_LOG, "ab") as log:
            self.mountd = subprocess.Popen(MOUNTD, stdout=log, stderr=log)
        wait_until("ksmbd to listen", listening)

    def stop_ksmbd(self):
        """Stop ksmbd and unload it."""
        if not loaded("ksmbd"):
            return
        run("ksmbd.control", "-s", check=False)
        self._stop_mountd()
        wait_until("ksmbd to unload", lambda:
                   not run("rmmod", "ksmbd", check=False).returncode)

    def _stop_mountd(self):
        if not self.mountd:
            return
        self.mountd.terminate()
        try:
            self.mountd.wait(20)
        except subprocess.TimeoutExpired:
            print("# ksmbd.mountd does not end: killed", flush=True)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.mountd.pid, signal.SIGKILL)
            self.mountd.wait()
        self.mountd = None

    @staticmethod
    def stats():
        """The module's counters by name."""
        lines = (PROC_NET / "stats").read_text(encoding="ascii").splitlines()
        return {name: int(value) for name, value in map(str.split, lines)}

    @contextlib.contextmanager
    def counts(self, name, number=1):
        """The counter @name grows by @number in a `with`. Alone, nobody
        counts."""
        before = {} if self.alone else self.stats()
        yield
        if before:
            equal(self.stats()[name] - before[name], number, name)

    @staticmethod
    def sysctl(name):
        """What net.smbsign.@name is."""
        path = PROC_SYS / "net/smbsign" / name
        return path.read_text(encoding="ascii").strip()

    @staticmethod
    @contextlib.contextmanager
    def knob(name, value):
        """net.smbsign.@name is @value for the length of a `with`."""
        old = sysctl_set(f"net/smbsign/{name}", value)
        try:
            yield
        finally:
            sysctl_set(f"net/smbsign/{name}", old)
