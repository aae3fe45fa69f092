# SPDX-License-Identifier: GPL-2.0-only
"""An authenticated session on a connection: its keys, its requests signed
or encrypted, its answers checked."""

import time

from . import crypto, ntlm, spnego, wire


class BadSignature(Exception):
    """A response claims a signature that is not right."""


class StatusError(Exception):
    """A response with another status than the caller asked for."""

    def __init__(self, response):
        super().__init__(f"status {response.status:#010x} to command "
                         f"{response.header.command}")
        self.response = response


class Session:
    """One session. Requests are signed unless they say otherwise."""

    def __init__(self, connection, user, password, *, wrap=True,
                 security_mode=None):
        self.connection = connection
        self.user = user
        self.password = password
        self.wrap = wrap
        self.security_mode = connection.security_mode \
            if security_mode is None else security_mode
        self.id = 0
        self.tree_id = 0
        self.encrypting = False
        self.signing_key = self.session_key = self.ciphers = None
        self.preauth = connection.preauth
        self._token = b""
        self._claimed_key = b""

    # Authentication, 3.2.4.2.3

    def first_leg(self):
        """The SESSION_SETUP request that carries NEGOTIATE_MESSAGE."""
        token = ntlm.negotiate()
        if self.wrap:
            token = spnego.first_token(token)
        return self._leg(token)

    def final_leg(self):
        """The SESSION_SETUP request that carries AUTHENTICATE_MESSAGE."""
        now = int(time.time() * 10000000)
        token, self._claimed_key = ntlm.authenticate(
            self._token, self.user, self.password, now=now)
        if self.wrap:
            token = spnego.next_token(token)
        return self._leg(token)

    def _leg(self, token):
        return self.connection.request(
            wire.session_setup(token, self.security_mode),
            session_id=self.id)

    def begin(self):
        """Do the first leg."""
        request = self.first_leg()
        response = self._exchange(request)
        if response.status != wire.MORE_PROCESSING_REQUIRED:
            raise StatusError(response)
        self.challenged(response)

    def challenged(self, response):
        """Take the CHALLENGE_MESSAGE out of the first leg's @response."""
        self.id = response.header.session_id
        _, self._token = wire.session_setup_token(response.raw)
        self.preauth = crypto.preauth_update(self.preauth, response.raw)

    def _exchange(self, request):
        message = request.encode()
        self.preauth = crypto.preauth_update(self.preauth, message)
        self.connection.send(message)
        return self.connection.answer(request)

    def finished(self, response):
        """Derive the keys once the final leg's @response has come."""
        if response.status != wire.SUCCESS:
            raise StatusError(response)
        dialect = self.connection.dialect
        self.session_key = self._claimed_key
        self.signing_key = crypto.signing_key(dialect, self.session_key,
                                              self.preauth)
        self.ciphers = crypto.cipher_keys(dialect, self.session_key,
                                          self.preauth)
        self.connection.sessions[self.id] = self
        flags, _ = wire.session_setup_token(response.raw)
        self.encrypting = bool(flags & wire.SESSION_FLAG_ENCRYPT_DATA)
        self.check(response)

    def setup(self):
        """Both legs; returns self."""
        self.begin()
        self.finished(self._exchange(self.final_leg()))
        return self

    def sent_final_leg(self, message):
        """Note that the final leg @message was sent by the caller."""
        self.preauth = crypto.preauth_update(self.preauth, message)

    # Requests

    def request(self, body, **fields):
        """A request of this session, as yet unsigned, on its tree."""
        fields.setdefault("session_id", self.id)
        fields.setdefault("tree_id", self.tree_id)
        return self.connection.request(body, **fields)

    def sign(self, message, key=None):
        """@message with a signature by this session's key, or by @key."""
        return crypto.sign(self.connection.dialect, key or self.signing_key,
                           message)

    def signature(self, message):
        """The signature @message should carry."""
        return crypto.signature(self.connection.dialect, self.signing_key,
                                message)

    def signed(self, body, **fields):
        """A new request, ready to send: (MessageId, bytes)."""
        request = self.request(body, **fields)
        return request.header.message_id, self.sign(request.encode())

    def encrypt(self, message):
        """@message in a transform."""
        return crypto.encrypt(self.connection.cipher, self.ciphers[0],
                              self.id, message)

    def decrypt(self, message):
        """The message in a transform from the server."""
        return crypto.decrypt(self.connection.cipher, self.ciphers[1],
                              message)

    def chain(self, bodies, related=True):
        """The elements of a compound, unsigned, each filled up to a
        multiple of eight bytes, 3.2.4.1.4."""
        requests = []
        for index, body in enumerate(bodies):
            fields = {}
            if related and index:
                fields = {"flags": wire.FLAG_RELATED,
                          "session_id": wire.ANY_SESSION,
                          "tree_id": wire.ANY_TREE}
            request = self.request(body, **fields)
            if index < len(bodies) - 1:
                request.body = request.body + bytes(-len(request.body) % 8)
                request.header.next_command = \
                    wire.HEADER_SIZE + len(request.body)
            requests.append(request)
        return requests

    def send(self, request):
        """Send a Request signed, or encrypted if the session is."""
        if self.encrypting:
            self.connection.send(self.encrypt(request.encode()))
        else:
            self.connection.send(self.sign(request.encode()))

    def check(self, response):
        """Raise BadSignature if @response claims a wrong signature."""
        if response.encrypted or not response.signed:
            return
        # A server that knows no such session has no key to sign with, but
        # ksmbd sets the flag
        if response.status == wire.USER_SESSION_DELETED:
            return
        if self.signature(response.raw) != response.header.signature:
            raise BadSignature(f"response to command "
                               f"{response.header.command}, status "
                               f"{response.status:#010x}")

    def answer(self, request):
        """The checked final response to @request."""
        response = self.connection.answer(request)
        self.check(response)
        return response

    def call(self, body, expect=wire.SUCCESS, **fields):
        """Send @body and return its answer; another status than @expect
        (None: any) is a StatusError."""
        request = self.request(body, **fields)
        self.send(request)
        response = self.answer(request)
        if expect is not None and response.status != expect:
            raise StatusError(response)
        return response

    # What tests do all the time

    def connect_tree(self, share):
        """Connect to @share and stay there; returns self."""
        path = rf"\\127.0.0.1\{share}"
        self.tree_id = self.call(wire.tree_connect(path)).header.tree_id
        return self

    def create(self, path, **options):
        """FileId of the new or opened file @path."""
        return wire.created_file(self.call(wire.create(path, **options)).raw)

    def close_file(self, file_id):
        """Close @file_id."""
        self.call(wire.close(file_id))

    def write(self, file_id, offset, data):
        """Write all of @data in one request."""
        response = self.call(wire.write(file_id, offset, data))
        if wire.written(response.raw) != len(data):
            raise AssertionError("short write")

    def read(self, file_id, offset, length):
        """Read @length bytes in one request."""
        return wire.read_data(self.call(wire.read(file_id, offset,
                                                  length)).raw)

    def echo(self):
        """A round trip."""
        self.call(wire.echo())
