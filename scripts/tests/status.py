# SPDX-License-Identifier: GPL-2.0-only
"""What an administrator sees: smbsign-status, /proc/net/smbsign, audit
records, the log. Every case compares it with connections that are there."""

import json
import os
import pathlib
import pty
import re
import socket
import stat
import subprocess
import tempfile
import time

from smb2 import attack, wire

from . import judge
from .auditlog import audit_log
from .flaws import keeps_connections
from .kernellog import KernelLog
from .rig import ENCRYPTING, FEW, GMAC, HMAC, LATEST, PROFILES
from .server import PORT, PROC_NET, run, wait_until
from .tap import GUARDED, case, equal, expect, status

STATUS = pathlib.Path(__file__).parent.parent / "smbsign-status"
ALGORITHM = ("hmac-sha256", "aes-cmac", "aes-gmac")
# Of each dialect or algorithm one
KINDS = (PROFILES[0], PROFILES[1], *LATEST, HMAC, GMAC, PROFILES[-1])
NOT_LOADED = 3
WRONG_ARGUMENTS = 2
RECENT_MAX = 128
METRIC = re.compile(r'(?P<name>[a-z_]+)(\{(?P<label>[a-z_]+="[a-z0-9_.:/]+")\})? '
                    r'(?P<value>[0-9]+)')


def _json():
    return json.loads(run(STATUS, "--json").stdout)


def _port(session):
    return session.connection.socket.getsockname()[1]


def _row(session, table="connections"):
    """What is said of @session's connection."""
    rows = [r for r in _json()[table] if r["port"] == _port(session)]
    # Of one that had the port before, a line may still be there
    if keeps_connections():
        rows = rows[-1:]
    equal(len(rows), 1, f"rows in {table}")
    equal(rows[0]["address"], "127.0.0.1", "address")
    return rows[0]


def _fields(row, **wanted):
    for name, value in wanted.items():
        equal(row[name], value, name)


def _unsigned_works(session):
    request = session.request(wire.create("unsigned"))
    session.connection.send(request.encode())
    response = session.answer(request)
    status(response, wire.SUCCESS)


@case(profiles=KINDS)
def connection_is_told_of(rig):
    session = rig.new_session()
    session.echo()
    row = _row(session)
    dialect = "3.1.1" if rig.profile.dialect == wire.DIALECT_311 else \
        rig.profile.name.partition("+")[0]
    _fields(row, dialect=dialect, sessions=1, in_progress=0, guests=0,
            algorithm=ALGORITHM[session.connection.signing_algorithm],
            required=1, signing="must", encryption="no", must_encrypt=0,
            refusals=0, refused_for=None, foreseen=None)
    expect(row["requests"] >= 3, f"{row['requests']} requests")
    expect(0 <= row["age"] < 600, f"age {row['age']}")
    line = [text for text in run(STATUS).stdout.splitlines()
            if re.match(rf"127\.0\.0\.1 +{_port(session)} ", text)]
    equal(len(line), 1, "lines")
    for word in (dialect, row["algorithm"], "must"):
        expect(f" {word} " in line[0], f"no {word} in {line[0]}")


@case(modes=("sealed",), profiles=ENCRYPTING)
def encrypted_sessions_are_told_of(rig):
    session = rig.new_session()
    session.echo()
    _fields(_row(session), encryption="must", must_encrypt=1, signing="must")


@case(modes=GUARDED, profiles=ENCRYPTING)
def who_encrypts_unasked_is_told_of(rig):
    session = rig.new_session()
    session.encrypting = True
    session.echo()
    _fields(_row(session), encryption="may", must_encrypt=0)


@case(profiles=FEW)
def who_was_refused_and_why(rig):
    session = rig.new_session()
    for forge, reason in ((attack.signature_flipped, "bad_signature"),
                          (attack.unsigned, "unsigned")):
        request = session.request(wire.create("refused"))
        judge.refused(session, request, forge(session, request))
        _fields(_row(session), refused_for=reason)
    equal(_row(session)["refusals"], 2, "refusals")
    # An earlier connection may have had this port
    rows = [r for r in _json()["refusals"] if r["port"] == _port(session) and
            r["session"] == hex(session.id)]
    equal({r["reason"] for r in rows}, {"bad_signature", "unsigned"})
    for row in rows:
        _fields(row, address="127.0.0.1", action="refused", command="CREATE",
                session=hex(session.id))
        expect(row["first"] <= row["last"], "times")
    expect(re.search(r"127\.0\.0\.1 +refused +CREATE .* bad signature",
                     run(STATUS).stdout), "not readable at a glance")


def _saved(directory, connections, refusals, exceptions=""):
    """Tables as smbsign-status reads them from another machine."""
    top = pathlib.Path(directory)
    for name, text in (("proc/sys/net/smbsign/policy", "negotiated"),
                       ("proc/net/smbsign/stats", "attached 3"),
                       ("proc/net/smbsign/connections", connections),
                       ("proc/net/smbsign/refusals", refusals),
                       ("proc/net/smbsign/exceptions", exceptions)):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text + "\n", encoding="ascii")
    return ("env", f"SMBSIGN_STATUS_ROOT={top}", STATUS)


LONG = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"
LARGE = 12345678901234


@case(modes=("mandatory",), profiles=LATEST)
def all_fits_into_80_columns(_):
    with tempfile.TemporaryDirectory() as directory:
        saved = _saved(
            directory,
            f"{LONG} dialect=0x0210 algorithm=hmac-sha256 sessions={LARGE} "
            f"required=1 requests={LARGE} refusals={LARGE} in_progress=0 "
            "guests=0 must_encrypt=0 encrypted=1 "
            "refused_for=encrypted_without_session foreseen=unsigned begun=1",
            f"{LONG} action=required reason=encrypted_without_session "
            f"command=QUERY_DIRECTORY session=0xffffffffffffffff "
            f"count={LARGE} first=1 last=1 dialect=0x0202",
            f"{LONG[1:LONG.index(']')]}/127 connections={LARGE} let_in={LARGE} "
            f"since=1 last=1\n2001:db8::/32 connections={LARGE} let_in=0 "
            "since=1 last=0")
        for arguments in ((), ("--plan",)):
            told = run(*saved, *arguments).stdout
            wide = [line for line in told.splitlines() if len(line) > 80]
            equal(wide, [], f"too wide: {arguments}")
            expect(LONG[1:LONG.index("]")] in told, "no address")


@case(modes=("mandatory",), profiles=LATEST)
def plan_says_when_nothing_is_left(_):
    with tempfile.TemporaryDirectory() as directory:
        saved = _saved(directory, "", "192.0.2.7:1 action=refused "
                       "reason=unsigned command=WRITE session=0x1 count=1 "
                       "first=1 last=1 dialect=0x0311")
        plan = run(*saved, "--plan").stdout
    expect("Nothing is left to do. Of 3 connections" in plan, plan)
    expect("192.0.2.7" not in plan, "who is refused already")


@case(modes=("mandatory",), profiles=LATEST)
def exceptions_are_told_of(_):
    """Which are needed, which are not, and the line for one more."""
    with tempfile.TemporaryDirectory() as directory:
        refusal = "action={} reason=unsigned command=WRITE session=0x1 count=1 " \
            "first=1 last=1 dialect=0x0210"
        saved = _saved(
            directory, "192.0.2.7:1 dialect=0x0210 sessions=1 required=0 "
            "in_progress=0 guests=0 must_encrypt=0 foreseen=unsigned begun=1 "
            "exception=192.0.2.7", "\n".join((
                "192.0.2.7:1 " + refusal.format("excepted"),
                "192.0.2.9:1 " + refusal.format("required"))),
            "192.0.2.7 connections=3 let_in=2 since=1 last=1\n"
            "10.0.0.0/8 connections=5 let_in=0 since=1 last=0")
        (pathlib.Path(directory) / "proc/sys/net/smbsign/policy").write_text(
            "required\n", encoding="ascii")
        told = run(*saved).stdout
        plan = run(*saved, "--plan").stdout
        rows = json.loads(run(*saved, "--json").stdout)
    for wanted in (r"192\.0\.2\.7 +3 +2 +1 +[0-9]+y +[0-9]+y",
                   r"10\.0\.0\.0/8 +5 +0 +0 never +[0-9]+y",
                   r"192\.0\.2\.7 +1 2\.1 .* unsigned "):
        expect(re.search(wanted, told), f"no line {wanted} in {told}")
    expect("Let in by an exception\n" in told, told)
    expect("\n      net.smbsign.exceptions = 192.0.2.9\n" in plan, plan)
    expect("\n192.0.2.7\n" not in plan and "\n10.0.0.0/8\n" in plan, plan)
    equal([(r["exception"], r["open"]) for r in rows["exceptions"]],
          [("192.0.2.7", 1), ("10.0.0.0/8", 0)])
    equal(rows["connections"][0]["exception"], "192.0.2.7", "exception")


@case(modes=("mandatory",), profiles=LATEST)
def version_is_the_modules(_):
    told = run(STATUS, "--version").stdout.split("\n")
    loaded = pathlib.Path("/sys/module/smbsign/version").read_text("ascii")
    equal(told[:2], [f"smbsign-status {loaded.strip()}",
                     f"smbsign {loaded.strip()} is loaded"])


@case(profiles=LATEST)
def refusals_can_be_followed(rig):
    with subprocess.Popen([STATUS, "--follow"], text=True,
                          stdout=subprocess.PIPE) as follower:
        instances = pathlib.Path("/sys/kernel/tracing/instances")
        wait_until("the trace", lambda: list(
            instances.glob("smbsign-status-*/events/smbsign/enable")) and
            all(path.read_text("ascii") == "1\n" for path in
                instances.glob("smbsign-status-*/events/smbsign/enable")))
        session = _refuse_one(rig)
        line = follower.stdout.readline()
        follower.terminate()
    expect(re.fullmatch(rf"[0-9:]{{8}} 127\.0\.0\.1:{_port(session)} refused "
                        rf"CREATE session {session.id:#x}: unsigned\n", line),
           f"line {line!r}")
    equal(list(instances.glob("smbsign-status-*")), [], "traces left")


@case(modes=("mandatory",), profiles=LATEST)
def watching_ends_with_q(_):
    master, slave = pty.openpty()
    with subprocess.Popen([STATUS, "--watch", "1"], stdin=slave, stdout=slave,
                          close_fds=True) as watcher:
        os.close(slave)
        seen = b""
        while seen.count(b"smbsign guards port") < 2:
            seen += os.read(master, 4096)
        os.write(master, b"q")
        equal(watcher.wait(30), 0, "status")
    os.close(master)


@case(profiles=LATEST)
def refusals_of_one_address_are_counted(rig):
    def count():
        return sum(r["count"] for r in _json()["refusals"]
                   if (r["action"], r["reason"]) == ("refused", "unsigned"))
    session, before = rig.new_session(), count()
    for _ in range(5):
        request = session.request(wire.create("refused"))
        judge.refused(session, request, request.encode())
    equal(count() - before, 5, "count")


@case(profiles=LATEST)
def who_was_cut_off_is_told_of_afterwards(rig):
    with rig.server.knob("on_violation", "reset"):
        session = rig.new_session()
        request = session.request(wire.create("refused"))
        port = _port(session)
        judge.cut_off(session.connection,
                      attack.signature_flipped(session, request))
    wait_until("the connection to go", lambda: port not in
               [r["port"] for r in _json()["connections"]])
    rows = [r for r in _json()["refusals"] if r["port"] == port]
    equal([r["action"] for r in rows], ["reset"])
    equal([r["reason"] for r in rows], ["bad_signature"])


@case(modes=("auto",), profiles=FEW)
def what_required_would_refuse_is_foreseen_once(rig):
    session = rig.new_session()
    _fields(_row(session), signing="may", foreseen=None)
    with rig.server.counts("foreseen"), \
            rig.server.counts("reason_unsigned", 0):
        _unsigned_works(session)
        _unsigned_works(session)
    _fields(_row(session), signing="unsigned", foreseen="unsigned",
            refused_for=None)
    _fields([r for r in _json()["refusals"] if r["action"] == "required"
             and r["port"] == _port(session)][0], reason="unsigned",
            command="CREATE", dialect=_row(session)["dialect"])
    plan = run(STATUS, "--plan").stdout
    expect(re.search(r"^127\.0\.0\.1\n  SMB [0-9.]+, CREATE, .*\n"
                     r"    reason: unsigned\n", plan, re.MULTILINE), plan)
    expect("Nothing is left" not in plan and "sec=ntlmsspi" in plan, plan)
    with rig.server.knob("policy", "required"):
        request = session.request(wire.create("refused"))
        judge.cut_off(session.connection, request.encode())


@case(modes=("mandatory", "auto"), profiles=LATEST)
def guests_are_foreseen(rig):
    with rig.server.counts("foreseen"):
        session = rig.session_on(rig.connect(), user="mallory").setup()
    expect("net.smbsign.allow_guest = 1" in run(STATUS, "--plan").stdout,
           "the plan does not say how to let guests stay")
    _fields(_row(session), guests=1, signing="guest", foreseen="guest")
    with rig.server.knob("allow_guest", "1"), \
            rig.server.counts("foreseen", 0):
        rig.session_on(rig.connect(), user="mallory").setup()


@case(modes=GUARDED, profiles=FEW)
def who_signs_is_not_foreseen(rig):
    with rig.server.counts("foreseen", 0):
        session = rig.new_session()
        session.close_file(session.create(rig.fresh_path().name))


def _garbage(address):
    """A message that is none of SMB, from @address of this machine."""
    with socket.create_connection(("127.0.0.1", PORT), 30,
                                  (address, 0)) as sock:
        sock.sendall(wire.frame(b"GARBAGE!" * 16))
        try:
            sock.recv(1)
        except ConnectionResetError:
            pass


@case(modes=("mandatory",), profiles=LATEST)
def refusals_are_kept_within_bounds(rig):
    """The oldest are displaced; those that stay are the latest."""
    addresses = [f"127.0.1.{n}" for n in range(1, RECENT_MAX + 21)]
    with rig.server.counts("reason_not_smb", len(addresses)):
        for address in addresses:
            _garbage(address)
    kept = [row["address"] for row in _json()["refusals"]]
    equal(sorted(kept), sorted(addresses[-RECENT_MAX:]), "kept")


def _metrics(path):
    """What a textfile says, checked as node_exporter would."""
    types, found = {}, {}
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("# HELP "):
            expect(re.fullmatch(r"# HELP [a-z_]+ [^\\]+", line), line)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            expect(name not in types, f"{name} has two types")
            expect(kind == ("counter" if name.endswith("_total") else
                            "gauge"), f"{name} is a {kind}")
            types[name] = kind
            continue
        match = METRIC.fullmatch(line)
        expect(match, f"no metric: {line}")
        expect(match["name"] in types, f"{match['name']} has no type before")
        key = match["name"], match["label"]
        expect(key not in found, f"{key} comes twice")
        found[key] = int(match["value"])
    return found


def _textfile(directory):
    path = pathlib.Path(directory) / "smbsign.prom"
    run(STATUS, "--textfile", str(path))
    return path


@case(modes=GUARDED, profiles=LATEST)
def textfile_has_every_counter(rig):
    session = rig.new_session()
    with tempfile.TemporaryDirectory() as directory:
        path = _textfile(directory)
        found = _metrics(path)
        equal(os.listdir(directory), ["smbsign.prom"], "files")
        equal(stat.S_IMODE(path.stat().st_mode), 0o644, "mode")
    equal(found["smbsign_up", None], 1, "up")
    equal(found["smbsign_policy", f'policy="{rig.server.mode.policy}"'], 1)
    equal(sum(v for (name, _), v in found.items() if name == "smbsign_policy"),
          1, "policies")
    for name, value in rig.server.stats().items():
        if name.startswith("reason_"):
            key = "smbsign_reasons_total", f'reason="{name[7:]}"'
        elif name in ("connections", "sessions", "freeing",
                      "freeing_bytes"):
            key = f"smbsign_{name}", None
        else:
            key = f"smbsign_{name}_total", None
        # That goes up and down by itself
        if name.startswith("freeing"):
            expect(key in found, f"{name} is missing")
        else:
            equal(found[key], value, name)
    session.echo()


@case(modes=("mandatory",), profiles=LATEST)
def textfile_is_replaced_at_once_or_not_at_all(_):
    with tempfile.TemporaryDirectory() as directory:
        path = _textfile(directory)
        old = path.stat().st_ino
        with open(path, encoding="ascii") as reader:
            expect(_textfile(directory).stat().st_ino != old, "written over")
            expect(reader.read().endswith("\n"), "cut short")
        os.mkdir(pathlib.Path(directory) / "taken.prom")
        done = run(STATUS, "--textfile", f"{directory}/none/smbsign.prom",
                   check=False)
        equal(done.returncode, 1, "status")
        equal(sorted(os.listdir(directory)), ["smbsign.prom", "taken.prom"])


@case(modes=("mandatory",), profiles=LATEST)
def arguments_that_are_wrong(_):
    for arguments in (("--nonsense",), ("--json", "--json"), ("--textfile",),
                      ("--watch", "now"), ("--watch", "0"), ("--plan", "all")):
        equal(run(STATUS, *arguments, check=False).returncode,
              WRONG_ARGUMENTS, f"status of {arguments}")


@case(modes=("mandatory",), profiles=LATEST)
def who_is_not_root_sees_counters_only(_):
    def ask(*arguments):
        return subprocess.run(["setpriv", "--reuid=65534", "--clear-groups",
                               STATUS, *arguments], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
    seen = json.loads(ask("--json"))
    equal(seen["connections"], None, "connections")
    equal(seen["refusals"], None, "refusals")
    expect("verified" in seen["counters"], "no counters")
    expect("127.0.0.1" not in ask(), "an address")


@case(modes=("mandatory",), profiles=LATEST)
def module_that_is_not_there(rig):
    rig.server.unload()
    try:
        done = run(STATUS, check=False)
        equal(done.returncode, NOT_LOADED, "status")
        expect("ksmbd serves without it" in done.stdout, done.stdout)
        done = run(STATUS, "--json", check=False)
        told = json.loads(done.stdout)
        expect(abs(told.pop("time") - time.time()) < 600, "time")
        equal(told, {"schema": 1, "loaded": False, "ksmbd": True})
        with tempfile.TemporaryDirectory() as directory:
            equal(_metrics(_textfile(directory)),
                  {("smbsign_up", None): 0, ("smbsign_ksmbd_loaded", None): 1})
    finally:
        rig.server.load(f"policy={rig.server.mode.policy}")
        rig.close()     # the connections there were are reset


@case(profiles=LATEST)
def changes_of_policy_are_logged(rig):
    log, old = KernelLog(os.SEEK_END), rig.server.mode.policy
    algorithms = rig.server.sysctl("algorithms")
    with rig.server.knob("policy", "audit"), \
            rig.server.knob("algorithms", "aes-cmac"), \
            rig.server.knob("allow_guest", rig.server.sysctl("allow_guest")):
        pass
    wanted = [f"smbsign: net.smbsign.policy is audit, was {old}",
              "smbsign: net.smbsign.algorithms is aes-cmac, "
              f"was {algorithms}",
              f"smbsign: net.smbsign.algorithms is {algorithms}, "
              "was aes-cmac",
              f"smbsign: net.smbsign.policy is {old}, was audit"]
    equal([m for m in log.messages() if "smbsign: net." in m], wanted)


def _refuse_one(rig):
    session = rig.new_session()
    request = session.request(wire.create("refused"))
    judge.refused(session, request, request.encode())
    return session


@case(profiles=LATEST)
def audit_has_records_if_asked_to(rig):
    with audit_log() as log:
        with rig.server.knob("audit_records", "1"):
            session = _refuse_one(rig)
            equal([(r["reason"], r["addr"], r["rport"], r["smb_session"])
                   for r in log.records("smbsign-refused")],
                  [("unsigned", "127.0.0.1", str(_port(session)),
                    hex(session.id))])
            with rig.server.knob("on_violation", "reset"):
                pass
        changes = log.records("smbsign-change")
    equal([(r["name"], r["old"], r["new"]) for r in changes][-3:],
          [("on_violation", "deny", "reset"), ("on_violation", "reset", "deny"),
           ("audit_records", "1", "0")])
    equal({r["uid"] for r in changes}, {"0"}, "who did it")


@case(profiles=LATEST)
def audit_has_no_records_if_not(rig):
    with audit_log() as log:
        with rig.server.counts("refused"):
            _refuse_one(rig)
        with rig.server.knob("on_violation", "reset"):
            pass
        equal(log.records("smbsign-refused", 2), [], "refusals")
        equal(log.records("smbsign-change", 1), [], "changes")


@case(profiles=LATEST)
def audit_records_are_limited(rig):
    """Hundreds of refusals in a second are not hundreds of records."""
    session = rig.new_session()
    with audit_log() as log, rig.server.knob("audit_records", "1"), \
            rig.server.counts("refused", 300):
        for _ in range(300):
            request = session.request(wire.echo())
            session.connection.send(request.encode())
            session.connection.answer(request)
        found = len(log.records("smbsign-refused"))
    expect(0 < found < 300, f"{found} records")


@case(profiles=LATEST)
def tables_are_for_root_only(_):
    for name, mode in (("stats", 0o444), ("connections", 0o400),
                       ("refusals", 0o400), ("exceptions", 0o400)):
        equal(stat.S_IMODE((PROC_NET / name).stat().st_mode), mode, name)
