# SPDX-License-Identifier: GPL-2.0-only
"""An authenticated session on a connection, or a further channel of one: its
keys, its requests signed or encrypted, its answers checked."""

import os
import time

from . import crypto, ntlm, spnego, wire


class BadSignature(Exception):
    """A response claims a signature that is not right."""


class Unsigned(BadSignature):
    """A response lacks the signature it must have."""


class Forbidden(BadSignature):
    """A response has a signature that must not have one: with AES-GMAC, whoever
    sees two messages signed with one key and one nonce can forge from then
    on."""


class StatusError(Exception):
    """A response with another status than the caller asked for."""

    def __init__(self, response):
        super().__init__(f"status {response.status:#010x} to command "
                         f"{response.header.command}")
        self.response = response


def _described(response):
    return f"response to command {response.header.command}, status " \
           f"{response.status:#010x}"


class Session:
    """One session. Requests are signed unless they say otherwise. Without a
    @user it is an anonymous one. @session_key: the one the client chooses.
    @previous: PreviousSessionId, the session that this one takes over."""

    SETUP_FLAGS = 0

    def __init__(self, connection, user, password, *, wrap=True,
                 security_mode=None, session_key=None, previous=0):
        self.connection = connection
        self.user = user
        self.password = password
        self.wrap = wrap
        self.security_mode = connection.security_mode \
            if security_mode is None else security_mode
        self.id = 0
        self.tree_id = 0
        self.encrypting = False
        self.guest = False
        self.signing = True
        self.proven = False
        self.signing_key = self.ciphers = None
        self.session_key = session_key
        self.previous = previous
        # With AES-GMAC: the signature of each answer, by its MessageId
        self.nonces = {}
        # MessageId of the first answer that its key can sign
        self.first_signed = None
        self.preauth = connection.preauth
        self.token = b""

    @property
    def must_sign(self):
        """Session.SigningRequired, 3.3.5.5.3."""
        demands = self.security_mode
        if not self.guest:
            demands |= self.connection.security_mode | \
                self.connection.negotiated.security_mode
        return bool(demands & wire.SIGNING_REQUIRED)

    # Authentication, 3.2.4.2.3

    def first_leg(self):
        """The SESSION_SETUP request that carries NEGOTIATE_MESSAGE."""
        token = ntlm.negotiate()
        if self.wrap:
            token = spnego.first_token(token)
        return self._leg(token)

    def final_leg(self):
        """The SESSION_SETUP request that carries AUTHENTICATE_MESSAGE."""
        token = self._authenticate_message()
        if self.wrap:
            token = spnego.next_token(token)
        return self._leg(token)

    def _authenticate_message(self):
        if not self.user:
            return ntlm.anonymous()
        key = os.urandom(16)
        if not self.signing_key:
            self.session_key = key = self.session_key or key
        return ntlm.authenticate(self.token, self.user, self.password, key,
                                 now=int(time.time() * 10000000))

    def _leg(self, token):
        return self.connection.request(
            wire.session_setup(token, self.security_mode, self.SETUP_FLAGS,
                               self.previous),
            session_id=self.id)

    def encode_leg(self, request):
        """A leg of the first authentication as it is sent."""
        return request.encode()

    def begin(self):
        """Do the first leg."""
        response = self._exchange(self.first_leg())
        if response.status != wire.MORE_PROCESSING_REQUIRED:
            raise StatusError(response)
        self.challenged(response)

    def challenged(self, response):
        """Take the CHALLENGE_MESSAGE out of the first leg's @response."""
        self.id = response.header.session_id
        _, self.token = wire.session_setup_token(response.raw)
        self.preauth = crypto.preauth_update(self.preauth, response.raw)

    def _exchange(self, request):
        message = self.encode_leg(request)
        self.preauth = crypto.preauth_update(self.preauth, message)
        self.connection.send(message)
        return self.connection.answer(request)

    def finished(self, response):
        """Derive the keys once the final leg's @response has come."""
        if response.status != wire.SUCCESS:
            raise StatusError(response)
        flags, _ = wire.session_setup_token(response.raw)
        self.guest = not any(self.session_key or b"") or bool(
            flags & (wire.SESSION_FLAG_IS_GUEST | wire.SESSION_FLAG_IS_NULL))
        self.encrypting = bool(flags & wire.SESSION_FLAG_ENCRYPT_DATA)
        self.signing = not self.guest
        if self.guest:
            self.session_key = bytes(16)
        self.derive_keys()
        if self.first_signed is None:
            self.first_signed = response.header.message_id
        self.connection.sessions[self.id] = self
        self.check(response)

    def derive_keys(self):
        """What comes from the session key and the preauthentication hash,
        3.2.5.3.3."""
        dialect = self.connection.dialect
        self.signing_key = crypto.signing_key(dialect, self.session_key,
                                              self.preauth)
        self.ciphers = crypto.cipher_keys(dialect, self.session_key,
                                          self.preauth)

    def setup(self):
        """Both legs; returns self."""
        self.begin()
        self.finished(self._exchange(self.final_leg()))
        return self

    def take_challenge(self, other):
        """Answer the challenge that @other was given: a server keeps it for
        the connection, not for the session."""
        self.token = other.token

    def setup_at_once(self, other):
        """Log in with one leg, the final one, which answers the challenge
        that @other was given; returns self."""
        self.take_challenge(other)
        response = self._exchange(self.final_leg())
        self.id = response.header.session_id
        self.finished(response)
        return self

    def sent_final_leg(self, message):
        """Note that the final leg @message was sent by the caller."""
        self.preauth = crypto.preauth_update(self.preauth, message)

    def reauthenticate(self):
        """Both legs again, 3.2.4.2.3; the keys stay as they are. Returns the
        last response."""
        for leg in (self.first_leg, self.final_leg):
            request = leg()
            self.send(request)
            response = self.answer(request)
            if response.status == wire.MORE_PROCESSING_REQUIRED:
                _, self.token = wire.session_setup_token(response.raw)
        return response

    # Requests

    def request(self, body, **fields):
        """A request of this session, as yet unsigned, on its tree."""
        fields.setdefault("session_id", self.id)
        fields.setdefault("tree_id", self.tree_id)
        return self.connection.request(body, **fields)

    @property
    def gmac(self):
        """Whether its key signs with AES-GMAC: that is as its own connection
        has agreed on, also where it signs on another one."""
        return self.connection.signing_algorithm == wire.SIGN_AES_GMAC

    def sign(self, message, key=None, nonce=None):
        """@message with a signature by this session's key, or by @key;
        @nonce: another one than AES-GMAC wants."""
        return crypto.sign(self.connection.signing_algorithm,
                           key or self.signing_key, message, nonce)

    def signature(self, message, key=None):
        """The signature @message should carry."""
        return crypto.signature(self.connection.signing_algorithm,
                                key or self.signing_key, message)

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
        """Send a Request encrypted, signed or plain, as the session is."""
        message = request.encode()
        if self.encrypting:
            message = self.encrypt(message)
        elif self.signing:
            message = self.sign(message)
        self.connection.send(message)

    def check(self, response):
        """Fail if @response lacks the signature that 3.3.4.1.1 wants, or
        claims one that is not right."""
        if response.encrypted or self._excused(response):
            return
        if response.signed:
            if self.gmac and not self._has_nonce(response):
                raise Forbidden(_described(response))
            self.verify(response, self.signing_key)
        elif self.connection.strict and self._wants_signature(response):
            raise Unsigned(_described(response))

    @staticmethod
    def _has_nonce(response):
        """Whether its MessageId is its own: what is said in between, or to
        nobody's request, shares one."""
        return not response.interim and \
            response.header.message_id != wire.NOTICE_ID

    def _excused(self, response):
        """A server that knows no such session has no key to sign with; ksmbd
        by itself sets the flag all the same."""
        return response.status == wire.USER_SESSION_DELETED and \
            not (self.connection.strict and response.signed)

    def _wants_signature(self, response):
        header = response.header
        if not self._has_nonce(response):
            return False
        # Nobody needs a guest's signature, whose key is no secret
        proven = not self.guest and \
            header.message_id in self.connection.sent_signed
        # Nobody gets a signed refusal who has not signed
        if response.status >= wire.ERROR:
            return proven and \
                header.message_id not in self.connection.sent_doubtful
        if proven:
            return True
        # In 2.1 the key need not be known before something is signed
        return self.must_sign and (self.proven or self.connection.dialect >=
                                   wire.DIALECT_300)

    def verify(self, response, key):
        """Fail unless @response is signed with @key."""
        signature = response.header.signature
        if self.signature(response.raw, key) != signature:
            raise BadSignature(_described(response))
        if self.gmac and signature != self.nonces.setdefault(
                response.header.message_id, signature):
            raise Forbidden(f"{_described(response)}: its nonce was used")
        self.proven = True

    def answer(self, request):
        """The final response to @request."""
        return self.connection.answer(request)

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
        self.tree_id = self.call(wire.tree_connect(share)).header.tree_id
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

    def logoff(self):
        """End it; its number may be another's from now on."""
        self.call(wire.logoff())
        self.connection.sessions.pop(self.id, None)


class Channel(Session):
    """A further channel of @session on another connection, 3.2.4.2.3.1: its
    SESSION_SETUP is signed with the session's key, all else with its own."""

    SETUP_FLAGS = wire.SETUP_FLAG_BINDING

    def __init__(self, connection, session, user=None, password=None):
        super().__init__(connection, user or session.user,
                         password or session.password,
                         security_mode=session.security_mode)
        self.session = session
        self.id = session.id
        self.tree_id = session.tree_id

    def encode_leg(self, request):
        return self.session.sign(request.encode())

    def challenged(self, response):
        self.check_refusal(response)
        super().challenged(response)

    def check_refusal(self, response):
        """Whatever answers a SESSION_SETUP that does not succeed is signed
        with Session.SigningKey, 3.3.4.1.1, as the session's own connection has
        agreed on. With AES-GMAC only if its MessageId was used neither there
        nor in another binding. (Samba's clients want it signed, and end the
        connection.)"""
        number, signature = (response.header.message_id,
                             response.header.signature)
        taken = self.session.gmac and (
            number >= self.session.first_signed or
            self.session.nonces.get(number, signature) != signature)
        if response.signed:
            if taken:
                raise Forbidden(_described(response))
            self.session.verify(response, self.session.signing_key)
        elif self.connection.strict and not taken:
            raise Unsigned(_described(response))

    def finished(self, response):
        if response.status != wire.SUCCESS:
            self.check_refusal(response)
        super().finished(response)

    def derive_keys(self):
        super().derive_keys()
        self.ciphers = self.session.ciphers
