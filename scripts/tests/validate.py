# SPDX-License-Identifier: GPL-2.0-only
"""FSCTL_VALIDATE_NEGOTIATE_INFO, [MS-SMB2] 3.3.5.15.12: a 3.x client asks,
signed, what NEGOTIATE was; where it was something else, somebody on the path
has changed it and the connection ends. ksmbd answers and goes on."""

from dataclasses import replace

from smb2 import attack, wire

from . import judge
from .rig import LATEST, PROFILES
from .tap import case, equal, status

REASON = "reason_validate_negotiate"
SMB30 = tuple(p for p in PROFILES
              if p.dialect in (wire.DIALECT_300, wire.DIALECT_302))
ENCRYPTED = SMB30[-2:]
EVERYWHERE = ("mandatory", "required", "auto")


def _right(session, **options):
    return wire.validate_negotiate_info(session.connection.offer, **options)


def agrees(session, response):
    """@response says what NEGOTIATE's response said."""
    status(response, wire.SUCCESS)
    told = session.connection.negotiated
    equal(wire.validated_negotiate_info(response.raw),
          (told.capabilities, told.guid, told.security_mode, told.dialect),
          "what is validated")


@case(modes=EVERYWHERE, profiles=SMB30)
def right_one_is_answered(rig):
    session = rig.session
    agrees(session, session.call(_right(session)))


@case(profiles=SMB30)
def dialects_that_lead_to_the_same_choice(rig):
    """In another order, and with one below."""
    dialects = (rig.profile.dialect, wire.DIALECT_210)
    session = rig.new_session(dialects=dialects)
    agrees(session, session.call(_right(session)))
    for other in (dialects[::-1], (rig.profile.dialect, 0x0202)):
        offer = replace(session.connection.offer, dialects=other)
        agrees(session, session.call(wire.validate_negotiate_info(offer)))


@case(profiles=ENCRYPTED)
def encrypted_one_is_answered(rig):
    """Where only the policy demands signing, with what that made of it."""
    session = rig.new_session()
    session.encrypting = True
    agrees(session, session.call(_right(session)))


def _ends(rig, body, forge=None, **options):
    """@body(session), signed, or what @forge makes of it, ends the
    connection."""
    session = rig.new_session(**options)
    request = session.request(body(session))
    message = forge(session, request) if forge \
        else session.sign(request.encode())
    with rig.server.counts(REASON):
        judge.cut_off(session.connection, message)


@case(modes=EVERYWHERE, profiles=LATEST)
def in_3_1_1_it_ends_the_connection(rig):
    _ends(rig, _right)


@case(modes=EVERYWHERE, profiles=SMB30[:2])
def unsigned_one_ends_the_connection(rig):
    _ends(rig, _right, attack.unsigned)
    _ends(rig, _right, attack.flag_cleared)


@case(modes=("mandatory",), profiles=SMB30)
def forged_one_is_denied(rig):
    for forge in attack.FORGED.values():
        request = rig.session.request(_right(rig.session))
        judge.refused(rig.session, request, forge(rig.session, request))


def _other(**changes):
    """The body that says something else than NEGOTIATE."""
    def body(session):
        offer = session.connection.offer
        return wire.validate_negotiate_info(replace(
            offer, **{name: change(getattr(offer, name))
                      for name, change in changes.items()}))
    return body


@case(modes=EVERYWHERE, profiles=SMB30[:2])
def anything_else_than_negotiated_ends_the_connection(rig):
    for body in (_other(capabilities=lambda bits: bits | 0x40),
                 _other(capabilities=lambda bits: 0),
                 _other(guid=lambda guid: guid[:-1] + b"?"),
                 _other(security_mode=lambda mode: mode ^ 2),
                 _other(security_mode=lambda mode: 0)):
        _ends(rig, body)


@case(modes=("mandatory", "auto"), profiles=SMB30[:2])
def dialects_that_lead_to_another_choice_end_the_connection(rig):
    """As if somebody had struck 3.1.1 off the list; or the dialect they
    agreed on was never offered."""
    dialect = rig.profile.dialect
    for dialects in ((wire.DIALECT_210, dialect, wire.DIALECT_311),
                     (wire.DIALECT_311, dialect),
                     (wire.DIALECT_210,), (wire.DIALECT_311,), ()):
        _ends(rig, _other(dialects=lambda _, d=dialects: d))


@case(modes=("mandatory",), profiles=SMB30[:1])
def too_small_an_output_ends_the_connection(rig):
    for size in (0, 23):
        _ends(rig, lambda session, n=size: _right(session, max_output=n))


@case(modes=("mandatory",), profiles=SMB30[:1])
def too_short_an_input_ends_the_connection(rig):
    def cut(size):
        return lambda session: wire.ioctl(
            wire.ANY_FILE, wire.FSCTL_VALIDATE_NEGOTIATE_INFO,
            wire.ioctl_input(_right(session))[:size], 24)
    for size in (1, 23, 25):
        _ends(rig, cut(size))


@case(modes=("auto",), profiles=SMB30[:1])
def audit_leaves_it_to_ksmbd(rig):
    with rig.server.knob("policy", "audit"):
        session = rig.new_session()
        body = _other(guid=lambda guid: bytes(16))(session)
        with rig.server.counts(REASON):
            status(session.call(body, expect=None), wire.INVALID_PARAMETER)
