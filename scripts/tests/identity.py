# SPDX-License-Identifier: GPL-2.0-only
"""A session is not its number: no request runs in another session than the
one it was judged for.

ksmbd by itself gives a session the smallest free number, so that the next one
gets that of one that has ended. Each case brings the victim into a session
while somebody else, who once had the number that ksmbd would give it, makes
requests in the name of that number. What counts is whether any of them ran as
the victim: whether a file appeared in his directory.

How many attempts a way in takes where nothing closes it is said at each.
"""

import contextlib
import itertools
import time

from smb2 import attack, wire
from smb2.connection import Connection
from smb2.proxy import Proxy

from . import intruder
from .flaws import frees_numbers_late
from .rig import GMAC, GMAC_ENCRYPTING, PROFILES
from .server import PRIVATE
from .tap import EXPECTED, add, case, expect

V210, V300, V302, V311, V300_ENC, V302_ENC, V311_ENC = PROFILES
SHARED = "IPC$"


def _attempts(rig, count, attempt):
    """Make @attempt(rig, path) @count times, or until it has succeeded. What
    it stumbles over is no matter, as long as nothing is written."""
    for number in range(count):
        path = intruder.booty()
        with contextlib.suppress(*EXPECTED):
            attempt(rig, path)
        expect(not path.exists(),
               f"written as the victim, at attempt {number + 1}")


def _let_go(rig, connection, user=None):
    """Make ksmbd let go of the numbers of sessions that have ended here."""
    if frees_numbers_late():
        return rig.session_on(connection, user=user).setup()
    return None


# A. A key that the next session of that number inherits

def _stranger(rig, connection):
    """An anonymous session has shown its key, and ended."""
    stranger = rig.session_on(connection, user="").setup()
    intruder.forget(connection)
    pair = stranger.chain([wire.tree_connect(SHARED)] * 2,
                          related=False)
    connection.send(b"".join(stranger.sign(request.encode())
                             for request in pair))
    for request in pair:
        connection.answer(request)
    stranger.signing = False
    stranger.logoff()
    _let_go(rig, connection, "")
    intruder.forget(connection)
    return stranger


def _inherited(rig, path):
    connection = intruder.unwatched(rig)
    stranger = _stranger(rig, connection)
    victim = rig.victim_on(connection).setup()
    intruder.forget(connection)
    intruder.plunder([intruder.claim(rig, connection, number)
                      for number in sorted({victim.id, stranger.id})], path)


# At the first attempt
@case(modes=("strangers",), profiles=(V210, V300_ENC), suite="identity")
def key_of_a_stranger_is_not_inherited(rig):
    _attempts(rig, 1, _inherited)


@case(modes=("strangers",), profiles=(V210, V300_ENC), suite="identity")
def key_of_a_stranger_is_not_inherited_where_guests_are_allowed(rig):
    with rig.server.knob("policy", "required"), \
            rig.server.knob("allow_guest", "1"):
        _attempts(rig, 1, _inherited)


class Between(Proxy):
    """Somebody between the victim, who demands signing, and the server. The
    first session is his own, an anonymous one; he tells the server that the
    victim demands nothing, and writes as soon as the victim has a tree."""

    # MessageIds: his own, and where the victim's first request goes to
    OWN, ASIDE = 100, 90

    def __init__(self, rig, path):
        self.rig = rig
        self.path = path
        self.connection = None
        self.done = False
        super().__init__(self._requested, self._answered)

    def _requested(self, message):
        header = wire.Header.unpack(message)
        if header.command != wire.SESSION_SETUP:
            return message
        message = bytearray(message)
        message[wire.HEADER_SIZE + 3] = wire.SIGNING_ENABLED
        return self._renumbered(message, header, 1, self.ASIDE)

    def _answered(self, message):
        header = wire.Header.unpack(message)
        if header.command == wire.NEGOTIATE:
            self._go_first(message)
        if header.command == wire.SESSION_SETUP:
            return self._renumbered(message, header, self.ASIDE, 1)
        if header.command == wire.TREE_CONNECT and not self.done:
            self.done = True
            self._write(header)
        return message

    @staticmethod
    def _renumbered(message, header, old, new):
        if header.message_id != old:
            return message
        header.message_id = new
        return header.pack() + bytes(message[wire.HEADER_SIZE:])

    def _go_first(self, message):
        self.connection = Connection(dialect=self.rig.profile.dialect,
                                     transport=self.server, strict=False)
        self.connection.negotiated = wire.NegotiateResponse.unpack(message)
        self.connection.next_message_id = 1
        request = self.connection.request(wire.echo())
        self.connection.send(request.encode())
        self.connection.answer(request)
        self.connection.next_message_id = self.OWN
        _stranger(self.rig, self.connection)

    def _write(self, header):
        session = intruder.claim(self.rig, self.connection,
                                 header.session_id)
        session.tree_id = header.tree_id
        intruder.shout(self.connection, intruder.raid(session, self.path))


def _behind_somebody(rig, path):
    with Between(rig, path) as between:
        connection = rig.connect(port=between.port,
                                 security_mode=wire.SIGNING_DEMANDED)
        victim = rig.victim_on(connection).setup().connect_tree("share")
        victim.create(f"{PRIVATE.name}\\{path.name}.own")


# At the first attempt. A renumbered SESSION_SETUP is noticed on 3.1.1.
@case(modes=("strangers",), profiles=(V210, V300_ENC), suite="identity")
def somebody_on_the_path_does_not_write_as_an_honest_client(rig):
    _attempts(rig, 1, _behind_somebody)


# B. The key of another

# Sessions that end in an attempt, and logins of the victim: each is a chance
NUMBERS = 4


def _logged_off(rig, session):
    """It ends. ksmbd lets go of its number; a connection that keeps it from
    the next one here is returned. What is left on this connection works
    again after another login."""
    session.logoff()
    _let_go(rig, session.connection)
    holder = rig.connect()
    rig.session_on(holder).setup()
    if not frees_numbers_late():
        rig.session_on(session.connection).setup()
    return holder


def _logged_off_encrypted(rig, session):
    session.encrypting = True
    return _logged_off(rig, session)


def _failed(_, session):
    """A reauthentication with a wrong password ends it."""
    session.password = "wrong"
    session.reauthenticate()


def _taken_over(rig, session):
    """Another connection of the same user names it as PreviousSessionId."""
    return rig.session_on(rig.connect(), previous=session.id).setup() \
        .connection


def _sessions(rig, connection, count):
    """Sessions of our own, whose keys have been used: in 2.1 nobody knows
    them before."""
    return [rig.session_on(connection).setup().connect_tree("share")
            for _ in range(count)]


def _stuck_behind(clog, old, path, holders=()):
    """The victim is let in on the connection of @clog, and his answer waits;
    @old are sessions that have ended there, @holders keep their numbers."""
    # What still uses them keeps their numbers on 7.3
    time.sleep(intruder.PAUSE)
    last = clog.rig.session_on(clog.connection).setup()
    for holder in holders:
        holder.close()
    # In 2.1 that makes ksmbd sign the answer, which leaves others more time
    clog.log_victim_in(last, len(old), security_mode=wire.SIGNING_DEMANDED)
    clog.plunder([intruder.claim(clog.rig, clog.connection, session.id,
                                 session.signing_key) for session in old],
                 path)


def _relay_case(end):
    def attempt(rig, path):
        clog = intruder.Clog(rig)
        old = _sessions(rig, clog.connection, NUMBERS)
        holders = [end(rig, session) for session in old]
        _stuck_behind(clog, old, path, filter(None, holders))
        clog.connection.close()

    def run(rig):
        with intruder.small_send_buffers():
            _attempts(rig, 4, attempt)
    return run


def _register_relays():
    # 6.12: the first to the third attempt. 7.3 is quicker with its answers,
    # and was not caught in four
    for name, end, profiles in (
            ("has logged off", _logged_off, (V210, GMAC)),
            ("failed to prove its user again", _failed, (V210, GMAC)),
            ("was taken over", _taken_over, (V210, GMAC)),
            ("has logged off encrypted", _logged_off_encrypted,
             (GMAC_ENCRYPTING,))):
        add(f"session that {name} lends nobody its key", _relay_case(end),
            suite="identity", modes=("required",), profiles=profiles)


_register_relays()


def _wait_idle(clogs):
    """What is not used for ten seconds is let go of by ksmbd 6.x; what the
    clogs have themselves is used."""
    for _ in range(6):
        time.sleep(2)
        for clog in clogs:
            clog.session.read(clog.file, 0, 4)


# At the first attempt
@case(modes=("required",), profiles=(V210,), kernels="6", suite="identity")
def session_that_was_idle_for_long_lends_nobody_its_key(rig):
    with intruder.small_send_buffers():
        clogs = [intruder.Clog(rig) for _ in range(3)]
        old = [_sessions(rig, clog.connection, NUMBERS) for clog in clogs]
        _wait_idle(clogs)
        ready = zip(clogs, old)
        _attempts(rig, len(clogs), lambda _, path:
                  _stuck_behind(*next(ready), path))


# C. Unsigned, and complete only when the victim is in

# Between a SESSION_SETUP and what is to run behind it
ECHOES, TREES = 15, 16
PADDING = (0, 200, 600, 0)
WITHHELD = 3


def _withheld(rig, path, padding):
    """The victim's answer, unsigned requests of a stranger's old number, and
    a raid but for its last bytes, all at once."""
    connection = intruder.unwatched(rig)
    stranger = rig.session_on(connection, user="").setup()
    old = intruder.claim(rig, connection, stranger.id)
    stranger.signing = False
    stranger.logoff()
    last = _let_go(rig, connection, "")
    intruder.forget(connection)
    for _ in range(4):
        intruder.shout(connection, connection.request(wire.echo()).encode(),
                       wait=0.05)
    messages = [intruder.relayed(rig, connection, last or stranger).encode()]
    for _ in range(TREES):
        messages += [connection.request(
            wire.echo(), session_id=last.id if last else 0).encode() +
            bytes(padding) for _ in range(ECHOES)]
        messages.append(intruder.connect_tree(old))
    data = b"".join(map(wire.frame, (*messages, intruder.raid(old, path))))
    connection.transmit(data[:-WITHHELD])
    intruder.shout(connection)
    connection.transmit(data[-WITHHELD:])
    intruder.shout(connection)


def _withheld_rounds(rig):
    padding = itertools.cycle(PADDING)
    _attempts(rig, 8, lambda rig, path: _withheld(rig, path, next(padding)))


# At the first or second attempt, where 7.3 lets it in at all: not in 2.1
# and only where encryption was offered, or guests are allowed
@case(modes=("mandatory",), profiles=(V210, V300_ENC, V311_ENC),
      suite="identity")
def stale_number_unsigned_over_a_login(rig):
    _withheld_rounds(rig)


@case(modes=("required",), profiles=(V210, V311), suite="identity")
def stale_number_unsigned_over_a_login_where_guests_are_allowed(rig):
    with rig.server.knob("allow_guest", "1"):
        _withheld_rounds(rig)


# E. Across connections, by binding

def _user(rig, connection):
    return rig.session_on(connection).setup()


def _nobody(rig, connection):
    session = rig.session_on(connection, user="").setup()
    session.signing = False
    session.signing_key = None
    return session


def _gone(rig, session):
    """It ends; its number is free, and nobody has had it since. Returns a
    claim on it, and who was given a challenge last."""
    connection = session.connection
    session.logoff()
    last = _let_go(rig, connection, session.user) or session
    intruder.forget(connection)
    return intruder.claim(rig, connection, session.id,
                          session.signing_key), last


def _bind(rig, session, last):
    """A message that binds the session that @session claims, by the victim's
    answer to the challenge that @last was given."""
    binder = rig.victim_on(session.connection)
    binder.take_challenge(last)
    binder.id, binder.SETUP_FLAGS = session.id, wire.SETUP_FLAG_BINDING
    request = binder.final_leg()
    if session.signing_key:
        return session.sign(request.encode())
    return attack.foreign_key(session, request)


def _binding_case(make):
    def attempt(rig, path):
        connection = intruder.unwatched(rig)
        clog = intruder.Clog(rig, guid=connection.guid, algorithms=())
        session, last = _gone(rig, make(rig, connection))
        clog.log_victim_in(clog.session)
        time.sleep(intruder.GRACE)
        intruder.shout(connection, _bind(rig, session, last))
        intruder.plunder([session], path)
        clog.connection.close()
        connection.close()

    def run(rig):
        with intruder.small_send_buffers():
            _attempts(rig, 8, attempt)
    return run


# 6.12: the first to the fifth attempt. 7.3: a user, the first to the seventh;
# no guest
add("binding to a number that was another's gives no key away",
    _binding_case(_user), suite="identity", modes=("required",),
    profiles=(V302, V311_ENC))
add("binding to a number that was a guest's lets nobody in",
    _binding_case(_nobody), suite="identity", modes=("mandatory",),
    profiles=(V302,))
