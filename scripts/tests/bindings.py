# SPDX-License-Identifier: GPL-2.0-only
"""Channels, [MS-SMB2] 3.3.5.5.2: binding a session to a further connection
takes a signature with the session's key, and from then on the channel has one
of its own. ksmbd looks at the flag and never at the signature."""

from smb2 import attack, wire
from smb2.connection import Closed
from smb2.session import BadSignature, StatusError

from . import judge
from .rig import CIPHERS, ENCRYPTING, GMAC, HMAC, LATEST, PROFILES, USUAL
from .tap import GUARDED, add, case, equal, expect

# 2.x has no channels
SMB2 = PROFILES[:1]
SMB3 = (*USUAL[1:], HMAC)
ESSENTIAL = ("unsigned", "foreign key")
REFUSALS = (*judge.REFUSALS, wire.INVALID_PARAMETER)


def _bound(rig, session=None):
    """A channel, set up, of @session."""
    return rig.channel(session or rig.new_session()).setup()


@case(modes=("mandatory", "required", "auto"), profiles=SMB3)
def bound_channel_works_with_its_own_key(rig):
    """What one channel opens the other can use, and both go on."""
    session = rig.new_session()
    channel = _bound(rig, session)
    file = rig.file(b"", session)
    channel.write(file.id, 0, b"by another way")
    equal(file.content, b"by another way", "content")
    equal(session.read(file.id, 0, 14), b"by another way", "data")
    channel.echo()
    session.echo()


@case(profiles=SMB3)
def channel_is_judged_like_its_session(rig):
    channel = _bound(rig)
    for forge in attack.ALL.values():
        path = rig.fresh_path()
        request = channel.request(wire.create(path.name))
        judge.refused(channel, request, forge(channel, request))
        expect(not path.exists(), "the file was created")


@case(modes=("auto",), profiles=(*LATEST, GMAC))
def channel_must_sign_as_its_session_demanded(rig):
    """Where the client did not say so again."""
    session = rig.new_session(security_mode=wire.SIGNING_DEMANDED)
    channel = rig.channel(session)
    channel.security_mode = wire.SIGNING_ENABLED
    channel.setup()
    path = rig.fresh_path()
    request = channel.request(wire.create(path.name))
    judge.refused(channel, request, request.encode())
    expect(not path.exists(), "the file was created")


@case(modes=("sealed",), profiles=ENCRYPTING)
def channel_must_encrypt_like_its_session(rig):
    """ksmbd's answer to a binding does not say ENCRYPT_DATA again."""
    channel, path = _bound(rig), rig.fresh_path()
    request = channel.request(wire.create(path.name))
    channel.connection.send(channel.sign(request.encode()))
    judge.denied(channel, request)
    expect(not path.exists(), "the file was created")


@case(profiles=SMB3)
def keys_of_channels_are_not_interchangeable(rig):
    session = rig.new_session()
    channel = _bound(rig, session)
    expect(session.signing_key != channel.signing_key, "the keys are alike")
    for here, other in ((session, channel), (channel, session)):
        path = rig.fresh_path()
        request = here.request(wire.create(path.name))
        judge.refused(here, request, other.sign(request.encode()))
        expect(not path.exists(), "the file was created")


def _leg_refused(channel, request, message):
    """@message, a leg of a binding, gets nowhere."""
    channel.connection.send(message)
    judge.not_executed(channel.connection, request, REFUSALS)


def _first_leg_case(forge):
    def run(rig):
        session = rig.new_session()
        channel = rig.channel(session)
        request = channel.first_leg()
        _leg_refused(channel, request, forge(session, request))
        _bound(rig, session).echo()
        session.echo()
    return run


def _final_leg_case(forge):
    def run(rig):
        session = rig.new_session()
        channel = rig.channel(session)
        channel.begin()
        request = channel.final_leg()
        _leg_refused(channel, request, forge(session, request))
        _unusable(rig, channel)
        session.echo()
    return run


def _unusable(rig, channel):
    """@channel was not bound: its key, if the server knows it, is good for
    nothing."""
    channel.derive_keys()
    path = rig.fresh_path()
    request = channel.request(wire.create(path.name))
    try:
        _leg_refused(channel, request, channel.sign(request.encode()))
    except Closed:
        pass
    expect(not path.exists(), "the file was created")


BY_MODE = {True: SMB3, False: (*LATEST, GMAC)}


def _register():
    for name, forge in attack.ALL.items():
        for leg, make in (("first", _first_leg_case),
                          ("final", _final_leg_case)):
            for mode in GUARDED:
                essential = mode == "mandatory" and name in ESSENTIAL
                add(f"binding with its {leg} leg {name} is refused",
                    make(forge), suite="bindings", modes=(mode,),
                    profiles=BY_MODE[essential])


_register()


@case(profiles=(*LATEST, GMAC))
def binding_signed_with_the_key_of_another_session(rig):
    session, other = rig.new_session(), rig.new_session()
    channel = rig.channel(session)
    request = channel.first_leg()
    _leg_refused(channel, request, other.sign(request.encode()))


@case(profiles=SMB3)
def binding_to_an_unknown_session(rig):
    session = rig.new_session()
    channel = rig.channel(session)
    request = channel.first_leg().changed(session_id=session.id + 0x1000)
    _leg_refused(channel, request, session.sign(request.encode()))


@case(profiles=LATEST)
def binding_to_a_session_in_the_making(rig):
    """It has no key that anything could be signed with."""
    unfinished = rig.session_on(rig.connect())
    unfinished.begin()
    unfinished.signing_key = bytes(16)
    channel = rig.channel(unfinished)
    request = channel.first_leg()
    _leg_refused(channel, request, channel.encode_leg(request))


@case(profiles=(*LATEST, GMAC))
def binding_by_another_client(rig):
    """Another ClientGuid: ksmbd refuses, and says so signed (but for AES-GMAC)."""
    channel = rig.channel(rig.new_session(), guid=b"somebody else's!")
    _fails(channel)


@case(profiles=LATEST)
def binding_in_another_dialect(rig):
    session = rig.new_session()
    channel = rig.channel(session, dialect=wire.DIALECT_302)
    try:
        channel.setup()
    except (BadSignature, StatusError, Closed):
        return
    raise AssertionError("the channel was bound")


@case(profiles=SMB3)
def binding_with_a_wrong_password(rig):
    session = rig.new_session()
    channel = rig.channel(session)
    channel.password = "wrong"
    _fails(channel)
    session.echo()


def _fails(channel):
    """Setting @channel up is refused; the refusal, which is returned, is signed
    with the session's key, unless that is for AES-GMAC."""
    request = channel.first_leg()
    channel.connection.send(channel.encode_leg(request))
    response = channel.connection.answer(request)
    if response.status == wire.MORE_PROCESSING_REQUIRED:
        channel.challenged(response)
        request = channel.final_leg()
        channel.connection.send(channel.encode_leg(request))
        response = channel.connection.answer(request)
    expect(response.status not in (wire.SUCCESS,
                                   wire.MORE_PROCESSING_REQUIRED), "bound")
    channel.check_refusal(response)
    return response


@case(profiles=SMB3)
def channel_of_a_channel(rig):
    """A third connection: Session.SigningKey is still the first one's."""
    session = rig.new_session()
    _bound(rig, session)
    third = _bound(rig, session)
    third.close_file(third.create(rig.fresh_path().name))


@case(modes=("auto",), profiles=LATEST)
def binding_is_verified_where_nothing_must_be_signed(rig):
    session = rig.new_session()
    channel = rig.channel(session)
    request = channel.first_leg()
    _leg_refused(channel, request, request.encode())
    channel = rig.channel(session)
    request = channel.first_leg()
    _leg_refused(channel, request, attack.foreign_key(session, request))
    _bound(rig, session).echo()


@case(profiles=SMB2)
def before_3_there_are_no_channels(rig):
    """Whether the session exists does not matter."""
    session = rig.new_session()
    for number in (session.id, session.id + 1):
        other = rig.session_on(rig.connect())
        other.id, other.SETUP_FLAGS = number, wire.SETUP_FLAG_BINDING
        request = other.first_leg()
        with rig.server.counts("reason_session_unknown"):
            other.connection.send(request.encode())
            response = other.connection.answer(request)
        equal(response.status, wire.REQUEST_NOT_ACCEPTED, "status")
    session.echo()


@case(modes=("mandatory", "required"), profiles=SMB3)
def what_is_bound_is_not_bound_again(rig):
    """ksmbd would change the channel's key; the refusal is signed."""
    session = rig.new_session()
    channel = _bound(rig, session)
    for member in (channel, session):
        member.SETUP_FLAGS = wire.SETUP_FLAG_BINDING
        request = member.first_leg()
        with rig.server.counts("reason_bound_already"):
            member.send(request)
            judge.denied(member, request, wire.REQUEST_NOT_ACCEPTED)
        member.echo()


# AES-GMAC, and the other algorithms: a session and its channels use one kind

HMAC_SHA256, CMAC, GMAC_ALONE = (
    (wire.SIGN_HMAC_SHA256,), (wire.SIGN_AES_CMAC,), (wire.SIGN_AES_GMAC,))
KINDS = {
    "AES-CMAC to HMAC-SHA256": (CMAC, HMAC_SHA256, wire.SUCCESS),
    "HMAC-SHA256 to AES-CMAC": (HMAC_SHA256, CMAC, wire.SUCCESS),
    "AES-GMAC to AES-GMAC": (GMAC_ALONE, GMAC.algorithms, wire.SUCCESS),
    "AES-GMAC to AES-CMAC": (GMAC_ALONE, CMAC, wire.REQUEST_OUT_OF_SEQUENCE),
    "AES-GMAC to HMAC-SHA256": (GMAC_ALONE, HMAC_SHA256,
                                wire.REQUEST_OUT_OF_SEQUENCE),
    "AES-GMAC to nothing named": (GMAC_ALONE, (),
                                  wire.REQUEST_OUT_OF_SEQUENCE),
    "AES-CMAC to AES-GMAC": (CMAC, GMAC_ALONE, wire.NOT_SUPPORTED),
    "HMAC-SHA256 to AES-GMAC": (HMAC_SHA256, GMAC_ALONE, wire.NOT_SUPPORTED),
    "nothing named to AES-GMAC": ((), GMAC_ALONE, wire.NOT_SUPPORTED),
}


def _other_kind(rig, channel, wanted):
    """@channel is refused with @wanted, and what it was to be a channel of lives
    on; so does its connection."""
    with rig.server.counts("reason_bound_algorithm"):
        equal(_fails(channel).status, wanted, "status")
    channel.session.echo()
    rig.session_on(channel.connection).setup().connect_tree("share").echo()


def _kinds_case(offers, wanted, **options):
    def run(rig):
        session = rig.new_session(algorithms=offers[0], **options)
        channel = rig.channel(session, algorithms=offers[1])
        if wanted != wire.SUCCESS:
            _other_kind(rig, channel, wanted)
            return
        channel.setup()
        file = rig.file(b"", session)
        channel.write(file.id, 0, b"by another way")
        equal(session.read(file.id, 0, 14), b"by another way", "data")
        path = rig.fresh_path()
        request = channel.request(wire.create(path.name))
        judge.refused(channel, request, session.sign(request.encode()))
        expect(not path.exists(), "the file was created")
        session.echo()
    return run


def _register_kinds():
    for name, (here, there, wanted) in KINDS.items():
        add(f"binding {name}", _kinds_case((here, there), wanted),
            suite="bindings", modes=GUARDED, profiles=LATEST)


_register_kinds()


@case(modes=("mandatory",), profiles=PROFILES[1:3])
def binding_of_older_sessions_to_gmac_and_back(rig):
    """The algorithm is looked at before the dialect."""
    session = rig.new_session()
    _other_kind(rig, rig.channel(session, dialect=wire.DIALECT_311,
                                 algorithms=GMAC_ALONE), wire.NOT_SUPPORTED)
    session = rig.new_session(dialect=wire.DIALECT_311, algorithms=GMAC_ALONE)
    _other_kind(rig, rig.channel(session), wire.REQUEST_OUT_OF_SEQUENCE)


@case(modes=("mandatory",), profiles=LATEST)
def binding_to_another_kind_says_so_to_its_user_only(rig):
    """Who has no key of the session's learns nothing of it."""
    for here, there in ((GMAC_ALONE, CMAC), (CMAC, GMAC_ALONE)):
        session = rig.new_session(algorithms=here)
        for forge in attack.ALL.values():
            channel = rig.channel(session, algorithms=there)
            request = channel.first_leg()
            channel.connection.send(forge(session, request))
            response = channel.connection.answer(request)
            equal(response.status, wire.ACCESS_DENIED, "status")
            expect(not response.signed, "signed")
            channel.connection.close()
        session.echo()


@case(modes=("auto",), profiles=LATEST)
def binding_an_encrypted_session_to_another_kind(rig):
    """As smbtorture's smb2.session.bind_negative_smb3sign* do."""
    for _, (here, there, wanted) in KINDS.items():
        if wanted == wire.SUCCESS:
            continue
        session = rig.new_session(algorithms=here, ciphers=CIPHERS)
        session.encrypting = True
        _other_kind(rig, rig.channel(session, algorithms=there,
                                     ciphers=CIPHERS), wanted)
