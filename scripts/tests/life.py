# SPDX-License-Identifier: GPL-2.0-only
"""The module and ksmbd, coming and going in every order, with connections
open. Each case leaves both running."""

import contextlib
import re
import threading
import time

from smb2 import attack, wire
from smb2.connection import Closed
from smb2.session import BadSignature, StatusError

from . import judge
from .rig import LATEST
from .server import SHARE, wait_until
from .tap import case, equal, expect
from .tracer import Tracer

UNLOAD_LIMIT = 10
ROUNDS = 10
MANDATORY = ("mandatory",)
# A function that rmmod called from a module that is not there any more
CALL = re.compile(r"^ *rmmod-\d+ .*: (\w+) <-0x", re.M)
# What rmmod waits for once ksmbd is not hooked any more, see drain(); and what
# it calls before that, and after
WAITS = ["synchronize_rcu_tasks", "synchronize_srcu", "synchronize_rcu_tasks",
         "srcu_barrier", "srcu_barrier"]
BEFORE, AFTER = "unregister_module_notifier", "proc_remove"


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
    with Tracer("function", {*WAITS, BEFORE, AFTER}) as tracer:
        rig.server.unload()
        found = tracer.findall(CALL)
    equal(found[-len(WAITS) - 2:], [BEFORE, *WAITS, AFTER], "waits")
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
    request = session.request(wire.tree_connect(r"\\127.0.0.1\share"))
    session.connection.send(session.sign(request.encode()))
    response = session.connection.answer(request)
    expect(response.status in (wire.USER_SESSION_DELETED,
                               wire.ACCESS_DENIED),
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
