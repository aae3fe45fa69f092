# SPDX-License-Identifier: GPL-2.0-only
"""Requests that wait, and the ones that end the waiting: CANCEL of a lock,
the acknowledgement of an oplock break. ksmbd checks neither."""

import time

from smb2 import attack, wire

from . import judge
from .rig import USUAL
from .tap import GUARDED, add, case, expect, status

# What an executed CANCEL or acknowledgement would need to be seen
GRACE = 0.3


class BlockedLock:
    """A lock request that waits for another handle's lock."""

    def __init__(self, rig):
        self.session = rig.session
        self.file = rig.file(b"0123456789")
        self.holder = self.session.create(self.file.name)
        self.session.call(wire.lock(self.holder, 0, 8,
                                    wire.LOCK_EXCLUSIVE |
                                    wire.LOCK_FAIL_IMMEDIATELY))
        self.request = self.session.request(
            wire.lock(self.file.id, 0, 8, wire.LOCK_EXCLUSIVE))
        self.session.send(self.request)
        self.async_id = self.session.connection.wait_interim(self.request)

    def cancel(self):
        """A CANCEL of it, unsigned."""
        return self.session.request(
            wire.cancel(), message_id=self.request.header.message_id,
            flags=wire.FLAG_ASYNC, async_id=self.async_id)

    def still_waits(self):
        """Fail if the lock request was answered."""
        time.sleep(GRACE)
        self.session.echo()
        answers = self.session.connection.answers
        message_id = self.request.header.message_id
        expect(message_id not in answers,
               f"answered: {answers.get(message_id)}")

    def granted(self):
        """The answer, once nobody holds the lock. ksmbd can miss that (flaws.py):
        then it is cancelled, and None."""
        self.session.call(wire.lock(self.holder, 0, 8, wire.LOCK_UNLOCK))
        try:
            return self.session.answer(self.request)
        except TimeoutError:
            self.end()
            return None

    def end(self):
        """Cancel it in earnest."""
        self.session.send(self.cancel())
        status(self.session.connection.answer(self.request), wire.CANCELLED)


def _cancel_case(forge):
    def run(rig):
        if "lock" not in rig.shelf:
            rig.shelf["lock"] = BlockedLock(rig)
        lock = rig.shelf["lock"]
        lock.session.connection.send(forge(lock.session, lock.cancel()))
        lock.still_waits()
    return run


def _cancel_signed_works(rig):
    lock = rig.shelf.pop("lock", None) or BlockedLock(rig)
    lock.still_waits()
    lock.end()


def _register():
    for name, forge in attack.ALL.items():
        add(f"Cancel {name} has no effect and no answer", _cancel_case(forge),
            suite="waiting", modes=GUARDED, profiles=USUAL)
    add("Cancel signed works", _cancel_signed_works, suite="waiting",
        modes=GUARDED, profiles=USUAL)


_register()


@case(profiles=USUAL)
def forged_acknowledgement_breaks_no_oplock(rig):
    """The second open waits for the first one's acknowledgement; forged
    ones are refused and leave it waiting, the honest one lets it through."""
    holder = rig.session
    file = rig.file(b"cached", oplock=wire.OPLOCK_BATCH)
    second = rig.new_session()
    opening = second.request(wire.create(file.name))
    second.send(opening)
    while not holder.connection.notices:
        holder.connection.receive()
    holder.connection.notices.clear()

    for forge in attack.ALL.values():
        request = holder.request(wire.oplock_break(file.id))
        judge.refused(holder, request, forge(holder, request))
    # Only the interim response may be there: ask, and see what came first
    probe = second.request(wire.echo())
    second.send(probe)
    status(second.answer(probe), wire.SUCCESS)
    expect(opening.header.message_id not in second.connection.answers,
           "a forged acknowledgement was executed")

    holder.call(wire.oplock_break(file.id))
    status(second.answer(opening), wire.SUCCESS)
