# SPDX-License-Identifier: GPL-2.0-only
"""NEGOTIATE: what it may say, what it is told, and what it must lead to."""

import contextlib
import os
import struct

from smb2 import attack, wire

from . import judge
from .rig import ENCRYPTING, GMAC_ENCRYPTING, HMAC, LATEST, PLAIN, PROFILES, \
    USUAL
from .tap import EXPECTED, GUARDED, add, case, equal, expect, status

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

@case(modes=GUARDED, profiles=(*USUAL, HMAC))
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


@case(modes=("auto",), profiles=USUAL)
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

NAMES = {HMAC_SHA256: "hmac-sha256", CMAC: "aes-cmac", GMAC: "aes-gmac"}
UNKNOWN = 0x77
# By what the client offers, in its order; on top what real clients say
OFFERS = (
    ((GMAC, CMAC, HMAC_SHA256), GMAC), ((GMAC, CMAC), GMAC), ((GMAC,), GMAC),
    ((GMAC, HMAC_SHA256), GMAC), ((CMAC, GMAC), CMAC), ((CMAC,), CMAC),
    ((CMAC, HMAC_SHA256), CMAC), ((HMAC_SHA256, CMAC), HMAC_SHA256),
    ((HMAC_SHA256, GMAC), HMAC_SHA256), ((HMAC_SHA256,), HMAC_SHA256),
    ((UNKNOWN, GMAC), GMAC), ((UNKNOWN, GMAC, CMAC), GMAC),
    ((GMAC, UNKNOWN), GMAC), ((UNKNOWN, HMAC_SHA256, GMAC), HMAC_SHA256),
    ((3, 0xffff, CMAC), CMAC), ((*range(0x100, 0x140), GMAC), GMAC),
    # None, or none that is known: that is AES-CMAC
    ((), CMAC), ((UNKNOWN,), CMAC), ((UNKNOWN, 3), CMAC),
)


def _well_formed(connection):
    """Nobody is told of contexts that are not there, or twice of one, or of
    what was not offered."""
    raw, offered = connection.hello, connection.algorithms
    count, = struct.unpack_from("<H", raw, 70)
    offset, = struct.unpack_from("<I", raw, 124)
    kinds = []
    for index in range(count):
        equal(offset % 8, 0, "place of a context")
        kind, size, reserved = struct.unpack_from("<HHI", raw, offset)
        kinds.append(kind)
        equal(reserved, 0, "Reserved")
        offset += 8 + size
        if index < count - 1:
            offset += -offset % 8
    expect(len(raw) - offset in range(8), f"{len(raw)} bytes, {offset} used")
    equal(len(kinds), len({*kinds}), f"contexts {kinds}")
    equal(wire.CONTEXT_SIGNING in kinds, bool({*offered} & {*NAMES}),
          "whether an algorithm is named")


def _works_with(rig, algorithm, **options):
    """A session whose signatures are by @algorithm, in both directions; a
    right one by another algorithm is wrong. That a key is right shows that
    both sides have hashed the same NEGOTIATE."""
    session = rig.new_session(**options)
    equal(session.connection.signing_algorithm, algorithm, "algorithm")
    _well_formed(session.connection)
    file = rig.file(b"before", session)
    session.write(file.id, 0, b"after!")
    equal(session.read(file.id, 0, 6), b"after!", "data")
    session.call(wire.create("nowhere", disposition=wire.OPEN),
                 expect=wire.OBJECT_NAME_NOT_FOUND)
    for other in {*NAMES} - {algorithm}:
        request = session.request(wire.write(file.id, 0, b"forged"))
        session.connection.signing_algorithm = other
        message = session.sign(request.encode())
        session.connection.signing_algorithm = algorithm
        judge.refused(session, request, message)
    equal(file.content, b"after!", "content")
    file.close()
    session.connection.close()


@contextlib.contextmanager
def _told(offered):
    """A failure says what was offered."""
    try:
        yield
    except EXPECTED as error:
        raise AssertionError(f"offered {offered}: {type(error).__name__}: "
                             f"{error}") from error


def _first_offered(offers):
    def run(rig):
        for offered, wanted in offers:
            with _told(offered):
                _works_with(rig, wanted, algorithms=offered)
    return run


for _offers, _modes, _profiles in ((OFFERS, ("mandatory",), LATEST),
                                   (OFFERS[:6], ("required", "auto"), LATEST),
                                   (OFFERS[:6], ("mandatory",),
                                    (GMAC_ENCRYPTING,))):
    add("first algorithm offered is used", _first_offered(_offers),
        suite="negotiate", modes=_modes, profiles=_profiles)


@case(modes=("mandatory",), profiles=(GMAC_ENCRYPTING,))
def gmac_alone_among_contexts_in_any_order(rig):
    """ksmbd, which does not know it, gets to see another list."""
    alone = _signing(GMAC)
    rest = [_preauth(), wire.list_context(wire.CONTEXT_ENCRYPTION,
                                          rig.profile.ciphers),
            wire.compression_context((wire.COMPRESS_LZ77,)),
            wire.negotiate_context(0x7777, b"whatever")]
    for place in range(len(rest) + 1):
        connection = rig.dial(algorithms=(GMAC,))
        connection.negotiate([*rest[:place], alone, *rest[place:]])
        equal(connection.signing_algorithm, GMAC, "algorithm")
        session = rig.session_on(connection).setup().connect_tree("share")
        session.close_file(session.create(rig.fresh_path().name))


@case(modes=("mandatory",), profiles=LATEST)
def gmac_alone_byte_by_byte(rig):
    rig.new_session(algorithms=(GMAC,), piece=1).echo()


@case(modes=("mandatory", "auto"), profiles=LATEST)
def gmac_alone_after_smb1(rig):
    connection = rig.dial(algorithms=(GMAC,))
    connection.send(wire.smb1_negotiate("NT LM 0.12", "SMB 2.???"))
    connection.receive()
    connection.answers.clear()
    connection.next_message_id = 1
    connection.negotiate()
    equal(connection.signing_algorithm, GMAC, "algorithm")
    rig.session_on(connection).setup().connect_tree("share").echo()


@case(modes=("auto", "required"), profiles=LATEST)
def gmac_alone_of_a_client_that_demands_signing(rig):
    """The response is changed in more than one place."""
    session = rig.new_session(algorithms=(GMAC,),
                              security_mode=wire.SIGNING_DEMANDED)
    request = session.request(wire.create(rig.fresh_path().name))
    judge.refused(session, request, request.encode())


@case(modes=("mandatory",), profiles=PROFILES[:3])
def before_3_1_1_there_is_no_gmac(rig):
    """Contexts count for nothing there."""
    connection = rig.dial(algorithms=(GMAC,))
    connection.negotiate([_preauth(), _signing(GMAC)])
    expect(connection.signing_algorithm != GMAC, "AES-GMAC")
    rig.session_on(connection).setup().connect_tree("share").echo()


@case(modes=("mandatory",), profiles=ENCRYPTING[-1:])
def algorithm_on_a_connection_that_can_encrypt(rig):
    for algorithm in NAMES:
        session = rig.new_session(algorithms=(algorithm,))
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


def _algorithm(rig, words, wanted, **options):
    with rig.server.knob("algorithms", words):
        if wanted is not None:
            session = rig.new_session(**options)
            equal(session.connection.signing_algorithm, wanted, "algorithm")
            session.echo()
            return
        connection = rig.dial(**options)
        _rejected_by_us(rig, connection, connection.negotiate_request(),
                        wire.NOT_SUPPORTED, "algorithm")


@case(modes=("mandatory",), profiles=PLAIN)
def algorithms(rig):
    """Each dialect by what it signs with."""
    default = HMAC_SHA256 if rig.profile.dialect < wire.DIALECT_300 else CMAC
    for word in NAMES.values():
        _algorithm(rig, word, default if word == NAMES[default] else None)
    _algorithm(rig, "aes-cmac,hmac-sha256", default)
    rig.session.echo()


# Of what is offered, the first that is allowed
ALLOWED = (
    ("hmac-sha256", (HMAC_SHA256,), HMAC_SHA256),
    ("hmac-sha256", (GMAC, CMAC, HMAC_SHA256), HMAC_SHA256),
    ("hmac-sha256", (GMAC, CMAC), None), ("hmac-sha256", (GMAC,), None),
    ("hmac-sha256", (UNKNOWN,), None),
    ("aes-cmac", (HMAC_SHA256,), None), ("aes-cmac", (GMAC, CMAC), CMAC),
    # Not allowed, AES-GMAC is as unknown as to ksmbd
    ("aes-cmac", (GMAC,), CMAC), ("aes-cmac", (GMAC, HMAC_SHA256), None),
    ("aes-cmac", (UNKNOWN,), CMAC),
    ("aes-gmac", (GMAC, CMAC), GMAC), ("aes-gmac", (GMAC,), GMAC),
    ("aes-gmac", (HMAC_SHA256, CMAC, GMAC), GMAC), ("aes-gmac", (), None),
    ("aes-gmac", (CMAC, HMAC_SHA256), None), ("aes-gmac", (UNKNOWN,), None),
    ("hmac-sha256,aes-gmac", (CMAC, GMAC), GMAC),
    ("hmac-sha256,aes-gmac", (CMAC, HMAC_SHA256), HMAC_SHA256),
    ("aes-gmac,aes-cmac", (HMAC_SHA256, CMAC, GMAC), CMAC),
    ("aes-gmac,aes-cmac,hmac-sha256", (HMAC_SHA256, GMAC), HMAC_SHA256),
)


@case(modes=("mandatory", "required"), profiles=LATEST)
def algorithms_are_about_the_outcome(rig):
    for words, offered, wanted in ALLOWED:
        with _told(f"{offered}, allowed {words}"):
            _algorithm(rig, words, wanted, algorithms=offered)
