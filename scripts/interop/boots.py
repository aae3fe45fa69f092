# SPDX-License-Identifier: GPL-2.0-only
"""smbtorture's tests in guests: as many boots as it takes."""

import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
# A kernel that dies in more tests than this is not worth more boots
BOOTS = 20
SECONDS = 1800
# Results that the kernel itself complained of, and where an honest user was
# refused by the module
BROKEN = ("crash", "fault", "refused")


class HarnessFault(Exception):
    """The guest said nothing that could be judged."""


@dataclass(frozen=True)
class Result:
    """How one run of one test ended."""

    test: str
    result: str
    why: str = ""

    @property
    def passed(self):
        """Did it pass?"""
        return self.result == "pass"

    @property
    def broken(self):
        """Did the kernel complain, or die, or was an honest user refused?"""
        return self.result in BROKEN


@dataclass(frozen=True)
class Setup:
    """A server: a kernel, ksmbd.conf's signing, and what stands before it."""

    kernel: str
    signing: str
    policy: str = ""
    module: pathlib.Path = None
    # With the tests of the Samba in the root `samba`
    newer: bool = False
    # Every second test, the first of them first: "1/2"
    share: str = "1/1"
    # How many times longer than its bound a test may take
    patience: int = 1

    @property
    def name(self):
        """What it is called in the output."""
        return "with smbsign" if self.policy else "alone"

    def options(self):
        """Of the harness, and of the script in the guest."""
        host = ("--ko", str(self.module)) if self.policy else ()
        guest = ("--signing", self.signing, "--policy", self.policy,
                 "--patience", str(self.patience), "--share", self.share)
        if self.newer:
            host += ("--beside", "samba")
            guest += ("--beside",)
        return host, guest


class Boot:
    """One boot that runs some tests, or all."""

    def __init__(self, setup, directory, tests=None):
        directory.mkdir(parents=True)
        host, guest = setup.options()
        if tests is not None:
            lines = "".join(f"{test}\n" for test in tests)
            (directory / "tests").write_text(lines, encoding="ascii")
            guest += ("--tests", "/out/tests")
        self._directory = directory
        self._setup = setup
        self._run(host, guest)
        self.plan, self.results, self.done = tests, [], False
        self._read()

    def _run(self, host, guest):
        # Two guests share the machine, so that one CPU each is faster. What
        # a fault in the log means is for the comparison to say.
        command = (TOP / "scripts/vm/run", self._setup.kernel, *host,
                   "--out", self._directory, "--timeout", str(SECONDS),
                   "--smp", "1", "--expect", ".", "--",
                   "scripts/interop/guest-torture", *guest)
        with open(self._directory / "log", "wb") as log:
            status = subprocess.run(command, stdout=log, stderr=log,
                                    check=False).returncode
        # 124: timeout, 125: the guest died; both are results
        if status not in (0, 124, 125):
            raise HarnessFault(f"see {self._directory}/log")

    def _read(self):
        running = None
        output = self._directory / "output.txt"
        for text in output.read_text(errors="replace").splitlines():
            line = self._parse(text)
            if "plan" in line:
                self.plan = line["plan"]
            elif "begin" in line:
                running = line["begin"]
            elif "end" in line:
                running = None
                self.results.append(Result(line["end"], line["result"],
                                           line["why"]))
            self.done = self.done or "done" in line
        if self.plan is None:
            raise HarnessFault(f"no list of tests: see {output}")
        if not self.done:
            self._blame(running)

    @staticmethod
    def _parse(text):
        """The last line of a guest that died may be cut off."""
        try:
            return json.loads(text) if text.startswith("{") else {}
        except ValueError:
            return {}

    def _blame(self, running):
        """The guest, or ksmbd in it, is dead: the test that ran did it, or
        else the last one."""
        if running is None:
            if not self.results:
                raise HarnessFault(f"it ran nothing: see {self._directory}")
            running = self.results.pop().test
        log = (self._directory / "dmesg.txt").read_text(errors="replace")
        log = log.partition("smbsign-vm: start")[2]
        if "Kernel panic" in log:
            self.results.append(Result(running, "crash", signature(log)))
        else:
            self.results.append(Result(running, "hang"))


def signature(log):
    """Where a kernel died: what it said, and in which functions of ksmbd
    and of the module."""
    log = re.sub(r"^\[[^\]]*\] ?", "", log.replace("\r", ""),
                 flags=re.MULTILINE)
    said = re.search(r"^(list_\w+ corruption|BUG: .*?(?=:|,)|kernel BUG.*|"
                     r"Oops.*?(?=:)|watchdog: BUG: soft lockup|.*panic.*)",
                     log, re.MULTILINE)
    where = re.findall(r"\b(\w+)\+0x\w+/0x\w+ \[(?:ksmbd|smbsign)\]", log)
    return " in ".join(filter(None, (said and said[0],
                                     " < ".join(dict.fromkeys(where[:3])))))


def run(setup, directory, tests=None, progress=print):
    """Run @tests, all by default; returns the plan and the results."""
    plan, results, left = tests, [], tests
    for number in range(BOOTS):
        boot = Boot(setup, directory / f"boot-{number}", left)
        plan = plan or boot.plan
        results += boot.results
        left = (left or plan)[len(boot.results):]
        if boot.done or not left:
            return plan, results
        last = results[-1]
        progress(f"# {setup.kernel} {setup.name}: {last.test}: "
                 f"{last.result} ({last.why}); {len(left)} left")
    raise HarnessFault(f"{setup.kernel} {setup.name}: died {BOOTS} times")
