# SPDX-License-Identifier: GPL-2.0-only
"""As much DER as SPNEGO with the one mechanism NTLMSSP takes, RFC 4178."""

SPNEGO_OID = b"\x06\x06\x2b\x06\x01\x05\x05\x02"
NTLMSSP_OID = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"


def der(tag, data):
    """One DER element."""
    size = len(data)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(digits)]) + digits
    return bytes([tag]) + length + data


def first_token(mech_token):
    """NegTokenInit in its GSS-API frame."""
    fields = der(0xA0, der(0x30, NTLMSSP_OID)) + \
        der(0xA2, der(0x04, mech_token))
    return der(0x60, SPNEGO_OID + der(0xA0, der(0x30, fields)))


def next_token(response_token):
    """NegTokenResp with nothing but a token."""
    return der(0xA1, der(0x30, der(0xA2, der(0x04, response_token))))
