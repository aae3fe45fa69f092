# SPDX-License-Identifier: GPL-2.0-only
"""What must come back for a message that must not be executed."""

from smb2 import wire
from smb2.connection import Closed

from .tap import equal, expect, status

ERROR_RESPONSE = 9      # StructureSize of [MS-SMB2] 2.2.2
# What somebody is told who may not, or who has no such session
REFUSALS = (wire.ACCESS_DENIED, wire.USER_SESSION_DELETED)


def denied(session, request, wanted=wire.ACCESS_DENIED):
    """The answer to @request is an error response. It is signed if the
    request was: nobody else gets something signed with the session's key."""
    response = session.connection.answer(request)
    status(response, wanted)
    equal(response.header.command, request.header.command, "command")
    expect(response.header.flags & wire.FLAG_RESPONSE, "no response flag")
    equal(response.structure_size, ERROR_RESPONSE, "StructureSize")
    equal(response.header.session_id, session.id, "SessionId")
    expect(response.header.credits >= 1 or session.connection.credits > 64,
           "no credit granted")
    sent = session.connection
    if request.header.message_id not in sent.sent_signed:
        expect(not response.signed, "the refusal is signed for anybody")
    elif request.header.message_id not in sent.sent_doubtful:
        expect(response.signed, "the refusal is not signed")


def refused(session, request, message):
    """@message, a forged @request, is denied, and the session lives on."""
    session.connection.send(message)
    denied(session, request)
    session.echo()


def not_executed(connection, request, refusals=REFUSALS):
    """The answer to @request, which was sent, is one of @refusals, or the
    connection ends."""
    try:
        response = connection.answer(request)
    except Closed:
        return
    expect(response.status in refusals, f"status {response.status:#010x}")


def unheard(connection, request, message):
    """@message, a @request, is not executed. The connection may have ended
    before."""
    try:
        connection.send(message)
    except Closed:
        return
    not_executed(connection, request)


def cut_off(connection, message, limit=30):
    """@message ends the connection, and no answer comes before that."""
    try:
        connection.send(message)
    except Closed:
        pass
    connection.wait_closed(limit)
    equal(list(connection.answers), [], "answers")


def denied_or_cut_off(session, request):
    """What was sent of the forged @request is denied, and the session lives
    on, or the connection ends."""
    try:
        denied(session, request)
    except Closed:
        return
    session.echo()
