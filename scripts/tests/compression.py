# SPDX-License-Identifier: GPL-2.0-only
"""Compressed messages, 2.2.42. What is inside can be seen by ksmbd only, which
executes it on 7.x, so it must not pass where anything must be signed."""

from smb2 import wire

from . import judge
from .rig import GMAC, LATEST
from .tap import case, equal, status

OFFER = (wire.COMPRESS_LZ77,)
REASON = "reason_compressed"
# Those whose ksmbd knows compression
KNOWS = "7"


def _session(rig):
    return rig.new_session(compression=OFFER)


def _agreed(session):
    """The algorithms that the server says were agreed on."""
    context = session.connection.negotiated.contexts.get(
        wire.CONTEXT_COMPRESSION)
    if context is None:
        return []
    count = int.from_bytes(context[:2], "little")
    return [algorithm for algorithm in
            (int.from_bytes(context[at:at + 2], "little")
             for at in range(8, 8 + 2 * count, 2)) if algorithm]


def _cut_off(rig, disguise):
    """A WRITE in @disguise, compressed, ends the connection, is counted as
    what it is, and is not executed."""
    session = _session(rig)
    file = rig.file(b"before", session)
    request = session.request(wire.write(file.id, 0, b"after!"))
    with rig.server.counts(REASON):
        judge.cut_off(session.connection,
                      wire.compressed(disguise(session, request)))
    equal(file.content, b"before", "the file")


@case(profiles=LATEST)
def unsigned_inside_a_compressed_message(rig):
    _cut_off(rig, lambda _, request: request.encode())


@case(profiles=LATEST)
def well_signed_inside_a_compressed_message(rig):
    """Nobody honest sends it, as no compression was agreed on."""
    _cut_off(rig, lambda session, request: session.sign(request.encode()))


@case(profiles=LATEST)
def no_compression_is_agreed_on_where_signing_is_demanded(rig):
    equal(_agreed(_session(rig)), [], "algorithms")


@case(modes=("auto",), profiles=LATEST, kernels=KNOWS)
def no_compression_for_a_client_that_demands_signing(rig):
    session = rig.new_session(compression=OFFER,
                              security_mode=wire.SIGNING_REQUIRED)
    equal(_agreed(session), [], "algorithms")


@case(modes=("auto",), profiles=(GMAC,), kernels=KNOWS)
def no_compression_with_aes_gmac(rig):
    """It signs nothing inside of a compressed message, and a client that signs
    of its own accord wants a signature there."""
    equal(_agreed(_session(rig)), [], "algorithms")


@case(modes=("auto",), profiles=LATEST, kernels=KNOWS)
def compression_where_nobody_demands_signing(rig):
    """That it is executed also shows that the forgeries are no nonsense."""
    session = _session(rig)
    equal(_agreed(session), list(OFFER), "algorithms")
    file = rig.file(b"before", session)
    request = session.request(wire.write(file.id, 0, b"after!"))
    with rig.server.counts(REASON, 0):
        session.connection.send(wire.compressed(request.encode()))
        status(session.connection.answer(request), wire.SUCCESS)
    equal(file.content, b"after!", "the file")


@case(modes=("auto",), profiles=LATEST, kernels=KNOWS)
def compression_ends_when_the_policy_demands_signing(rig):
    session = _session(rig)
    file = rig.file(b"before", session)
    request = session.request(wire.write(file.id, 0, b"after!"))
    with rig.server.knob("policy", "required"), rig.server.counts(REASON):
        judge.cut_off(session.connection,
                      wire.compressed(request.encode()))
    equal(file.content, b"before", "the file")
