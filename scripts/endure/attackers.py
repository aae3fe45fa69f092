# SPDX-License-Identifier: GPL-2.0-only
"""Clients that do what they must not, and note what should be counted for it:
names of /proc/net/smbsign/stats."""

import collections
import contextlib
import socket

from smb2 import attack, wire
from smb2.connection import Closed
from tests import judge
from tests.bulk import earn
from tests.rig import Rig
from tests.server import SHARE
from tests.tap import equal, status

from .clients import at_work

# By attack.ALL
REASONS = {name: "reason_bad_signature" if name in attack.FORGED
           else "reason_unsigned"
           for name in attack.ALL}
SIZES = (1, 100, 3000, 40000)
# More than is held whole
STREAMED = 200000
HALF_OPEN = 20
DEAF_READ = 1 << 20
DEAF_READS = 8


def forger(client, dice, server, profile, opening):
    """Forged requests on a session of its own, between good ones."""
    counts, rig = collections.Counter(), Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            session, file = _victim(rig, client.name, opening)
            for _ in range(20):
                name = dice.choice(list(attack.ALL))
                request = session.request(wire.write(
                    file, 0, dice.randbytes(dice.choice(SIZES))))
                good = session.signed(wire.echo())
                session.connection.send(
                    attack.ALL[name](session, request), good[1])
                judge.denied(session, request)
                status(session.connection.answer(good[0]), wire.SUCCESS)
                counts.update(("refused", REASONS[name]))
                client.count()
            _leave(session, file, client.name, opening)
    return counts


def _victim(rig, name, opening):
    """A session, and a file of it that nothing must be written to."""
    session, path = rig.new_session(), SHARE / name
    path.write_bytes(b"untouched")
    path.chmod(0o666)
    with opening:
        return session, session.create(name)


def _leave(session, file, name, opening):
    equal((SHARE / name).read_bytes(), b"untouched", "content")
    with opening:
        session.close_file(file)
    (SHARE / name).unlink()


def streamer(client, dice, server, profile):
    """Forgeries too large to be held: only the end of the connection can
    answer them."""
    counts, rig = collections.Counter(), Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            session = rig.new_session()
            earn(session, wire.charge_for(STREAMED))
            request = session.request(wire.write(
                wire.ANY_FILE, 0, dice.randbytes(STREAMED)))
            judge.cut_off(session.connection,
                          attack.signature_flipped(session, request))
            counts.update(("aborted", "reason_bad_signature"))
            client.count()
    return counts


def replayer(client, dice, server, profile):
    """Signed frames, captured and sent a second time, after some others."""
    counts, rig = collections.Counter(), Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            session = rig.new_session()
            captured = []
            for _ in range(dice.randint(1, 20)):
                message_id, message = session.signed(wire.echo())
                captured.append(message)
                session.connection.send(message)
                status(session.connection.answer(message_id), wire.SUCCESS)
            judge.cut_off(session.connection, dice.choice(captured))
            counts.update(("aborted", "reason_message_id"))
            client.count()
    return counts


def _garbage(dice, _):
    """No direct TCP header at all."""
    return bytes((dice.randint(1, 255),)) + dice.randbytes(200), "not_smb"


def _no_protocol(dice, _):
    return wire.frame(b"\x00" + dice.randbytes(200)), "not_smb"


def _smb1(*_):
    return wire.frame(wire.smb1_negotiate("NT LM 0.12")), "smb1"


def _too_early(_, connection):
    return wire.frame(connection.request(wire.echo()).encode()), \
        "before_negotiate"


def _encrypted(dice, _):
    return wire.frame(wire.PROTOCOL_TRANSFORM + dice.randbytes(200)), \
        "encrypted_without_session"


BABBLE = (_garbage, _no_protocol, _smb1, _too_early, _encrypted)


def babbler(client, dice, server, profile):
    """Connections that begin with something else than NEGOTIATE."""
    counts, rig = collections.Counter(), Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            connection = rig.dial()
            data, reason = dice.choice(BABBLE)(dice, connection)
            with contextlib.suppress(Closed):
                connection.transmit(data)
            connection.wait_closed()
            counts.update(("aborted", f"reason_{reason}"))
            client.count()
    return counts


def _cut(dice, session):
    """A good frame, but not all of it."""
    size = dice.choice((1, 3000, 40000, STREAMED))
    earn(session, wire.charge_for(size))
    _, message = session.signed(wire.write(wire.ANY_FILE, 0, bytes(size)))
    data = wire.frame(message)
    return data[:dice.randrange(1, len(data))]


def cutter(client, dice, server, profile):
    """Connections that end in mid-frame, one way or the other."""
    rig = Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            session = rig.new_session()
            sock = session.connection.socket
            session.connection.transmit(_cut(dice, session))
            how = dice.randrange(3)
            if how == 0:
                sock.shutdown(socket.SHUT_WR)
                session.connection.wait_closed()
            elif how == 1:
                session.connection.reset()
            client.count()


def half_open(client, dice, server, profile):
    """Many connections with the beginning of a frame each, and all the time
    in the world; a byte comes now and then."""
    rig = Rig(server, profile)
    while client.wanted():
        with at_work(rig):
            sessions = [rig.new_session() for _ in range(HALF_OPEN)]
            rests = []
            for session in sessions:
                _, message = session.signed(wire.echo())
                data = wire.frame(message)
                cut = dice.randrange(1, len(data) - 20)
                session.connection.transmit(data[:cut])
                rests.append(data[cut:])
            for at in range(10):
                for session, rest in zip(sessions, rests):
                    session.connection.transmit(rest[at:at + 1])
                client.rest(0.5)
                client.count()


def deaf(client, dice, server, profile, opening):
    """Asks for much and reads none of it; then resets."""
    rig, path = Rig(server, profile), SHARE / client.name
    path.write_bytes(bytes(DEAF_READ))
    path.chmod(0o666)
    while client.wanted():
        with at_work(rig):
            session = rig.new_session(receive_buffer=4096)
            with opening:
                file = session.create(path.name)
            earn(session, DEAF_READS * wire.charge_for(DEAF_READ))
            session.connection.send(*[
                session.signed(wire.read(file, 0, DEAF_READ))[1]
                for _ in range(DEAF_READS)])
            client.rest(dice.random() * 5)
            with opening:
                session.connection.reset()
            client.count()
    path.unlink()
