# SPDX-License-Identifier: GPL-2.0-only
"""Clients that do as they should, and compare every byte."""

from interop.fsx import Fsx
from smb2 import wire
from tests import mounts
from tests.bulk import earn
from tests.rig import Rig
from tests.server import SHARE
from tests.tap import equal

from .clients import at_work

SIZES = (1, 100, 1460, 4096, 20000, 65536, 200000)
LARGEST = 1 << 20
FRESH = "closetimeo=0,actimeo=0"


class Mirror:
    """A file of a session, and what must be in it."""

    def __init__(self, session, name, dice):
        self.session = session
        self.path = SHARE / name
        self._dice = dice
        self._model = bytearray()
        self._id = session.create(name)

    def write(self):
        """Random bytes, somewhere in it or behind its end."""
        size = self._dice.choice(SIZES)
        at = self._dice.randint(0, min(len(self._model), LARGEST - size))
        data = self._dice.randbytes(size)
        earn(self.session, wire.charge_for(size))
        self.session.write(self._id, at, data)
        self._model[at:at + size] = data

    def read(self):
        """Some of it, over SMB."""
        at = self._dice.randrange(len(self._model))
        size = min(self._dice.choice(SIZES), len(self._model) - at)
        earn(self.session, wire.charge_for(size))
        equal(self.session.read(self._id, at, size),
              bytes(self._model[at:at + size]), "what was read")

    def compare(self):
        """All of it, as the server has it."""
        equal(self.path.read_bytes(), bytes(self._model), "on the server")

    def close(self):
        """Be done with it."""
        self.session.close_file(self._id)
        self.path.unlink()


def raw(client, dice, server, profile, opening):
    """Files written, read and compared; session after session. @opening:
    what to hold while a file is opened or closed."""
    rig, serial = Rig(server, profile), 0
    while client.wanted():
        with at_work(rig):
            session = rig.new_session()
            for _ in range(dice.randint(1, 6)):
                serial += 1
                _one_file(client, dice, session, f"{client.name}-{serial}",
                          opening)
            if dice.random() < 0.5:
                session.call(wire.logoff())


def _one_file(client, dice, session, name, opening):
    with opening:
        file = Mirror(session, name, dice)
    for _ in range(dice.randint(1, 12)):
        if not client.wanted():
            break
        file.write()
        file.read()
        client.count()
    file.compare()
    with opening:
        file.close()


def mounted(client, dice, server, options):
    """Random I/O on a mount by cifs.ko, file after file."""
    with mounts.mounted(server, f"{FRESH},{options}") as directory:
        while client.wanted():
            _fsx(client, dice, directory)


def _fsx(client, dice, directory):
    seed = dice.getrandbits(32)
    name = f"{client.name}-{seed}"
    with Fsx(directory / name, SHARE / name, seed) as file:
        for _ in range(10):
            if client.wanted():
                file.work(10)
                client.count(10)
    (SHARE / name).unlink()
