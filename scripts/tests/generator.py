# SPDX-License-Identifier: GPL-2.0-only
"""Random sequences of what somebody can do who has no key of the victim's:
logins of his own and without a name, the victim's answers passed on, bindings,
logoffs, failures, requests in the name of any number that was ever seen,
unsigned or signed with any key that he knows, their last bytes withheld, the
answers read or not. The victim works beside it, on a connection of his own.

One thing must hold: all that is in the victim's directory was written by
himself, and what he writes gets there. What is done in a round follows from
its seed, which a failure names, with what was done: guest-e2e --suite identity
--match random --seed SEED --rounds 1 does it again. Part of the suite
identity."""

import contextlib
import random
import time

from smb2 import wire
from smb2.connection import Closed

from . import intruder
from .rig import GMAC, PROFILES
from .seeds import Options, named
from .server import PRIVATE
from .tap import EXPECTED, case, equal, expect

LINES = 2
STEPS = 24
# A case ends after the round that passes this many seconds
LIMIT = 14
PATIENCE = 1
READS = 4
CUTS = (1, 3, 12, 40)
USERS = (None, "")


class Victim:
    """The honest client: writes, and sees that it was done."""

    def __init__(self, rig):
        self.rig = rig
        self.written = {}
        self.session = self._login()

    def _login(self):
        connection = self.rig.connect()
        return self.rig.victim_on(connection).setup().connect_tree("share")

    def work(self, dice):
        """Write a file of his own, now and then in a new session."""
        if dice.random() < 0.3:
            if dice.random() < 0.5:
                self.session.logoff()
            self.session.connection.close()
            self.session = self._login()
        path = intruder.booty()
        content = dice.randbytes(dice.randint(1, 3000))
        self.written[path] = content
        file = self.session.create(f"{PRIVATE.name}\\{path.name}")
        self.session.write(file, 0, content)
        self.session.close_file(file)

    def judge(self, before):
        """Fail unless what is there now, and was not there @before, is all
        that he wrote, and as he wrote it."""
        equal({*PRIVATE.iterdir()} - before, {*self.written},
              "files of the victim's")
        for path, content in self.written.items():
            expect(path.read_bytes() == content, f"{path.name} was changed")


class Line:
    """A connection of the intruder's."""

    def __init__(self, stage):
        self.stage = stage
        self.connection = intruder.unwatched(
            stage.rig, guid=stage.guid,
            receive_buffer=intruder.RECEIVE_BUFFER)
        self.connection.socket.settimeout(PATIENCE)
        self.challenged = None
        self.own = []
        self.withheld = b""

    def login(self, dice):
        """A full login, of his own or without a name."""
        session = self.stage.rig.session_on(self.connection,
                                            user=dice.choice(USERS))
        self._in(self._setup(session))

    def _setup(self, session):
        """Both legs. A server may refuse the first: then it gives no
        challenge, and the one before counts."""
        try:
            return session.setup()
        finally:
            if session.token:
                self.challenged = session

    def login_at_once(self, dice):
        """One leg."""
        session = self.stage.rig.session_on(self.connection,
                                            user=dice.choice(USERS))
        self._in(session.setup_at_once(self.challenged))

    def _in(self, session):
        session.signing = not session.guest
        self.own.append(session)
        self.stage.know(session.id, session.signing_key)

    def fail(self, dice):
        """A login, or one of a session that is there, with a wrong
        password."""
        session = dice.choice(self.own) if self.own and dice.random() < 0.5 \
            else self.stage.rig.session_on(self.connection)
        right, session.password = session.password, "wrong"
        try:
            if session.id:
                session.reauthenticate()
            else:
                self._setup(session)
        finally:
            session.password = right

    def logoff(self, dice):
        """End a session of his own."""
        session = self.own.pop(dice.randrange(len(self.own)))
        session.send(session.request(wire.logoff()))
        self.stage.ended.append((session.id, session.signing_key))
        self.read(dice)

    def again(self, dice):
        """End one, and begin another."""
        self.logoff(dice)
        self.login(dice)

    def relay(self, dice):
        """The victim is let in here."""
        request = intruder.relayed(
            self.stage.rig, self.connection, self.challenged,
            dice.choice((wire.SIGNING_ENABLED, wire.SIGNING_DEMANDED)))
        self.connection.send(request.encode())
        if dice.random() < 0.3:
            answer = self.connection.answer(request)
            self.stage.know(answer.header.session_id)

    def bind(self, dice):
        """A session that he knows of becomes a channel here, of his own or
        of the victim's."""
        rig, claim = self.stage.rig, self.claim(dice)
        binder = dice.choice((rig.victim_on, rig.session_on))(self.connection)
        binder.take_challenge(self.challenged)
        binder.id, binder.SETUP_FLAGS = claim.id, wire.SETUP_FLAG_BINDING
        request = binder.final_leg()
        self.connection.send(claim.sign(request.encode()) if
                             claim.signing_key else request.encode())

    def claim(self, dice):
        """Any number, the one that ended last rather than others; any key or
        none, most of the time what belongs together."""
        stage = self.stage
        number, key = stage.ended[-1] if stage.ended and \
            dice.random() < 0.5 else dice.choice(stage.known)
        if dice.random() < 0.3:
            key = dice.choice(stage.known)[1]
        if dice.random() < 0.4:
            key = None
        return intruder.claim(stage.rig, self.connection, number, key)

    def raid(self, dice, claim=None):
        """Requests that would be seen in the victim's directory; perhaps not
        to the last byte."""
        claim = claim or self.claim(dice)
        path = intruder.booty()
        if self.stage.victim.written and dice.random() < 0.2:
            path = dice.choice([*self.stage.victim.written])
        frames = [wire.frame(intruder.connect_tree(claim))
                  for _ in range(dice.choice((0, 1, 1, 8)))]
        frames.append(wire.frame(intruder.raid(claim, path)))
        self._send(b"".join(frames),
                   dice.choice(CUTS) if dice.random() < 0.5 else 0)

    def _send(self, data, cut):
        """Send @data but for the last @cut bytes."""
        self.connection.transmit(data[:len(data) - cut])
        self.withheld = data[len(data) - cut:] if cut else b""

    def rush(self, dice):
        """The victim is let in, and requests in the name of one number follow
        at once, with ECHOs between them."""
        claim = self.claim(dice)
        messages = [intruder.relayed(self.stage.rig, self.connection,
                                     self.challenged).encode()]
        for _ in range(dice.choice((1, 4, 12))):
            messages += [self.connection.request(wire.echo()).encode()
                         for _ in range(dice.choice((1, 12)))]
            messages.append(intruder.connect_tree(claim))
        messages.append(intruder.raid(claim, intruder.booty()))
        self._send(b"".join(map(wire.frame, messages)),
                   dice.choice((0, 3, 3)))
        time.sleep(dice.choice((0, intruder.PAUSE)))

    def clog(self, dice):
        """Answers that nobody reads."""
        users = [session for session in self.own if session.signing]
        if not users or self.connection.credits < 64:
            return
        session = dice.choice(users).connect_tree("share")
        file = session.create(self.stage.file.name)
        for _ in range(READS):
            session.send(session.request(wire.read(file, 0,
                                                   intruder.READ_SIZE)))

    def read(self, _):
        """Take what has been answered."""
        answers = intruder.shout(self.connection, wait=0.05)
        for answer in filter(None, answers):
            self.connection.credits += answer.header.credits
            if answer.header.session_id:
                self.stage.know(answer.header.session_id)
        if answers and answers[-1] is None:
            raise Closed("by what was sent")

    def complete(self):
        """Send what was withheld."""
        data, self.withheld = self.withheld, b""
        self.connection.transmit(data)

    def step(self, dice):
        """Do anything; returns its name."""
        if self.withheld:
            if dice.random() < 0.5:
                self.read(dice)
                return "read"
            self.complete()
            return "complete"
        action = dice.choice(ACTIONS) if self.own else Line.login
        action(self, dice)
        intruder.forget(self.connection)
        return action.__name__


# Some more often than others
ACTIONS = (Line.login, Line.login_at_once, Line.fail, Line.logoff, Line.again,
           Line.again, Line.again, Line.relay, Line.rush, Line.rush, Line.rush,
           Line.bind, Line.raid, Line.raid, Line.clog, Line.read)


class Stage:
    """What there is in one round."""

    def __init__(self, rig, victim):
        self.rig = rig
        self.victim = victim
        self.guid = victim.session.connection.guid
        # (number, key or None)
        self.known = [(victim.session.id, None)]
        self.ended = []
        self.done = []
        self.file = rig.fresh_path()
        self.file.write_bytes(bytes(intruder.READ_SIZE))
        self.file.chmod(0o666)
        self.lines = [Line(self) for _ in range(LINES)]

    def know(self, number, key=None):
        """The intruder has seen @number, and perhaps its key."""
        if (number, key) not in self.known:
            self.known.append((number, key))

    def play(self, dice):
        """Do it. What the intruder stumbles over is no matter."""
        for _ in range(STEPS):
            if dice.random() < 0.15:
                self.victim.work(dice)
                continue
            number = dice.randrange(LINES)
            try:
                words = self.lines[number].step(dice)
            except (Closed, OSError) as error:
                words = type(error).__name__
                self.lines[number].connection.close()
                self.lines[number] = Line(self)
            except EXPECTED as error:
                words = type(error).__name__
                intruder.forget(self.lines[number].connection)
            self.done.append(f"{number} {words}")
        self._end(dice)

    def _end(self, dice):
        for line in self.lines:
            with contextlib.suppress(*EXPECTED):
                if line.withheld:
                    line.complete()
                line.read(dice)
        self.victim.work(dice)
        for line in self.lines:
            line.connection.close()


def _round(rig, victim, seed, before):
    dice, stage = random.Random(seed), None
    try:
        with named(seed):
            stage = Stage(rig, victim)
            stage.play(dice)
            victim.judge(before)
    except AssertionError as error:
        done = ", ".join(stage.done) if stage else ""
        raise AssertionError(f"{error}; {done}") from error


@case(modes=("mandatory",), profiles=(PROFILES[0], PROFILES[-1]),
      suite="identity")
def random_sequences_write_nothing_as_the_victim(rig):
    _rounds(rig)


@case(modes=("required",), profiles=(GMAC,), suite="identity")
def random_sequences_write_nothing_where_all_must_sign(rig):
    _rounds(rig)


def _rounds(rig):
    end = time.monotonic() + LIMIT
    with intruder.small_send_buffers():
        before, victim = {*PRIVATE.iterdir()}, Victim(rig)
        for seed in range(Options.seed, Options.seed + Options.rounds):
            _round(rig, victim, seed, before)
            if time.monotonic() > end:
                print(f"# seeds {Options.seed} to {seed}", flush=True)
                break
        victim.judge(before)
        victim.session.echo()
