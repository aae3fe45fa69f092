# SPDX-License-Identifier: GPL-2.0-only
"""SESSION_SETUPs side by side on one connection: the legs of several logins,
in every order, with requests of other sessions in between, several of them in
one write, their answers read late. Each login must come out as it does alone,
its key must work, and no user may be refused, nor a guest be taken for one.

What ksmbd itself cannot do, and so is not done, or comes out as ksmbd has it:

- It has one NTLM challenge per connection, the one it gave last
  (conn->ntlmssp): an older one's answer is a wrong password. So whoever comes
  to his last leg answers the latest, whoever it was given to; and a leg that
  asks for one is never under way together with one that answers one.
- One session at a time is made on a connection. On 6.x the next one ends those
  that are half made, unless a thread still holds them (ksmbd_expire_session()):
  their last leg is answered with USER_SESSION_DELETED. 7.3 refuses the next one
  with INSUFFICIENT_RESOURCES (KSMBD_MAX_PENDING_SESSIONS). These orders are
  done, and must come out like that. Reauthentications and bindings go on
  beside it, in any number.
- Where one leg binds and another one does not, both at once, it hashes what it
  answers for the wrong session (conn->binding): never at once. And a channel
  is found only until the next leg that does not bind: its key is then known to
  work from its last leg's answer, and by nothing else.
- LOGOFF makes all of a connection wait for another login (KSMBD_SESS_NEED_
  SETUP): where several share one, sessions end with it.

Alone, ksmbd gives the number of what it has ended to the next session, which a
last leg that comes later then ends: drawn orders find that.

What is drawn follows from a seed: guest-e2e --suite legs --match drawn --seed
SEED --rounds 1 does it again.
"""

import contextlib
import itertools
import random
import threading
import time

from smb2 import wire
from smb2.connection import Closed
from smb2.session import Channel

from .flaws import ends_what_is_half_made
from .rig import GMAC, PROFILES, SAMPLE
from .seeds import Options, named
from .tap import EXPECTED, GUARDED, add, case, equal, expect, \
    status

V210, V300, *_, ENCRYPTING = PROFILES
# Where pairs are tried in every order: it takes a minute each
WHERE = (("mandatory", (V210, ENCRYPTING)), ("required", (GMAC,)))
# Orders tried on one connection: a share takes 128 trees
ORDERS = 20
# Logins of a round that is drawn
FEW, MANY = 3, 6
THREADS, TURNS = 4, 5
# Connections, users of each, for so long; seconds that an answer may take
LINES, LANES, SECONDS, PATIENCE = 3, 4, 4, 1
# Counters that honest clients never move, guests or not
UNMOVED = ("aborted", "reason_unsigned", "reason_bad_signature",
           "reason_no_key", "reason_session_in_progress",
           "reason_session_changed", "reason_message_id", "reason_setups")


class Login:
    """Somebody who logs in, a leg at a time. @wanted: the statuses that may
    come of it. @makes: whether it makes a session."""

    def __init__(self, session, wanted=wire.SUCCESS, *, legs=2, makes=True,
                 guest=False, sign=None):
        self.session = session
        self.wanted = {wanted}
        self.left = legs
        self.makes = makes
        self.guest = guest
        self.sign = sign or session.encode_leg
        self.begun = False
        self.status = None

    @property
    def binds(self):
        """Whether it is a binding."""
        return bool(self.session.SETUP_FLAGS)

    @property
    def half_made(self):
        """Whether it has begun to make a session, and is not through."""
        return self.makes and self.begun and self.status is None

    def leg(self):
        """The next leg, and as it is sent."""
        request = self.session.first_leg() if self.left == 2 else \
            self.session.final_leg()
        message = self.sign(request)
        self.session.sent_final_leg(message)
        self.begun = True
        self.left -= 1
        return request, message

    def take(self, response):
        """What answers the latest leg."""
        if response.status == wire.MORE_PROCESSING_REQUIRED and self.left:
            self.session.challenged(response)
            return
        self.left, self.status = 0, response.status
        expect(self.status in self.wanted, f"status {self.status:#010x}")
        if self.status == wire.SUCCESS and not self.session.signing_key:
            self.session.id = response.header.session_id
            self.session.finished(response)
            equal(self.session.guest, self.guest, "guest")

    def use(self):
        """See that its key works."""
        self.session.signing = not self.guest
        self.session.connect_tree("guests" if self.guest else "share")


class Stage:
    """A connection with logins under way, and somebody established on it."""

    def __init__(self, rig):
        self.rig = rig
        self.elsewhere = rig.connect()
        self.connection = rig.connect(guid=self.elsewhere.guid)
        self.resident = self._user().setup().connect_tree("share")
        self.file = self.resident.create(rig.fresh_path().name)
        self.challenged = self.resident
        self.logins = []
        self._messages = []
        self._legs = []
        self._requests = []
        self._bound = False

    # Who may log in

    def _user(self, **options):
        return self.rig.session_on(self.connection, **options)

    def user(self, **options):
        """Somebody who has a password."""
        return Login(self._user(), **options)

    def victim(self):
        """Somebody else who has one."""
        return Login(self.rig.victim_on(self.connection))

    def wrong(self):
        """Somebody who has a wrong one."""
        session = self._user()
        session.password = "wrong"
        return Login(session, wire.LOGON_FAILURE)

    def _guest(self, user, **options):
        refused = self.rig.server.mode.policy == "required" and \
            not self.rig.server.alone
        return Login(self._user(user=user), wire.ACCESS_DENIED if refused else
                     wire.SUCCESS, guest=True, **options)

    def nobody(self, **options):
        """Somebody without a name."""
        return self._guest("", **options)

    def guest(self):
        """Somebody whom the server does not know."""
        return self._guest("mallory")

    def user_at_once(self):
        """A user who does without the first leg."""
        return self.user(legs=1)

    def nobody_at_once(self):
        """The same without a name."""
        return self.nobody(legs=1)

    def again(self):
        """A session that is there is authenticated again. In 2.1 its key
        need not be known before it has signed something else."""
        session = self._user().setup().connect_tree("share")
        self.challenged = session
        return Login(session, makes=False, sign=lambda request:
                     session.sign(request.encode()))

    def channel(self):
        """A session of another connection comes here."""
        session = self.rig.session_on(self.elsewhere).setup()
        return Login(Channel(self.connection, session), makes=False)

    # What happens

    def enter(self, kinds):
        """Logins of these @kinds are to begin."""
        self.logins = [getattr(self, kind)() for kind in kinds]

    def step(self, login, write=True, read=True):
        """The next leg of @login, if any is left. Unless @write, it goes
        with the next one; unless @read, nobody waits for the answer."""
        if not self._can_be_at_once(login):
            self.read()
        if not login.left:
            return
        if login.left == 1:
            login.session.take_challenge(self.challenged)
        if login.makes and not login.begun:
            self._make_room(login)
        self._bound = login.binds
        self._legs.append((login, login.left, login.leg()))
        self._messages.append(self._legs[-1][2][1])
        if write:
            self.write()
        if read:
            self.read()

    def _can_be_at_once(self, login):
        return all(other is not login and other.binds == login.binds and
                   left == login.left and left == 1
                   for other, left, _ in self._legs)

    def _make_room(self, login):
        """What ksmbd makes of a session when another one begins."""
        for other in self.logins:
            if not other.half_made:
                continue
            sent = any(other is one for one, *_ in self._legs)
            if ends_what_is_half_made():
                other.wanted.add(wire.USER_SESSION_DELETED)
            elif sent:
                login.wanted.add(wire.INSUFFICIENT_RESOURCES)
            else:
                login.wanted = {wire.INSUFFICIENT_RESOURCES}

    def request(self, write=True, read=True):
        """A request of the one who is established."""
        request = self.resident.request(wire.query_info(self.file))
        self._requests.append(request)
        self._messages.append(self.resident.sign(request.encode()))
        if write:
            self.write()
        if read:
            self.read()

    def write(self):
        """Send what was put off, all at once."""
        messages, self._messages = self._messages, []
        if messages:
            self.connection.send(*messages)

    def read(self):
        """Take all answers that are to come."""
        self.write()
        legs, self._legs = self._legs, []
        for login, left, (request, _) in legs:
            login.take(self.connection.answer(request))
            if left == 2 and login.status is None:
                self.challenged = login.session
        requests, self._requests = self._requests, []
        for request in requests:
            status(self.resident.answer(request), wire.SUCCESS)

    def end(self):
        """All of them have logged in: look at what became of it."""
        self.read()
        for login in self.logins:
            equal(login.left, 0, "legs left")
            if login.status == wire.SUCCESS and (self._bound or
                                                 not login.binds):
                login.use()
        self.resident.call(wire.query_info(self.file))

    def close(self):
        """End both connections."""
        self.connection.close()
        self.elsewhere.close()


@contextlib.contextmanager
def _counted(rig, logins):
    """The module counts the guests of @logins, and what was refused of them;
    and nothing else."""
    before = {} if rig.server.alone else rig.server.stats()
    yield
    if not before:
        return
    now = rig.server.stats()
    moved = {name: now[name] - before[name] for name in now}
    ends = [(login.guest, login.status) for login in logins()]
    denied = ends.count((True, wire.ACCESS_DENIED))
    gone = sum(end == wire.USER_SESSION_DELETED for _, end in ends)
    equal({name: moved[name] for name in UNMOVED}, dict.fromkeys(UNMOVED, 0),
          "counters")
    equal(moved["guests"], denied + ends.count((True, wire.SUCCESS)), "guests")
    equal(moved["reason_guest"], denied, "reason_guest")
    # Or ksmbd has, where both were under way
    expect(denied <= moved["refused"] <= denied + gone,
           f"refused {moved['refused']}")


@contextlib.contextmanager
def _telling(kinds, order):
    """A failure says in which order of whose legs."""
    try:
        yield
    except EXPECTED as error:
        raise AssertionError(f"{' '.join(kinds)}: {' '.join(map(str, order))}:"
                             f" {type(error).__name__}: {error}") from error


def _orders(legs):
    """All orders of so many @legs each."""
    return sorted({*itertools.permutations(
        number for number, count in enumerate(legs) for _ in range(count))})


def _play(stage, kinds, order, options):
    """Legs in this @order, a request behind each."""
    stage.enter(kinds)
    with _telling(kinds, order), _counted(stage.rig, lambda: stage.logins):
        for number in order:
            stage.step(stage.logins[number], **options)
            stage.request(**options)
        stage.end()


KINDS = ("user", "victim", "wrong", "nobody", "guest", "user_at_once",
         "nobody_at_once", "again", "channel")
# Read at once, or as late as there is nothing to be done without it
AT_ONCE, LATE = {}, {"read": False}


def _legs(kind):
    return 1 if kind.endswith("at_once") else 2


# 2.x has no channels, and authenticates nobody again (takeover.py)
NOT_ON_2 = {"channel", "again"}


def _in_every_order(rig, crowds, options):
    if rig.profile.dialect < wire.DIALECT_300:
        crowds = [kinds for kinds in crowds if not NOT_ON_2.intersection(kinds)]
    expect(crowds, "nothing to be tried")
    for kinds in crowds:
        orders = _orders(map(_legs, kinds))
        for start in range(0, len(orders), ORDERS):
            stage = Stage(rig)
            for order in orders[start:start + ORDERS]:
                _play(stage, kinds, order, options)
            stage.close()


def _register():
    pairs = [pair for pair in
             itertools.combinations_with_replacement(KINDS, 2)
             # Too many wrong passwords, and ksmbd waits for five seconds
             if pair != ("wrong", "wrong")]
    for kind in KINDS:
        crowds = [pair for pair in pairs if pair[0] == kind]
        for words, options in (("", AT_ONCE), (", answers read late", LATE)):
            for mode, profiles in WHERE:
                add(f"{kind.replace('_', ' ')} and others, in every order"
                    f"{words}", lambda rig, crowds=crowds, options=options:
                    _in_every_order(rig, crowds, options),
                    suite="legs", modes=(mode,),
                    profiles=[profile for profile in profiles
                              if profile is not V210 or kind not in NOT_ON_2])
    for crowd in (("user", "nobody", "again"), ("user", "again", "channel")):
        add(f"{', '.join(crowd)}, in every order",
            lambda rig, crowd=crowd: _in_every_order(rig, [crowd], AT_ONCE),
            suite="legs", modes=("required",), profiles=(GMAC,))


_register()


def _drawn(rig, dice):
    kinds = [kind for kind in KINDS if kind not in ("channel", "again") or
             rig.profile.dialect >= wire.DIALECT_300]
    kinds = dice.choices(kinds, k=dice.randint(FEW, MANY))
    stage = Stage(rig)
    stage.enter(kinds)
    order = [number for number, kind in enumerate(kinds)
             for _ in range(_legs(kind))]
    dice.shuffle(order)
    with _telling(kinds, order), _counted(rig, lambda: stage.logins):
        for number in order:
            for _ in range(dice.choice((0, 0, 1, 3))):
                stage.request(dice.random() < 0.5, dice.random() < 0.3)
            stage.step(stage.logins[number], dice.random() < 0.5,
                       dice.random() < 0.3)
        stage.end()
    stage.close()


@case(modes=GUARDED, profiles=(*SAMPLE, V300, GMAC))
def drawn_logins_in_a_drawn_order(rig):
    seeds = range(Options.seed, Options.seed + max(1, Options.rounds // 4))
    for seed in seeds:
        with named(seed):
            _drawn(rig, random.Random(seed))


class Crowd:
    """Threads, and what went wrong in any of them."""

    def __init__(self):
        self.errors = []
        self._threads = []

    def _run(self, function, *args):
        try:
            function(*args)
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    def start(self, function, *args):
        """Another one does @function."""
        self._threads.append(threading.Thread(
            target=self._run, args=(function, *args)))
        self._threads[-1].start()

    def join(self):
        """Wait for all of them."""
        for thread in self._threads:
            thread.join()

    def judge(self):
        """Fail unless all was well with all of them."""
        equal(self.errors, [], "errors")


def _come_and_go(rig, connection, turns):
    """Sessions that follow each other on a connection of their own, each with
    a file; the second is authenticated again; and strangers in between."""
    for turn in range(turns):
        session = rig.session_on(connection).setup().connect_tree("share")
        file = session.create(rig.fresh_path().name)
        if turn % 2 and rig.profile.dialect >= wire.DIALECT_300:
            status(session.reauthenticate(), wire.SUCCESS)
        session.write(file, 0, b"mine")
        equal(session.read(file, 0, 4), b"mine", "content")
        session.close_file(file)
        stranger = Login(rig.session_on(connection, user=""), guest=True)
        stranger.wanted = {wire.SUCCESS, wire.ACCESS_DENIED}
        while stranger.left:
            request, message = stranger.leg()
            connection.send(message)
            stranger.take(connection.answer(request))
        session.logoff()


@case(modes=GUARDED, profiles=(*SAMPLE, GMAC))
def sessions_come_and_go_in_threads(rig):
    """Made, used and logged off by several at once."""
    refused = rig.server.mode.policy == "required"
    crowd, connections = Crowd(), [rig.connect() for _ in range(THREADS)]
    with contextlib.ExitStack() as stack:
        for name in UNMOVED:
            stack.enter_context(rig.server.counts(name, 0))
        number = THREADS * TURNS
        stack.enter_context(rig.server.counts("guests", number))
        stack.enter_context(rig.server.counts("reason_guest",
                                              number * refused))
        stack.enter_context(rig.server.counts("refused", number * refused))
        for connection in connections:
            crowd.start(_come_and_go, rig, connection, TURNS)
        crowd.join()
    crowd.judge()


class Lane:
    """A user who logs in, works and logs off, over and over, and waits for
    nobody on his connection. ksmbd has many words for why he may not."""

    def __init__(self, rig, line):
        self.rig = rig
        self.line = line
        self.done = 0
        self.request = self.then = None
        self._begin()

    def _begin(self):
        self.session = self.rig.session_on(self.line.connection)
        self._send(self.session.first_leg(), self._challenged, sign=False)

    def _send(self, request, then, sign=True):
        message = request.encode()
        if sign:
            message = self.session.sign(message)
        else:
            self.session.sent_final_leg(message)
        self.request, self.then = request, then
        self.line.connection.send(message)

    def _challenged(self, response):
        if response.status != wire.MORE_PROCESSING_REQUIRED:
            self._begin()
            return
        self.session.challenged(response)
        self._send(self.session.final_leg(), self._logged_in, sign=False)

    def _logged_in(self, response):
        if response.status != wire.SUCCESS:
            self._begin()
            return
        self.session.finished(response)
        expect(not self.session.guest, "a user is taken for a guest")
        self.done += 1
        body = wire.tree_connect("share")
        self._send(self.session.request(body), self._worked)

    def _worked(self, response):
        # In 2.1 its key may be unknown as yet, and is learned of none that ends
        if response.status != wire.SUCCESS:
            self._begin()
            return
        self._send(self.session.request(wire.logoff()), self._logged_off)

    def _logged_off(self, _):
        self.line.connection.sessions.pop(self.session.id, None)
        self._begin()

    def look(self):
        """Go on, if the answer has come."""
        message_id = self.request.header.message_id
        response = self.line.connection.answers.pop(message_id, None)
        if response:
            self.then(response)

    def give_up(self):
        """No answer comes."""
        self._begin()


class Line:
    """A connection with some of them."""

    def __init__(self, rig):
        self.connection = rig.connect(timeout=PATIENCE)
        # For credits
        rig.session_on(self.connection).setup()
        self.lanes = [Lane(rig, self) for _ in range(LANES)]

    def run(self):
        """All of them at once, for some seconds, or until what was not
        answered has cost all credits."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.connection.credits > LANES:
            try:
                self.connection.receive()
            except TimeoutError:
                # While it logs somebody off, ksmbd answers nobody's login
                for lane in self.lanes:
                    lane.give_up()
            for lane in self.lanes:
                lane.look()

    def try_it(self):
        """The same; 7.3 itself may end it. If the module did, it counts."""
        with contextlib.suppress(Closed):
            self.run()


@case(modes=GUARDED, profiles=SAMPLE)
def users_who_wait_for_nobody(rig):
    """As smbtorture's smb2.bench.session-setup, which gives up at the first
    thing that goes wrong, as it soon does on ksmbd alone."""
    crowd, lines = Crowd(), [Line(rig) for _ in range(LINES)]
    with contextlib.ExitStack() as stack:
        for name in (*UNMOVED, "guests", "reason_guest"):
            stack.enter_context(rig.server.counts(name, 0))
        for line in lines:
            crowd.start(line.try_it)
        crowd.join()
    crowd.judge()
    done = [sum(lane.done for lane in line.lanes) for line in lines]
    print(f"# logins: {done}", flush=True)
    expect(rig.server.alone or any(done), f"logins: {done}")
    # Or else ksmbd waits for five seconds after the next wrong password
    session = rig.session_on(rig.connect()).setup()
    session.logoff()
