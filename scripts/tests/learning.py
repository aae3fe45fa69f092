# SPDX-License-Identifier: GPL-2.0-only
"""Keys of sessions whose SESSION_SETUP ksmbd does not sign: the first
signed request is passed on alone, to ksmbd's own check."""

import time

from smb2 import attack, wire

from . import judge
from .rig import PROFILES, USUAL
from .server import wait_until
from .tap import case, equal, expect, status

# Seconds without a login of anybody's
AT_REST = 0.3


def _at_rest(server):
    """Does ksmbd do no more for clients that have left?"""
    before = server.stats()["keys_learned"]
    time.sleep(AT_REST)
    return server.stats()["keys_learned"] == before


def _one_key_learned(rig):
    """Open a session; returns how many requests were passed on
    provisionally for it."""
    wait_until("the last case to end", lambda: _at_rest(rig.server))
    before = rig.server.stats()
    session = rig.new_session()
    after = rig.server.stats()
    equal(after["keys_learned"] - before["keys_learned"], 1, "keys_learned")
    request = session.request(wire.echo())
    judge.refused(session, request,
                  attack.signature_flipped(session, request))
    equal(rig.server.stats()["provisional"], after["provisional"],
          "provisional later on")
    return after["provisional"] - before["provisional"]


@case(modes=("required", "auto"), profiles=PROFILES[:1])
def first_signed_request_teaches_the_key(rig):
    equal(_one_key_learned(rig), 1, "provisional")


@case(modes=("mandatory", "required", "auto"), profiles=USUAL[1:])
def signed_session_setup_teaches_the_key(rig):
    equal(_one_key_learned(rig), 0, "provisional")


@case(modes=("mandatory", "required", "auto"), profiles=USUAL)
def forged_first_request_is_not_executed(rig):
    """Nor does it spoil the session for the honest one after it."""
    for name, forge in attack.FORGED.items():
        session = rig.session_on(rig.connect()).setup()
        request = session.request(wire.tree_connect("share"))
        session.connection.send(forge(session, request))
        response = session.connection.answer(request)
        expect(response.status == wire.ACCESS_DENIED,
               f"{name}: status {response.status:#010x}")
        session.connect_tree("share")


@case(profiles=USUAL)
def unsigned_first_request_is_not_executed(rig):
    session = rig.session_on(rig.connect()).setup()
    request = session.request(wire.echo())
    session.connection.send(request.encode())
    status(session.connection.answer(request), wire.ACCESS_DENIED)
    session.connect_tree("share")


@case(modes=("mandatory", "required", "auto"), profiles=USUAL)
def requests_pipelined_behind_the_first(rig):
    """While the first one is out to be checked, others wait behind it, and
    a forged one among them is still found out."""
    session = rig.session_on(rig.connect()).setup()
    while session.connection.credits < 8:
        request = session.connection.request(wire.echo())
        session.connection.send(request.encode())
        session.connection.answer(request)
    first = session.request(wire.tree_connect("share"))
    # ksmbd does not check an ECHO: only the key can tell that it is good
    echo = session.request(wire.echo())
    forged = session.request(wire.tree_connect("share"))
    last = session.request(wire.tree_connect("share"))
    session.connection.send(
        session.sign(first.encode()),
        session.sign(echo.encode()),
        attack.signature_flipped(session, forged),
        session.sign(last.encode()))
    status(session.answer(first), wire.SUCCESS)
    status(session.answer(echo), wire.SUCCESS)
    status(session.answer(forged), wire.ACCESS_DENIED)
    status(session.answer(last), wire.SUCCESS)


@case(modes=("required",), profiles=USUAL)
def logoff_as_the_first_signed_request_is_answered_signed(rig):
    """It shows the key, and 7.3 has ended the session before it answers."""
    rig.session_on(rig.connect()).setup().call(wire.logoff())
