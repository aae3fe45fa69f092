# SPDX-License-Identifier: GPL-2.0-only
"""A policy that changes while a request is under way, complete but for its
last bytes. What the new one does not allow is not executed, either; what both
allow is. Part of the suite identity."""

import contextlib
import time

from smb2 import wire
from smb2.connection import Closed

from . import intruder
from .bulk import earn, pattern
from .rig import GMAC, PLAIN
from .tap import case, equal, expect, status

WITHHELD = 12
# More than hold_bytes: streamed
LARGE = 200000
PROFILES = (PLAIN[0], PLAIN[1], PLAIN[3])


class Parked:
    """A WRITE, and a compound that makes a file, on connections of their own:
    all of each was sent but the last bytes. @session() makes a session."""

    def __init__(self, rig, session):
        self.rig = rig
        self.path = rig.fresh_path()
        self.content = pattern(LARGE)
        self.small = session()
        self.large = session()
        self.file = rig.fresh_path()
        self.file.touch()
        self.file.chmod(0o666)
        self.rest = []
        self.sent = []
        self._park_small()
        self._park_large()
        # Until all of it has been looked at
        time.sleep(intruder.GRACE)

    def _park_small(self):
        chain = self.small.chain([wire.create(self.path.name),
                                  wire.write(wire.ANY_FILE, 0, b"parked"),
                                  wire.close(wire.ANY_FILE)])
        self._park(self.small, chain)

    def _park_large(self):
        opened = self.large.create(self.file.name)
        earn(self.large, wire.charge_for(LARGE))
        self._park(self.large, [self.large.request(
            wire.write(opened, 0, self.content))])

    def _park(self, session, requests):
        message = b"".join(session.sign(r.encode()) if session.signing else
                           r.encode() for r in requests)
        data = wire.frame(message)
        session.connection.sent_signed.update(
            r.header.message_id for r in requests if session.signing)
        session.connection.transmit(data[:-WITHHELD])
        self.rest.append((session, data[-WITHHELD:]))
        self.sent.append((session, requests))

    def complete(self):
        """Send the rest byte by byte."""
        for session, data in self.rest:
            for start in range(WITHHELD):
                with contextlib.suppress(Closed):
                    session.connection.transmit(data[start:start + 1])
                time.sleep(0.01)

    def nothing_happens(self):
        """Neither is executed, and no answer says so."""
        self.complete()
        for session, requests in self.sent:
            intruder.forget(session.connection)
            with contextlib.suppress(Closed, OSError):
                for request in requests:
                    answer = session.connection.answer(request)
                    expect(answer.status != wire.SUCCESS, "executed")
        expect(not self.path.exists(), "the file was made")
        equal(self.file.read_bytes(), b"", "content")

    def happens(self):
        """Both are executed, and their connections live on."""
        self.complete()
        for session, requests in self.sent:
            for request in requests:
                status(session.connection.answer(request), wire.SUCCESS)
            session.echo()
        equal(self.path.read_bytes(), b"parked", "content")
        equal(self.file.read_bytes(), self.content, "content")


def _unsigned(rig, security_mode=wire.SIGNING_ENABLED):
    session = rig.new_session(security_mode=security_mode, strict=False,
                              timeout=intruder.PATIENCE)
    session.signing = False
    return session


def _guest(rig):
    connection = rig.connect(strict=False, timeout=intruder.PATIENCE)
    session = rig.session_on(connection, user="mallory").setup()
    session.signing = False
    return session.connect_tree("guests")


@case(modes=("auto",), profiles=PROFILES, suite="identity")
def request_under_way_from_audit_to_required(rig):
    with rig.server.knob("policy", "audit"):
        parked = Parked(rig, lambda: _unsigned(rig))
        with rig.server.knob("policy", "required"):
            parked.nothing_happens()


# ksmbd 7.3 refuses it by itself
@case(modes=("auto",), profiles=PROFILES, kernels="6", suite="identity")
def request_under_way_from_audit_to_negotiated(rig):
    """What its client has demanded holds."""
    with rig.server.knob("policy", "audit"):
        parked = Parked(rig, lambda: _unsigned(rig, wire.SIGNING_DEMANDED))
        with rig.server.knob("policy", "negotiated"):
            parked.nothing_happens()


@case(modes=("auto",), profiles=PROFILES, suite="identity")
def request_under_way_from_negotiated_to_required(rig):
    parked = Parked(rig, lambda: _unsigned(rig))
    with rig.server.knob("policy", "required"):
        parked.nothing_happens()


@case(modes=("required",), profiles=PROFILES, suite="identity")
def request_under_way_of_a_guest_who_is_no_longer_allowed(rig):
    with rig.server.knob("allow_guest", "1"):
        parked = Parked(rig, lambda: _guest(rig))
        with rig.server.knob("allow_guest", "0"):
            parked.nothing_happens()


@case(modes=("auto",), profiles=(*PROFILES, GMAC), suite="identity")
def signed_request_under_way_is_executed_whatever_is_switched(rig):
    for before, after in (("audit", "required"), ("negotiated", "required"),
                          ("audit", "negotiated"), ("required", "audit")):
        with rig.server.knob("policy", before):
            parked = Parked(rig, rig.new_session)
            with rig.server.knob("policy", after):
                parked.happens()


@case(modes=("auto",), profiles=PROFILES, suite="identity")
def unsigned_request_under_way_is_executed_where_less_is_wanted(rig):
    parked = Parked(rig, lambda: _unsigned(rig))
    with rig.server.knob("policy", "audit"):
        parked.happens()
