# SPDX-License-Identifier: GPL-2.0-only
"""No answer is signed with a session's key for a request that did not prove
it: who is on the path would show it to the session's owner as the answer to a
request that he sends and that is held back meanwhile. Part of the suite
identity."""

from smb2 import attack, wire
from smb2.connection import Closed

from . import intruder
from .rig import ALGORITHMS, GMAC, HMAC, PLAIN, USUAL
from .tap import case, expect

UNKNOWN = 0xDEAD0
# On 3.1.1 an unsigned TREE_CONNECT ends the connection
BODIES = (wire.create("nothing"), wire.logoff(), wire.tree_disconnect(),
          wire.query_info(wire.ANY_FILE), wire.write(wire.ANY_FILE, 0, b"X"))


def _session(rig):
    """A session whose answers are looked at here only."""
    session = rig.new_session(strict=False)
    intruder.forget(session.connection)
    return session


def _answers(session, message, count):
    """The answers to @message, at most @count, none that says SUCCESS."""
    answers = []
    try:
        session.connection.send(message)
        while len(answers) < count:
            answers += wire.split(session.connection.receive_message())
    except Closed:
        pass
    for answer in answers:
        expect(answer.status != wire.SUCCESS, "executed")
    return answers


def _proves_nothing(answer):
    expect(not answer.signed, f"the answer to {answer.header.command} with "
           f"status {answer.status:#010x} is signed")


@case(modes=("required",), profiles=(*USUAL, HMAC), suite="identity")
def refusal_of_an_unsigned_request_is_unsigned(rig):
    for body in BODIES:
        session = _session(rig)
        for answer in _answers(session, session.request(body).encode(), 1):
            _proves_nothing(answer)
        session.connection.close()


@case(profiles=ALGORITHMS, suite="identity")
def refusal_of_a_forged_request_is_unsigned(rig):
    session = _session(rig)
    for forge in attack.FORGED.values():
        request = session.request(wire.create("nothing"))
        for answer in _answers(session, forge(session, request), 1):
            _proves_nothing(answer)


def _of_nobody(session):
    """The first element of a compound names a session that is not there, the
    second one this."""
    return session.chain([wire.tree_connect("share"),
                          wire.create("nothing")], related=False)


@case(modes=("required",), profiles=(*USUAL, HMAC), suite="identity")
def nothing_is_signed_in_the_answer_to_an_unsigned_compound(rig):
    session = _session(rig)
    first, second = _of_nobody(session)
    first = first.changed(session_id=UNKNOWN, tree_id=0)
    for answer in _answers(session, first.encode() + second.encode(), 2):
        _proves_nothing(answer)


@case(modes=("mandatory",), profiles=(*PLAIN, GMAC), suite="identity")
def signature_of_the_first_proves_nothing_of_the_second(rig):
    for forge in (attack.unsigned, attack.foreign_key, attack.zeroed):
        session = _session(rig)
        first, second = session.chain([wire.query_info(wire.ANY_FILE),
                                       wire.create("nothing")], related=False)
        message = session.sign(first.encode()) + forge(session, second)
        for answer in _answers(session, message, 2):
            if answer.header.message_id == second.header.message_id:
                _proves_nothing(answer)
        session.connection.close()


@case(modes=("mandatory",), profiles=(*PLAIN, GMAC), suite="identity")
def signature_of_the_second_proves_nothing_of_the_first(rig):
    session = _session(rig)
    first, second = session.chain([wire.create("nothing"),
                                   wire.query_info(wire.ANY_FILE)],
                                  related=False)
    message = first.encode() + session.sign(second.encode())
    for answer in _answers(session, message, 2):
        if answer.header.message_id == first.header.message_id:
            _proves_nothing(answer)
