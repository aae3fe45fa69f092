# SPDX-License-Identifier: GPL-2.0-only
"""What a case works with: connections and sessions to the server under test
with the dialect and the offers of one client profile."""

import contextlib
import itertools
from dataclasses import dataclass

from smb2 import wire
from smb2.connection import Connection
from smb2.session import Channel, Session, StatusError

from .server import SHARE, loaded
from .tap import status


@dataclass(frozen=True)
class Profile:
    """A kind of client."""

    name: str
    dialect: int
    ciphers: tuple = ()
    algorithms: tuple = ()


CIPHERS = (wire.CIPHER_AES128_GCM, wire.CIPHER_AES128_CCM)

# Those that offer no encryption first: ksmbd remembers the offer of a 3.0
# client for all that come later.
PROFILES = (
    Profile("2.1", wire.DIALECT_210),
    Profile("3.0", wire.DIALECT_300),
    Profile("3.0.2", wire.DIALECT_302),
    Profile("3.1.1", wire.DIALECT_311),
    Profile("3.0+enc", wire.DIALECT_300, CIPHERS),
    Profile("3.0.2+enc", wire.DIALECT_302, CIPHERS),
    Profile("3.1.1+enc", wire.DIALECT_311, CIPHERS),
)
# Whose signatures are not what their dialect has by default
HMAC = Profile("3.1.1+hmac", wire.DIALECT_311,
               algorithms=(wire.SIGN_HMAC_SHA256, wire.SIGN_AES_CMAC))
# As clients offer it that know it. No ksmbd does
GMAC = Profile("3.1.1+gmac", wire.DIALECT_311,
               algorithms=(wire.SIGN_AES_GMAC, wire.SIGN_AES_CMAC,
                           wire.SIGN_HMAC_SHA256))
GMAC_ENCRYPTING = Profile("3.1.1+gmac+enc", wire.DIALECT_311, CIPHERS,
                          algorithms=GMAC.algorithms)
EVERY = (*PROFILES, HMAC, GMAC, GMAC_ENCRYPTING)
# What real clients come with
USUAL = (*PROFILES, GMAC)
PLAIN = PROFILES[:4]
ENCRYPTING = (*PROFILES[4:], GMAC_ENCRYPTING)
LATEST = PROFILES[3:4]
# One for each signing algorithm
ALGORITHMS = (PROFILES[0], *LATEST, GMAC)
# The same where a case is long, and what signs plays no part
FEW = (PROFILES[0], GMAC)
# Those that ksmbd treats differently
SAMPLE = (PROFILES[0], *LATEST, GMAC_ENCRYPTING)
V311 = tuple(p for p in PROFILES if p.dialect == wire.DIALECT_311)
BEFORE_311 = tuple(p for p in PROFILES if p not in V311)

_serial = itertools.count()


class File:
    """A file on the share, open in a session and seen from both sides."""

    def __init__(self, session, content=b"", **options):
        self.session = session
        self.name = f"file{next(_serial)}"
        self.path = SHARE / self.name
        self.path.write_bytes(content)
        self.path.chmod(0o666)
        self.id = session.create(self.name, **options)

    @property
    def content(self):
        """What is on the disk."""
        return self.path.read_bytes()

    def close(self):
        """Close and delete it."""
        self.session.close_file(self.id)
        self.path.unlink()


class Rig:
    """One client profile against a server in one mode."""

    def __init__(self, server, profile):
        self.server = server
        self.profile = profile
        self.shelf = {}
        self._shared = None
        self._case = contextlib.ExitStack()
        self._all = contextlib.ExitStack()

    def dial(self, keep=False, **options):
        """A connection that has not negotiated, closed at the end of the
        case."""
        options.setdefault("dialect", self.profile.dialect)
        options.setdefault("ciphers", self.profile.ciphers)
        options.setdefault("algorithms", self.profile.algorithms)
        options.setdefault("timeout", self.server.patience)
        # ksmbd by itself leaves unsigned what it should sign
        options.setdefault("strict", loaded("smbsign"))
        connection = Connection(**options)
        (self._all if keep else self._case).enter_context(connection)
        return connection

    def connect(self, keep=False, **options):
        """A negotiated connection, closed at the end of the case."""
        return self.dial(keep, **options).negotiate()

    def session_on(self, connection, user=None, **options):
        """A new session without a tree on @connection."""
        return Session(connection,
                       self.server.user if user is None else user,
                       self.server.password, **options)

    def victim_on(self, connection, **options):
        """A new session of the victim without a tree on @connection."""
        return Session(connection, self.server.victim,
                       self.server.victim_password, **options)

    def failed_on(self, connection):
        """A session on @connection that came to nothing: the password is
        wrong."""
        session = self.session_on(connection)
        session.password = "wrong"
        try:
            session.setup()
        except StatusError as error:
            status(error.response, wire.LOGON_FAILURE)
            return session
        raise AssertionError("the wrong password was taken")

    def channel(self, session, **options):
        """A channel of @session, not yet set up, on a connection of its
        own."""
        options.setdefault("guid", session.connection.guid)
        return Channel(self.connect(**options), session)

    def new_session(self, keep=False, **options):
        """A session on the share, on a connection of its own."""
        connection = self.connect(keep, **options)
        return self.session_on(connection).setup().connect_tree("share")

    @property
    def session(self):
        """The session that cases share as long as nothing goes wrong."""
        if not self._shared:
            self._shared = self.new_session(keep=True)
        return self._shared

    def file(self, content=b"", session=None, **options):
        """A new file with @content, open in @session."""
        return File(session or self.session, content, **options)

    def fresh_path(self):
        """The path of a file that does not exist on the share."""
        return SHARE / f"new{next(_serial)}"

    @contextlib.contextmanager
    def knobs(self, **values):
        """net.smbsign's knobs have these @values for the length of a
        `with`."""
        with contextlib.ExitStack() as stack:
            for name, value in values.items():
                stack.enter_context(self.server.knob(name, value))
            yield

    def end_case(self, reuse):
        """Close what the case opened, and all the rest too unless it is
        still fit for @reuse."""
        self._case.close()
        if not reuse:
            self.close()

    def close(self):
        """Close what is still open."""
        self._all.close()
        self._shared = None
        self.shelf.clear()
