# SPDX-License-Identifier: GPL-2.0-only
"""The knobs: what each policy lets through, and what a wrong word does."""

import errno
import re
import subprocess
import time

from smb2 import attack, wire

from . import judge
from .bulk import earn, pattern
from .rig import ALGORITHMS, ENCRYPTING, PLAIN, USUAL
from .tap import GUARDED, case, equal, expect, status

FREE = ("auto",)
WORDS = {"policy": ("audit", "negotiated", "required"),
         "on_violation": ("deny", "reset"),
         "min_dialect": ("2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"),
         "algorithms": ("hmac-sha256", "aes-cmac", "aes-gmac")}
SWITCHES = ("replay_window", "allow_guest", "sign_responses", "audit_records")
# The log is rate-limited; this long after the last refusal it is not
LOG_INTERVAL = 6


def _unsigned(session, body, expected=wire.SUCCESS):
    request = session.request(body)
    session.connection.send(request.encode())
    response = session.answer(request)
    status(response, expected)
    return response


@case(modes=FREE, profiles=USUAL)
def nobody_demands_signing(rig):
    """Unsigned requests pass, but a signature that is there is checked."""
    session, path = rig.new_session(), rig.fresh_path()
    _unsigned(session, wire.create(path.name))
    expect(path.exists(), "the file was not created")
    for name, forge in attack.FORGED.items():
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        judge.refused(session, request, forge(session, request))
        expect(not path.exists(), f"{name}: the file was created")


@case(modes=FREE, profiles=USUAL)
def client_demands_signing(rig):
    """REQUIRED in NEGOTIATE alone, or in SESSION_SETUP alone."""
    sessions = [rig.session_on(rig.connect(security_mode=negotiate),
                               security_mode=setup).setup()
                .connect_tree("share")
                for negotiate, setup in
                ((wire.SIGNING_DEMANDED, wire.SIGNING_ENABLED),
                 (wire.SIGNING_ENABLED, wire.SIGNING_DEMANDED))]
    for session in sessions:
        for forge in attack.ALL.values():
            path = rig.fresh_path()
            request = session.request(wire.create(path.name))
            judge.refused(session, request, forge(session, request))
            expect(not path.exists(), "the file was created")


@case(modes=FREE, profiles=USUAL)
def required_applies_to_a_live_session(rig):
    """Its client was not told to sign. Refused, it would not know; cut off, it
    comes back, and is told."""
    signing, unsigned = rig.new_session(), rig.new_session()
    _unsigned(unsigned, wire.create(rig.fresh_path().name))
    with rig.server.knob("policy", "required"):
        path = rig.fresh_path()
        request = unsigned.request(wire.create(path.name))
        judge.cut_off(unsigned.connection, request.encode())
        expect(not path.exists(), "the file was created")
        signing.create(path.name)
        path = rig.fresh_path()
        again = rig.new_session()
        expect(again.connection.negotiated.security_mode &
               wire.SIGNING_REQUIRED, "not told")
        request = again.request(wire.create(path.name))
        judge.refused(again, request, request.encode())
        expect(not path.exists(), "the file was created")
    _unsigned(signing, wire.echo())


@case(modes=FREE, profiles=ENCRYPTING)
def required_is_content_with_encryption(rig):
    with rig.server.knob("policy", "required"):
        session = rig.new_session()
        session.encrypting = True
        session.create(rig.fresh_path().name)


@case(modes=("mandatory",), profiles=ENCRYPTING)
def audit_lets_pass_and_counts(rig):
    """ksmbd by itself executes plaintext on a session with a cipher."""
    with rig.server.knob("policy", "audit"):
        session, path = rig.new_session(), rig.fresh_path()
        before = rig.server.stats()
        _unsigned(session, wire.create(path.name))
        expect(path.exists(), "the file was not created")
        after = rig.server.stats()
    expect(after["audited"] > before["audited"], "not counted")
    expect(after["reason_unsigned"] > before["reason_unsigned"], "no reason")
    equal(after["refused"], before["refused"], "refused")


@case(modes=("mandatory",), profiles=PLAIN)
def audit_counts_forgeries(rig):
    with rig.server.knob("policy", "audit"):
        session = rig.new_session()
        before = rig.server.stats()
        for forge in (attack.signature_flipped, attack.zeroed):
            request = session.request(wire.echo())
            session.connection.send(forge(session, request))
            session.connection.answer(request)
        after = rig.server.stats()
        session.echo()
    equal(after["audited"] - before["audited"], 2, "audited")
    equal(after["reason_bad_signature"] - before["reason_bad_signature"], 2,
          "reason_bad_signature")


@case(profiles=USUAL)
def on_violation_reset(rig):
    with rig.server.knob("on_violation", "reset"):
        for forge in attack.ALL.values():
            session, path = rig.new_session(), rig.fresh_path()
            request = session.request(wire.create(path.name))
            judge.cut_off(session.connection, forge(session, request))
            expect(not path.exists(), "the file was created")
        rig.new_session().echo()
    rig.session.echo()


@case(modes=GUARDED)
def wrong_words_are_invalid(rig):
    for name, words in WORDS.items():
        value = rig.server.sysctl(name)
        expect(set(value.split(",")) <= {*words}, f"{name} is {value}")
        for wrong in ("", "none", "Required", "required2", "deny reset",
                      "1", words[0][:-1], words[0] + "x", "x" * 5000):
            _invalid(name, wrong)
            equal(rig.server.sysctl(name), value, name)


def _invalid(name, value):
    try:
        # No buffer, so that even the empty word is really written
        with open(f"/proc/sys/net/smbsign/{name}", "wb", 0) as file:
            if not file.write(value.encode()) and not value:
                return
    except OSError as error:
        equal(error.errno, errno.EINVAL, f"writing {value[:20]!r}")
        return
    raise AssertionError(f"{name} took {value[:20]!r}")


@case(modes=GUARDED)
def lists_with_a_wrong_word_are_invalid(rig):
    value = rig.server.sysctl("algorithms")
    for wrong in (",", "aes-gcm", "hmac-sha256,none", "aes-cmac;hmac-sha256"):
        _invalid("algorithms", wrong)
        equal(rig.server.sysctl("algorithms"), value, "algorithms")
    with rig.server.knob("algorithms", "aes-gmac,aes-cmac,hmac-sha256\n"):
        rig.session.echo()


@case(modes=GUARDED)
def switches_are_0_or_1(rig):
    for name in SWITCHES:
        value = rig.server.sysctl(name)
        for wrong in ("2", "-1", "on"):
            _invalid(name, wrong)
            equal(rig.server.sysctl(name), value, name)
        for right in ("0", "1"):
            with rig.server.knob(name, right):
                equal(rig.server.sysctl(name), right, name)


@case(modes=GUARDED)
def every_word_is_taken(rig):
    for name, words in WORDS.items():
        for word in words:
            with rig.server.knob(name, f"{word}\n"):
                equal(rig.server.sysctl(name), word, name)


@case(profiles=ALGORITHMS)
def bounds_do_not_matter_to_honest_traffic(rig):
    """The reader verifies what softirq may not, and what is not held is
    streamed: the same bytes arrive."""
    data = pattern(200000)
    for softirq_bytes in ("0", "1", "4096", "16384"):
        for hold_bytes in ("4096", "65536"):
            with rig.server.knob("softirq_bytes", softirq_bytes), \
                    rig.server.knob("hold_bytes", hold_bytes):
                _bounds_round(rig, data)


def _bounds_round(rig, data):
    session = rig.new_session()
    file = rig.file(b"", session)
    earn(session, wire.charge_for(len(data)))
    session.write(file.id, 0, data)
    equal(file.content, data, "content")
    request = session.request(wire.write(file.id, 0, b"X"))
    judge.refused(session, request,
                  attack.signature_flipped(session, request))
    session.connection.close()
    equal(file.content, data, "content")


@case(profiles=ALGORITHMS)
def forgeries_larger_than_hold_bytes(rig):
    """What is not held may be denied still, if all of it was there in time,
    and is cut off else. On neither way is it executed."""
    with rig.server.knob("hold_bytes", "4096"):
        file = rig.file(b"untouched")
        for size in (1000, 4000, 5000, 20000, 60000):
            session = rig.new_session()
            other = session.create(file.name)
            request = session.request(wire.write(other, 0, bytes(size)))
            session.connection.send(attack.body_flipped(session, request))
            judge.denied_or_cut_off(session, request)
            equal(file.content, b"untouched", f"content after {size} bytes")
        file.close()


@case(profiles=ALGORITHMS)
def counters_tell_the_reason(rig):
    session = rig.session
    for forge, reason in ((attack.unsigned, "unsigned"),
                          (attack.flag_cleared, "unsigned"),
                          (attack.zeroed, "bad_signature"),
                          (attack.signature_flipped, "bad_signature")):
        before = rig.server.stats()
        request = session.request(wire.echo())
        session.connection.send(forge(session, request))
        judge.denied(session, request)
        after = rig.server.stats()
        for name in ("refused", f"reason_{reason}"):
            equal(after[name] - before[name], 1, name)
    before = rig.server.stats()
    session.echo()
    after = rig.server.stats()
    equal(after["verified"] - before["verified"], 1, "verified")


def _peer(session):
    """How the client end of @session is printed: ksmbd's listener is of
    IPv6, where an IPv4 peer is a mapped address."""
    port = session.connection.socket.getsockname()[1]
    return rf"(\[::ffff:)?127\.0\.0\.1\]?:{port}\b"


@case(modes=FREE, profiles=ALGORITHMS)
def log_names_peer_command_session_and_reason(rig):
    time.sleep(LOG_INTERVAL)
    session = rig.new_session()
    request = session.request(wire.create(rig.fresh_path().name))
    judge.refused(session, request,
                  attack.signature_flipped(session, request))
    log = subprocess.run(["dmesg"], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    wanted = f"smbsign: {_peer(session)}: refused CREATE on session " \
             rf"0x0*{session.id:x}: \w+"
    expect(re.search(wanted, log), f"no line like {wanted}")


@case(modes=GUARDED)
def connections_are_listed(rig):
    session = rig.new_session()
    with open("/proc/net/smbsign/connections", encoding="ascii") as file:
        expect(re.search(_peer(session), file.read()), "not listed")
    expect(rig.server.stats()["connections"] >= 1, "not counted")
