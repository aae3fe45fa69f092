# SPDX-License-Identifier: GPL-2.0-only
"""NBSS keepalives, RFC 1002: to be discarded. ksmbd by itself closes the
connection."""

from smb2 import wire

from .rig import LATEST, SAMPLE
from .tap import case, expect, status

KEEPALIVE = b"\x85\0\0\0"
# More than the refused frames without an answer that end a connection
MANY = 20000


def _between(session, *bodies):
    """One write: the requests, a keepalive before, two between, one behind."""
    requests, data = [], KEEPALIVE
    for body in bodies:
        request = session.request(body)
        requests.append(request)
        data += wire.frame(session.sign(request.encode())) + 2 * KEEPALIVE
    return requests, data[:-len(KEEPALIVE)]


@case(modes=("mandatory", "required"), profiles=SAMPLE)
def keepalives_between_requests_are_discarded(rig):
    session = rig.new_session()
    path = rig.fresh_path()
    for policy in (rig.server.mode.policy, "audit"):
        with rig.server.knob("policy", policy), \
                rig.server.counts("keepalives", 6):
            requests, data = _between(session, wire.echo(), wire.create(
                path.name), wire.echo())
            # Whole, and in the smallest pieces
            size = 1 if policy == "audit" else len(data)
            for start in range(0, len(data), size):
                session.connection.transmit(data[start:start + size])
            for request in requests:
                status(session.answer(request), wire.SUCCESS)
        expect(path.exists(), "the file was not created")
        path.unlink()
        session.connection.transmit(KEEPALIVE)
        session.echo()


@case(modes=("mandatory",), profiles=LATEST)
def keepalives_before_negotiate_are_discarded(rig):
    connection = rig.dial()
    with rig.server.counts("keepalives", 3):
        connection.transmit(3 * KEEPALIVE)
        connection.negotiate()
    rig.session_on(connection).setup().connect_tree("share").echo()


@case(modes=("mandatory",), profiles=LATEST)
def client_that_sends_nothing_else_stays(rig):
    """However many there are: nothing counts them against it."""
    session = rig.new_session()
    with rig.server.counts("keepalives", MANY), \
            rig.server.counts("aborted", 0):
        session.connection.transmit(MANY * KEEPALIVE)
        session.echo()


@case(modes=("mandatory",), profiles=LATEST)
def keepalive_with_something_in_it_is_none(rig):
    for header in (b"\x85\0\0\1", b"\x85\1\0\0"):
        session = rig.new_session()
        with rig.server.counts("reason_not_smb"), \
                rig.server.counts("keepalives", 0):
            session.connection.transmit(header + b"x")
            session.connection.wait_closed()
