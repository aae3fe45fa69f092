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

# NIST's gcmEncryptExtIV128.rsp, of no text: key, nonce, what is beside it, tag
GMAC_ANSWERS = (
    ("11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "",
     "250327c674aaf477aef2675748cf6971"),
    ("77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3",
     "7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946"),
    ("2fb45e5b8f993a2bfebc4b15b533e0b4", "5b05755f984d2b90f94b8027",
     "e85491b2202caf1d7dce03b97e09331c32473941",
     "c75b7832b2a2d9bd827412b6ef5769db"),
)

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
# A LOGOFF, MessageId 9
GMAC_KEY = "AC36E9543CD888F0A84123E46BB2A0D7"
GMAC_REQUEST = bytes.fromhex(
    "fe534d4240000100000000000200010018000000000000000900000000000000"
    "000000000000000053200c2100000000"
    "76234b3c812f51ab8a5cf9fa43d4eb2804000000")


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
def gmac_of_nist():
    for key, nonce, data, answer in GMAC_ANSWERS:
        equal(crypto.aes_gmac(*map(bytes.fromhex, (key, nonce, data))).hex(),
              answer)


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


def _gmac(message):
    return crypto.signature(wire.SIGN_AES_GMAC, bytes.fromhex(GMAC_KEY),
                            message)


@unit
def gmac_of_a_request():
    equal(_gmac(GMAC_REQUEST), GMAC_REQUEST[wire.SIGNATURE])
    equal(crypto.sign(wire.SIGN_AES_GMAC, bytes.fromhex(GMAC_KEY),
                      GMAC_REQUEST), GMAC_REQUEST)
    equal(crypto.gmac_nonce(GMAC_REQUEST).hex(), "09" + 11 * "00")


@unit
def nonces_of_gmac():
    """Who sends what, and with which MessageId; nothing else matters."""
    for fields, nonce in (
            ({}, 0), ({"flags": 0xfffffffe}, 0),
            ({"flags": wire.FLAG_RESPONSE}, 1), ({"command": wire.CANCEL}, 2),
            ({"command": wire.CANCEL, "flags": wire.FLAG_ASYNC,
              "async_id": 7}, 2),
            ({"command": wire.CANCEL, "flags": wire.FLAG_RESPONSE}, 3)):
        header = wire.Header(**{"command": wire.READ,
                                "message_id": 0x0102030405060708, **fields})
        equal(crypto.gmac_nonce(header.pack()).hex(),
              f"0807060504030201{nonce:02x}000000")


@unit
def gmac_depends_on_nonce_key_and_message():
    header = wire.Header(wire.ECHO, message_id=5)
    message = header.pack() + wire.echo().data
    signatures = {_gmac(message), crypto.aes_cmac(b"k" * 16, message),
                  crypto.signature(wire.SIGN_AES_GMAC, b"k" * 16, message),
                  crypto.signature(wire.SIGN_AES_GMAC, b"k" * 16, message,
                                   bytes(12)),
                  _gmac(message[:-1] + b"x"), _gmac(message + b"\0")}
    equal(len(signatures), 6)


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

    def __init__(self, algorithm):
        self.algorithm = algorithm

    def signature(self, message):
        return crypto.signature(self.algorithm, self.key, message)

    def sign(self, message, key=None, nonce=None):
        return crypto.sign(self.algorithm, key or self.key, message, nonce)


@unit
def no_attack_carries_a_valid_signature():
    for algorithm in (wire.SIGN_HMAC_SHA256, wire.SIGN_AES_CMAC,
                      wire.SIGN_AES_GMAC):
        _no_attack_is_valid(_Signer(algorithm))


@unit
def no_attack_on_a_nonce_carries_a_valid_signature():
    session = _Signer(wire.SIGN_AES_GMAC)
    for body in (wire.echo(), wire.cancel()):
        request = wire.Request(wire.Header(body.command, message_id=5),
                               body.data)
        for name, forge in attack.NONCES.items():
            message = forge(session, request)
            equal(message[wire.HEADER_SIZE:], body.data)
            expect(session.signature(message) != message[wire.SIGNATURE],
                   name)


def _no_attack_is_valid(session):
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
