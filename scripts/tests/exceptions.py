# SPDX-License-Identifier: GPL-2.0-only
"""Exceptions from policy=required: two clients that cannot sign work, whoever
can sign must, and nobody else gets in by them."""

import contextlib
import errno
import os
import subprocess
import time
from dataclasses import replace

from smb2 import attack, wire

from . import intruder, judge
from .auditlog import audit_log
from .kernellog import KernelLog
from .mounts import mounted
from .network import HERE, THERE, Namespace
from .policies import LOG_INTERVAL
from .rig import ALGORITHMS, GMAC, LATEST, PLAIN
from .server import PROC_NET, PROC_SYS, run
from .switches import Parked
from .tap import case, equal, expect, status
from .validate import ENCRYPTED, agrees

KNOB = PROC_SYS / "net/smbsign/exceptions"
SCANNER, CAMERA = "192.0.2.7", "2001:db8:5::9"
LIST = "192.0.2.7,2001:db8:5::/64"
SOURCES = (SCANNER, CAMERA)
# Beside them, outside of the prefix, and what else has the scanner's four bytes
OTHERS = ("127.0.0.1", "192.0.2.6", "192.0.2.8", "2001:db8:6::9",
          "::192.0.2.7", "64:ff9b::192.0.2.7", "2002:c000:207::7")
MINE = {f"{address}/{128 if ':' in address else 32}"
        for address in (*SOURCES, *OTHERS[1:])}
# A client that cannot sign cannot prove NEGOTIATE on 3.1.1 either
SILENT = PLAIN[:3]
FREE = ("auto",)
# mksh's buffer, and dd's blocks
SMALLEST_PIECE = 512
# Of two words each that are wrong: which, and why
WRONG = (("192.0.2.300", "is no address"),
         ("scanner", "is no address"),
         ("192.0.2.7:445", "is no address"),
         ("010.0.0.1", "is no address"),
         ("192.0.2.0/33", "has a wrong prefix length"),
         ("192.0.2.7/24", "has bits set behind its prefix length"),
         ("0.0.0.0/0", "is everybody: that would be policy=negotiated"),
         ("::/0", "is everybody: that would be policy=negotiated"))


@contextlib.contextmanager
def _addresses():
    """The guest has all of them."""
    for address in MINE:
        run("ip", "address", "replace", address, "dev", "lo",
            *(("nodad",) if ":" in address else ()))
    try:
        yield
    finally:
        for address in MINE:
            run("ip", "address", "delete", address, "dev", "lo")


def _write(text):
    KNOB.write_bytes(text.encode())


@contextlib.contextmanager
def _exceptions(text):
    """net.smbsign.exceptions is @text for the length of a `with`."""
    _write(f"{text}\n")
    try:
        yield
    finally:
        _write("\n")


@contextlib.contextmanager
def _required(rig, text=LIST):
    with _addresses(), _exceptions(text), rig.server.knob("policy", "required"):
        yield


def _from(source, **options):
    """How to come from @source."""
    return {"source": source, "address": "::1" if ":" in source else "127.0.0.1",
            **options}


def _session(rig, source, **options):
    """A session from @source of a client that signs nothing but what proves
    NEGOTIATE."""
    session = rig.new_session(**_from(source, **options))
    session.signing = False
    return session


def _told(session):
    return session.connection.negotiated.security_mode & wire.SIGNING_REQUIRED


def _works(rig, session):
    """Nobody tells it to sign, and it does not."""
    path = rig.fresh_path()
    expect(not _told(session), "told to sign")
    equal(session.answer(_send(session, wire.create(path.name))).status,
          wire.SUCCESS, "status")
    expect(path.exists(), "the file was not created")


def _send(session, body):
    request = session.request(body)
    session.connection.send(request.encode())
    return request


def _must_sign(rig, session):
    """It is told, unsigned requests are not executed, signed ones are."""
    path = rig.fresh_path()
    expect(_told(session), "not told to sign")
    for forge in attack.ALL.values():
        request = session.request(wire.create(path.name))
        judge.refused(session, request, forge(session, request))
    expect(not path.exists(), "the file was created")
    session.create(path.name)


def _signing(rig, source, **options):
    return rig.new_session(**_from(source, **options))


@case(modes=FREE, profiles=SILENT)
def who_cannot_sign_works_from_there_only(rig):
    """Not even the logon is more than a client can do that knows no signing."""
    with _required(rig):
        for source in SOURCES:
            connection = rig.connect(**_from(source, strict=False))
            session = rig.session_on(connection)
            session.setup()
            session.signing = False
            status(session.answer(_send(session, wire.tree_connect("share"))),
                   wire.SUCCESS)
        for source in SOURCES:
            _works(rig, _session(rig, source, strict=False))
        for source in OTHERS:
            _must_sign(rig, _signing(rig, source))


@case(modes=FREE, profiles=(*ALGORITHMS, PLAIN[1]))
def who_can_sign_and_said_so_must(rig):
    """In NEGOTIATE or in SESSION_SETUP: an attacker who takes signatures away
    gets nowhere."""
    with _required(rig):
        for source in SOURCES:
            for negotiate, setup in ((wire.SIGNING_DEMANDED, wire.SIGNING_ENABLED),
                                     (wire.SIGNING_ENABLED, wire.SIGNING_DEMANDED)):
                session = rig.session_on(
                    rig.connect(**_from(source, security_mode=negotiate)),
                    security_mode=setup).setup().connect_tree("share")
                for forge in attack.ALL.values():
                    path = rig.fresh_path()
                    request = session.request(wire.create(path.name))
                    judge.refused(session, request, forge(session, request))
                    expect(not path.exists(), "the file was created")


@case(modes=FREE, profiles=ALGORITHMS)
def signatures_are_checked_there_too(rig):
    with _required(rig):
        for source in SOURCES:
            session = _signing(rig, source)
            for forge in attack.FORGED.values():
                path = rig.fresh_path()
                request = session.request(wire.create(path.name))
                judge.refused(session, request, forge(session, request))
                expect(not path.exists(), "the file was created")


@case(modes=FREE, profiles=PLAIN[1:3])
def demand_taken_out_of_negotiate_is_noticed(rig):
    """Somebody on the path takes REQUIRED out of what an excepted client says.
    By FSCTL_VALIDATE_NEGOTIATE_INFO it says so once more."""
    with _required(rig), rig.server.counts("reason_validate_negotiate"):
        session = _signing(rig, SCANNER)
        offer = replace(session.connection.offer,
                        security_mode=wire.SIGNING_DEMANDED)
        request = session.request(wire.validate_negotiate_info(offer))
        judge.cut_off(session.connection, session.sign(request.encode()))


@case(modes=FREE, profiles=SILENT)
def other_forms_of_the_address(rig):
    """What is listed, and what TCP says, is compared as one form."""
    with _required(rig, "::ffff:192.0.2.7"):
        equal(rig.server.sysctl("exceptions"), SCANNER, "exceptions")
        _works(rig, _session(rig, SCANNER, strict=False))
        _works(rig, _session(rig, f"::ffff:{SCANNER}", strict=False,
                             address="::ffff:127.0.0.1"))
    for text in ("::192.0.2.7,64:ff9b::/96,2002:c000:207::/48", "::/1", "8000::/1"):
        with _required(rig, text):
            _must_sign(rig, _signing(rig, SCANNER))


@case(modes=FREE, profiles=PLAIN[:2])
def other_machines(rig):
    """Over a cable, from another network name space."""
    with Namespace() as space, rig.server.knob("policy", "required"):
        with _exceptions(f"{THERE}/32"), space.entered():
            expect(not KNOB.exists(), "a knob in there")
            session = rig.new_session(address=HERE, strict=False)
            session.signing = False
            _works(rig, session)
        with _exceptions("10.77.0.4/30"), space.entered():
            _must_sign(rig, rig.new_session(address=HERE))


@case(modes=FREE, profiles=SILENT)
def exception_that_ends_resets_who_needs_it(rig):
    """And what it had half sent is not executed. Who signs is left alone."""
    with _required(rig):
        signing = [_signing(rig, source) for source in (*SOURCES, OTHERS[0])]
        camera = _session(rig, CAMERA, strict=False)
        parked = Parked(rig, lambda: _session(rig, SCANNER, strict=False,
                                              timeout=intruder.PATIENCE))
        _write("2001:db8:5::/64\n")
        parked.nothing_happens()
        _works(rig, camera)
        for session in signing:
            session.echo()
        _must_sign(rig, _signing(rig, SCANNER))
        _write("\n")
        judge.cut_off(camera.connection,
                      camera.request(wire.echo()).encode())
        for session in signing:
            session.echo()


@case(modes=FREE, profiles=SILENT)
def exception_that_begins_holds_at_the_next_connection(rig):
    """Who was told to sign has said that it will."""
    with _addresses(), rig.server.knob("policy", "required"):
        before = _signing(rig, SCANNER)
        with _exceptions(LIST):
            _must_sign(rig, before)
            _works(rig, _session(rig, SCANNER, strict=False))


@case(modes=FREE, profiles=SILENT)
def policy_that_becomes_required_leaves_exceptions_alone(rig):
    with _addresses(), _exceptions(LIST):
        for before in ("negotiated", "audit"):
            with rig.server.knob("policy", before):
                scanner = _session(rig, SCANNER, strict=False)
                other = _session(rig, OTHERS[1], strict=False)
                _works(rig, scanner)
                _works(rig, other)
                with rig.server.counts("aborted"), \
                        rig.server.knob("policy", "required"):
                    _works(rig, scanner)
                    judge.cut_off(other.connection,
                                  other.request(wire.echo()).encode())


@case(modes=FREE, profiles=SILENT)
def exceptions_make_nothing_stricter(rig):
    """Under negotiated and audit; and a list that changes cuts nobody."""
    with _addresses():
        for policy in ("negotiated", "audit"):
            with rig.server.knob("policy", policy):
                sessions = [_session(rig, source, strict=False)
                            for source in (SCANNER, CAMERA, OTHERS[0])]
                for text in (LIST, "", "192.0.2.0/24"):
                    with _exceptions(text), rig.server.counts("aborted", 0):
                        for session in sessions:
                            _works(rig, session)


@case(modes=("mandatory",), profiles=SILENT)
def exceptions_do_not_excuse_from_ksmbd_conf(rig):
    """server signing = mandatory is what the server demands."""
    with _required(rig):
        for source in SOURCES:
            _must_sign(rig, _signing(rig, source))


@case(modes=FREE, profiles=PLAIN[1:3])
def guests_are_let_in_from_there_only(rig):
    with _required(rig):
        for source, wanted in ((SCANNER, wire.SUCCESS),
                               (OTHERS[1], wire.ACCESS_DENIED)):
            session = rig.session_on(rig.connect(**_from(source, strict=False)),
                                     user="mallory")
            session.begin()
            request = session.final_leg()
            session.connection.send(request.encode())
            status(session.connection.answer(request), wanted)


@case(modes=FREE, profiles=(PLAIN[1], *LATEST, GMAC))
def channels_are_judged_by_where_they_come_from(rig):
    """Of a session that need not sign, a channel from elsewhere must; of one
    that must, a channel from an exception, too."""
    with _required(rig):
        session = _signing(rig, SCANNER)
        channel = rig.channel(session, **_from(OTHERS[1])).setup()
        path = rig.fresh_path()
        request = channel.request(wire.create(path.name))
        judge.unheard(channel.connection, request, request.encode())
        expect(not path.exists(), "the file was created")
        _channel_must_sign(rig, _signing(rig, OTHERS[1]))


def _channel_must_sign(rig, session):
    """One of @session's, from an exception."""
    channel = rig.channel(session, **_from(SCANNER)).setup()
    path = rig.fresh_path()
    request = channel.request(wire.create(path.name))
    judge.refused(channel, request, request.encode())
    expect(not path.exists(), "the file was created")


@case(modes=FREE, profiles=(PLAIN[1], *LATEST, GMAC))
def channel_of_a_session_from_before_required_must_sign(rig):
    """Its session must, now."""
    with _addresses(), _exceptions(LIST):
        session = _signing(rig, OTHERS[1])
        with rig.server.knob("policy", "required"):
            _channel_must_sign(rig, session)
            session.echo()


@case(modes=FREE, profiles=ENCRYPTED)
def channels_validate_what_they_were_told(rig):
    """Encrypted, which is the same for both; one was told to sign."""
    with _required(rig):
        for first, second in ((SCANNER, OTHERS[1]), (OTHERS[1], SCANNER)):
            session = _signing(rig, first)
            channel = rig.channel(session, **_from(second)).setup()
            expect(_told(session) != _told(channel), "told the same")
            for one in (session, channel):
                one.encrypting = True
                agrees(one, one.call(
                    wire.validate_negotiate_info(one.connection.offer)))


def _shown():
    """/proc/net/smbsign/exceptions: their fields by exception."""
    text = (PROC_NET / "exceptions").read_text(encoding="ascii")
    return {words[0]: {name: int(value) for name, value in
                       (word.split("=") for word in words[1:])}
            for words in map(str.split, text.splitlines())}


def _line(table, session):
    """The line of a table about @session's connection."""
    host, port = session.connection.socket.getsockname()[:2]
    text = (PROC_NET / table).read_text(encoding="ascii")
    peer = f"[{host}]:{port} " if ":" in host else f"{host}:{port} "
    lines = [line for line in text.splitlines() if line.startswith(peer)]
    equal(len(lines), 1, f"lines about {peer}")
    return lines[0]


@case(modes=FREE, profiles=SILENT)
def what_exceptions_let_in_is_told_of(rig):
    time.sleep(LOG_INTERVAL)
    with _required(rig), rig.server.knob("audit_records", "1"), \
            audit_log() as log, rig.server.counts("excepted", 2):
        heard = KernelLog(os.SEEK_END)
        # ksmbd may keep connections of cases before
        before = _shown()["192.0.2.7"]["connections"]
        _signing(rig, SCANNER).echo()
        shown = _shown()["192.0.2.7"]
        equal((shown["connections"] - before, shown["let_in"], shown["last"]),
              (1, 0, 0), "connections, let in, last")
        for source, name in zip(SOURCES, LIST.split(",")):
            session = _session(rig, source, strict=False)
            # Once for a connection
            for _ in range(3):
                _works(rig, session)
            shown = _shown()[name]
            equal(shown["let_in"], 1, "let in")
            expect(shown["since"] <= shown["last"], "times")
            line = _line("connections", session)
            expect(" foreseen=unsigned " in line and
                   line.endswith(f" exception={name}"), line)
            expect(" action=excepted reason=unsigned command=CREATE " in
                   _line("refusals", session), _line("refusals", session))
            wanted = f": an exception lets in CREATE on session {session.id:#x}: "
            expect(any(wanted in message for message in heard.messages()),
                   f"not in the log: {wanted}")
        records = log.records("smbsign-excepted")
        equal([record["addr"] for record in records], [SCANNER, CAMERA], "addr")
        # What was counted survives a change of the list
        _write(f"10.0.0.0/8,{LIST}\n")
        equal(_shown()["192.0.2.7"]["let_in"], 1, "let in")
        equal(_shown()["10.0.0.0/8"]["let_in"], 0, "let in")


@case(modes=FREE, profiles=LATEST)
def wrong_exceptions_change_nothing(rig):
    log = KernelLog(os.SEEK_END)
    with _exceptions(LIST):
        for word, why in WRONG:
            list(log.messages())
            for text in (word, f"192.0.2.9,{word},x", f"{LIST} {word}\n"):
                _invalid(text)
                equal(rig.server.sysctl("exceptions"), LIST, "exceptions")
            expect(sum(f'net.smbsign.exceptions is unchanged: "{word}" {why}' in
                       message for message in log.messages()) == 3,
                   f"{word} is not in the log")


def _invalid(text, error_number=errno.EINVAL):
    try:
        _write(text)
    except OSError as error:
        equal(error.errno, error_number, f"writing {text[:40]!r}")
        return
    raise AssertionError(f"taken: {text[:40]!r}")


@case(modes=FREE, profiles=LATEST)
def as_it_is_read_it_can_be_written(rig):
    many = ",".join(f"2001:db8:{n:x}:ffff:ffff:ffff:ffff:fff0/124"
                    for n in range(0x1000, 0x1100))
    for text, canonical in (
            ("", ""), (" , ", ""), ("192.0.2.7/32 192.0.2.7", "192.0.2.7"),
            ("2001:DB8:0:0::7,\t::ffff:10.0.0.0/104", "2001:db8::7,10.0.0.0/8"),
            (LIST, LIST), (many, many)):
        with _exceptions(text):
            equal(rig.server.sysctl("exceptions"), canonical, "exceptions")
            _write(f"{canonical}\n")
            equal(rig.server.sysctl("exceptions"), canonical, "exceptions")
    _invalid(f"{many},192.0.2.7\n", errno.EBADMSG)
    equal(rig.server.sysctl("exceptions"), "", "exceptions")
    # A shell that writes it in pieces does not except what it did not say
    _invalid(many[:2048])
    _invalid("192.0.2.1".rjust(SMALLEST_PIECE))
    subprocess.run(["bash", "-c", f"echo '{many}' >/proc/sys/net/smbsign/exceptions"],
                   check=False, stderr=subprocess.DEVNULL)
    expect(rig.server.sysctl("exceptions") in ("", many), "a part of the list")
    run("sysctl", f"net.smbsign.exceptions={many}")
    equal(rig.server.sysctl("exceptions"), many, "exceptions")
    # sysctl(8) would take EINVAL for "too long", and write a piece that is right
    for wrong in (f"{many},192.0.2.7", f"{many[:-1]}99"):
        failed = run("sysctl", f"net.smbsign.exceptions={wrong}", check=False)
        expect(failed.returncode, "sysctl says that it worked")
        equal(rig.server.sysctl("exceptions"), many, "exceptions")
    run("sysctl", "net.smbsign.exceptions=")
    equal(rig.server.sysctl("exceptions"), "", "exceptions")


@case(modes=FREE, profiles=LATEST)
def changed_exceptions_are_logged(rig):
    heard = KernelLog(os.SEEK_END)
    with rig.server.knob("audit_records", "1"), audit_log() as log:
        with _exceptions(LIST):
            _write("192.0.2.7\n")
        records = log.records("smbsign-change")
    equal([(record["old"], record["new"]) for record in records
           if record["name"] == "exceptions"],
          [("-", "192.0.2.7"), ("-", "2001:db8:5::/64"),
           ("2001:db8:5::/64", "-"), ("192.0.2.7", "-")], "records")
    said = [message for message in heard.messages()
            if "net.smbsign.exceptions" in message]
    equal(said, ["smbsign: net.smbsign.exceptions has 192.0.2.7",
                 "smbsign: net.smbsign.exceptions has 2001:db8:5::/64",
                 "smbsign: net.smbsign.exceptions has 2001:db8:5::/64 no more",
                 "smbsign: net.smbsign.exceptions has 192.0.2.7 no more"], "log")


OFF = "--option=client signing=off"


@case(modes=FREE, profiles=LATEST)
def smbclient_that_does_not_sign(rig):
    """As an old one is set up. It signs what proves NEGOTIATE, and nothing else
    where no exception claims that it must; elsewhere it signs all the same."""
    with _required(rig):
        for version in ("SMB2_10", "SMB3_00", "SMB3_11"):
            for address, excepted in ((SCANNER, 1), ("127.0.0.1", 0)):
                before = rig.server.stats()
                done = run("smbclient", f"//{address}/share", "-U",
                           f"{rig.server.user}%{rig.server.password}", "-m",
                           version, OFF, "-c", "mkdir d; rmdir d", check=False)
                expect(not done.returncode and "NT_STATUS" not in done.stdout,
                       f"{version} from {address}: {done.stdout}")
                after = rig.server.stats()
                equal(after["excepted"] - before["excepted"], excepted,
                      f"{version} from {address}: excepted")
                expect((after["verified"] - before["verified"] <= 2) == excepted,
                       f"{version} from {address}: verified")


@case(modes=FREE, profiles=LATEST)
def cifs_that_does_not_sign(rig):
    with _required(rig):
        for version in ("2.1", "3.0", "3.1.1"):
            before = rig.server.stats()["excepted"]
            with mounted(rig.server, f"vers={version},sec=ntlmssp", SCANNER) as mount:
                (mount / "unsigned").write_bytes(b"x" * 100000)
            equal(rig.server.stats()["excepted"] - before, 1, "excepted")
