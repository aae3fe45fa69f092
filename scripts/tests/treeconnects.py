# SPDX-License-Identifier: GPL-2.0-only
"""TREE_CONNECT, [MS-SMB2] 3.3.5.7: on 3.1.1 a user's is signed or encrypted,
or the connection ends, whatever either side demanded."""

from smb2 import attack, wire

from . import judge
from .rig import BEFORE_311, ENCRYPTING, GMAC, LATEST, V311
from .tap import case, status

REASON = "reason_tree_connect_unsigned"


def _request(session):
    return session.request(wire.tree_connect("share"))


@case(modes=("mandatory", "required", "auto"), profiles=(*V311, GMAC))
def unsigned_ends_the_connection(rig):
    for forge in (attack.unsigned, attack.flag_cleared):
        session = rig.new_session()
        with rig.server.counts(REASON):
            judge.cut_off(session.connection,
                          forge(session, _request(session)))


@case(modes=("mandatory", "auto"), profiles=(*V311, GMAC))
def forged_is_denied(rig):
    session = rig.session
    for forge in attack.FORGED.values():
        request = _request(session)
        judge.refused(session, request, forge(session, request))


@case(modes=("auto",), profiles=LATEST)
def unsigned_in_a_compound_ends_the_connection(rig):
    session = rig.new_session()
    requests = session.chain([wire.echo(), wire.tree_connect("share")],
                             related=False)
    judge.cut_off(session.connection,
                  session.sign(requests[0].encode()) + requests[1].encode())


@case(modes=("auto",), profiles=BEFORE_311)
def unsigned_works_in_older_dialects(rig):
    session = rig.session_on(rig.connect()).setup()
    session.signing = False
    session.connect_tree("share")


@case(modes=("auto",), profiles=V311)
def other_requests_may_be_unsigned(rig):
    session = rig.new_session()
    session.signing = False
    session.close_file(session.create(rig.fresh_path().name))


@case(modes=("mandatory", "auto"), profiles=ENCRYPTING[-1:])
def encrypted_works(rig):
    session = rig.session_on(rig.connect()).setup()
    session.encrypting = True
    session.connect_tree("share")


@case(modes=("auto",), profiles=LATEST)
def audit_lets_it_pass_and_counts(rig):
    with rig.server.knob("policy", "audit"):
        session = rig.new_session()
        with rig.server.counts(REASON):
            request = _request(session)
            session.connection.send(request.encode())
            status(session.answer(request), wire.SUCCESS)
