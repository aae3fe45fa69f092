# SPDX-License-Identifier: GPL-2.0-only
"""Every answer to everything that can be asked (questions.py): is it signed,
and rightly? What is asked comes from the specification, what is answered from
the server, and by which rule an answer needs no signature from 3.3.4.1.1 of
[MS-SMB2] and Documentation/rules.rst. Nothing here knows what ksmbd should
answer; what it did answer is counted in /out/answers.txt."""

import collections
import contextlib
import itertools
import pathlib
import platform
import time
from dataclasses import dataclass

from smb2 import wire
from smb2.connection import Closed, Connection
from smb2.session import Session, StatusError

from . import questions
from .flaws import garbles_encrypted_errors
from .questions import COMMANDS, CUT, WHOLE, Question
from .rig import ENCRYPTING, EVERY, LATEST
from .seeds import Options
from .server import MODES
from .tap import Skip, case, expect

TABLE = pathlib.Path("/out/answers.txt")
# Where they share the questions, each of these asks one in eight. 3.0.2 is as
# 3.0, and may be left out
SHARERS = [profile for profile in EVERY if profile.dialect != wire.DIALECT_302]
# With fewer answers than that, most was not asked
MANY = 200
CREDITS = 8192
# What is shown of what is wrong
FEW = 6
# What is asked on the way to something else
ON_THE_WAY = "on the way"

# How an answer is signed
RIGHT, WRONG, UNSIGNED, SEALED = "right", "wrong", "unsigned", "encrypted"

# By which rule an answer is signed or not, and what it may be then. 3.3.4.1.1,
# but for the refusals: rules.rst
RULES = {
    "encrypted": (SEALED,),
    "interim": (UNSIGNED,),
    "notice": (UNSIGNED,),
    "no key": (UNSIGNED,),
    "session has ended": (RIGHT, UNSIGNED),
    "signed": (RIGHT,),
    "plain to the encrypted": (RIGHT,),
    "error to the unsigned": (UNSIGNED,),
    "first of a session": (RIGHT, UNSIGNED),
    "nobody demands it": (UNSIGNED,),
}


class _Quiet(Session):
    """Nobody complains about its answers: they are judged later."""

    def check(self, response):
        pass


class _Listening(Connection):
    """Knows what was asked, and hears what is answered."""

    def __init__(self, **options):
        super().__init__(**options)
        self.question = None
        self.ended = False
        self.asked = {}
        self.answered = []

    def request(self, body, **fields):
        # ksmbd 6.x does not give back the credits of what it cannot read
        fields.setdefault("credits", CREDITS)
        request = super().request(body, **fields)
        self.asked[request.header.message_id] = self.question or \
            Question(COMMANDS[body.command], ON_THE_WAY, body)
        return request

    @contextlib.contextmanager
    def asking(self, question):
        """What is asked in a `with` is @question."""
        self.question = question
        try:
            yield
        finally:
            self.question = None

    def _file(self, response):
        question = self.asked.get(response.header.message_id) or \
            Question("OPLOCK_BREAK", "notice", None)
        self.answered.append(Heard(question, response, self))
        super()._file(response)

    @property
    def latest(self):
        """What was asked last, in a few words."""
        question = list(self.asked.values())[-1]
        return f"{question.what} {question.how} {question.number}"

    @property
    def heard(self):
        """The answers, and those that did not come."""
        numbers = {one.answer.header.message_id for one in self.answered
                   if not one.answer.interim}
        return self.answered + [
            Heard(question, None, self)
            for number, question in self.asked.items()
            if number not in numbers and question.how != ON_THE_WAY]


@dataclass
class Heard:
    """The answer to a question on a connection, or None."""

    question: Question
    answer: wire.Response
    connection: _Listening

    @property
    def session(self):
        """Whose answer it is, if the client has such a session."""
        sessions = self.connection.sessions
        number = self.answer.header.session_id
        # What answers a related request need not say whose it is
        return next(iter(sessions.values()), None) \
            if number == wire.ANY_SESSION else sessions.get(number)

    @property
    def signed(self):
        """How it is signed."""
        if self.answer.encrypted:
            return SEALED
        if not self.answer.signed:
            return UNSIGNED
        right = self.session and self.session.signature(self.answer.raw)
        return RIGHT if right == self.answer.header.signature else WRONG

    @property
    def rule(self):
        """Which of RULES is for it."""
        header, session = self.answer.header, self.session
        proven = header.message_id in self.connection.sent_signed
        rules = {
            "encrypted": self.answer.encrypted,
            "interim": self.answer.interim,
            "notice": header.message_id == wire.NOTICE_ID,
            "no key": not session,
            "session has ended": header.status == wire.USER_SESSION_DELETED,
            "signed": proven,
            "plain to the encrypted": self.question.signed and session and
                session.encrypting and header.command != wire.SESSION_SETUP,
            "error to the unsigned": header.status >= wire.ERROR,
            # In 2.1 the key need not be known before something is signed
            "first of a session": header.command == wire.SESSION_SETUP and not
                (session and session.must_sign and
                 self.connection.dialect >= wire.DIALECT_300),
            "nobody demands it": session and not session.must_sign,
        }
        return next((rule for rule, holds in rules.items() if holds), "signed")

    @property
    def row(self):
        """What it is counted under."""
        if self.answer:
            how = f"{self.answer.status:#010x}", self.signed, self.rule
        else:
            how = "(end)" if self.connection.ended else "(none)", "", ""
        return self.question.what, self.question.how, *how


def _share(rig):
    """(first, step): which of the questions its profile asks."""
    if not Options.brief and rig.server.mode is MODES["required"]:
        return 0, 1
    place = SHARERS.index(rig.profile) if rig.profile in SHARERS else 0
    return place, len(SHARERS)


class Stage:
    """A session on the share, and what can be asked about."""

    def __init__(self, rig, sealed, stumps=None):
        self.rig = rig
        self.first, self.step = _share(rig)
        self.connection = _Listening(
            dialect=rig.profile.dialect, ciphers=rig.profile.ciphers,
            algorithms=rig.profile.algorithms, timeout=rig.server.patience,
            strict=False).negotiate()
        self.session = self.login(rig.server.password)
        self.session.encrypting = sealed
        self.session.connect_tree("share")
        self.path = rig.fresh_path()
        self.path.write_bytes(bytes(range(256)) * 256)
        self.path.chmod(0o666)
        self.handles = self._open()
        self.stumps = stumps
        if stumps is None and (self.step == 1 or rig.profile in LATEST):
            self.stumps = list(questions.stumps(self.handles))

    def login(self, password):
        """Somebody logs in."""
        return _Quiet(self.connection, self.rig.server.user, password).setup()

    def _open(self):
        session = self.session
        tree = session.call(wire.tree_connect("IPC$")).header.tree_id
        pipe = session.call(wire.create("srvsvc", wire.OPEN), tree_id=tree)
        return questions.Handles(
            session.create(self.path.name),
            session.create("", disposition=wire.OPEN,
                           options=wire.FILE_DIRECTORY),
            tree, wire.created_file(pipe.raw))

    def ask(self, question):
        """Ask it, and take back what it gave."""
        session = self.session
        with self.connection.asking(question):
            request = session.request(question.body, **question.fields)
        if question.signed:
            session.send(request)
        else:
            self.connection.send(request.encode())
        answer = session.answer(request)
        if answer.status != wire.SUCCESS:
            return
        if answer.header.command == wire.CREATE:
            session.call(wire.close(wire.created_file(answer.raw)),
                         expect=None)
        elif answer.header.command == wire.TREE_CONNECT:
            session.call(wire.tree_disconnect(), expect=None,
                         tree_id=answer.header.tree_id)

    # What takes more than a request

    def wait_for_a_lock(self):
        """Wait for a lock, and cancel it."""
        session = self.session
        holder = session.create(self.path.name)
        lock = wire.LOCK_EXCLUSIVE
        session.call(wire.lock(holder, 100, 8,
                               lock | wire.LOCK_FAIL_IMMEDIATELY))
        self._cancelled(Question("LOCK", "cancelled", wire.lock(
            self.handles.file, 100, 8, lock)))
        session.close_file(holder)

    def wait_for_a_change(self):
        """Wait for a change, and cancel it; ksmbd 7.3 also waits for a file's."""
        for handle in (self.handles.directory, self.handles.file):
            self._cancelled(Question("CHANGE_NOTIFY", "cancelled",
                                     wire.change_notify(handle)))

    def _cancelled(self, question):
        session, connection = self.session, self.connection
        with connection.asking(question):
            request = session.request(question.body)
        session.send(request)
        number = request.header.message_id
        while number not in connection.answers:
            if number in connection.interim:
                session.send(session.request(
                    wire.cancel(), message_id=number, flags=wire.FLAG_ASYNC,
                    async_id=connection.interim[number]))
                connection.asked[number] = question
            connection.receive()
        connection.answers.pop(number)

    def break_an_oplock(self):
        """Open a file twice; the first one is told, and lets go."""
        session, connection = self.session, self.connection
        name = self.rig.fresh_path().name
        first = session.create(name, oplock=wire.OPLOCK_BATCH)
        with connection.asking(Question("CREATE", "breaks an oplock", None)):
            second = session.request(wire.create(name))
        session.send(second)
        while not connection.notices and \
                second.header.message_id not in connection.answers:
            connection.receive()
        if connection.notices:
            self.ask(Question("OPLOCK_BREAK", WHOLE,
                              wire.oplock_break(first)))
        session.close_file(wire.created_file(session.answer(second).raw))
        session.close_file(first)

    def ask_for_several(self):
        """Compounds: answered from many buffers at once."""
        handle = self.handles.file
        read, name = wire.read(handle, 0, 96), self.path.name
        missing = wire.create("nowhere", disposition=wire.OPEN)
        for how, related, bodies in (
                ("related", True, [wire.create(name), wire.query_info(
                    wire.ANY_FILE), wire.close(wire.ANY_FILE)]),
                ("related to none", True, [missing, wire.flush(
                    wire.ANY_FILE), wire.close(wire.ANY_FILE)]),
                ("unrelated", False, [read, wire.echo(), read, missing, read,
                                      wire.query_info(
                                          handle, 0, 4096,
                                          wire.INFO_SECURITY, 7), read])):
            with self.connection.asking(Question("(compound)", how, None)):
                chain = self.session.chain(bodies, related)
            self._send_chain(chain)
            for request in chain:
                self.session.answer(request)

    def _send_chain(self, chain):
        message = b"".join(self.session.sign(r.encode()) for r in chain)
        if self.session.encrypting:
            message = self.session.encrypt(b"".join(r.encode()
                                                    for r in chain))
        self.connection.send(message)

    def validate(self):
        """VALIDATE_NEGOTIATE_INFO, where it does not end the connection."""
        if wire.DIALECT_300 <= self.connection.dialect < wire.DIALECT_311:
            self.ask(Question("IOCTL", WHOLE, wire.validate_negotiate_info(
                self.connection.offer), wire.FSCTL_VALIDATE_NEGOTIATE_INFO))

    def log_in(self):
        """Others log in, or do not, and the first one once more."""
        with self.connection.asking(Question("SESSION_SETUP", WHOLE, None)):
            self.login(self.rig.server.password)
        with self.connection.asking(Question("SESSION_SETUP", "wrong password",
                                             None)), \
                contextlib.suppress(StatusError):
            self.login("wrong")
        with self.connection.asking(Question("SESSION_SETUP", "again", None)):
            self.session.reauthenticate()

    def log_off(self):
        """The end, and what comes after it."""
        self.ask(Question("LOGOFF", CUT, questions.cut(wire.logoff(), 2)))
        self.ask(Question("LOGOFF", WHOLE, wire.logoff()))
        # What nobody can decrypt any more ends the connection
        if not self.session.encrypting:
            self.ask(Question("LOGOFF", "again", wire.logoff()))
            self.ask(Question("CREATE", "after LOGOFF",
                              wire.create("created")))

    def ask_stumps(self):
        """Ask those that are left, until one ends the connection."""
        while self.stumps:
            question = self.stumps.pop()
            with self.connection.asking(question):
                request = self.session.request(question.body)
            try:
                self.session.send(request)
                # Who is not answered by now will not be
                self.session.call(wire.echo())
                time.sleep(0.1)
                self.session.call(wire.echo())
            except Closed:
                self.connection.ended = True
                return

    def play(self):
        """Ask all that there is to ask."""
        sealed = self.session.encrypting
        for question in itertools.islice(questions.all_of(self.handles),
                                         self.first, None, self.step):
            if not (sealed and garbles_encrypted_errors(question.what)):
                self.ask(question)
        self.wait_for_a_lock()
        self.wait_for_a_change()
        self.break_an_oplock()
        self.ask_for_several()
        self.validate()
        self.log_in()
        self.log_off()
        if not sealed:
            self.fail_to_log_in()

    def fail_to_log_in(self):
        """SESSION_SETUPs that come to nothing. Encrypted, those for another session
        would end the connection."""
        self.session = self.login(self.rig.server.password)
        # In 2.1 its key need not be known before it has signed something else
        self.session.connect_tree("share")
        for question in questions.setups():
            self.ask(question)


class _Book:
    """All that was heard in all profiles, counted."""

    def __init__(self):
        self._rows = collections.defaultdict(collections.Counter)
        self._numbers = collections.defaultdict(set)

    def note(self, where, heard):
        """Count @heard answers, of the profile and mode @where."""
        for one in heard:
            self._rows[one.row][where] += 1
            self._numbers[one.row].add(one.question.number)
        self._write()

    def _lines(self):
        places = {place for row in self._rows.values() for place in row}
        yield f"# {platform.release()}: {', '.join(sorted(places))}"
        yield "# request | how | status | is | by rule | answers | classes, " \
            "controls | where, if not everywhere"
        for row, counts in sorted(self._rows.items()):
            where = "" if set(counts) == places else \
                ", ".join(sorted(counts))
            yield " | ".join((*row, str(sum(counts.values())),
                              _ranges(self._numbers[row]), where)).rstrip(" |")

    def _write(self):
        with contextlib.suppress(FileNotFoundError):
            TABLE.write_text("\n".join(self._lines()) + "\n",
                             encoding="ascii")


def _ranges(numbers):
    """@numbers, without None, as "1-5, 7"."""
    spans = []
    for number in sorted(n for n in numbers if n is not None):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(_number(a) if a == b else f"{_number(a)}-{_number(b)}"
                     for a, b in spans)


def _number(number):
    return f"{number:#010x}" if number > 0xffff else str(number)


_BOOK = _Book()


def _complaints(heard):
    """What is not signed as the rules have it, in a few words."""
    bad = collections.Counter(
        one.row for one in heard
        if one.answer and one.signed not in RULES[one.rule])
    words = [f"{what} {how}, {status}: {signed} ({rule}), {number} times"
             for (what, how, status, signed, rule), number
             in bad.most_common(FEW)]
    return f"{sum(bad.values())} of {len(heard)} answers: " + \
        "; ".join(words) if bad else ""


def _sweep(rig, sealed):
    stage = Stage(rig, sealed)
    with stage.connection:
        try:
            stage.play()
        except (Closed, TimeoutError) as error:
            raise AssertionError(f"{stage.connection.latest}: {error!r}") \
                from error
    heard = stage.connection.heard
    while stage.stumps:
        stage = Stage(rig, sealed, stage.stumps)
        with stage.connection:
            stage.ask_stumps()
        heard += stage.connection.heard
    _BOOK.note(f"{rig.profile.name}{' sealed' if sealed else ''}", heard)
    expect(len(heard) > MANY, f"{len(heard)} answers")
    complaints = _complaints(heard)
    expect(not complaints, complaints)


@case(modes=("required", "mandatory", "auto"), profiles=EVERY)
def all_answers(rig):
    if Options.brief and rig.server.mode is not MODES["required"]:
        raise Skip
    _sweep(rig, False)


@case(modes=("required",), profiles=ENCRYPTING)
def all_encrypted_answers(rig):
    _sweep(rig, True)
