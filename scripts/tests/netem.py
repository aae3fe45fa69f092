# SPDX-License-Identifier: GPL-2.0-only
"""Packets out of order, twice, or not at all the first time."""

from smb2 import attack, wire

from . import judge
from .bulk import earn, pattern
from .network import HERE, Namespace
from .rig import FEW
from .tap import add, equal

WEATHER = {
    "out of order": ("delay", "2ms", "reorder", "40%", "50%"),
    "duplicated": ("duplicate", "30%"),
    "lost": ("loss", "2%"),
    "all at once": ("delay", "1ms", "reorder", "60%", "duplicate", "20%",
                    "loss", "1%"),
}
SIZE = 8 << 20


def _weather_case(how):
    def run(rig):
        with Namespace() as space:
            # Small packets: there is nothing to reorder in one large one
            space.ip("link", "set", "smb1", "gso_max_size", "3000")
            space.netem(*how)
            with space.entered():
                session = rig.new_session(address=HERE, timeout=120)
                _bulk(rig, session)
                _small(rig, session)
                _forgeries(rig, session)
    return run


def _bulk(rig, session):
    file, data = rig.file(b"", session), pattern(SIZE, 7)
    earn(session, wire.charge_for(SIZE))
    session.write(file.id, 0, data)
    equal(file.content, data, "content of 8 MiB")
    file.close()


def _small(rig, session):
    file, data = rig.file(b"", session), pattern(1 << 16, 8)
    step = 1 << 10
    while session.connection.credits < 80:
        session.echo()
    signed = [session.signed(wire.write(file.id, at, data[at:at + step]))
              for at in range(0, len(data), step)]
    session.connection.send(*[message for _, message in signed])
    for message_id, _ in signed:
        session.connection.answer(message_id)
    equal(file.content, data, "content of small writes")


def _forgeries(rig, session):
    file = rig.file(b"untouched", session)
    for forge in attack.ALL.values():
        earn(session, 2)
        request = session.request(wire.write(file.id, 0, pattern(30000)))
        judge.refused(session, request, forge(session, request))
    request = session.request(wire.write(file.id, 0, pattern(1 << 20)))
    judge.cut_off(session.connection,
                  attack.signature_flipped(session, request))
    equal(file.content, b"untouched", "content")


for _name, _how in WEATHER.items():
    add(f"packets {_name}", _weather_case(_how), suite="netem",
        modes=("mandatory",), profiles=FEW)
