# SPDX-License-Identifier: GPL-2.0-only
"""A raw SMB2 client that can misbehave.

A library client hides what these tests are about: flags, signatures, ids
and the way a message is cut into segments. This one builds every message
from its parts and lets the caller change any of them on the way out.

    wire        constants, headers, the body of every request
    crypto      signatures, key derivation, the transform
    ntlm        NTLMSSP version 2
    spnego      the DER around it
    stream      frames as they come from a TCP connection
    connection  a TCP connection: frames, negotiation, message ids, answers
    session     an authenticated session: keys, signed and encrypted requests
    proxy       somebody on the path between a client and the server
    rawtcp      a TCP that sends segments as it is told
    attack      a sound request turned into one that must be refused
"""
