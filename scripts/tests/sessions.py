# SPDX-License-Identifier: GPL-2.0-only
"""Sessions in the making, sessions of others, and what is no SMB2."""

from smb2 import attack, wire
from smb2.connection import Closed, Connection

from . import judge
from .rig import ALGORITHMS, LATEST, USUAL
from .tap import case, equal, expect, status


@case(profiles=USUAL)
def raw_ntlmssp_works(rig):
    """Without SPNEGO around it."""
    session = rig.session_on(rig.connect(), wrap=False).setup()
    session.connect_tree("share")


@case(profiles=USUAL)
def echo_without_a_session_may_be_unsigned(rig):
    connection = rig.connect()
    request = connection.request(wire.echo())
    connection.send(request.encode())
    status(connection.answer(request), wire.SUCCESS)
    request = rig.session.connection.request(wire.echo())
    rig.session.connection.send(request.encode())
    status(rig.session.connection.answer(request), wire.SUCCESS)


@case(profiles=LATEST)
def cmac_offered_by_name_works(rig):
    """3.1.1 with a SIGNING_CAPABILITIES context."""
    session = rig.new_session(algorithms=(wire.SIGN_AES_CMAC,
                                          wire.SIGN_HMAC_SHA256))
    request = session.request(wire.echo())
    judge.refused(session, request, request.encode())


@case(profiles=USUAL)
def tree_connect_right_behind_the_final_leg(rig):
    """Sent before the server could say that the session exists."""
    connection = rig.connect()
    session = rig.session_on(connection)
    session.begin()
    final = session.final_leg()
    session.sent_final_leg(final.encode())
    early = session.request(wire.tree_connect("share"))
    connection.send(final.encode(), early.encode())
    response = connection.answer(final)
    judge.not_executed(connection, early)
    session.finished(response)
    session.connect_tree("share")


@case(profiles=USUAL)
def tree_connect_in_one_frame_with_the_final_leg(rig):
    """ksmbd would run it in the session that the element before it makes."""
    connection = rig.connect()
    session = rig.session_on(connection)
    session.begin()
    final = session.final_leg()
    final.body += bytes(-len(final.body) % 8)
    final.header.next_command = wire.HEADER_SIZE + len(final.body)
    early = session.request(wire.tree_connect("share"),
                            flags=wire.FLAG_RELATED,
                            session_id=wire.ANY_SESSION)
    connection.send(final.encode() + early.encode())
    judge.not_executed(connection, early)


@case(profiles=USUAL)
def request_on_a_session_in_the_making(rig):
    """ksmbd refuses it, too; but that is not left to it."""
    connection = rig.connect()
    session = rig.session_on(connection)
    session.begin()
    request = session.request(wire.tree_connect("share"))
    with rig.server.counts("reason_session_in_progress"):
        connection.send(request.encode())
        judge.not_executed(connection, request)


@case(profiles=USUAL)
def request_before_any_session(rig):
    for session_id in (0, 1, 0x1234, wire.ANY_SESSION):
        connection = rig.connect()
        request = connection.request(wire.tree_connect("share"),
                                     session_id=session_id)
        connection.send(request.encode())
        judge.not_executed(connection, request)


@case(profiles=USUAL)
def session_of_another_connection(rig):
    """Unsigned, signed with its own key, signed with this connection's."""
    owner, here = rig.session, rig.new_session()
    for sign in (attack.unsigned,
                 lambda _, request: owner.sign(request.encode()),
                 lambda _, request: here.sign(request.encode()),
                 attack.zeroed):
        path = rig.fresh_path()
        request = here.request(wire.create(path.name), session_id=owner.id,
                               tree_id=owner.tree_id)
        here.connection.send(sign(here, request))
        judge.not_executed(here.connection, request)
        expect(not path.exists(), "the file was created")
    here.echo()
    owner.echo()


def _elsewhere(owner, here, message, requests, signed):
    """@message is refused on @here's connection; whose errors are signed?"""
    here.connection.send(message)
    for request, wanted in zip(requests, signed):
        response = here.connection.answer(request)
        status(response, wire.USER_SESSION_DELETED)
        equal(response.signed, wanted, "signed")
        if wanted:
            owner.check(response)


@case(profiles=USUAL)
def error_for_a_session_elsewhere(rig):
    """Signed with its key for whoever signs with it, as Samba's clients want
    it; and for nobody else. Not with AES-GMAC: its nonces are used over
    there."""
    owner, here = rig.session, rig.new_session()
    for sign, signed in ((owner.sign, not owner.gmac), (here.sign, False),
                         (bytes, False)):
        request = here.request(wire.query_info(wire.ANY_FILE),
                               session_id=owner.id, tree_id=owner.tree_id)
        _elsewhere(owner, here, sign(request.encode()), [request], [signed])


@case(profiles=USUAL)
def errors_for_a_session_elsewhere_in_a_compound(rig):
    """The signature of one request says nothing of the others."""
    owner, here = rig.session, rig.new_session()
    for bodies, signer in (([wire.close(wire.ANY_FILE), wire.echo()], 0),
                           ([wire.echo(), wire.close(wire.ANY_FILE)], 1)):
        requests = [request.changed(session_id=owner.id) for request in
                    here.chain(bodies, related=False)]
        parts = [request.encode() for request in requests]
        parts[signer] = owner.sign(parts[signer])
        _elsewhere(owner, here, b"".join(parts), requests,
                   [index == signer and not owner.gmac
                    for index in range(2)])


@case(modes=("auto",), profiles=ALGORITHMS)
def session_setup_in_a_compound_ends_the_connection(rig):
    """ksmbd runs what follows in the session it makes, not in that of the
    first request."""
    session, path = rig.new_session(), rig.fresh_path()
    victim = rig.session_on(session.connection)
    victim.begin()
    requests = session.chain([wire.echo(), wire.echo()], related=False)
    final = victim.final_leg()
    final.body += bytes(-len(final.body) % 8)
    final.header.next_command = wire.HEADER_SIZE + len(final.body)
    requests[1].header.next_command = wire.HEADER_SIZE + 8
    requests[1].body += bytes(4)
    last = session.request(wire.create(path.name), flags=wire.FLAG_RELATED,
                           session_id=wire.ANY_SESSION)
    judge.cut_off(session.connection, b"".join(
        request.encode() for request in (*requests, final, last)))
    expect(not path.exists(), "the file was created")


@case(profiles=USUAL)
def two_sessions_on_a_connection_keep_their_keys_apart(rig):
    first = rig.new_session()
    second = rig.session_on(first.connection).setup().connect_tree("share")
    for session, other in ((first, second), (second, first)):
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        judge.refused(session, request, other.sign(request.encode()))
        expect(not path.exists(), "the file was created")
        session.close_file(session.create(path.name))


@case(profiles=ALGORITHMS)
def wrong_password_makes_no_session(rig):
    connection = rig.connect()
    session = rig.failed_on(connection)
    request = session.request(wire.tree_connect("share"))
    judge.unheard(connection, request, request.encode())


@case(profiles=USUAL)
def second_negotiate_ends_the_connection(rig):
    for connection in (rig.connect(), rig.new_session().connection):
        judge.cut_off(connection, connection.negotiate_request().encode())


@case(profiles=ALGORITHMS)
def no_smb2_ends_the_connection(rig):
    smb1_echo = wire.PROTOCOL_SMB1 + b"\x2b" + bytes(27) + b"\0\0\0"
    for what in (b"GET / HTTP/1.1\r\n".ljust(80), bytes(80), smb1_echo,
                 smb1_echo.ljust(100, b"\0"),
                 wire.PROTOCOL_COMPRESSED.ljust(80, b"\0"),
                 wire.PROTOCOL_SMB2.ljust(80, b"\0"),
                 wire.PROTOCOL_SMB2 + b"\x41\0".ljust(80, b"\0")):
        judge.cut_off(rig.new_session().connection, what)


@case(profiles=ALGORITHMS)
def frames_too_small_or_of_another_type_end_the_connection(rig):
    for data in (bytes(4), b"\0\0\0\x01x", b"\0\0\0\x20" + bytes(32),
                 b"\x85\0\0\x01x", b"\x81\0\0\x44" + bytes(68)):
        connection = rig.new_session().connection
        try:
            connection.transmit(data)
            # What is no frame may also be passed over, but nothing after
            # it may be understood as if it had not been there
            connection.send(connection.request(wire.echo()).encode())
        except Closed:
            pass
        connection.wait_closed()


@case(profiles=ALGORITHMS)
def requests_before_negotiate_are_not_executed(rig):
    for body in (wire.echo(), wire.tree_connect("share"),
                 wire.session_setup(b"token", 1)):
        with Connection(dialect=rig.profile.dialect) as connection:
            request = connection.request(body)
            connection.send(request.encode())
            try:
                response = connection.answer(request)
            except Closed:
                continue
            expect(response.status != wire.SUCCESS, "executed")


@case(profiles=USUAL)
def smb1_negotiate_leads_to_smb2(rig):
    """The multi-protocol NEGOTIATE of clients that might speak SMB1."""
    with Connection(dialect=rig.profile.dialect,
                    ciphers=rig.profile.ciphers) as connection:
        connection.send(wire.smb1_negotiate("NT LM 0.12", "SMB 2.002",
                                            "SMB 2.???"))
        response, = connection.receive()
        status(response, wire.SUCCESS)
        equal(wire.NegotiateResponse.unpack(response.raw).dialect,
              wire.DIALECT_ANY_SMB2, "dialect")
        connection.answers.clear()
        connection.next_message_id = 1
        connection.negotiate()
        session = rig.session_on(connection).setup().connect_tree("share")
        request = session.request(wire.echo())
        judge.refused(session, request, request.encode())
