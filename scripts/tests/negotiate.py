# SPDX-License-Identifier: GPL-2.0-only
"""NEGOTIATE: what it may say, what it is told, and what it must lead to."""

import os
import struct

from smb2 import attack, wire

from . import judge
from .rig import ENCRYPTING, HMAC, LATEST, PLAIN, PROFILES
from .tap import GUARDED, case, equal, expect, status

HMAC_SHA256, CMAC, GMAC = \
    wire.SIGN_HMAC_SHA256, wire.SIGN_AES_CMAC, wire.SIGN_AES_GMAC
DIALECTS = {"2.0.2": 0x0202, "2.1": wire.DIALECT_210,
            "3.0": wire.DIALECT_300, "3.0.2": wire.DIALECT_302,
            "3.1.1": wire.DIALECT_311}
# Of NegotiateContextOffset in the body, 2.2.3
CONTEXT_OFFSET = 28
EVERYWHERE = ("mandatory", "required", "auto")


def _rejected(connection, request, wanted):
    """@request is answered with the error @wanted and the connection
    ends."""
    connection.send(request.encode())
    response = connection.answer(request)
    status(response, wanted)
    equal(response.header.command, wire.NEGOTIATE, "command")
    equal(response.structure_size, judge.ERROR_RESPONSE, "StructureSize")
    connection.wait_closed()


def _rejected_by_us(rig, connection, request, wanted, reason):
    with rig.server.counts(f"reason_{reason}"):
        _rejected(connection, request, wanted)


# What a request may say

@case(modes=("mandatory", "auto"), profiles=PLAIN)
def signed_negotiate_is_an_error(rig):
    connection = rig.dial()
    request = connection.negotiate_request()
    _rejected_by_us(rig, connection, request.changed(flags=wire.FLAG_SIGNED),
                    wire.INVALID_PARAMETER, "negotiate_signed")


@case(modes=("mandatory",), profiles=LATEST)
def signed_negotiate_after_smb1_is_an_error(rig):
    connection = rig.dial()
    connection.send(wire.smb1_negotiate("NT LM 0.12", "SMB 2.???"))
    connection.receive()
    connection.answers.clear()
    connection.next_message_id = 1
    request = connection.negotiate_request()
    _rejected_by_us(rig, connection, request.changed(flags=wire.FLAG_SIGNED),
                    wire.INVALID_PARAMETER, "negotiate_signed")


def _preauth():
    return wire.preauth_context(os.urandom(32))


def _signing(*offered):
    return wire.list_context(wire.CONTEXT_SIGNING, offered)


@case(modes=("mandatory", "auto"), profiles=LATEST)
def contexts_that_must_not_be(rig):
    """Exactly one PREAUTH_INTEGRITY_CAPABILITIES, and no empty list of
    signing algorithms."""
    for contexts in ([], [_signing(CMAC)],
                     [_preauth(), _preauth()],
                     [_preauth(), _signing(CMAC), _preauth()],
                     [_preauth(), _signing()],
                     [_signing(), _preauth()]):
        connection = rig.dial()
        _rejected(connection, connection.negotiate_request(contexts),
                  wire.INVALID_PARAMETER)


@case(modes=("mandatory",), profiles=LATEST)
def contexts_in_any_order(rig):
    """What is unknown among them is passed over."""
    unknown = wire.negotiate_context(0x7777, b"whatever")
    for contexts in ([_signing(CMAC), unknown, _preauth()],
                     [unknown, _preauth()], [_preauth(), unknown]):
        connection = rig.dial()
        request = connection.negotiate_request(contexts)
        connection.send(request.encode())
        status(connection.answer(request), wire.SUCCESS)


@case(modes=("mandatory",), profiles=LATEST)
def contexts_that_lead_out_of_the_message(rig):
    for offset in (0xfffffff0, 200, 1):
        connection = rig.dial()
        request = connection.negotiate_request()
        body = bytearray(request.body)
        struct.pack_into("<I", body, CONTEXT_OFFSET, offset)
        request.body = bytes(body)
        _rejected(connection, request, wire.INVALID_PARAMETER)


# What clients are told

@case(modes=GUARDED, profiles=(*PROFILES, HMAC))
def client_is_told_that_it_must_sign(rig):
    """And what was hashed of it is what was sent: the final SESSION_SETUP
    response proves it, and so do signed requests."""
    session = rig.new_session()
    expect(session.connection.negotiated.security_mode &
           wire.SIGNING_REQUIRED, "REQUIRED is not set")
    session.close_file(session.create(rig.fresh_path().name))


@case(modes=GUARDED, profiles=LATEST)
def smb1_client_is_told_that_it_must_sign(rig):
    for names in (("NT LM 0.12", "SMB 2.???"), ("SMB 2.002", "SMB 2.???")):
        connection = rig.dial()
        connection.send(wire.smb1_negotiate(*names))
        response, = connection.receive()
        told = wire.NegotiateResponse.unpack(response.raw)
        equal(told.dialect, wire.DIALECT_ANY_SMB2, "dialect")
        expect(told.security_mode & wire.SIGNING_REQUIRED,
               "REQUIRED is not set")


@case(modes=("auto",), profiles=PROFILES)
def client_is_told_what_policy_is_set(rig):
    told = rig.connect().negotiated.security_mode
    equal(told, wire.SIGNING_ENABLED, "SecurityMode")
    with rig.server.knob("policy", "required"):
        session = rig.new_session()
        expect(session.connection.negotiated.security_mode &
               wire.SIGNING_REQUIRED, "REQUIRED is not set")
        session.close_file(session.create(rig.fresh_path().name))


# SMB1

@case(modes=EVERYWHERE, profiles=LATEST)
def smb1_alone_ends_the_connection(rig):
    for names in (("NT LM 0.12",), ("PC NETWORK PROGRAM 1.0", "NT LM 0.12"),
                  ("SMB 2",), ()):
        connection = rig.dial()
        with rig.server.counts("reason_smb1"):
            judge.cut_off(connection, wire.smb1_negotiate(*names))


@case(modes=("mandatory",), profiles=LATEST)
def smb1_after_the_upgrade_ends_the_connection(rig):
    """SMB 2.??? leaves nothing to say but the SMB2 NEGOTIATE."""
    hello = wire.smb1_negotiate("NT LM 0.12", "SMB 2.???")
    connection = rig.dial()
    connection.send(hello)
    connection.receive()
    connection.answers.clear()
    judge.cut_off(connection, hello)


# The algorithm, 3.1.1

def _works_with(rig, algorithm, **options):
    """A session whose signatures are by @algorithm, in both directions; a
    right one by the other algorithm is wrong."""
    session = rig.new_session(**options)
    equal(session.connection.signing_algorithm, algorithm, "algorithm")
    file = rig.file(b"before", session)
    session.write(file.id, 0, b"after!")
    equal(session.read(file.id, 0, 6), b"after!", "data")
    session.call(wire.create("nowhere", disposition=wire.OPEN),
                 expect=wire.OBJECT_NAME_NOT_FOUND)
    request = session.request(wire.write(file.id, 0, b"forged"))
    session.connection.signing_algorithm = \
        CMAC if algorithm == HMAC_SHA256 else HMAC_SHA256
    message = session.sign(request.encode())
    session.connection.signing_algorithm = algorithm
    judge.refused(session, request, message)
    equal(file.content, b"after!", "content")


@case(modes=EVERYWHERE, profiles=LATEST)
def first_algorithm_offered_is_used(rig):
    for offered, wanted in (((HMAC_SHA256, CMAC), HMAC_SHA256),
                            ((HMAC_SHA256,), HMAC_SHA256),
                            ((CMAC, HMAC_SHA256), CMAC),
                            ((GMAC, CMAC), CMAC),
                            ((GMAC, HMAC_SHA256), HMAC_SHA256)):
        _works_with(rig, wanted, algorithms=offered)


@case(modes=("mandatory",), profiles=LATEST)
def without_an_offer_it_is_cmac(rig):
    for offered in ((), (GMAC,)):
        _works_with(rig, CMAC, algorithms=offered)


@case(modes=("mandatory",), profiles=ENCRYPTING[-1:])
def hmac_on_a_connection_that_can_encrypt(rig):
    session = rig.new_session(algorithms=(HMAC_SHA256,))
    session.encrypting = True
    session.echo()
    session.encrypting = False
    request = session.request(wire.echo())
    judge.refused(session, request, attack.unsigned(session, request))


# The knobs

@case(modes=("mandatory",), profiles=PLAIN)
def min_dialect(rig):
    """Below it NEGOTIATE fails and says why; a session goes on."""
    session = rig.session
    for name, lowest in DIALECTS.items():
        with rig.server.knob("min_dialect", name):
            session.echo()
            if rig.profile.dialect >= lowest:
                rig.new_session().echo()
                continue
            connection = rig.dial()
            _rejected_by_us(rig, connection, connection.negotiate_request(),
                            wire.NOT_SUPPORTED, "dialect")


@case(modes=("mandatory",), profiles=LATEST)
def min_dialect_is_about_the_outcome(rig):
    """What else was offered does not matter."""
    with rig.server.knob("min_dialect", "3.1.1"):
        rig.new_session(dialects=(wire.DIALECT_210, wire.DIALECT_311)).echo()
        connection = rig.dial(dialects=(wire.DIALECT_210, wire.DIALECT_302))
        _rejected_by_us(rig, connection, connection.negotiate_request(),
                        wire.NOT_SUPPORTED, "dialect")


def _algorithm(rig, words, allowed, **options):
    with rig.server.knob("algorithms", words):
        if allowed:
            rig.new_session(**options).echo()
            return
        connection = rig.dial(**options)
        _rejected_by_us(rig, connection, connection.negotiate_request(),
                        wire.NOT_SUPPORTED, "algorithm")


@case(modes=("mandatory",), profiles=PLAIN)
def algorithms(rig):
    """Each dialect by what it signs with."""
    is_hmac = rig.profile.dialect < wire.DIALECT_300
    _algorithm(rig, "hmac-sha256", is_hmac)
    _algorithm(rig, "aes-cmac", not is_hmac)
    _algorithm(rig, "aes-cmac,hmac-sha256", True)
    rig.session.echo()


@case(modes=("mandatory",), profiles=LATEST)
def algorithms_are_about_the_outcome(rig):
    _algorithm(rig, "hmac-sha256", True, algorithms=(HMAC_SHA256,))
    _algorithm(rig, "aes-cmac", False, algorithms=(HMAC_SHA256,))
    _algorithm(rig, "aes-cmac", True, algorithms=(GMAC, CMAC))
