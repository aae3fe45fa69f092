# SPDX-License-Identifier: GPL-2.0-only
"""Sessions that may encrypt: what is encrypted passes, what is not must be
signed. ksmbd forgets about signing once a cipher was agreed on."""

from smb2 import attack, crypto, wire
from smb2.session import Session

from . import judge
from .flaws import passes_over_damage
from .rig import ENCRYPTING, GMAC, PLAIN
from .tap import case, equal, expect, status


@case(profiles=ENCRYPTING)
def encrypted_requests_work(rig):
    session = rig.new_session()
    session.encrypting = True
    file = rig.file(b"", session)
    session.write(file.id, 0, b"in secret")
    equal(file.content, b"in secret", "content")
    equal(session.read(file.id, 0, 9), b"in secret", "data")
    expect(session.call(wire.query_info(file.id)).encrypted,
           "answered in plaintext")


@case(profiles=ENCRYPTING)
def plaintext_among_encrypted_requests(rig):
    """Signed it works, any other way it does not."""
    session = rig.new_session()
    for forge in attack.ALL.values():
        session.encrypting = True
        session.echo()
        session.encrypting = False
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        judge.refused(session, request, forge(session, request))
        expect(not path.exists(), "the file was created")
        session.close_file(session.create(path.name))


@case(profiles=ENCRYPTING)
def damaged_transform_is_not_executed(rig):
    for place in (4, 20, 36, 52, -1):
        session, path = rig.new_session(), rig.fresh_path()
        message = bytearray(session.encrypt(
            session.request(wire.create(path.name)).encode()))
        message[place] ^= 1
        if passes_over_damage():
            session.connection.send(message)
            session.echo()
        else:
            judge.cut_off(session.connection, message)
        expect(not path.exists(), "the file was created")


@case(profiles=ENCRYPTING)
def transform_of_a_session_that_is_not_there(rig):
    """On a connection that has no session yet."""
    owner, connection = rig.session, rig.connect()
    path = rig.fresh_path()
    request = owner.request(wire.create(path.name),
                            message_id=connection.allocate())
    judge.cut_off(connection, owner.encrypt(request.encode()))
    expect(not path.exists(), "the file was created")
    owner.echo()


@case(profiles=ENCRYPTING)
def transform_of_a_session_elsewhere(rig):
    """On a connection that has one of its own."""
    owner, here, path = rig.session, rig.new_session(), rig.fresh_path()
    request = here.request(wire.create(path.name), session_id=owner.id,
                           tree_id=owner.tree_id)
    judge.cut_off(here.connection, owner.encrypt(request.encode()))
    expect(not path.exists(), "the file was created")
    owner.echo()


@case(profiles=ENCRYPTING)
def compounds_may_be_encrypted(rig):
    session, path = rig.new_session(), rig.fresh_path()
    requests = session.chain([wire.create(path.name),
                              wire.write(wire.ANY_FILE, 0, b"in secret"),
                              wire.close(wire.ANY_FILE)])
    session.connection.send(session.encrypt(
        b"".join(request.encode() for request in requests)))
    for request in requests:
        status(session.connection.answer(request), wire.SUCCESS)
    equal(path.read_bytes(), b"in secret", "content")


@case(profiles=ENCRYPTING)
def request_of_another_session_inside(rig):
    """Its own keys let nobody speak for others of the connection, be it
    in the first request or in the last."""
    for behind in (False, True):
        victim, path = rig.new_session(), rig.fresh_path()
        own = rig.session_on(victim.connection).setup().connect_tree("share")
        first, last = own.chain([wire.echo(), wire.create(path.name)],
                                related=False)
        last = last.changed(session_id=victim.id, tree_id=victim.tree_id)
        with rig.server.counts("reason_encrypted_for_another"):
            victim.connection.send(own.encrypt(
                (first.encode() if behind else b"") + last.encode()))
            try:
                victim.connection.wait_closed()
            finally:
                expect(not path.exists(), "the file was created")


def _encrypt_with_zeroes(session, request):
    return crypto.encrypt(wire.CIPHER_AES128_CCM, bytes(16), session.id,
                          request.encode())


# 2.1 knows no transform
@case(modes=("mandatory", "required"), profiles=(*PLAIN[1:], GMAC))
def key_of_zeroes_where_no_cipher_was_agreed_on(rig):
    """ksmbd decrypts for a session that it has made no key for, and executes
    what anybody puts in. In 3.0 it may agree on what nobody offered."""
    session, path = rig.new_session(), rig.fresh_path()
    request = session.request(wire.create(path.name))
    judge.cut_off(session.connection, _encrypt_with_zeroes(session, request))
    expect(not path.exists(), "the file was created")


@case(modes=("mandatory", "required"), profiles=ENCRYPTING)
def binding_to_nothing_makes_no_session(rig):
    """ksmbd would make one, and no key to decrypt with."""
    session = rig.session_on(rig.connect())
    session.SETUP_FLAGS = wire.SETUP_FLAG_BINDING
    request = session.first_leg()
    session.connection.send(request.encode())
    judge.denied(session, request, wire.USER_SESSION_DELETED)


@case(profiles=ENCRYPTING)
def forged_request_pipelined_behind_an_encrypted_one(rig):
    session = rig.new_session()
    file = rig.file(b"......", session)
    requests = [session.request(wire.write(file.id, offset, data))
                for offset, data in ((0, b"aa"), (2, b"XX"), (4, b"bb"))]
    session.connection.send(session.encrypt(requests[0].encode()),
                            requests[1].encode(),
                            session.encrypt(requests[2].encode()))
    status(session.answer(requests[0]), wire.SUCCESS)
    judge.denied(session, requests[1])
    status(session.answer(requests[2]), wire.SUCCESS)
    equal(file.content, b"aa..bb", "content")


# Where the server says that all must be encrypted, 3.3.5.2.9

@case(modes=("sealed",), profiles=ENCRYPTING)
def plaintext_on_a_session_that_must_encrypt(rig):
    """A right signature does not help."""
    session = rig.new_session()
    expect(session.encrypting, "ENCRYPT_DATA is not set")
    for forge in (attack.unsigned, lambda s, r: s.sign(r.encode())):
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        with rig.server.counts("reason_not_encrypted"):
            session.connection.send(forge(session, request))
            judge.denied(session, request)
        expect(not path.exists(), "the file was created")
        session.close_file(session.create(path.name))


@case(modes=("sealed",), profiles=ENCRYPTING)
def encrypted_session_works_and_nobody_is_refused(rig):
    with rig.server.counts("refused", 0):
        session = rig.new_session()
        file = rig.file(b"", session)
        session.write(file.id, 0, b"in secret")
        equal(file.content, b"in secret", "content")
        session.call(wire.logoff())


# The command sequence window, 3.3.5.2.3, goes for what is encrypted, too

def _is_not_repeated(rig, repeated, file, session):
    """@repeated, which was sent before, ends the connection and changes
    nothing."""
    with rig.server.counts("reason_message_id"):
        judge.cut_off(session.connection, repeated)
    equal(file.content, b"second", "content")


def _written(session, request, message):
    session.connection.send(message)
    status(session.connection.answer(request), wire.SUCCESS)


@case(profiles=ENCRYPTING)
def encrypted_request_is_executed_once(rig):
    """Somebody on the path sends a WRITE again, as it was, after another has
    written there."""
    session = rig.new_session()
    file = rig.file(b"", session)
    messages = []
    for content in (b"first.", b"second"):
        request = session.request(wire.write(file.id, 0, content))
        messages.append(session.encrypt(request.encode()))
        _written(session, request, messages[-1])
    _is_not_repeated(rig, messages[0], file, session)


@case(profiles=ENCRYPTING)
def encrypted_compound_is_executed_once(rig):
    session = rig.new_session()
    file = rig.file(b"", session)
    requests = session.chain([wire.write(file.id, 0, b"first."),
                              wire.query_info(file.id)], related=False)
    compound = session.encrypt(b"".join(r.encode() for r in requests))
    session.connection.send(compound)
    for request in requests:
        status(session.connection.answer(request), wire.SUCCESS)
    request = session.request(wire.write(file.id, 0, b"second"))
    _written(session, request, session.encrypt(request.encode()))
    _is_not_repeated(rig, compound, file, session)


@case(profiles=ENCRYPTING)
def ids_used_in_the_plain_are_used_for_encrypted_requests(rig):
    """And the other way round: there is one window."""
    for first, second in ((Session.sign, Session.encrypt),
                          (Session.encrypt, Session.sign)):
        session = rig.new_session()
        file = rig.file(b"", session)
        request = session.request(wire.write(file.id, 0, b"second"))
        _written(session, request, first(session, request.encode()))
        again = wire.Request(request.header,
                             wire.write(file.id, 0, b"first.").data)
        _is_not_repeated(rig, second(session, again.encode()), file, session)


@case(modes=("mandatory",), profiles=ENCRYPTING[-1:])
def many_encrypted_requests_at_once(rig):
    """ksmbd decrypts them side by side, in any order."""
    session = rig.new_session()
    file = rig.file(b"", session)
    for _ in range(40):
        session.call(wire.echo(), credits=512)
    requests = [session.request(wire.write(file.id, 6 * i, b"%06d" % i))
                for i in range(300)]
    session.connection.send(*(session.encrypt(r.encode()) for r in requests))
    for request in requests:
        status(session.connection.answer(request), wire.SUCCESS)
    equal(file.content, b"".join(b"%06d" % i for i in range(300)), "content")
