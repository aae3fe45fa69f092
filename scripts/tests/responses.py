# SPDX-License-Identifier: GPL-2.0-only
"""Responses, [MS-SMB2] 3.3.4.1.1: all that a session which must sign is told,
and every answer to a signed request, is signed. The client of these suites
(smb2/session.py: check()) fails over any response that is not; here are the
answers that ksmbd by itself leaves unsigned, one by one."""

from smb2 import wire
from smb2.session import Unsigned

from .flaws import pads_beyond_its_buffer
from .rig import ALGORITHMS, HMAC, USUAL
from .tap import add, case, equal, expect, status
from .waiting import BlockedLock

ALL = (*USUAL, HMAC)
NOT_FOUND = wire.create("nowhere", disposition=wire.OPEN)
NO_FILE = b"\x77" * 16
UNKNOWN_COMMAND = 0x13


def _no_such_tree(session):
    return session.request(NOT_FOUND, tree_id=0x7777)


def _no_such_share(session):
    return session.request(wire.tree_connect("nowhere"))


def _not_found(session):
    return session.request(NOT_FOUND)


def _no_such_handle(session):
    return session.request(wire.read(NO_FILE, 0, 8))


def _no_such_oplock(session):
    return session.request(wire.oplock_break(NO_FILE))


def _no_such_ioctl(session):
    return session.request(wire.ioctl(wire.ANY_FILE, 0x0009FFFC, b"x"))


def _no_such_command(session):
    """ksmbd gives up before it looks for what it could do."""
    return session.request(wire.Body(UNKNOWN_COMMAND, bytes(4)))


def _wrong_structure_size(session):
    request = session.request(NOT_FOUND)
    request.body = b"\x07\0" + request.body[2:]
    return request


def _too_small_a_charge(session):
    """128 KiB for one credit."""
    return session.request(wire.read(NO_FILE, 0, 1 << 17), credit_charge=1,
                           message_id=session.connection.allocate())


def _truncated(session):
    request = session.request(wire.read(NO_FILE, 0, 8))
    request.body = request.body[:20]
    return request


def _echo(session):
    return session.request(wire.echo())


def _bad_session_setup(session):
    """A reauthentication without a token."""
    return session.request(wire.session_setup(b"", 1))


def _directory_as_file(session):
    return session.request(wire.create("", disposition=wire.OPEN))


REQUESTS = {
    "no such tree": _no_such_tree,
    "no such share": _no_such_share,
    "no such name": _not_found,
    "no such handle": _no_such_handle,
    "no such oplock": _no_such_oplock,
    "no such ioctl": _no_such_ioctl,
    "no such command": _no_such_command,
    "wrong StructureSize": _wrong_structure_size,
    "too small a CreditCharge": _too_small_a_charge,
    "truncated": _truncated,
    "directory as a file": _directory_as_file,
    "ECHO": _echo,
    "bad SESSION_SETUP": _bad_session_setup,
}


# Those that never reach the command's own code
EARLY_ERRORS = (_no_such_command, _wrong_structure_size, _truncated)


def _signed_case(make):
    def run(rig):
        session = rig.new_session()
        request = make(session)
        session.send(request)
        response = session.answer(request)
        equal(response.header.command, request.header.command, "command")
        expect(response.signed, f"status {response.status:#010x}, unsigned")
        session.verify(response, session.signing_key)
    return run


def _register():
    for name, make in REQUESTS.items():
        title = f"answer is signed: {name}"
        add(title, _signed_case(make), suite="responses",
            modes=("mandatory",),
            profiles=ALL if make in (_no_such_tree, _echo) else ALGORITHMS)
        # By itself it signs still less here
        add(title, _signed_case(make), suite="responses",
            modes=("required", "auto"), profiles=(*ALGORITHMS, HMAC))


_register()


@case(profiles=ALL)
def each_answer_in_a_compound_is_signed(rig):
    """Also those behind the one that fails."""
    session = rig.session
    for related in (True, False):
        requests = session.chain([NOT_FOUND, wire.flush(wire.ANY_FILE),
                                  wire.close(wire.ANY_FILE)], related)
        session.connection.send(b"".join(session.sign(request.encode())
                                         for request in requests))
        for request in requests:
            response = session.answer(request)
            expect(response.signed, "unsigned")
            expect(response.status != wire.SUCCESS, "executed")


@case(profiles=(*ALGORITHMS, HMAC))
def reads_of_all_sizes_are_signed(rig):
    """ksmbd sends the data from a buffer of its own."""
    session = rig.session
    data = bytes(range(256)) * 256
    file = rig.file(data)
    for size in (1, 7, 8, 15, 16, 17, 1000, 4096, 65536):
        equal(session.read(file.id, 0, size), data[:size], "data")
    size = 96 if pads_beyond_its_buffer() else 100
    requests = session.chain([wire.read(file.id, 0, size),
                              wire.read(file.id, size, size)], related=False)
    session.connection.send(b"".join(session.sign(request.encode())
                                     for request in requests))
    for place, request in enumerate(requests):
        response = session.answer(request)
        expect(response.signed, "unsigned")
        equal(wire.read_data(response.raw),
              data[place * size:][:size], "data")
    file.close()


@case(profiles=ALL)
def cancelled_lock_is_answered_signed(rig):
    lock = BlockedLock(rig)
    lock.session.send(lock.cancel())
    response = lock.session.answer(lock.request)
    status(response, wire.CANCELLED)
    expect(response.signed, "unsigned")


@case(profiles=ALL)
def granted_lock_is_answered_signed(rig):
    """Late, after an interim answer."""
    answers = (BlockedLock(rig).granted() for _ in range(3))
    response = next(filter(None, answers), None)
    expect(response, "not granted")
    status(response, wire.SUCCESS)
    expect(response.signed, "unsigned")


@case(profiles=(*ALGORITHMS, HMAC), kernels="7")
def end_of_change_notify_is_answered_signed(rig):
    """ksmbd of 6.12 knows no CHANGE_NOTIFY."""
    session = rig.new_session()
    directory = session.create("", options=wire.FILE_DIRECTORY,
                               disposition=wire.OPEN, access=0x81)
    request = session.request(wire.change_notify(directory))
    session.send(request)
    session.connection.wait_interim(request)
    session.close_file(directory)
    response = session.answer(request)
    status(response, wire.NOTIFY_CLEANUP)
    expect(response.signed, "unsigned")


@case(profiles=ALL)
def logoff_is_answered_signed(rig):
    session = rig.new_session()
    expect(session.call(wire.logoff()).signed, "unsigned")


@case(modes=("mandatory",), profiles=USUAL)
def no_signature_without_a_key(rig):
    """On a session nobody knows there is none, so SIGNED must not be set."""
    session = rig.new_session()
    request = session.request(NOT_FOUND, session_id=session.id + 0x1000)
    session.send(request)
    response = session.connection.answer(request)
    status(response, wire.USER_SESSION_DELETED)
    expect(not response.signed, "SIGNED, but by whom?")


@case(modes=("auto",), profiles=(*ALGORITHMS, HMAC))
def unsigned_requests_are_answered_unsigned(rig):
    """Where nothing must be signed, a client need not have a key."""
    session = rig.new_session()
    session.signing = False
    for body in (NOT_FOUND, wire.echo()):
        expect(not session.call(body, expect=None).signed, "signed")


@case(modes=("mandatory",), profiles=(*ALGORITHMS, HMAC))
def sign_responses_0_leaves_them_as_ksmbd_made_them(rig):
    with rig.server.knob("sign_responses", "0"):
        session = rig.new_session()
        session.close_file(session.create(rig.fresh_path().name))
        request = _no_such_tree(session)
        session.send(request)
        try:
            session.answer(request)
        except Unsigned:
            return
    raise AssertionError("signed by ksmbd itself?")
