# SPDX-License-Identifier: GPL-2.0-only
"""The client against known answers. If these fail, nothing else counts."""

import struct

from smb2 import attack, crypto, ntlm, spnego, wire

from .tap import equal, expect, unit

CMAC_KEY = "2b7e151628aed2a6abf7158809cf4f3c"
CMAC_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
# RFC 4493, section 4: by message length
CMAC_ANSWERS = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}

# SMB 3.0, from Microsoft's anatomy of signing and cryptographic keys
KDF_300 = {
    "7CD451825D0450D235424E44BA6E78CC": "0B7E9C5CAC36C0F6EA9AB275298CEDCE",
    "4E01A2B313BCF660CC250BEF021AEDE6": "BA1A17DBBFEC349BCA105563D598952F",
    "726d4c454e63516446695457664e5042": "6d151b6134d879c86ef4bff1c0b4566f",
}

# SMB 3.1.1, same source: session key, preauth hash, signing key
KDF_311 = (
    ("270E1BA896585EEB7AF3472D3B4C75A7",
     "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79"
     "28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01",
     "73FE7A9A77BEF0BDE49C650D8CCB5F76"),
    ("84B9DBB730116A8FA6E9889555C265F9",
     "EA3BF912B11CBFEC5B1889E8209614218687F82FA5294521AD3063425E49E88A"
     "10BD022124CE25123BC9111F52D9566BA88BF46344E6063DC5E3FF0389026F6C",
     "C962BCA1A9DD1697B030644199705431"),
)

CHANNEL_KEY = "73FE7A9A77BEF0BDE49C650D8CCB5F76"
BINDING_REQUEST = bytes.fromhex(
    "FE534D4240000100000000000100800008000000000000000200000000000000"
    "FFFE000000000000190000000010000068BD0C58F613CE1334B1EB51C68D39EA"
    "19000101010000000000000058004A000000000000000000"
    "604806062B0601050502A03E303CA00E300C060A2B06010401823702020AA22A"
    "04284E544C4D5353500001000000978208E2000000000000000000000000"
    "00000000060380250000000F")
SETUP_RESPONSE = bytes.fromhex(
    "FE534D4240000100000000000100800009000000000000000300000000000000"
    "FFFE0000000000001900000000100000EBE146DA120BA25FC3376A49DFE31BC1"
    "0900000048001D00A11B3019A0030A0100A3120410010000003B453CDC352416"
    "4200000000")
HMAC_KEY = "04E707571F8E0353B77A94C3653B87B5"
HMAC_RESPONSE = bytes.fromhex(
    "fe534d4240000100280100c00b00070009000000000000000400000000000000"
    "fffe0000010000000500000000040000a164ffe53d6811981f386772e387e06f"
    "0900000000000000ff")


@unit
def hmac_of_rfc_4231():
    equal(crypto.hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex(),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")


@unit
def cmac_of_rfc_4493():
    for size, answer in CMAC_ANSWERS.items():
        equal(crypto.aes_cmac(bytes.fromhex(CMAC_KEY),
                              CMAC_MESSAGE[:size]).hex(), answer)


@unit
def signing_keys_of_3_0():
    for session_key, answer in KDF_300.items():
        equal(crypto.signing_key(wire.DIALECT_300, bytes.fromhex(session_key),
                                 b""), bytes.fromhex(answer))


@unit
def signing_keys_of_3_1_1():
    for session_key, preauth, answer in KDF_311:
        equal(crypto.signing_key(wire.DIALECT_311, bytes.fromhex(session_key),
                                 bytes.fromhex(preauth)),
              bytes.fromhex(answer))


@unit
def signatures_of_3_1_1():
    for message in (BINDING_REQUEST, SETUP_RESPONSE):
        equal(crypto.signature(wire.SIGN_AES_CMAC, bytes.fromhex(CHANNEL_KEY),
                               message), message[wire.SIGNATURE])


@unit
def signature_of_2_1():
    equal(crypto.signature(wire.SIGN_HMAC_SHA256, bytes.fromhex(HMAC_KEY),
                           HMAC_RESPONSE), HMAC_RESPONSE[wire.SIGNATURE])


@unit
def ntlmv2_of_ms_nlmp():
    """[MS-NLMP] 4.2.4: NTOWFv2, the proof and the session base key."""
    key = ntlm.ntowfv2("User", "Password", "Domain")
    equal(key.hex(), "0c868a403bfd7a93a3001ef22ef02e3f")
    target_info = bytes.fromhex(
        "02000c0044006f006d00610069006e00"
        "01000c005300650072007600650072000000" "0000")
    answer, base_key = ntlm.response(
        key, bytes.fromhex("0123456789abcdef"), target_info, b"\xaa" * 8, 0)
    equal(answer[:16].hex(), "68cd0ab851e51c96aabc927bebef6a1c")
    equal(base_key.hex(), "8de40ccadbc14a82f15cb0ad0de95ca3")


@unit
def der_lengths():
    equal(spnego.der(4, bytes(5))[:2], b"\x04\x05")
    equal(spnego.der(4, bytes(200))[:3], b"\x04\x81\xc8")
    equal(spnego.der(4, bytes(300))[:4], b"\x04\x82\x01\x2c")


@unit
def header_survives_packing():
    header = wire.Header(wire.WRITE, status=5, flags=wire.FLAG_SIGNED,
                         message_id=1 << 40, session_id=7, tree_id=9,
                         credits=3, next_command=128, signature=b"s" * 16)
    equal(wire.Header.unpack(header.pack()), header)
    header = wire.Header(wire.LOCK, flags=wire.FLAG_ASYNC, async_id=1 << 33)
    equal(wire.Header.unpack(header.pack()), header)


@unit
def transform_opens_again():
    for cipher in crypto.NONCE_SIZES:
        sealed = crypto.encrypt(cipher, b"k" * 16, 77, b"message")
        equal(crypto.transform_session(sealed), 77)
        equal(crypto.decrypt(cipher, b"k" * 16, sealed), b"message")
        damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        try:
            crypto.decrypt(cipher, b"k" * 16, damaged)
        except ValueError:
            continue
        raise AssertionError("a damaged transform was opened")


class _Signer:
    """As much of a session as the attacks need."""

    key = b"k" * 16

    def signature(self, message):
        return crypto.signature(wire.SIGN_AES_CMAC, self.key, message)

    def sign(self, message, key=None):
        return crypto.sign(wire.SIGN_AES_CMAC, key or self.key, message)


@unit
def no_attack_carries_a_valid_signature():
    session = _Signer()
    body = wire.write(b"f" * 16, 0, b"data")
    request = wire.Request(wire.Header(wire.WRITE, message_id=5), body.data)
    good = session.sign(request.encode())
    equal(session.signature(good), good[wire.SIGNATURE])
    for name, forge in attack.ALL.items():
        message = forge(session, request)
        equal(message[wire.HEADER_SIZE:], body.data)
        flags, = struct.unpack_from("<I", message, 16)
        expect(not flags & wire.FLAG_SIGNED or
               session.signature(message) != message[wire.SIGNATURE], name)
        expect((name in attack.FORGED) == bool(flags & wire.FLAG_SIGNED),
               name)
