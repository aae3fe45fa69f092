# SPDX-License-Identifier: GPL-2.0-only
"""Reauthentication, [MS-SMB2] 3.3.5.5.3: on a session that must sign it is
signed like anything else, and changes none of the session's keys. The first
leg unsigned or forged is in attacks.py."""

from smb2 import attack, wire

from . import judge
from .rig import HMAC, LATEST, USUAL
from .tap import GUARDED, add, case, equal, expect, status

# Sessions of 2.1 are not authenticated again, see takeover.py
SMB3 = USUAL[1:]
ALL = (*SMB3, HMAC)


def _still_judged(rig, session):
    path = rig.fresh_path()
    request = session.request(wire.create(path.name))
    judge.refused(session, request, request.encode())
    expect(not path.exists(), "the file was created")
    session.close_file(session.create(path.name))


@case(profiles=ALL)
def session_keeps_its_keys(rig):
    session = rig.new_session()
    status(session.reauthenticate(), wire.SUCCESS)
    _still_judged(rig, session)


@case(profiles=ALL)
def session_in_use_while_it_is_reauthenticated(rig):
    """Between the legs nothing changes, either."""
    session = rig.new_session()
    request = session.first_leg()
    session.send(request)
    status(session.answer(request), wire.MORE_PROCESSING_REQUIRED)
    _still_judged(rig, session)


def _final_leg_case(forge):
    def run(rig):
        session = rig.new_session()
        request = session.first_leg()
        session.send(request)
        response = session.answer(request)
        session.challenged(response)
        request = session.final_leg()
        judge.refused(session, request, forge(session, request))
        request = session.final_leg()
        session.send(request)
        status(session.answer(request), wire.SUCCESS)
        _still_judged(rig, session)
    return run


def _register():
    for name in ("unsigned", "signature flipped", "foreign key"):
        add(f"final leg {name} is refused, the honest one works",
            _final_leg_case(attack.ALL[name]), suite="reauthentication",
            modes=GUARDED, profiles=SMB3)


_register()


@case(profiles=SMB3)
def wrong_password_is_refused_signed(rig):
    """With the key the session had: a failed proof is worth no key."""
    session = rig.new_session()
    session.password = "wrong"
    status(session.reauthenticate(), wire.LOGON_FAILURE)


@case(modes=("mandatory",), profiles=LATEST)
def anonymous_token_makes_no_guest_of_a_user(rig):
    """ksmbd lets it pass and keeps the user; so must the signing."""
    session = rig.new_session()
    session.user = ""
    equal(session.reauthenticate().status in (
        wire.SUCCESS, wire.ACCESS_DENIED, wire.LOGON_FAILURE), True)
    request = session.request(wire.create(rig.fresh_path().name))
    session.connection.send(request.encode())
    status(session.connection.answer(request), wire.ACCESS_DENIED)
