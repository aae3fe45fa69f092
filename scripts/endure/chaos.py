# SPDX-License-Identifier: GPL-2.0-only
"""What goes on while the module comes and goes: clients that come back whenever
they are thrown out, knobs turned, ksmbd stopped and started."""

import contextlib
import os
import pathlib
import random
import tempfile
import threading
import time

from smb2 import wire
from smb2.connection import Closed
from smb2.session import BadSignature, StatusError
from tests.rig import Rig
from tests.server import PROC_NET, PROC_SYS, SHARE, listening, loaded, run
from tests.tap import equal, expect

from .clients import at_work
from .honest import SIZES, Mirror

KNOBS = {
    "policy": ("audit", "negotiated", "required"),
    "min_dialect": ("2.0.2", "2.1"),
    "algorithms": ("hmac-sha256,aes-cmac,aes-gmac",
                   "aes-gmac,aes-cmac,hmac-sha256"),
    "allow_guest": ("0", "1"),
    "replay_window": ("0", "1"),
    "sign_responses": ("0", "1"),
    "on_violation": ("deny", "reset"),
    "softirq_bytes": ("0", "100", "16384", "1048576"),
    "hold_bytes": ("4096", "65536", "1048576"),
}

# What may happen to a client while ksmbd or the module goes: the connection
# ends, or nobody is there; ksmbd answers so while it is being stopped.
GOING = (wire.USER_SESSION_DELETED, wire.FILE_CLOSED, 0xC00000C9, 0xC0000001,
         wire.LOGON_FAILURE, wire.INVALID_PARAMETER, 0xC000009A, 0xC000000F,
         0xC0000008)


def _guarded(connection):
    """Whether the module has had this connection since its first byte."""
    port = connection.socket.getsockname()[1]
    try:
        lines = (PROC_NET / "connections").read_text(encoding="ascii")
    except OSError:
        return False
    return f"127.0.0.1:{port} " in lines


def _session(rig):
    """A session, or Closed if there is no server to have one with."""
    connection = rig.dial(strict=False, timeout=20)
    try:
        connection.negotiate()
        return rig.session_on(connection).setup().connect_tree("share")
    except (StatusError, AssertionError, OSError) as error:
        raise Closed(str(error)) from error
    except BadSignature as error:
        # ksmbd by itself signs some errors, and not rightly
        if _guarded(connection):
            raise
        raise Closed(str(error)) from error


@contextlib.contextmanager
def thrown_out():
    """It is no failure to be."""
    try:
        yield
    except (Closed, OSError):
        time.sleep(0.02)
    except StatusError as error:
        if error.response.status not in GOING:
            raise


def files(client, dice, server, profile, connections):
    """Several sessions that write and read; what was acknowledged must be
    there, whoever came and went meanwhile."""
    rig, serial = Rig(server, profile), 0
    while client.wanted():
        with at_work(rig), thrown_out():
            sessions = [_session(rig) for _ in range(connections)]
            mirrors = []
            for session in sessions:
                serial += 1
                mirrors.append(Mirror(session, f"{client.name}-{serial}",
                                      dice))
            while client.wanted():
                mirror = dice.choice(mirrors)
                mirror.write()
                mirror.compare()
                mirror.read()
                client.count()
                client.rest(0.01)
        for path in SHARE.glob(f"{client.name}-*"):
            path.unlink(missing_ok=True)


def requests(client, dice, server, profile, connections):
    """Several sessions with signed requests that ksmbd has nothing to do
    for: no file is opened."""
    rig = Rig(server, profile)
    while client.wanted():
        with at_work(rig), thrown_out():
            sessions = [_session(rig) for _ in range(connections)]
            while client.wanted():
                session = dice.choice(sessions)
                data = dice.randbytes(dice.choice(SIZES))
                response = session.call(wire.write(wire.ANY_FILE, 0, data),
                                        expect=None)
                expect(response.status != wire.ACCESS_DENIED, "refused")
                session.echo()
                client.count()
                client.rest(0.01)


def rude(client, dice, server, profile):
    """Connections cut anywhere in their first frames, or full of garbage."""
    rig = Rig(server, profile)
    while client.wanted():
        with at_work(rig), contextlib.suppress(Closed, OSError):
            connection = rig.dial(timeout=5)
            message = wire.frame(connection.negotiate_request().encode())
            if dice.random() < 0.3:
                message = dice.randbytes(300)
            connection.transmit(message[:dice.randrange(len(message))])
            client.rest(dice.random() / 5)
            client.count()
        client.rest(0.05)


def mounted(client, dice, server):
    """Files on a mount by cifs.ko, which comes back by itself."""
    with tempfile.TemporaryDirectory() as name:
        command = ("mount", "-t", "cifs", "//127.0.0.1/share", name, "-o",
                   f"user={server.user},password={server.password},"
                   "vers=3.1.1,sign,echo_interval=5,retrans=0")
        while run(*command, check=False).returncode:
            client.rest(0.2)
        path = pathlib.Path(name) / client.name
        try:
            while client.wanted():
                _on_mount(client, dice, path)
        finally:
            run("umount", "-l", name)


def _on_mount(client, dice, path):
    data = dice.randbytes(dice.choice(SIZES))
    try:
        with open(path, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        got = (SHARE / path.name).read_bytes()
    except OSError:
        client.rest(0.05)
        return
    equal(got, data, "after fsync")
    client.count()


def knobs(client, dice):
    """Turns every knob, and reads what the module shows of itself, whether
    it is there or not."""
    while client.wanted():
        with contextlib.suppress(OSError):
            name = dice.choice(list(KNOBS))
            (PROC_SYS / "net/smbsign" / name).write_text(
                dice.choice(KNOBS[name]), encoding="ascii")
        with contextlib.suppress(OSError):
            name = dice.choice(("stats", "connections"))
            (PROC_NET / name).read_text(encoding="ascii")
        client.count()
        client.rest(0.05)


class Restless(threading.Thread):
    """Stops, starts and reloads ksmbd, and resets its connections."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server = server
        self.restarts = 0
        self.error = None
        self._dice = random.Random(seed)
        self._ending = threading.Event()
        # Held where ksmbd must be as it is
        self.quiet = threading.Lock()
        self.start()

    def run(self):
        while not self._ending.wait(self._dice.uniform(2, 15)):
            with self.quiet:
                try:
                    self._disturb()
                except Exception as error:
                    self.error = error
                    return

    def _disturb(self):
        if self._dice.random() < 0.3:
            run("ss", "-K", "state", "established", "sport", "=", ":445")
            return
        self.server.stop_ksmbd()
        self._ending.wait(self._dice.choice((0, 0.5)))
        self.server.start_ksmbd()
        self.restarts += 1

    def check(self):
        """Fail if it has."""
        if self.error:
            raise AssertionError(f"ksmbd: {self.error}")

    def stop(self):
        """End with ksmbd at work."""
        self._ending.set()
        self.join()
        self.check()
        expect(loaded("ksmbd") and listening(), "ksmbd is not there")
