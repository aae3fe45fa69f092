# SPDX-License-Identifier: GPL-2.0-only
"""Somebody who listens, knows the password and nothing else, and checks every
signature of a dialogue: the raw client's, and smbclient's. He has been told by
[MS-SMB2] and [MS-NLMP] alone: no code of the module's, nor of the raw client's,
tells him what a key or a signature is. He takes every message as it was on the
wire, and notices if a key has signed two of them with one nonce."""

import hashlib
import hmac
import pathlib
import random
import struct
import tempfile
from collections import Counter

from Cryptodome.Cipher import AES, ARC4
from Cryptodome.Hash import CMAC, MD4

from smb2 import wire
from smb2.proxy import Proxy
from smb2.session import Channel

from .rig import GMAC, HMAC, LATEST
from .server import SHARE, run
from .tap import case, equal, expect, status

HMAC_SHA256, AES_CMAC, AES_GMAC = range(3)
NEGOTIATE, SESSION_SETUP, CANCEL = 0, 1, 12
RESPONSE, ASYNC, RELATED, SIGNED = 1, 2, 4, 8
PENDING, MORE_PROCESSING = 0x103, 0xC0000016
BINDING = 1
SAME, NOBODY = 2 ** 64 - 1, 2 ** 64 - 1
CONTEXT_SIGNING = 8
KEY_EXCHANGE = 0x40000000


class Wrong(AssertionError):
    """A signature is not what it must be."""


def _signature(algorithm, key, element):
    """3.1.4.1."""
    data = element.data[:48] + bytes(16) + element.data[64:]
    if algorithm == HMAC_SHA256:
        return hmac.new(key, data, hashlib.sha256).digest()[:16]
    if algorithm == AES_CMAC:
        return CMAC.new(key, data, AES).digest()
    gcm = AES.new(key, AES.MODE_GCM, nonce=element.nonce, mac_len=16)
    gcm.update(data)
    return gcm.digest()


def _signing_key(session_key, preauth):
    """3.1.4.2, for 3.1.1."""
    text = b"\0\0\0\1SMBSigningKey\0\0" + preauth + b"\0\0\0\x80"
    return hmac.new(session_key, text, hashlib.sha256).digest()[:16]


def _session_key(authenticate, password):
    """ExportedSessionKey, [MS-NLMP] 3.3.2 and 3.1.5.1.2, from an
    AUTHENTICATE_MESSAGE."""
    def field(at):
        size, _, offset = struct.unpack_from("<HHI", authenticate, at)
        return authenticate[offset:offset + size]
    user, domain = field(36).decode("utf-16-le"), field(28)
    ntowf = hmac.new(MD4.new(password.encode("utf-16-le")).digest(),
                     user.upper().encode("utf-16-le") + domain,
                     "md5").digest()
    base = hmac.new(ntowf, field(20)[:16], "md5").digest()
    flags, = struct.unpack_from("<I", authenticate, 60)
    return ARC4.new(base).decrypt(field(52)) if flags & KEY_EXCHANGE else base


class Element:
    """One request or response, as it was sent."""

    def __init__(self, data):
        self.data = data
        self.status, self.command, _, self.flags, self.next, self.id = \
            struct.unpack_from("<IHHIIQ", data, 8)
        self.session, = struct.unpack_from("<Q", data, 40)
        self.signature = data[48:64]

    @property
    def response(self):
        """Whether the server has sent it."""
        return bool(self.flags & RESPONSE)

    @property
    def signed(self):
        """Whether it says that it is signed."""
        return bool(self.flags & SIGNED)

    @property
    def between(self):
        """Whether its MessageId is not its own."""
        return self.response and (self.id == NOBODY or self.status == PENDING)

    @property
    def nonce(self):
        """Of AES-GMAC."""
        return self.id.to_bytes(8, "little") + bytes(
            [self.response | (self.command == CANCEL) << 1, 0, 0, 0])

    def __str__(self):
        return f"{'response' if self.response else 'request'} " \
               f"{self.command}, MessageId {self.id}, status {self.status:#x}"


def _elements(message):
    if message[:4] != b"\xfeSMB":
        raise Wrong(f"not to be read: {message[:4]}")
    while message:
        element = Element(message)
        element.data = message[:element.next or None]
        yield element
        message = message[element.next:] if element.next else b""


def _algorithm(response):
    """Of a NEGOTIATE response, 2.2.4.1.7."""
    data = response.data
    count, = struct.unpack_from("<H", data, 70)
    at, = struct.unpack_from("<I", data, 124)
    for _ in range(count):
        kind, size = struct.unpack_from("<HH", data, at)
        if kind == CONTEXT_SIGNING:
            return struct.unpack_from("<H", data, at + 10)[0]
        at += 8 + size + -size % 8
    return AES_CMAC


class Oracle:
    """Listens to all connections of a client. @sessions: of each number the
    key, and what it signs with."""

    def __init__(self, password):
        self.password = password
        self.sessions = {}
        self.spent = {}
        self.checked = Counter()

    def check(self, element, key, algorithm):
        """Fail unless @element is signed with @key, and is the only one with
        its nonce."""
        if _signature(algorithm, key, element) != element.signature:
            raise Wrong(f"the signature of {element}")
        if algorithm == AES_GMAC and self.spent.setdefault(
                (key, element.nonce), element.data) != element.data:
            raise Wrong(f"the nonce of {element} was used before")
        self.checked[element.response] += 1

    def listen(self, messages):
        """Check one connection: its @messages, as they came."""
        ear = Ear(self)
        for message in messages:
            ear.hear(message)
        return ear


class Ear:
    """One connection."""

    def __init__(self, oracle):
        self.oracle = oracle
        self.preauth = bytes(64)
        self.algorithm = None
        self.keys = {}          # of each session
        self.hashes = {}        # of each session in the making
        self.asked = {}         # by MessageId: (request, its session)

    def hear(self, message):
        """The next message."""
        last = 0
        for element in _elements(message):
            if element.session != SAME or not element.flags & RELATED:
                last = element.session
            self._element(element, last)

    def _element(self, element, session):
        if element.command == NEGOTIATE:
            self.preauth = hashlib.sha512(self.preauth +
                                          element.data).digest()
            if element.response:
                self.algorithm = _algorithm(element)
            if element.signed:
                raise Wrong(f"{element} is signed")
        elif element.command == SESSION_SETUP and element.response:
            self._answered(element)
        elif element.command == SESSION_SETUP:
            self._leg(element, session)
        elif element.response:
            self._response(element, session)
        else:
            self._request(element, session)

    # SESSION_SETUP

    def _leg(self, element, session):
        self.asked[element.id] = element, session
        if session in self.keys:                    # once more
            self._request(element, session)
            return
        before = self.hashes.pop(session, self.preauth)
        self.hashes[element.id, "leg"] = hashlib.sha512(
            before + element.data).digest()
        if element.data[66] & BINDING:
            self.oracle.check(element, *self.oracle.sessions[session])
        elif element.signed:
            raise Wrong(f"{element} is signed, by whom?")

    def _answered(self, element):
        request, asked_for = self.asked[element.id]
        after = self.hashes.pop((element.id, "leg"), None)
        if after is None:
            self._response(element, asked_for)
        elif element.status == MORE_PROCESSING:
            self.hashes[element.session] = hashlib.sha512(
                after + element.data).digest()
            self._refused(element, request)
        elif element.status:
            self._refused(element, request)
        else:
            self._established(element, request, after)

    def _refused(self, element, request):
        if not element.signed:
            return
        if not request.data[66] & BINDING:
            raise Wrong(f"{element} is signed, by whom?")
        self.oracle.check(element, *self.oracle.sessions[element.session])

    def _established(self, element, request, preauth):
        token = request.data[request.data.index(b"NTLMSSP\0\3"):]
        key = _signing_key(_session_key(token, self.oracle.password), preauth)
        self.keys[element.session] = key
        self.oracle.sessions.setdefault(element.session,
                                        (key, self.algorithm))
        self.oracle.check(element, key, self.algorithm)

    # All the rest

    def _request(self, element, session):
        self.asked[element.id] = element, session
        if session not in self.keys:
            return
        if not element.signed:
            raise Wrong(f"{element} is not signed")
        self.oracle.check(element, self.keys[session], self.algorithm)

    def _response(self, element, session):
        if element.between and self.algorithm == AES_GMAC:
            if element.signed:
                raise Wrong(f"{element} is signed")
        if element.between:
            return
        request, asked_for = self.asked[element.id]
        session = session if session in self.keys else asked_for
        if session not in self.keys or not request.signed:
            return
        if not element.signed:
            raise Wrong(f"{element} is not signed")
        self.oracle.check(element, self.keys[session], self.algorithm)


class Tap(Proxy):
    """Lets everything pass, and keeps it."""

    def __init__(self):
        self.messages = []
        super().__init__(self._keep, self._keep)

    def _keep(self, message):
        self.messages.append(bytes(message))
        return message


# Who talks

def _interim(session, rig):
    """A LOCK that waits and is cancelled, and one that is granted."""
    file = rig.file(b"0123456789", session)
    holder = session.create(file.name)
    for end in ("cancel", "unlock"):
        session.call(wire.lock(holder, 0, 8, wire.LOCK_EXCLUSIVE |
                               wire.LOCK_FAIL_IMMEDIATELY))
        waits = session.request(wire.lock(file.id, 0, 8, wire.LOCK_EXCLUSIVE))
        session.send(waits)
        async_id = session.connection.wait_interim(waits)
        if end == "unlock":
            session.call(wire.lock(holder, 0, 8, wire.LOCK_UNLOCK))
            # ksmbd can miss it (flaws.py)
            session.echo()
        session.send(session.request(
            wire.cancel(), message_id=waits.header.message_id,
            flags=wire.FLAG_ASYNC, async_id=async_id))
        answer = session.answer(waits)
        expect(answer.status in (wire.CANCELLED, wire.SUCCESS), "status")
        if answer.status == wire.CANCELLED:
            session.call(wire.lock(holder, 0, 8, wire.LOCK_UNLOCK),
                         expect=None)


def _compounds(session, rig):
    for related in (True, False):
        path = rig.fresh_path()
        bodies = [wire.create(path.name), wire.query_info(wire.ANY_FILE),
                  wire.close(wire.ANY_FILE)]
        if not related:
            bodies[1:] = [wire.echo(), wire.create("no\\where")]
        requests = session.chain(bodies, related)
        session.connection.send(b"".join(
            session.sign(request.encode()) for request in requests))
        for request in requests:
            session.answer(request)


def _errors(session):
    for body in (wire.create("nowhere", disposition=wire.OPEN),
                 wire.read(b"\x77" * 16, 0, 8), wire.Body(0x13, bytes(4)),
                 wire.tree_connect("nowhere")):
        expect(session.call(body, expect=None).status != wire.SUCCESS,
               "it worked")


def _transfers(session, rig):
    file = rig.file(b"", session)
    for size in (1, 15, 16, 17, 4096, 70000, 1 << 20):
        while session.connection.credits < 40:
            session.echo()
        data = random.Random(size).randbytes(size)
        session.write(file.id, 0, data)
        equal(session.read(file.id, 0, size), data, "data")


def _work(session, rig):
    session.connect_tree("share")
    _transfers(session, rig)
    _compounds(session, rig)
    _errors(session)
    _interim(session, rig)


def _dialogue(rig, tap, beside):
    """Two sessions on a connection, one of them authenticated again and with
    a channel, which goes through @beside."""
    connection = rig.connect(port=tap.port)
    session = rig.session_on(connection).setup()
    _work(session, rig)
    other = rig.session_on(connection).setup()
    other.connect_tree("share").echo()
    status(session.reauthenticate(), wire.SUCCESS)
    _work(session, rig)
    channel = Channel(rig.connect(port=beside.port, guid=connection.guid),
                      session).setup()
    _work(channel, rig)
    session.echo()
    other.echo()
    session.logoff()
    connection.close()
    channel.connection.close()


def _notices_what_is_wrong(password, messages):
    """An oracle that is content with everything would be so here, too."""
    last = max(index for index, message in enumerate(messages)
               if Element(message).signed and not Element(message).next)
    for place in (24, 48, -1):
        changed = bytearray(messages[last])
        changed[place] ^= 1
        oracle = Oracle(password)
        try:
            oracle.listen([*messages[:last], bytes(changed)])
        except (Wrong, KeyError):
            continue
        raise AssertionError(f"byte {place} of a message does not matter")


@case(modes=("mandatory",), profiles=(*LATEST, HMAC, GMAC))
def every_signature_of_a_dialogue_is_right(rig):
    with Tap() as tap, Tap() as beside:
        _dialogue(rig, tap, beside)
    oracle = Oracle(rig.server.password)
    for one in (tap, beside):
        equal(one.error, None, "the one in between")
        equal(oracle.listen(one.messages).algorithm,
              rig.profile.algorithms[0] if rig.profile.algorithms else
              AES_CMAC, "algorithm")
    print(f"# signed: {oracle.checked[False]} requests, "
          f"{oracle.checked[True]} responses", flush=True)
    expect(min(oracle.checked.values()) > 80, f"{oracle.checked}")
    _notices_what_is_wrong(rig.server.password, tap.messages)


COMMANDS = ("mkdir oracle", "cd oracle", "put {0}/large large",
            "put {0}/small small", "ls", "rename small tiny",
            "get large {0}/back", "get tiny {0}/tiny", "del tiny", "del large",
            "cd ..", "rmdir oracle")


@case(modes=("mandatory", "required"), profiles=LATEST)
def every_signature_of_smbclient_and_its_server_is_right(rig):
    """As it comes, it prefers AES-GMAC."""
    with tempfile.TemporaryDirectory() as name, Tap() as tap:
        large = pathlib.Path(name, "large")
        large.write_bytes(random.Random(9).randbytes(5 << 20))
        pathlib.Path(name, "small").write_bytes(b"small")
        output = run("smbclient", "//127.0.0.1/share", "-p", str(tap.port),
                     "-U", f"{rig.server.user}%{rig.server.password}",
                     "--option=client signing=required", "-m", "SMB3_11",
                     "-c", ";".join(COMMANDS).format(name)).stdout
        expect("NT_STATUS" not in output, output)
        equal(pathlib.Path(name, "back").read_bytes(), large.read_bytes(),
              "what came back")
        equal(pathlib.Path(name, "tiny").read_bytes(), b"small", "content")
        expect(not (SHARE / "oracle").exists(), "it was not removed")
    oracle = Oracle(rig.server.password)
    equal(oracle.listen(tap.messages).algorithm, AES_GMAC, "algorithm")
    print(f"# signed: {oracle.checked[False]} requests, "
          f"{oracle.checked[True]} responses", flush=True)
    expect(min(oracle.checked.values()) > 20, f"{oracle.checked}")
    _notices_what_is_wrong(rig.server.password, tap.messages)


@case(modes=("mandatory",), profiles=(GMAC,))
def oracle_notices_a_nonce_that_is_used_twice(rig):
    """Another message signed with the right key: nobody else would complain."""
    with Tap() as tap:
        connection = rig.connect(port=tap.port)
        session = rig.session_on(connection).setup().connect_tree("share")
        session.echo()
        connection.close()
    response = Element(tap.messages[-1])
    expect(response.response and response.signed, "not what was expected")
    other = bytearray(response.data)
    other[14] ^= 1                                  # Credits
    other[48:64] = _signature(AES_GMAC, session.signing_key,
                              Element(bytes(other)))
    oracle = Oracle(rig.server.password)
    try:
        oracle.listen([*tap.messages, bytes(other)])
    except Wrong as wrong:
        expect("was used before" in str(wrong), f"{wrong}")
        return
    raise AssertionError("it did not")
