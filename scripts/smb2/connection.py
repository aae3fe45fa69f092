# SPDX-License-Identifier: GPL-2.0-only
"""A TCP connection that speaks SMB2: frames, NEGOTIATE, message ids, credits
and answers, in whatever order they come."""

import os
import socket
import struct

from . import crypto, stream, wire

# Credits a connection tries to keep in its pocket
CREDITS_WANTED = 512


class Closed(Exception):
    """The server ended the connection."""


class Connection:
    """One connection; it ends with the `with` statement it is used in.
    @dialect: what NEGOTIATE must lead to. @dialects: what is offered, if
    that is more. @strict: responses must be signed where they should.
    @compression: algorithms that are offered, 2.2.3.1.3.
    @piece: send everything in segments of that many bytes. @source: our own
    address. @transport: a socket that is connected already."""

    def __init__(self, address="127.0.0.1", port=445, *,
                 dialect=wire.DIALECT_311, dialects=(), ciphers=(),
                 algorithms=(), compression=(),
                 security_mode=wire.SIGNING_ENABLED,
                 guid=None, strict=True, send_buffer=0, receive_buffer=0,
                 timeout=30, piece=0, source="", transport=None):
        self.dialect = dialect
        self.dialects = tuple(dialects) or (dialect,)
        self.ciphers = tuple(ciphers)
        self.algorithms = tuple(algorithms)
        self.compression = tuple(compression)
        self.security_mode = security_mode
        self.guid = guid or os.urandom(16)
        self.strict = strict
        self.piece = piece
        self.cipher = None
        self.signing_algorithm = crypto.default_algorithm(dialect)
        self.preauth = bytes(64)
        self.sessions = {}
        self.sent_signed = set()
        self.sent_doubtful = set()
        self.next_message_id = 0
        self.credits = 1
        self.answers = {}
        self.interim = {}
        self.notices = []
        self.negotiated = self.hello = None
        self.socket = transport or self._connect(
            address, port, send_buffer, receive_buffer, timeout, source)

    @staticmethod
    def _connect(address, port, send_buffer, receive_buffer, timeout, source):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Buffers are part of the first window, so before connect()
        if send_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        try:
            if source:
                sock.bind((source, 0))
            sock.connect((address, port))
        except OSError:
            sock.close()
            raise
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the connection without a word."""
        self.socket.close()

    def reset(self):
        """End the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.close()

    # Bytes and frames

    def transmit(self, data, flags=0):
        """Send @data as it is."""
        try:
            if flags:
                self.socket.send(data, flags)
            else:
                self.socket.sendall(data)
        except (ConnectionError, BrokenPipeError) as error:
            raise Closed(str(error)) from error

    def send(self, *messages):
        """Send each message in a frame of its own, all in one write."""
        data = b"".join(wire.frame(m) for m in messages)
        cuts = range(self.piece, len(data), self.piece) if self.piece else ()
        self.send_cut(data, *cuts)

    def _note_proofs(self, message):
        """Remember which requests prove that they are their session's: their
        answers must be signed, 3.3.4.1.1. One that does not makes the others
        of its frame doubtful."""
        proofs, session = {}, None
        for header, element in wire.elements(message):
            if header.session_id != wire.ANY_SESSION:
                session = self.sessions.get(header.session_id)
            proofs[header.message_id] = bool(
                session and header.flags & wire.FLAG_SIGNED and
                session.signature(element) == header.signature)
        self.sent_signed.update(i for i, proven in proofs.items() if proven)
        if not all(proofs.values()):
            self.sent_doubtful.update(proofs)

    def send_cut(self, data, *cuts):
        """Send @data as it is, in one segment up to each of @cuts."""
        for message in wire.messages(data):
            self._note_proofs(message)
        start = 0
        for cut in (*cuts, len(data)):
            self.transmit(data[start:cut])
            start = cut

    def receive_message(self):
        """The next frame's message, as it is."""
        try:
            return stream.receive_message(self.socket)
        except (ConnectionError, EOFError) as error:
            raise Closed(str(error)) from error

    # Messages

    def allocate(self, charge=1):
        """The MessageId of a new request that costs @charge credits,
        3.2.4.1.3."""
        message_id = self.next_message_id
        self.next_message_id += charge
        self.credits -= charge
        return message_id

    def request(self, body, **fields):
        """A request with this connection's next MessageId."""
        wanted = max(body.charge, 1)
        fields.setdefault("credit_charge", body.charge)
        fields.setdefault("credits", wanted +
                          max(0, CREDITS_WANTED - self.credits))
        if "message_id" not in fields:
            fields["message_id"] = self.allocate(body.charge)
        return wire.Request(wire.Header(body.command, **fields), body.data)

    def receive(self):
        """Take one message off the wire, check its elements and file them;
        returns them."""
        message = self.receive_message()
        encrypted = message[:4] == wire.PROTOCOL_TRANSFORM
        if encrypted:
            session = self.sessions[crypto.transform_session(message)]
            message = session.decrypt(message)
        responses = wire.split(message, encrypted)
        session = None
        for response in responses:
            # A related element need not name the session it belongs to
            session = self.sessions.get(response.header.session_id, session)
            if session:
                session.check(response)
            self._file(response)
        return responses

    def _file(self, response):
        header = response.header
        self.credits += header.credits
        if header.message_id == wire.NOTICE_ID:
            self.notices.append(response)
        elif response.interim:
            self.interim[header.message_id] = header.async_id
        else:
            self.answers[header.message_id] = response

    def answer(self, request):
        """The final response to @request, a Request or a MessageId."""
        message_id = getattr(request, "header", None)
        message_id = message_id.message_id if message_id else request
        while message_id not in self.answers:
            self.receive()
        return self.answers.pop(message_id)

    def wait_interim(self, request):
        """AsyncId of the interim response to @request, 3.2.5.1.5."""
        message_id = request.header.message_id
        while message_id not in self.interim:
            if message_id in self.answers:
                raise AssertionError("answered at once with status "
                                     f"{self.answers[message_id].status:#x}")
            self.receive()
        return self.interim[message_id]

    def wait_closed(self, limit=None):
        """Read until the server ends the connection; answers are filed."""
        old = self.socket.gettimeout()
        self.socket.settimeout(limit or old)
        try:
            while True:
                self.receive()
        except Closed as closed:
            return closed
        finally:
            self.socket.settimeout(old)

    # Negotiation

    @property
    def offer(self):
        """What NEGOTIATE says about this client."""
        capabilities = wire.CAP_LARGE_MTU
        if self.ciphers and max(self.dialects) >= wire.DIALECT_300:
            capabilities |= wire.CAP_ENCRYPTION
        return wire.Offer(self.dialects, self.security_mode, capabilities,
                          self.guid)

    @property
    def contexts(self):
        """The negotiate contexts that go with 3.1.1, 3.2.4.2.2.2."""
        if wire.DIALECT_311 not in self.dialects:
            return []
        contexts = [wire.preauth_context(os.urandom(32))]
        if self.ciphers:
            contexts.append(wire.list_context(wire.CONTEXT_ENCRYPTION,
                                              self.ciphers))
        if self.algorithms:
            contexts.append(wire.list_context(wire.CONTEXT_SIGNING,
                                              self.algorithms))
        if self.compression:
            contexts.append(wire.compression_context(self.compression))
        return contexts

    def negotiate_request(self, contexts=None):
        """The NEGOTIATE request this connection would send, or one with
        other @contexts."""
        body = wire.negotiate(self.offer, self.contexts if contexts is None
                              else contexts)
        return self.request(body, credit_charge=0)

    def negotiate(self, contexts=None):
        """Agree on the dialect, perhaps with other @contexts; returns
        self."""
        message = self.negotiate_request(contexts).encode()
        self.send(message)
        response = self.answer(self.next_message_id - 1)
        if response.status != wire.SUCCESS:
            raise AssertionError(f"NEGOTIATE: status {response.status:#x}")
        self.negotiated = wire.NegotiateResponse.unpack(response.raw)
        if self.negotiated.dialect != self.dialect:
            raise AssertionError(f"dialect {self.negotiated.dialect:#x}")
        self.hello = response.raw
        for part in (message, response.raw):
            self.preauth = crypto.preauth_update(self.preauth, part)
        self.cipher = self._agreed_cipher()
        self.signing_algorithm = self._agreed_algorithm()
        return self

    def _agreed_algorithm(self):
        context = self.negotiated.contexts.get(wire.CONTEXT_SIGNING)
        if context is None:
            return crypto.default_algorithm(self.dialect)
        count, algorithm = struct.unpack_from("<HH", context)
        if count != 1 or algorithm not in self.algorithms:
            raise AssertionError(f"signing algorithm {algorithm:#x}")
        return algorithm

    def _agreed_cipher(self):
        if self.dialect == wire.DIALECT_311:
            context = self.negotiated.contexts.get(wire.CONTEXT_ENCRYPTION)
            return int.from_bytes(context[2:4], "little") if context else None
        if self.negotiated.capabilities & wire.CAP_ENCRYPTION:
            return wire.CIPHER_AES128_CCM
        return None
