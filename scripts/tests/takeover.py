# SPDX-License-Identifier: GPL-2.0-only
"""A session keeps its user, and nobody gets an answer signed who has proved
nothing.

ksmbd can answer a login with success and leave the session in the making: its
connection waits for a LOGOFF at that moment. The next authentication that
names this session is then taken for its first, whoever's it is."""

import time

from smb2 import ntlm, spnego, wire

from . import intruder, judge
from .rig import GMAC, PROFILES, SAMPLE, USUAL, V311
from .tap import EXPECTED, add, case, expect, status

V210, V300, _, _, V300_ENC, _, V311_ENC = PROFILES
ATTEMPTS = 3


def _left_unfinished(rig, user, mode):
    """A session that ksmbd has left in the making, and who has its challenge:
    a login holds the connection's lock, a LOGOFF waits for that, and a login
    in one leg, already begun, waits for the LOGOFF."""
    connection = intruder.unwatched(rig)
    old = rig.session_on(connection, user=user, security_mode=mode).setup()
    holds = rig.session_on(connection, user=user)
    holds.begin()
    new = rig.session_on(connection, user=user, security_mode=mode)
    new.take_challenge(holds)
    logoff = old.request(wire.logoff()).encode()
    if old.signing:
        logoff = old.sign(logoff)
    last = new.final_leg()
    new.sent_final_leg(last.encode())
    connection.transmit(b"".join(map(wire.frame, (
        holds.final_leg().encode(), logoff, last.encode()))))
    intruder.forget(connection)
    response = connection.answer(last)
    new.id = response.header.session_id
    new.finished(response)
    intruder.forget(connection)
    time.sleep(0.7)
    return new, holds


def _take_over(rig, user, signing, path):
    new, challenged = _left_unfinished(
        rig, user, wire.SIGNING_DEMANDED if signing else wire.SIGNING_ENABLED)
    connection = new.connection
    victim = rig.victim_on(connection)
    victim.take_challenge(challenged)
    victim.id = new.id
    message = victim.final_leg().encode()
    intruder.shout(connection, new.sign(message) if signing else message)
    intruder.plunder([intruder.claim(rig, connection, new.id,
                                     new.signing_key if signing else None)],
                     path)
    connection.close()


def _taken_over(user, signing):
    def run(rig):
        for _ in range(ATTEMPTS):
            path = intruder.booty()
            try:
                _take_over(rig, user, signing, path)
            except (*EXPECTED, TimeoutError):
                pass
            expect(not path.exists(), "written as the victim")
    return run


# Without what stops them, at the first or second attempt on 6.1, 6.12 and 7.3
add("user is not put in the place of another", _taken_over(None, True),
    suite="takeover", modes=("required",), profiles=(V210, V300, GMAC))
add("user is not put in the place of a guest", _taken_over("nobody", False),
    suite="takeover", modes=("mandatory",),
    profiles=(V210, V300_ENC, V311_ENC))
add("user is not put in the place of anybody", _taken_over("", False),
    suite="takeover", modes=("strangers",), profiles=(V210, V300_ENC))


@case(profiles=(V210,))
def session_of_2_1_is_not_authenticated_again(rig):
    """ksmbd changes its key each time. It lives on, and the refusal is
    signed."""
    session = rig.new_session()
    request = session.first_leg()
    with rig.server.counts("reason_again"):
        session.send(request)
        judge.denied(session, request, wire.USER_SESSION_DELETED)
    session.echo()


@case(modes=("auto",), profiles=SAMPLE)
def session_of_a_guest_is_not_authenticated_again(rig):
    session = rig.session_on(rig.connect(), user="nobody").setup()
    request = session.first_leg()
    with rig.server.counts("reason_again"):
        session.send(request)
        judge.denied(session, request, wire.USER_SESSION_DELETED)


@case(modes=("required", "mandatory"), profiles=USUAL)
def echo_withheld_over_a_login_is_answered_unsigned(rig):
    """It names the session in the making, and is complete once there is
    one."""
    connection = rig.connect(strict=False)
    session = rig.session_on(connection)
    session.begin()
    leg = session.final_leg()
    echo = wire.frame(connection.request(wire.echo(),
                                         session_id=session.id).encode())
    message = leg.encode()
    session.sent_final_leg(message)
    connection.transmit(wire.frame(message) + echo[:-1])
    session.finished(connection.answer(leg))
    intruder.forget(connection)
    connection.transmit(echo[-1:])
    answer, = connection.receive()
    expect(not answer.signed, "signed for nobody knows whom")


@case(modes=("auto",), profiles=USUAL)
def stray_signature_fetches_no_signed_answer(rig):
    """Unsigned where it may be, with something in Signature: ksmbd copies
    that into its answer."""
    connection = rig.connect(strict=False)
    session = rig.session_on(connection).setup().connect_tree("share")
    intruder.forget(connection)
    path = rig.fresh_path()
    request = session.request(wire.create(path.name), signature=b"\1" * 16)
    connection.send(request.encode())
    answer = connection.answer(request)
    status(answer, wire.SUCCESS)
    expect(not answer.signed, "signed for who has not signed")


@case(modes=("auto",), profiles=(*V311, GMAC))
def anonymous_token_fetches_no_signed_success(rig):
    """ksmbd says SUCCESS without any proof."""
    connection = rig.connect(strict=False)
    session = rig.session_on(connection).setup()
    intruder.forget(connection)
    request = connection.request(
        wire.session_setup(spnego.next_token(ntlm.anonymous()), 1),
        session_id=session.id)
    connection.send(request.encode())
    expect(not connection.answer(request).signed, "signed for anybody")


@case(modes=("strangers",), profiles=(V210, GMAC))
def logins_with_one_message_id_end_the_connection(rig):
    """What ksmbd shows of a login is found by that."""
    with rig.server.knob("replay_window", "0"):
        connection = intruder.unwatched(rig)
        first = rig.session_on(connection, user="")
        first.begin()
        legs = []
        for _ in range(3):
            twin = rig.session_on(connection, user="")
            twin.take_challenge(first)
            legs.append(twin.final_leg())
        with rig.server.counts("reason_message_id"):
            connection.send(*(leg.changed(
                message_id=legs[0].header.message_id).encode()
                for leg in legs))
            connection.wait_closed()
