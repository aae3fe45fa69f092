#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Both halves of the demo, inside the guest, and the table that compares them.

    play.py SYSVOL_DIRECTORY USER%PASSWORD

ksmbd serves SYSVOL_DIRECTORY already; /out/smbsign.ko gets loaded after the
first half. Exit status 0 if everything came out as it should.
"""

import os
import re
import subprocess
import sys
import tempfile
import textwrap

import mitm

DC1 = "192.0.2.1"
MALLORY = "192.0.2.66"
MODULE = "/out/smbsign.ko"
STATS = "/proc/net/smbsign/stats"
IN_LAN = ["ip", "netns", "exec", "lan"]
POLICY_FOLDER = mitm.POLICY.rpartition("\\")[0]

POLICY_TEXT = """[Unicode]
Unicode=yes
[Version]
signature="$CHICAGO$"
Revision=1
[System Access]
MinimumPasswordLength = {password_length}
[Group Membership]
*S-1-5-32-544__Memberof =
*S-1-5-32-544__Members = EXAMPLE\\Domain Admins
"""


def policy(password_length):
    text = POLICY_TEXT.format(password_length=password_length)
    return text.replace("\n", "\r\n").encode("utf-16")


OLD_POLICY = policy(7)
NEW_POLICY = policy(14)     # what the administrator wants


class Act:
    """One attack on one errand of the administrator's."""

    def __init__(self, letter, attack, dialect, title, errand, expected,
                 works_before=None):
        self.letter = letter
        self.attack = attack
        self.dialect = dialect
        self.title = title
        self.errand = errand
        self.expected = expected            # the file, if nobody interferes
        self.works_before = works_before    # first kernel that may refuse it

    def must_work_alone(self, kernel):
        return self.works_before is None or kernel < self.works_before


PUT = f'put new.inf "{mitm.POLICY}"'
LOOK = f'cd "{POLICY_FOLDER}"; ls'

ACTS = [
    Act("a", "switch-off", "SMB2_10",
        "SMB 2.1: he edits the policy.\n"
        "Mallory tells both sides in NEGOTIATE that nobody requires signing, "
        "and changes his WRITE on its way.",
        PUT, NEW_POLICY, works_before=(7,)),
    Act("b", "strip", "SMB3_11",
        "SMB 3.1.1, signed: he edits it.\n"
        "Mallory repeats his WRITE without the signature and with her contents.",
        PUT, NEW_POLICY),
    Act("c", "inject", "SMB3_00",
        "SMB 3.0, signed: he only looks.\n"
        "Mallory puts CREATE, READ and WRITE of her own, unsigned, into his "
        "session.",
        LOOK, OLD_POLICY),
]


class Outcome:
    """What an act left behind."""

    def __init__(self, on_disk, expected, client, deeds, log, counters):
        text = on_disk.decode("utf-16", "replace")
        self.tampered = mitm.ACCOUNT in text
        self.members = "".join(line for line in text.splitlines()
                               if "__Members" in line)
        self.untouched = on_disk == OLD_POLICY
        self.as_expected = on_disk == expected
        self.client_error = ", ".join(
            sorted(set(re.findall(r"NT_STATUS_\w+", client.stdout))))
        self.client_happy = client.returncode == 0 and not self.client_error
        self.deeds = deeds
        self.log = log
        self.counters = counters


class Mallory:
    """mitm.py, listening for as long as the with block lasts."""

    def __init__(self, attack):
        self.command = IN_LAN + [sys.executable, mitm.__file__, attack,
                                 MALLORY, DC1]
        self.deeds = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, text=True,
                                        stdout=subprocess.PIPE)
        if self.process.stdout.readline() != "listening\n":
            sys.exit("mallory did not come up")
        return self

    def __exit__(self, *exception):
        self.process.terminate()
        self.deeds = self.process.stdout.read().splitlines()
        self.process.wait()


class MemberLeft(Exception):
    """The honest member's smbclient gave up, saying this."""


class Member:
    """An honest domain member: one signed session, open for a whole half."""

    def __init__(self, credentials, sysvol):
        self.sysvol = sysvol
        self.directory = tempfile.mkdtemp()
        self.trips = 0
        self.failures = 0
        self.smbclient = subprocess.Popen(
            smbclient(DC1, credentials, "-m", "SMB3_11", "--client-protection=sign"),
            cwd=self.directory, bufsize=0, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def do(self, command, answer):
        """Have smbclient do it; it says one line when it has."""
        self.smbclient.stdin.write(command.encode() + b"\n")
        line = self.smbclient.stdout.readline().decode(errors="replace")
        if not line.startswith(answer):
            raise MemberLeft(line.strip())

    def put(self, local, remote):
        self.do(f'put "{local}" "{remote}"', "putting file")

    def get(self, remote, local):
        self.do(f'get "{remote}" "{local}"', "getting file")

    def path(self, name):
        return os.path.join(self.directory, name)

    def round_trip(self):
        """Write random bytes, look at them on the server, read them back."""
        sent = os.urandom(300_000)
        write_file(self.path("sent"), sent)
        self.put("sent", "member.bin")
        stored = read_file(os.path.join(self.sysvol, "member.bin"))
        self.get("member.bin", "received")
        received = read_file(self.path("received"))
        for name in self.path("received"), os.path.join(self.sysvol, "member.bin"):
            write_file(name, b"")
        self.trips += 1
        self.failures += not sent == stored == received

    def fetch_policy(self):
        self.get(mitm.POLICY, "policy")
        return read_file(self.path("policy"))

    def leave(self):
        self.smbclient.communicate(b"quit\n")


def smbclient(server, credentials, *arguments):
    return IN_LAN + ["timeout", "120", "smbclient", "//dc1/SYSVOL", "-I", server,
                     "-U", credentials, *arguments]


def write_file(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read_file(path):
    """Its contents; nothing at all if there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def kernel_log():
    dmesg = subprocess.run(["dmesg", "--notime"], check=True, text=True,
                           stdout=subprocess.PIPE)
    return [line for line in dmesg.stdout.splitlines()
            if "smbsign: " in line or "ksmbd: " in line]


def read_counters():
    lines = read_file(STATS).decode().splitlines()
    return {name: int(value) for name, value in map(str.split, lines)}


def policy_path(sysvol):
    return os.path.join(sysvol, *mitm.POLICY.split("\\"))


def lay_out(sysvol):
    """The domain's policy, which the administrator may write."""
    os.makedirs(os.path.dirname(policy_path(sysvol)))
    write_file(policy_path(sysvol), OLD_POLICY)
    subprocess.run(["chmod", "-R", "a+rwX", sysvol], check=True)


class Half:
    """All acts once, in front of an honest member who works all the while."""

    def __init__(self, title, sysvol, credentials):
        self.title = title
        self.sysvol = sysvol
        self.credentials = credentials
        self.policy_path = policy_path(sysvol)
        self.outcomes = {}
        self.member = None

    def play(self):
        print(f"\n{self.title}:", flush=True)
        self.member = Member(self.credentials, self.sysvol)
        self.member.round_trip()
        for act in ACTS:
            self.outcomes[act.letter] = outcome = self.perform(act)
            print(f"  attack {act.letter}: " +
                  ("mallory's account is in the policy" if outcome.tampered else
                   "mallory's account is not in the policy") +
                  f"; the administrator saw {outcome.client_error or 'no error'}",
                  flush=True)
            self.member.round_trip()
        self.member.leave()
        print(f"  honest member: {self.member.trips - self.member.failures} of "
              f"{self.member.trips} files came through byte for byte", flush=True)

    def perform(self, act):
        write_file(self.policy_path, OLD_POLICY)
        log, counters = len(kernel_log()), read_counters()
        with Mallory(act.attack) as mallory:
            client = self.run_errand(act)
        on_disk = read_file(self.policy_path)
        if self.member.fetch_policy() != on_disk:
            self.member.failures += 1
        grown = {name: value - counters[name]
                 for name, value in read_counters().items()
                 if name.startswith("reason_") and value > counters[name]}
        return Outcome(on_disk, act.expected, client, mallory.deeds,
                       kernel_log()[log:], grown)

    def run_errand(self, act):
        with tempfile.TemporaryDirectory() as desk:
            write_file(os.path.join(desk, "new.inf"), NEW_POLICY)
            return subprocess.run(
                smbclient(MALLORY, self.credentials, "-m", act.dialect,
                          "-c", act.errand),
                cwd=desk, text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, check=False)

    @property
    def member_is_content(self):
        return self.member.trips == len(ACTS) + 1 and not self.member.failures


def describe(outcome, guarded):
    """A cell of the table."""
    if outcome.tampered:
        noticed = ("nobody noticed" if outcome.client_happy and not outcome.log
                   else outcome.client_error or "the kernel log knows")
        return f"TAMPERED\nmallory is local administrator, {noticed}"

    who = "refused" if guarded else "refused by ksmbd itself"
    file = ("file untouched" if outcome.untouched else
            "file as the administrator wrote it" if outcome.as_expected else
            "but the file is neither the old nor the new one")
    client = ("his work not disturbed" if outcome.client_happy else
              f"he is told {outcome.client_error}")
    return f"{who}\n{file}, {client}"


def came_out_alone(act, outcome, kernel):
    if act.must_work_alone(kernel):
        return outcome.tampered and outcome.client_happy and not outcome.log
    return outcome.tampered or outcome.untouched


def came_out_guarded(outcome):
    """The file is honest, and whoever reads the log or the counters knows why."""
    honest = outcome.as_expected if outcome.client_happy else outcome.untouched
    return honest and bool(outcome.log) and bool(outcome.counters)


def describe_member(half):
    member = half.member
    if half.member_is_content:
        return (f"works\n{member.trips} written and read back in one session, "
                "byte for byte")
    return f"BROKEN\n{member.failures} of {member.trips} files did not come through"


WIDTHS = 34, 30, 30


def print_row(*cells):
    columns = [[line for paragraph in cell.split("\n")
                for line in textwrap.wrap(paragraph, width)]
               for cell, width in zip(cells, WIDTHS)]
    for i in range(max(map(len, columns))):
        line = [(column[i] if i < len(column) else "").ljust(width)
                for column, width in zip(columns, WIDTHS)]
        print(" | ".join(line).rstrip())


def print_rule():
    print("-+-".join("-" * width for width in WIDTHS))


def print_table(alone, guarded):
    print_row("The administrator, and mallory", "ksmbd alone", "ksmbd + smbsign")
    print_rule()
    for act in ACTS:
        print_row(f"{act.letter}  {act.title}",
                  describe(alone.outcomes[act.letter], False),
                  describe(guarded.outcomes[act.letter], True))
        print_rule()
    print_row("Honest member, SMB 3.1.1, signed:\nfiles before, between and after "
              "the attacks.", describe_member(alone), describe_member(guarded))
    print_rule()


def print_evidence(alone, guarded):
    print("\nWhat every machine of the domain obeys after attack b "
          "(S-1-5-32-544: Administrators):")
    for name, half in ("ksmbd alone", alone), ("ksmbd + smbsign", guarded):
        print(f"  {name:<15}  {half.outcomes['b'].members}")

    print("\nThe attacks on ksmbd + smbsign as mallory (m), the kernel log (k) and "
          f"the counters\nin {STATS} (c) saw them:")
    for act in ACTS:
        outcome = guarded.outcomes[act.letter]
        for deed in outcome.deeds:
            print_evidence_line(act, "m", deed)
        for line in outcome.log:
            print_evidence_line(act, "k", line)
        for name, number in outcome.counters.items():
            print_evidence_line(act, "c", f"{name} +{number}")


def print_evidence_line(act, source, text):
    print(textwrap.fill(text, 95, initial_indent=f"  {act.letter} {source}  ",
                        subsequent_indent=" " * 10))


def problems(alone, guarded, kernel):
    for act in ACTS:
        if not came_out_alone(act, alone.outcomes[act.letter], kernel):
            yield f"attack {act.letter} did not work on ksmbd alone, unnoticed"
        if not came_out_guarded(guarded.outcomes[act.letter]):
            yield f"attack {act.letter} was not refused as it should be by smbsign"
    for half in alone, guarded:
        if not half.member_is_content:
            yield f"the honest member could not work ({half.title})"


def verdict(alone):
    missed = [act.letter for act in ACTS if not alone.outcomes[act.letter].tampered]
    if not missed:
        return "Both halves came out as promised."
    return (f"Both halves came out as promised. This kernel's ksmbd refuses attack "
            f"{', '.join(missed)} itself;\nLinux 6.12's does not (KERNEL=trixie).")


def main():
    sysvol, credentials = sys.argv[1:]
    release = os.uname().release
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", release).groups()))

    lay_out(sysvol)
    alone = Half("First half, ksmbd alone", sysvol, credentials)
    guarded = Half("Second half, after insmod smbsign.ko", sysvol, credentials)
    try:
        alone.play()
        subprocess.run(["insmod", MODULE], check=True)
        guarded.play()
    except (MemberLeft, BrokenPipeError) as error:
        sys.exit(f"NOT AS PROMISED: the honest member was cut off: {error}")

    print(f"\nLinux {release}, server signing = mandatory, smbsign's defaults\n")
    print_table(alone, guarded)
    print_evidence(alone, guarded)

    found = list(problems(alone, guarded, kernel))
    print("\n" + ("\n".join("NOT AS PROMISED: " + line for line in found) or
                  verdict(alone)))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
