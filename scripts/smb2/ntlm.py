# SPDX-License-Identifier: GPL-2.0-only
"""NTLM version 2 over NTLMSSP, [MS-NLMP].

The CHALLENGE is looked for by its signature, so it may come raw or wrapped.
"""

import hmac
import os
import struct

from Cryptodome.Cipher import ARC4
from Cryptodome.Hash import MD4

SIGNATURE = b"NTLMSSP\0"

UNICODE = 0x00000001
REQUEST_TARGET = 0x00000004
NTLM = 0x00000200
ANONYMOUS = 0x00000800
ALWAYS_SIGN = 0x00008000
EXTENDED_SESSIONSECURITY = 0x00080000
TARGET_INFO = 0x00800000
KEY_128 = 0x20000000
KEY_EXCH = 0x40000000

FLAGS = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | \
    EXTENDED_SESSIONSECURITY | TARGET_INFO | KEY_128 | KEY_EXCH

# 100 ns intervals between 1601 and 1970
EPOCH = 116444736000000000


def hmac_md5(key, data):
    """HMAC-MD5, RFC 2104."""
    return hmac.digest(key, data, "md5")


def nt_hash(password):
    """NTOWFv1, 3.3.1."""
    return MD4.new(password.encode("utf-16-le")).digest()


def ntowfv2(user, password, domain):
    """NTOWFv2, 3.3.2."""
    identity = (user.upper() + domain).encode("utf-16-le")
    return hmac_md5(nt_hash(password), identity)


def negotiate():
    """NEGOTIATE_MESSAGE, 2.2.1.1, without names."""
    return SIGNATURE + struct.pack("<II", 1, FLAGS) + bytes(16)


def challenge_of(token):
    """(server challenge, target info) of the CHALLENGE_MESSAGE, 2.2.1.2,
    somewhere in @token."""
    message = token[token.index(SIGNATURE):]
    length, _, offset = struct.unpack_from("<HHI", message, 40)
    return message[24:32], message[offset:offset + length]


def response(response_key, challenge, target_info, nonce, timestamp):
    """(NtChallengeResponse, SessionBaseKey), 3.3.2."""
    blob = struct.pack("<BBHIQ", 1, 1, 0, 0, timestamp) + nonce + \
        bytes(4) + target_info + bytes(4)
    proof = hmac_md5(response_key, challenge + blob)
    return proof + blob, hmac_md5(response_key, proof)


def anonymous():
    """The AUTHENTICATE_MESSAGE of nobody, 3.2.5.1.2; its key is zero."""
    return _authenticate_message((b"\0", b"", b"", b"", b"", b""),
                                 FLAGS & ~KEY_EXCH | ANONYMOUS)


def authenticate(token, user, password, session_key, domain="", now=0):
    """The AUTHENTICATE_MESSAGE, 2.2.1.3 and 3.1.5.1.2, that tells the server
    what @session_key the client has chosen."""
    challenge, target_info = challenge_of(token)
    answer, base_key = response(ntowfv2(user, password, domain), challenge,
                                target_info, os.urandom(8), EPOCH + now)
    sealed = ARC4.new(base_key).encrypt(session_key)
    return _authenticate_message(
        (bytes(24), answer, domain.encode("utf-16-le"),
         user.encode("utf-16-le"), b"", sealed), FLAGS)


def _authenticate_message(parts, flags):
    payload = b""
    fields = b""
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), 64 + len(payload))
        payload += part
    return SIGNATURE + struct.pack("<I", 3) + fields + \
        struct.pack("<I", flags) + payload
