# SPDX-License-Identifier: GPL-2.0-only
"""What a client and an attacker do while something fails, and what must hold
whatever that is."""

import contextlib

from smb2 import attack, wire
from smb2.connection import Closed
from smb2.session import StatusError
from tests.bulk import earn
from tests.flaws import keeps_connections
from tests.rig import File
from tests.server import wait_until
from tests.tap import equal, expect, status

FORGED = b"X"
UNTOUCHED = b"-" * 16
HONEST = b"0123456789abcdef"
# More than is held whole
LARGE = 100000
NO_SUCH_FILE = 0xC0000034


def _denied(session, request, message):
    session.connection.send(message)
    status(session.connection.answer(request), wire.ACCESS_DENIED)


def _attack(session, file):
    """Forged requests of each kind that is refused in a way of its own."""
    request = session.request(wire.write(file.id, 0, FORGED * 16))
    _denied(session, request, request.encode())
    request = session.request(wire.write(file.id, 0, FORGED * 16))
    _denied(session, request, attack.signature_flipped(session, request))
    chain = session.chain([wire.write(file.id, 0, FORGED * 16),
                           wire.write(file.id, 0, FORGED * 16)])
    session.connection.send(b"".join(r.encode() for r in chain))
    for request in chain:
        status(session.connection.answer(request), wire.ACCESS_DENIED)
    earn(session, wire.charge_for(LARGE))
    request = session.request(wire.write(file.id, 0, FORGED * LARGE))
    _denied(session, request, request.encode())


def _work(session, file):
    """Requests that are fine, and one that ksmbd answers with an error."""
    session.write(file.id, 0, HONEST)
    equal(session.read(file.id, 0, len(HONEST)), HONEST, "what was read")
    request = session.request(wire.create(
        "nothing", disposition=wire.OPEN))
    session.send(request)
    status(session.answer(request), NO_SUCH_FILE)
    reauthenticated = session.reauthenticate()
    status(reauthenticated, wire.SUCCESS)
    earn(session, wire.charge_for(LARGE))
    session.write(file.id, 16, b"#" * LARGE)


def hold(rig):
    """The whole dialogue. True if nothing went wrong in it. The connection may
    end at any place, and ksmbd may say that it cannot; but nobody waits in
    vain, nothing forged is executed, no wrong answer comes."""
    file = None
    try:
        session = rig.new_session()
        file = File(session, UNTOUCHED)
        _attack(session, file)
        _work(session, file)
        session.connection.close()
        return True
    except TimeoutError as error:
        raise AssertionError("nobody answers, nobody hangs up") from error
    except (Closed, ConnectionError, StatusError):
        return False
    finally:
        if file:
            content = file.content
            expect(FORGED not in content, "a forged request was executed")
            expect(content.startswith((UNTOUCHED, HONEST)), "wrong content")
            file.path.unlink()


def honest(rig):
    """Another client is served as ever."""
    session = rig.new_session()
    file = File(session, UNTOUCHED)
    session.write(file.id, 0, HONEST)
    equal(file.content, HONEST, "content")
    file.close()
    session.connection.close()


def nothing_left(server):
    """Wait until the module holds no connection and no session."""
    if keeps_connections():
        server.unload()
        server.load(f"policy={server.mode.policy}")
    with contextlib.suppress(AssertionError):
        wait_until("it", lambda: not server.stats()["connections"], 60)
    stats = server.stats()
    equal((stats["connections"], stats["sessions"]), (0, 0),
          "connections and sessions left")
