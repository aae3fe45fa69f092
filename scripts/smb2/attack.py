# SPDX-License-Identifier: GPL-2.0-only
"""Sound requests turned into ones that must be refused.

Each function takes the session a request pretends to belong to and the
request, and returns the bytes to send. The request itself stays as the
session would have sent it: where something was changed in transit, it is
the signature that belongs to what was there before, so that a server that
does not look executes the request to the full.
"""

import struct

from . import crypto, wire

FOREIGN_KEY = bytes(range(16))


def unsigned(_, request):
    """Neither flag nor signature."""
    return request.encode()


def zeroed(_, request):
    """SIGNED set, and a signature of zeroes."""
    return request.changed(
        flags=request.header.flags | wire.FLAG_SIGNED).encode()


def flag_cleared(session, request):
    """The right signature, but the flag that announces it is clear."""
    message = bytearray(session.sign(request.encode()))
    struct.pack_into("<I", message, 16, request.header.flags)
    return bytes(message)


def header_flipped(session, request):
    """One bit of the header is another than was signed."""
    was = request.changed(
        flags=request.header.flags | wire.FLAG_SIGNED,
        credits=request.header.credits ^ 1)
    return request.changed(
        flags=request.header.flags | wire.FLAG_SIGNED,
        signature=session.signature(was.encode())).encode()


def body_flipped(session, request):
    """One bit of the body's last byte is another than was signed."""
    good = request.changed(flags=request.header.flags | wire.FLAG_SIGNED)
    was = bytearray(good.encode())
    was[-1] ^= 0x80
    return good.changed(signature=session.signature(was)).encode()


def signature_flipped(session, request):
    """One bit of the signature's last byte is wrong."""
    message = bytearray(session.sign(request.encode()))
    message[wire.SIGNATURE.stop - 1] ^= 0x01
    return bytes(message)


def foreign_key(session, request):
    """Signed with a key that is not the session's."""
    return session.sign(request.encode(), FOREIGN_KEY)


ALL = {
    "unsigned": unsigned,
    "zeroed": zeroed,
    "flag cleared": flag_cleared,
    "header flipped": header_flipped,
    "body flipped": body_flipped,
    "signature flipped": signature_flipped,
    "foreign key": foreign_key,
}

# Those with SIGNED set
FORGED = {name: forge for name, forge in ALL.items()
          if name not in ("unsigned", "flag cleared")}


def _with_nonce(change):
    """Signed with the right key, and a nonce that is not the message's."""
    def forge(session, request):
        message_id, bits = struct.unpack(
            "<QI", crypto.gmac_nonce(request.encode()))
        return session.sign(request.encode(), nonce=struct.pack(
            "<QI", *change(message_id, bits)))
    return forge


# With AES-GMAC only: to the others a nonce makes no difference
NONCES = {
    "nonce of the server": _with_nonce(
        lambda message_id, bits: (message_id, bits ^ crypto.NONCE_SERVER)),
    "nonce of the other kind": _with_nonce(
        lambda message_id, bits: (message_id, bits ^ crypto.NONCE_CANCEL)),
    "nonce of the next MessageId": _with_nonce(
        lambda message_id, bits: (message_id + 1, bits)),
    "nonce of nothing": _with_nonce(lambda *_: (0, 0)),
}
