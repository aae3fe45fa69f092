# SPDX-License-Identifier: GPL-2.0-only
"""What AES-GMAC signs beside the message, [MS-SMB2] 3.1.4.1: the MessageId, who
sends it, and whether it is a CANCEL. A request with another nonce is refused. An
answer is signed only if nothing else has been, or will be, with its nonce: two of
them give away what it takes to forge any message of the session. The client of
all suites (smb2/session.py: verify()) looks for that, and so does the module
itself, which is loaded with check_nonces."""

import time

from smb2 import attack, crypto, ntlm, spnego, wire
from smb2.session import StatusError

from . import intruder, judge
from .bulk import MIB, earn, pattern
from .rig import GMAC, GMAC_ENCRYPTING
from .server import ksmbd_complaints
from .tap import GUARDED, add, case, equal, expect, status
from .waiting import BlockedLock
from .window import NO_WINDOW

BOTH = (GMAC, GMAC_ENCRYPTING)
ONE = (GMAC,)
# Answers that do not fit into what the kernel buffers
READS = 16


# Requests with another nonce

def _refused(forge):
    def run(rig):
        session, file = rig.session, rig.file(b"before")
        for body in (wire.write(file.id, 0, b"after!"), wire.echo(),
                     wire.create(rig.fresh_path().name), wire.logoff()):
            request = session.request(body)
            judge.refused(session, request, forge(session, request))
        equal(file.content, b"before", "content")
        session.write(file.id, 0, b"after!")
        equal(file.content, b"after!", "content")
        file.close()
    return run


def _streamed(forge):
    """It is found out only once ksmbd has most of it."""
    def run(rig):
        session, complaints = rig.new_session(), ksmbd_complaints()
        file = rig.file(b"untouched", session)
        earn(session, wire.charge_for(MIB))
        request = session.request(wire.write(file.id, 0, pattern(MIB)))
        judge.cut_off(session.connection, forge(session, request))
        equal(file.content, b"untouched", "content")
        equal(ksmbd_complaints(), complaints, "ksmbd's bad smb2 signature")
    return run


def _cancel(forge):
    def run(rig):
        lock = BlockedLock(rig)
        lock.session.connection.send(forge(lock.session, lock.cancel()))
        lock.still_waits()
        lock.end()
    return run


def _leg(forge):
    """Reauthentication: the session lives on, with its key."""
    def run(rig):
        session = rig.new_session()
        request = session.first_leg()
        judge.refused(session, request, forge(session, request))
        status(session.reauthenticate(), wire.SUCCESS)
    return run


def _register():
    for name, forge in attack.NONCES.items():
        for words, make in (("request", _refused), ("CANCEL", _cancel),
                            ("1 MiB", _streamed), ("SESSION_SETUP", _leg)):
            essential = make in (_refused, _cancel)
            add(f"{words} with the {name} is not executed", make(forge),
                suite="nonces", modes=GUARDED if essential else
                ("mandatory",), profiles=BOTH if essential else ONE)


_register()


def _swapped(session, requests):
    """Each with the signature of the other."""
    good = [session.sign(request.encode()) for request in requests]
    return b"".join(
        request.changed(flags=request.header.flags | wire.FLAG_SIGNED,
                        signature=other[wire.SIGNATURE]).encode()
        for request, other in zip(requests, good[::-1]))


def _all_with_the_first_nonce(session, requests):
    nonce = crypto.gmac_nonce(requests[0].encode())
    return b"".join(session.sign(request.encode(), nonce=nonce)
                    for request in requests)


def _in_reverse(session, requests):
    """Each with the nonce of the other."""
    nonces = [crypto.gmac_nonce(request.encode()) for request in requests]
    return b"".join(session.sign(request.encode(), nonce=nonce)
                    for request, nonce in zip(requests, nonces[::-1]))


@case(profiles=BOTH)
def each_element_of_a_compound_has_a_nonce_of_its_own(rig):
    session = rig.session
    for forge in (_swapped, _all_with_the_first_nonce, _in_reverse):
        for related in (True, False):
            path = rig.fresh_path()
            # Alike but for their MessageIds, if they are not related
            bodies = [wire.create(path.name),
                      wire.close(wire.ANY_FILE) if related else
                      wire.create(path.name)]
            requests = session.chain(bodies, related)
            session.connection.send(forge(session, requests))
            for request in requests:
                judge.denied(session, request.changed(session_id=session.id))
            expect(not path.exists(), "an element was executed")
            session.echo()


@case(profiles=BOTH)
def signature_belongs_to_its_message_id(rig):
    """The same request, signed for the next MessageId or for the last one."""
    session, path = rig.session, rig.fresh_path()
    for step in (1, -1):
        request = session.request(wire.create(path.name))
        other = request.changed(message_id=request.header.message_id + step)
        judge.refused(session, request, request.changed(
            flags=wire.FLAG_SIGNED,
            signature=session.signature(other.changed(
                flags=wire.FLAG_SIGNED).encode())).encode())
        expect(not path.exists(), "the file was created")


# What a server sends is no request

def _not_executed(rig, session, request, message, path):
    judge.unheard(session.connection, request, message)
    expect(not path.exists(), "the file was created")
    rig.session.echo()


@case(profiles=BOTH)
def request_that_says_it_is_a_response(rig):
    """Signed with the nonce that goes with it, and with that of a
    request."""
    for nonce in (lambda message: None,
                  lambda message: crypto.gmac_nonce(message)[:8] + bytes(4)):
        session, path = rig.new_session(), rig.fresh_path()
        request = session.request(wire.create(path.name),
                                  flags=wire.FLAG_RESPONSE)
        message = request.encode()
        _not_executed(rig, session, request,
                      session.sign(message, nonce=nonce(message)), path)


@case(profiles=BOTH)
def response_sent_back(rig):
    """As it was, and with the flag cleared that says whose it is."""
    for flags in (wire.FLAG_RESPONSE, 0):
        for knob in ({}, {"replay_window": "0"}):
            with rig.knobs(**knob):
                session = rig.new_session()
                response = session.call(wire.echo())
                message = bytearray(response.raw)
                message[16:20] = (response.header.flags & ~wire.FLAG_RESPONSE
                                  | flags).to_bytes(4, "little")
                connection = session.connection
                intruder.forget(connection)
                answers = intruder.shout(connection, bytes(message))
                expect(all(answer is None or answer.status != wire.SUCCESS
                           for answer in answers), "it was executed")
                connection.close()


# Answers that share a nonce with another

def _answers(session, requests, messages):
    """What comes for @messages, one by one: [(request, response)]."""
    intruder.forget(session.connection)
    found = []
    for request, message in zip(requests, messages):
        session.connection.send(message)
        found.append(session.connection.answer(request))
    return found


def _signatures(session, answers):
    """Which of @answers are signed; those that are, are rightly."""
    for answer in answers:
        if answer.signed:
            session.verify(answer, session.signing_key)
    return [answer.signed for answer in answers]


def _again(session, bodies):
    """Requests with one MessageId."""
    first = session.request(bodies[0])
    return [first, *(session.request(
        body, message_id=first.header.message_id) for body in bodies[1:])]


REPEATED = {"replay_window": {"replay_window": "0"},
            "policy=audit": {"policy": "audit"}}
BODIES = (wire.echo(), wire.query_info(wire.ANY_FILE),
          wire.create("nowhere", disposition=wire.OPEN))


def _repeated(knobs):
    """Two different requests with one MessageId, in both orders, and one
    request twice: the first answer is signed, and no other."""
    def run(rig):
        with rig.knobs(**knobs):
            for bodies in ((BODIES[0], BODIES[1]), (BODIES[1], BODIES[0]),
                           (BODIES[2], BODIES[2], BODIES[0])):
                session = rig.new_session()
                requests = _again(session, bodies)
                answers = _answers(session, requests, [
                    session.sign(request.encode()) for request in requests])
                equal(_signatures(session, answers),
                      [True] + [False] * (len(bodies) - 1), "signed")
                # What has a MessageId of its own is signed as ever
                expect(session.call(wire.echo()).signed, "unsigned")
                session.connection.close()
    return run


def _repeated_later(knobs):
    """Long after, and in a compound with one that is new."""
    def run(rig):
        with rig.knobs(**knobs):
            session = rig.new_session()
            used = session.call(wire.echo()).header.message_id
            for _ in range(40):
                session.echo()
            requests = session.chain([wire.echo(), wire.echo()],
                                     related=False)
            requests[1].header.message_id = used
            intruder.forget(session.connection)
            session.connection.send(b"".join(
                session.sign(request.encode()) for request in requests))
            answers = [session.connection.answer(request)
                       for request in requests]
            equal(_signatures(session, answers), [True, False], "signed")
    return run


def _refused_before(knobs):
    """A refusal, whoever got it, uses the MessageId up."""
    def run(rig):
        with rig.knobs(**knobs):
            session = rig.new_session()
            for forge in (attack.unsigned, attack.signature_flipped):
                requests = _again(session, (BODIES[2], BODIES[0]))
                answers = _answers(session, requests, (
                    forge(session, requests[0]),
                    session.sign(requests[1].encode())))
                equal(_signatures(session, answers), [False, False], "signed")
    return run


def _encrypted_before(knobs):
    """An encrypted answer, too, uses the MessageId up."""
    def run(rig):
        with rig.knobs(**knobs):
            session = rig.new_session()
            session.encrypting = True
            requests = [response.header.message_id for response in (
                session.call(wire.create(rig.fresh_path().name)),
                session.call(wire.echo()))]
            session.encrypting = False
            for message_id in requests:
                request = session.request(wire.echo(), message_id=message_id)
                answer, = _answers(session, [request],
                                   [session.sign(request.encode())])
                equal(_signatures(session, [answer]), [False], "signed")
            expect(session.call(wire.echo()).signed, "unsigned")
    return run


def _never_granted(knobs):
    def run(rig):
        with rig.knobs(**knobs):
            session = rig.new_session()
            far = session.connection.next_message_id + 100000
            for message_id in (far, 1 << 40, far):
                request = session.request(wire.echo(), message_id=message_id)
                answer, = _answers(session, [request],
                                   [session.sign(request.encode())])
                equal(_signatures(session, [answer]), [False], "signed")
    return run


def _register_repeated():
    for words, knobs in REPEATED.items():
        for name, make in (
                ("MessageId used twice: one answer is signed", _repeated),
                ("MessageId used long ago: no answer is signed",
                 _repeated_later),
                ("MessageId never granted: no answer is signed",
                 _never_granted)):
            # ksmbd 7.3 itself ends such connections
            add(f"{name}, {words}", make(knobs), suite="nonces",
                modes=("mandatory", "required"), profiles=BOTH,
                kernels=NO_WINDOW)
    add("MessageId of what was encrypted: no answer is signed",
        _encrypted_before(REPEATED["replay_window"]), suite="nonces",
        modes=("mandatory", "required"), profiles=(GMAC_ENCRYPTING,),
        kernels=NO_WINDOW)
    add("MessageId of what was refused: no answer is signed",
        _refused_before(REPEATED["replay_window"]), suite="nonces",
        modes=("mandatory", "required"), profiles=BOTH, kernels=NO_WINDOW)


_register_repeated()


@case(profiles=ONE, kernels=NO_WINDOW)
def leg_that_comes_twice_ends_the_connection(rig):
    """Both answers would be signed before they leave, with one nonce; under
    audit, too."""
    with rig.knobs(policy="audit"):
        session = rig.new_session()
        message = wire.frame(session.sign(session.first_leg().encode()))
        intruder.forget(session.connection)
        session.connection.transmit(message * 2)
        session.connection.wait_closed()


@case(profiles=ONE, kernels=NO_WINDOW)
def refused_twins_end_the_connection(rig):
    """Without a window. Two rightly signed requests of a compound with one
    MessageId are refused, as their session ends between them."""
    with rig.knobs(replay_window="0"):
        session = rig.new_session()
        logoff = session.sign(session.request(wire.logoff()).encode())
        requests = session.chain([wire.echo(), wire.echo()], related=False)
        requests[1].header.message_id = requests[0].header.message_id
        first, last = (session.sign(request.encode())
                       for request in requests)
        login = session.connection.request(
            wire.session_setup(spnego.first_token(ntlm.negotiate()),
                               wire.SIGNING_ENABLED, 0, 0), session_id=0)
        frame = wire.frame(first + last)
        intruder.forget(session.connection)
        intruder.shout(session.connection, logoff)
        session.connection.transmit(wire.frame(login.encode()) +
                                    frame[:4 + len(first)])
        time.sleep(4 * intruder.PAUSE)
        session.connection.transmit(frame[4 + len(first):])
        session.connection.wait_closed()


# What is said in between, or to nobody's request

def _interim(session, request):
    """The interim answer to @request, as it came."""
    while True:
        for response in session.connection.receive():
            if response.interim and response.header.message_id == \
                    request.header.message_id:
                return response


@case(profiles=BOTH)
def interim_answer_is_not_signed(rig):
    session = rig.session
    file = rig.file(b"0123456789")
    holder = session.create(file.name)
    session.call(wire.lock(holder, 0, 8, wire.LOCK_EXCLUSIVE |
                           wire.LOCK_FAIL_IMMEDIATELY))
    request = session.request(wire.lock(file.id, 0, 8, wire.LOCK_EXCLUSIVE))
    session.send(request)
    interim = _interim(session, request)
    expect(not interim.signed, "signed")
    session.send(session.request(
        wire.cancel(), message_id=request.header.message_id,
        flags=wire.FLAG_ASYNC, async_id=interim.header.async_id))
    response = session.answer(request)
    status(response, wire.CANCELLED)
    expect(response.signed, "the final answer is not signed")


@case(profiles=ONE)
def forged_cancels_do_not_show_the_key(rig):
    """They name the request whose answer is still to come: nothing is said to
    them, neither before it nor after."""
    lock = BlockedLock(rig)
    session, connection = lock.session, lock.session.connection
    for forge in (*attack.ALL.values(), *attack.NONCES.values()):
        connection.send(forge(session, lock.cancel()))
        sync = session.request(wire.cancel(),
                               message_id=lock.request.header.message_id)
        connection.send(forge(session, sync))
    lock.still_waits()
    lock.end()
    for forge in attack.ALL.values():
        connection.send(forge(session, lock.cancel()))
    session.echo()
    equal([*connection.answers], [], "answers")


@case(profiles=ONE)
def notice_is_not_signed(rig):
    """An oplock that breaks. The client fails over one that is signed."""
    holder = rig.session
    file = rig.file(b"cached", oplock=wire.OPLOCK_BATCH)
    second = rig.new_session()
    opening = second.request(wire.create(file.name))
    second.send(opening)
    while not holder.connection.notices:
        holder.connection.receive()
    expect(not holder.connection.notices.pop().signed, "signed")
    holder.call(wire.oplock_break(file.id))
    status(second.answer(opening), wire.SUCCESS)


# Keys of another connection

@case(profiles=BOTH)
def legs_of_a_binding_are_signed_once(rig):
    """With the session's key, for the first that has this MessageId; the last
    leg with the channel's own key."""
    session = rig.new_session()
    for first in (True, False, False):
        channel = rig.channel(session)
        request = channel.first_leg()
        channel.sent_final_leg(message := channel.encode_leg(request))
        channel.connection.send(message)
        response = channel.connection.answer(request)
        status(response, wire.MORE_PROCESSING_REQUIRED)
        equal(response.signed, first, "signed")
        channel.challenged(response)
        request = channel.final_leg()
        channel.sent_final_leg(message := channel.encode_leg(request))
        channel.connection.send(message)
        response = channel.connection.answer(request)
        expect(response.signed, "the last is not signed")
        channel.finished(response)
        channel.echo()
    session.echo()


@case(profiles=ONE)
def failures_of_bindings_are_not_signed(rig):
    session = rig.new_session()
    for _ in range(2):
        channel = rig.channel(session)
        channel.password = "wrong"
        try:
            channel.setup()
        except StatusError as error:
            status(error.response, wire.LOGON_FAILURE)
            expect(not error.response.signed, "signed")
        else:
            raise AssertionError("the wrong password was taken")
    session.echo()


@case(profiles=ONE)
def answer_for_a_session_elsewhere_is_not_signed(rig):
    """Its own connection uses its key. An ECHO needs no session."""
    owner, here = rig.new_session(), rig.new_session()
    for body in (wire.echo(), wire.query_info(wire.ANY_FILE), wire.logoff()):
        request = here.request(body, session_id=owner.id)
        here.connection.send(owner.sign(request.encode()))
        response = here.connection.answer(request)
        status(response, wire.SUCCESS if body.command == wire.ECHO else
               wire.USER_SESSION_DELETED)
        expect(not response.signed, "signed")
    owner.echo()
    here.echo()


# Answers that have to wait

@case(profiles=ONE)
def answers_that_have_to_wait_are_signed_once(rig):
    """TCP has no room for them, so that they are written in parts, and
    refusals stand among them."""
    with intruder.small_send_buffers():
        session = rig.new_session(receive_buffer=intruder.RECEIVE_BUFFER)
        path = rig.fresh_path()
        path.write_bytes(data := pattern(intruder.READ_SIZE))
        path.chmod(0o666)
        file = session.create(path.name)
        earn(session, READS * (wire.charge_for(len(data)) + 2))
        requests, wanted = [], []
        for _ in range(READS):
            good = session.request(wire.read(file, 0, len(data)))
            bad = session.request(wire.create("nothing"))
            session.send(good)
            session.connection.send(attack.signature_flipped(session, bad))
            requests += [good, bad]
            wanted += [wire.SUCCESS, wire.ACCESS_DENIED]
        time.sleep(intruder.PAUSE)
        for request, outcome in zip(requests, wanted):
            response = session.answer(request)
            status(response, outcome)
            if outcome == wire.SUCCESS:
                equal(wire.read_data(response.raw), data, "data")
    session.echo()
