# SPDX-License-Identifier: GPL-2.0-only
"""Guests and anonymous sessions: their keys are zero, known to everybody, so
no signature of theirs proves anything. ksmbd lets them in whatever it is told
about signing."""

from smb2 import wire

from . import judge
from .mounts import mounted
from .rig import ENCRYPTING, LATEST, PLAIN, USUAL
from .server import run as command
from .tap import add, case, equal, expect, status


def _anonymous(rig, connection, **options):
    return rig.session_on(connection, user="", **options)


def _guest(rig, connection, **options):
    """Somebody ksmbd does not know, and takes for a guest."""
    return rig.session_on(connection, user="mallory", **options)


def _zero_key(rig, connection, **options):
    """A user who chooses the key that guests have."""
    return rig.session_on(connection, session_key=bytes(16), **options)


KINDS = {"anonymous": _anonymous, "guest": _guest, "zero key": _zero_key}
# In 2.1 the key is not seen before it is used
KEY_IS_SEEN = USUAL[1:]


def _no_session(session):
    """Setting up @session is refused; afterwards it has what keys it would
    have had."""
    session.begin()
    request = session.final_leg()
    message = request.encode()
    session.sent_final_leg(message)
    session.connection.send(message)
    response = session.connection.answer(request)
    status(response, wire.ACCESS_DENIED)
    session.session_key = bytes(16)
    session.derive_keys()


def _refused_case(make):
    def run(rig):
        for signed in (False, True):
            session = make(rig, rig.connect())
            with rig.server.counts("reason_guest"):
                _no_session(session)
            request = session.request(wire.tree_connect("guests"))
            message = request.encode()
            judge.unheard(session.connection, request,
                          session.sign(message) if signed else message)
    return run


def _works_unsigned(rig, session):
    session.signing = False
    session.connect_tree("guests")
    path = rig.fresh_path()
    session.close_file(session.create(path.name))
    expect(path.exists(), "the file was not created")


def _allowed_case(make):
    def run(rig):
        with rig.server.knob("allow_guest", "1"):
            with rig.server.counts("guests"):
                session = make(rig, rig.connect()).setup()
            _works_unsigned(rig, session)
        rig.session.echo()
    return run


def _negotiated_case(make):
    """As the specification has it: ShouldSign does not make them sign."""
    def run(rig):
        _works_unsigned(rig, make(rig, rig.connect()).setup())
    return run


def _repeating_case(make):
    """As go-smb2: REQUIRED in SESSION_SETUP because the server's NEGOTIATE said
    so. Then the client learns that it is a guest, and does not sign."""
    def run(rig):
        session = make(rig, rig.connect(),
                       security_mode=wire.SIGNING_DEMANDED).setup()
        _works_unsigned(rig, session)
    return run


def _if_allowed(work):
    def run(rig):
        with rig.server.knob("allow_guest", "1"):
            work(rig)
    return run


def _demanding_case(make, **negotiate):
    """Who demands REQUIRED himself must sign, with whatever key."""
    def run(rig):
        session = make(rig, rig.connect(**negotiate),
                       security_mode=wire.SIGNING_DEMANDED).setup()
        session.signing = True
        session.connect_tree("guests")
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        judge.refused(session, request, request.encode())
        expect(not path.exists(), "the file was created")
        session.close_file(session.create(path.name))
    return run


def _register():
    for name, make in KINDS.items():
        profiles = KEY_IS_SEEN if make is _zero_key else USUAL
        add(f"{name} is refused", _refused_case(make), suite="guests",
            modes=("required",), profiles=profiles)
        add(f"{name} works unsigned if allow_guest", _allowed_case(make),
            suite="guests", modes=("required",),
            profiles=tuple(p for p in PLAIN if p in profiles))
    for name in ("anonymous", "guest"):
        add(f"{name} works unsigned", _negotiated_case(KINDS[name]),
            suite="guests", modes=("mandatory", "auto"), profiles=PLAIN)
        add(f"{name} that demands signing must sign",
            _demanding_case(KINDS[name]), suite="guests", modes=("auto",),
            profiles=LATEST)
        add(f"{name} that demands signing from NEGOTIATE on must sign",
            _demanding_case(KINDS[name], security_mode=wire.SIGNING_DEMANDED),
            suite="guests", modes=("mandatory", "auto"), profiles=LATEST)
        # ksmbd 7.x itself refuses them
        add(f"{name} that repeats the server's demand works unsigned",
            _repeating_case(KINDS[name]), suite="guests", modes=("mandatory",),
            profiles=PLAIN, kernels="6")
        add(f"{name} that repeats the server's demand works if allow_guest",
            _if_allowed(_repeating_case(KINDS[name])), suite="guests",
            modes=("required",), profiles=PLAIN, kernels="6")


_register()


@case(modes=("required",), profiles=ENCRYPTING)
def refused_guest_cannot_encrypt_either(rig):
    """The keys to encrypt with are derived from zeroes, too."""
    for make in (_anonymous, _guest):
        session = make(rig, rig.connect())
        _no_session(session)
        request = session.request(wire.tree_connect("guests"))
        with rig.server.counts("reason_guest"):
            judge.cut_off(session.connection,
                          session.encrypt(request.encode()))


@case(modes=("sealed",), profiles=ENCRYPTING)
def guest_whose_flag_ksmbd_overwrites_is_refused(rig):
    """Where everybody must encrypt, SessionFlags say that and no more."""
    with rig.server.knob("policy", "required"):
        for make in (_anonymous, _guest):
            _no_session(make(rig, rig.connect()))


@case(modes=("required",), profiles=PLAIN[:1])
def zero_key_is_refused_once_it_is_seen(rig):
    """The first request that it signs shows it, and is the last."""
    session = _zero_key(rig, rig.connect()).setup()
    session.signing = True
    session.connect_tree("share")
    for signed in (False, True):
        path = rig.fresh_path()
        request = session.request(wire.create(path.name))
        message = request.encode()
        judge.unheard(session.connection, request,
                      session.sign(message) if signed else message)
        expect(not path.exists(), "the file was created")


@case(modes=("required",), profiles=LATEST)
def refused_guest_leaves_the_connection_to_users(rig):
    connection = rig.connect()
    _no_session(_anonymous(rig, connection))
    session = rig.session_on(connection).setup().connect_tree("share")
    session.close_file(session.create(rig.fresh_path().name))


@case(modes=("auto",), profiles=LATEST)
def required_applies_to_a_live_guest(rig):
    """What it sends after policy=required was set is refused."""
    session = _guest(rig, rig.connect()).setup()
    _works_unsigned(rig, session)
    with rig.server.knob("policy", "required"):
        path = rig.fresh_path()
        for signed in (False, True):
            request = session.request(wire.create(path.name))
            message = request.encode()
            judge.unheard(session.connection, request,
                          session.sign(message) if signed else message)
        expect(not path.exists(), "the file was created")


@case(modes=("required",), profiles=LATEST)
def wrong_password_is_no_guest(rig):
    """ksmbd's own refusal goes through as it is."""
    rig.failed_on(rig.connect())


@case(modes=("auto",), profiles=LATEST)
def linux_mounts_as_a_guest_where_nobody_demands_signing(rig):
    for version in ("2.1", "3.1.1"):
        with rig.server.counts("guests"), rig.server.counts("refused", 0), \
                mounted(rig.server, f"vers={version}", share="guests") as mount:
            (mount / "a file").write_bytes(b"by a guest")
            equal((mount / "a file").read_bytes(), b"by a guest", "the file")


@case(modes=("required",), profiles=LATEST)
def smbclient_works_as_a_guest_if_allowed(rig):
    with rig.server.knob("allow_guest", "1"), rig.server.counts("guests"), \
            rig.server.counts("refused", 0):
        output = command("smbclient", "//127.0.0.1/guests", "-N", "-c", "ls").stdout
    expect("NT_STATUS" not in output, output)
