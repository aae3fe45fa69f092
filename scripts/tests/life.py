# SPDX-License-Identifier: GPL-2.0-only
"""The module and ksmbd, coming and going in every order, with connections
open. Each case leaves both running."""

import contextlib
import fcntl
import os
import pathlib
import re
import threading
import time

from smb2 import attack, wire
from smb2.connection import Closed
from smb2.session import BadSignature, StatusError

from . import judge
from .kernellog import KernelLog
from .rig import LATEST
from .server import CONF, SHARE, wait_until
from .tap import case, equal, expect
from .tracer import Tracer

UNLOAD_LIMIT = 10
ROUNDS = 10
MANDATORY = ("mandatory",)
# A function that rmmod called from a module that is not there any more
CALL = re.compile(r"^ *rmmod-\d+ .*: (\w+) <-0x", re.M)
# What rmmod waits for once ksmbd is not hooked any more, see drain(); what it
# calls before that and after; and what it waits for as it lets keys go. A kernel that
# preempts nobody, as arm64's, has no RCU of tasks but the usual one
TASKS = "synchronize_rcu_tasks"
WAITS = [TASKS, "synchronize_srcu", "synchronize_srcu", TASKS, "srcu_barrier",
         "srcu_barrier"]
BEFORE, AFTER = "unregister_module_notifier", "proc_remove"
LAST = "srcu_barrier"


def _policy(server):
    return f"policy={server.mode.policy}"


def _guarded(rig):
    """A new connection works, and is guarded."""
    session, path = rig.new_session(), rig.fresh_path()
    session.create(path.name)
    request = session.request(wire.write(wire.ANY_FILE, 0, b"X"))
    judge.refused(session, request, request.encode())
    session.connection.close()


def _timed_unload(server):
    start = time.monotonic()
    server.unload()
    seconds = time.monotonic() - start
    expect(seconds < UNLOAD_LIMIT, f"rmmod took {seconds:.1f} s")


def _is_cut_off(session):
    with contextlib.suppress(Closed):
        session.connection.send(session.signed(wire.echo())[1])
    session.connection.wait_closed()


@case(modes=MANDATORY, profiles=LATEST)
def insmod_resets_connections_that_are_open(rig):
    rig.server.unload()
    session = rig.new_session()
    rig.server.load(_policy(rig.server))
    session.connection.wait_closed()
    _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST)
def insmod_leaves_them_alone_if_told_to(rig):
    rig.server.unload()
    session = rig.new_session()
    rig.server.load(_policy(rig.server), "existing=ignore")
    session.echo()
    session.create(rig.fresh_path().name)
    _guarded(rig)
    session.echo()


@case(modes=MANDATORY, profiles=LATEST)
def rmmod_with_connections_open(rig):
    """Readers are parked in our recvmsg, one frame is half there."""
    sessions = [rig.new_session() for _ in range(4)]
    _, message = sessions[0].signed(wire.echo())
    sessions[0].connection.transmit(wire.frame(message)[:50])
    _timed_unload(rig.server)
    for session in sessions:
        session.connection.wait_closed()
    rig.new_session().echo()
    rig.server.load(_policy(rig.server))
    _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST)
def rmmod_waits_for_whoever_is_inside(rig):
    """ftrace waits for nearly all of them as it lets go of ksmbd, so what fails
    without these waits is too rare to be waited for."""
    waits = [wait if wait != TASKS or Tracer.knows(wait) else "synchronize_rcu"
             for wait in WAITS]
    with Tracer("function", {*waits, BEFORE, AFTER}) as tracer:
        rig.server.unload()
        found = tracer.findall(CALL)
    equal(found[-len(waits) - 3:], [BEFORE, *waits, AFTER, LAST], "waits")
    rig.server.load(_policy(rig.server))


@case(modes=MANDATORY, profiles=LATEST)
def rmmod_while_a_large_request_is_on_its_way(rig):
    """Streamed, refused, and a partial one that nobody will ever end."""
    for forge in (lambda s, r: s.sign(r.encode()), attack.unsigned):
        session = rig.new_session()
        file = rig.file(b"untouched", session)
        while session.connection.credits < 24:
            session.echo()
        request = session.request(wire.write(file.id, 0, bytes(1 << 20)))
        data = wire.frame(forge(session, request))
        session.connection.transmit(data[:300000])
        _timed_unload(rig.server)
        session.connection.wait_closed()
        equal(file.content, b"untouched", "content")
        rig.server.load(_policy(rig.server))
    _guarded(rig)


@contextlib.contextmanager
def _one_request_at_a_time(server):
    """ksmbd reads no request before it has answered the last."""
    conf = CONF.read_text(encoding="ascii")
    server.stop_ksmbd()
    CONF.write_text(conf.replace("max credits = 8192", "max credits = 1"),
                    encoding="ascii")
    server.start_ksmbd()
    try:
        yield
    finally:
        server.configure("mandatory")


@contextlib.contextmanager
def _one_cpu():
    """Else ksmbd can miss that a lock is free (flaws.py)."""
    online = pathlib.Path("/sys/devices/system/cpu/cpu1/online")
    online.write_text("0", encoding="ascii")
    try:
        yield
    finally:
        online.write_text("1", encoding="ascii")


def _ksmbds_threads():
    """The threads of ksmbd, one for each connection among them."""
    found = set()
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if comm.read_text(encoding="ascii").startswith("ksmbd:"):
                found.add(comm)
    return found


def _nothing_is_left_to_be_read(rig, reset):
    """What comes while ksmbd does not read, it would find there afterwards. The
    ksmbd of 7.x does not go back to a connection that is closed, and that of 6.1
    has no use for clients of a single credit."""
    with _one_request_at_a_time(rig.server), _one_cpu():
        before = _ksmbds_threads()
        session, path = rig.new_session(), rig.fresh_path()
        file = session.create(path.name)
        with open(path, "r+b") as held:
            fcntl.lockf(held, fcntl.LOCK_EX)
            request = session.request(
                wire.lock(file, 0, 8, wire.LOCK_EXCLUSIVE))
            session.send(request)
            session.connection.wait_interim(request)
            # That it is too long is what ksmbd says of it
            session.connection.transmit(b"\0\xff\xff\xff" + bytes(100))
            log = KernelLog(os.SEEK_END)
            reset()
        wait_until("ksmbd to leave the connection",
                   lambda: _ksmbds_threads() <= before)
        read = [text for text in log.messages() if "PDU length" in text]
        expect(not read, f"ksmbd read it: {read}")
    _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST, kernels="6.12")
def rmmod_leaves_nothing_to_be_read(rig):
    _nothing_is_left_to_be_read(rig, lambda: _timed_unload(rig.server))


@case(modes=MANDATORY, profiles=LATEST, kernels="6.12")
def insmod_leaves_nothing_to_be_read(rig):
    rig.server.unload()
    _nothing_is_left_to_be_read(
        rig, lambda: rig.server.load(_policy(rig.server)))


@case(modes=MANDATORY, profiles=LATEST)
def module_loaded_after_ksmbd(rig):
    rig.server.unload()
    rig.server.stop_ksmbd()
    rig.server.start_ksmbd()
    rig.server.load(_policy(rig.server))
    _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST)
def ksmbd_comes_back_under_the_module(rig):
    for _ in range(3):
        session = rig.new_session()
        rig.server.stop_ksmbd()
        session.connection.wait_closed()
        rig.server.start_ksmbd()
        _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST)
def module_survives_without_ksmbd(rig):
    rig.server.stop_ksmbd()
    _timed_unload(rig.server)
    rig.server.load(_policy(rig.server))
    rig.server.start_ksmbd()
    _guarded(rig)


@case(modes=MANDATORY, profiles=LATEST)
def nothing_is_left_of_closed_connections(rig):
    # What ksmbd itself keeps, see flaws.py, is none of the module's any more
    rig.server.unload()
    rig.server.load(_policy(rig.server))
    for _ in range(20):
        rig.new_session().connection.close()
    wait_until("the connections to go",
               lambda: rig.server.stats()["connections"] == 0)
    equal(rig.server.stats()["sessions"], 0, "sessions")


@case(modes=MANDATORY, profiles=LATEST)
def nothing_works_after_logoff_but_a_new_session(rig):
    session = rig.new_session()
    session.call(wire.logoff())
    request = session.request(wire.tree_connect("share"))
    session.connection.send(session.sign(request.encode()))
    response = session.connection.answer(request)
    expect(response.status in judge.REFUSALS,
           f"status {response.status:#010x}")
    # 7.x gives its number to the next one
    del session.connection.sessions[session.id]
    rig.session_on(session.connection).setup().connect_tree("share")


class Traffic(threading.Thread):
    """A client that writes and comes back whenever it is thrown out."""

    def __init__(self, rig, name):
        super().__init__(daemon=True)
        self.rig = rig
        self.path = SHARE / name
        self.writes = 0
        self.error = None
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                self._work()
            except (Closed, OSError):
                time.sleep(0.1)
            except (AssertionError, BadSignature, StatusError) as error:
                self.error = error
                return

    def _work(self):
        session = self.rig.new_session()
        file = session.create(self.path.name)
        while not self.stopping.is_set():
            session.write(file, 0, bytes(30000))
            self.writes += 1

    def stop(self):
        """End it; whatever went wrong in it is raised here."""
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error


@case(modes=MANDATORY, profiles=LATEST, kernels="7")
def rmmod_and_insmod_under_traffic(rig):
    clients = [Traffic(rig, f"traffic{n}") for n in range(3)]
    for client in clients:
        client.start()
    for _ in range(ROUNDS):
        _timed_unload(rig.server)
        time.sleep(0.5)
        rig.server.load(_policy(rig.server))
        before = [client.writes for client in clients]
        wait_until("all clients to work again", lambda b=before: all(
            client.error or client.writes > writes
            for client, writes in zip(clients, b)))
    for client in clients:
        client.stop()
    _guarded(rig)
