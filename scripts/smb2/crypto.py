# SPDX-License-Identifier: GPL-2.0-only
"""Signatures, derived keys and the transform of SMB2."""

import hashlib
import hmac
import os
import struct

from Cryptodome.Cipher import AES
from Cryptodome.Hash import CMAC

from . import wire

TRANSFORM_SIZE = 52
# In the last 32 bits of the nonce of AES-GMAC
NONCE_SERVER, NONCE_CANCEL = 1, 2
NONCE_SIZES = {wire.CIPHER_AES128_CCM: 11, wire.CIPHER_AES128_GCM: 12}


def hmac_sha256(key, data):
    """The whole HMAC-SHA256, RFC 4231."""
    return hmac.digest(key, data, "sha256")


def aes_cmac(key, data):
    """AES-128-CMAC, RFC 4493."""
    return CMAC.new(key, msg=data, ciphermod=AES).digest()


def aes_gmac(key, nonce, data):
    """AES-128-GMAC, SP 800-38D: GCM of no text, with all of @data beside
    it."""
    mac = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=16)
    return mac.update(bytes(data)).digest()


def gmac_nonce(message):
    """What AES-GMAC signs one element with beside the key, 3.1.4.1: its
    MessageId, who sent it, and whether it is a CANCEL."""
    command, = struct.unpack_from("<H", message, 12)
    flags, _, message_id = struct.unpack_from("<IIQ", message, 16)
    return struct.pack("<QI", message_id,
                       (NONCE_SERVER if flags & wire.FLAG_RESPONSE else 0) |
                       (NONCE_CANCEL if command == wire.CANCEL else 0))


def kdf(key, label, context):
    """SP 800-108 in counter mode, r = 32, L = 128; [MS-SMB2] 3.1.4.2.
    @label and @context contain their terminating zero."""
    data = struct.pack(">I", 1) + label + b"\0" + context + \
        struct.pack(">I", 128)
    return hmac_sha256(key, data)[:16]


def signing_key(dialect, session_key, preauth):
    """The key of a channel, 3.2.5.3.3."""
    if dialect < wire.DIALECT_300:
        return session_key
    if dialect < wire.DIALECT_311:
        return kdf(session_key, b"SMB2AESCMAC\0", b"SmbSign\0")
    return kdf(session_key, b"SMBSigningKey\0", preauth)


def cipher_keys(dialect, session_key, preauth):
    """(client to server, server to client) keys, 3.2.5.3.3."""
    if dialect < wire.DIALECT_311:
        return (kdf(session_key, b"SMB2AESCCM\0", b"ServerIn \0"),
                kdf(session_key, b"SMB2AESCCM\0", b"ServerOut\0"))
    return (kdf(session_key, b"SMBC2SCipherKey\0", preauth),
            kdf(session_key, b"SMBS2CCipherKey\0", preauth))


def preauth_update(preauth, message):
    """The preauthentication hash after @message, 3.2.5.2 and 3.2.5.3."""
    return hashlib.sha512(preauth + message).digest()


def default_algorithm(dialect):
    """What signatures are made with unless NEGOTIATE says otherwise,
    3.1.4.1."""
    if dialect < wire.DIALECT_300:
        return wire.SIGN_HMAC_SHA256
    return wire.SIGN_AES_CMAC


def signature(algorithm, key, message, nonce=None):
    """The signature of one element, 3.1.4.1: over all of it, with the
    signature field zero. @nonce: another one than AES-GMAC wants."""
    data = bytearray(message)
    data[wire.SIGNATURE] = bytes(16)
    if algorithm == wire.SIGN_HMAC_SHA256:
        return hmac_sha256(key, data)[:16]
    if algorithm == wire.SIGN_AES_GMAC:
        return aes_gmac(key, nonce or gmac_nonce(data), data)
    return aes_cmac(key, data)


def sign(algorithm, key, message, nonce=None):
    """@message with SIGNED set and its signature filled in."""
    data = bytearray(message)
    flags, = struct.unpack_from("<I", data, 16)
    struct.pack_into("<I", data, 16, flags | wire.FLAG_SIGNED)
    data[wire.SIGNATURE] = signature(algorithm, key, data, nonce)
    return bytes(data)


def _aead(cipher, key, nonce):
    mode = AES.MODE_CCM if cipher == wire.CIPHER_AES128_CCM else AES.MODE_GCM
    return AES.new(key, mode, nonce=nonce, mac_len=16)


def encrypt(cipher, key, session_id, message):
    """@message in a transform header, 2.2.41 and 3.1.4.3."""
    nonce = os.urandom(NONCE_SIZES[cipher])
    # All that follows the signature is authenticated
    authenticated = nonce.ljust(16, b"\0") + \
        struct.pack("<IHHQ", len(message), 0, 1, session_id)
    aead = _aead(cipher, key, nonce)
    aead.update(authenticated)
    data, tag = aead.encrypt_and_digest(message)
    return wire.PROTOCOL_TRANSFORM + tag + authenticated + data


def transform_session(message):
    """SessionId of a transform header."""
    return struct.unpack_from("<Q", message, 44)[0]


def decrypt(cipher, key, message):
    """The message inside a transform header, 3.2.5.1.1.1; a wrong tag is a
    ValueError."""
    nonce = message[20:20 + NONCE_SIZES[cipher]]
    aead = _aead(cipher, key, nonce)
    aead.update(message[20:TRANSFORM_SIZE])
    return aead.decrypt_and_verify(message[TRANSFORM_SIZE:], message[4:20])
