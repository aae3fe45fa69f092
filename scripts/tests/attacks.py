# SPDX-License-Identifier: GPL-2.0-only
"""Every command, in every way it can lack a good signature.

A victim knows a request that matters, how to see that it was not executed,
and how to see that it was: each is sent in every wrong way and then in the
right one, so that a server that refuses everything fails as well.
"""

import select
import struct

from smb2 import attack, wire

from . import judge
from .rig import GMAC_ENCRYPTING, SAMPLE, USUAL
from .tap import add, equal, expect, status


class Victim:
    """A request of some command, ready to be sent again and again."""

    def __init__(self, rig):
        self.rig = rig
        self.session = self.choose_session()
        self.prepare()

    def choose_session(self):
        """The session that the request belongs to."""
        return self.rig.session

    def prepare(self):
        """Set up what the request works on."""

    def body(self):
        """The body of the next request."""
        raise NotImplementedError

    def request(self):
        """The next request, unsigned."""
        return self.session.request(self.body())

    def untouched(self):
        """Fail if a request was executed."""

    def done(self, response):
        """Fail unless @response and the server show it was executed."""
        status(response, wire.SUCCESS)

    def honest(self):
        """The same request, signed, works."""
        request = self.request()
        self.session.send(request)
        self.done(self.session.answer(request))


class SessionSetup(Victim):
    """Reauthentication: a new NEGOTIATE_MESSAGE on a live session, which is
    refused on 2.1 (takeover.py)."""

    def choose_session(self):
        return self.rig.new_session(keep=True)

    def request(self):
        return self.session.first_leg()

    def done(self, response):
        status(response, wire.MORE_PROCESSING_REQUIRED
               if self.rig.profile.dialect >= wire.DIALECT_300 else
               wire.USER_SESSION_DELETED)


class Logoff(Victim):
    """The end of a session."""

    def choose_session(self):
        return self.rig.new_session(keep=True)

    def body(self):
        return wire.logoff()

    def untouched(self):
        self.session.connect_tree("share")

    def done(self, response):
        super().done(response)
        after = self.session.call(wire.tree_connect("share"),
                                  expect=None)
        expect(after.status != wire.SUCCESS, "the session still works")


class TreeConnect(Victim):
    """A share entered. In 3.1.1 an unsigned one ends the connection, which
    is in treeconnects.py."""

    def body(self):
        return wire.tree_connect("share")


class TreeDisconnect(Victim):
    """A share left; it is not the one that other victims live on."""

    def prepare(self):
        self.tree_id = self.session.call(
            TreeConnect.body(self)).header.tree_id

    def request(self):
        return self.session.request(wire.tree_disconnect(),
                                    tree_id=self.tree_id)

    def _create(self, expected):
        return self.session.call(
            wire.create("", options=wire.FILE_DIRECTORY, access=0x80,
                        disposition=wire.OPEN),
            expect=expected, tree_id=self.tree_id)

    def untouched(self):
        self.session.close_file(
            wire.created_file(self._create(wire.SUCCESS).raw))

    def done(self, response):
        super().done(response)
        expect(self._create(None).status != wire.SUCCESS,
               "the tree still works")


class Create(Victim):
    """A new file."""

    def prepare(self):
        self.path = self.rig.fresh_path()

    def body(self):
        return wire.create(self.path.name)

    def untouched(self):
        expect(not self.path.exists(), "the file was created")

    def done(self, response):
        super().done(response)
        expect(self.path.exists(), "the file was not created")
        self.session.close_file(wire.created_file(response.raw))


class OnFile(Victim):
    """A request on an open file."""

    CONTENT = b"before" * 2

    def prepare(self):
        self.file = self.rig.file(self.CONTENT)

    def untouched(self):
        equal(self.file.content, self.CONTENT, "content")


class Close(OnFile):
    """A handle closed."""

    def body(self):
        return wire.close(self.file.id)

    def untouched(self):
        self.session.call(wire.query_info(self.file.id))

    def done(self, response):
        super().done(response)
        self.session.call(wire.query_info(self.file.id),
                          expect=wire.FILE_CLOSED)


class Flush(OnFile):
    """A file flushed."""

    def body(self):
        return wire.flush(self.file.id)


class Read(OnFile):
    """A file read."""

    def body(self):
        return wire.read(self.file.id, 0, len(self.CONTENT))

    def done(self, response):
        super().done(response)
        equal(wire.read_data(response.raw), self.CONTENT, "data")


class Write(OnFile):
    """A file overwritten."""

    def body(self):
        return wire.write(self.file.id, 0, b"after!" * 2)

    def done(self, response):
        super().done(response)
        equal(self.file.content, b"after!" * 2, "content")


class Lock(OnFile):
    """A byte range locked; a second handle sees whether it is."""

    EXCLUSIVE = wire.LOCK_EXCLUSIVE | wire.LOCK_FAIL_IMMEDIATELY

    def prepare(self):
        super().prepare()
        self.other = self.session.create(self.file.name)

    def body(self):
        return wire.lock(self.file.id, 0, 8, self.EXCLUSIVE)

    def untouched(self):
        self.session.call(wire.lock(self.other, 0, 8, self.EXCLUSIVE))
        self.session.call(wire.lock(self.other, 0, 8, wire.LOCK_UNLOCK))

    def done(self, response):
        super().done(response)
        self.session.call(wire.lock(self.other, 0, 8, self.EXCLUSIVE),
                          expect=wire.LOCK_NOT_GRANTED)
        self.session.call(wire.lock(self.file.id, 0, 8, wire.LOCK_UNLOCK))


class Ioctl(OnFile):
    """A range zeroed."""

    def prepare(self):
        super().prepare()
        self.session.call(wire.ioctl(self.file.id, wire.FSCTL_SET_SPARSE,
                                     b"\1"))

    def body(self):
        return wire.ioctl(self.file.id, wire.FSCTL_SET_ZERO_DATA,
                          struct.pack("<QQ", 0, 6))

    def done(self, response):
        super().done(response)
        equal(self.file.content, bytes(6) + self.CONTENT[6:], "content")


class Echo(Victim):
    """An ECHO that names a session."""

    def body(self):
        return wire.echo()


class OnDirectory(Victim):
    """A request on an open directory."""

    def prepare(self):
        self.id = self.session.create("", options=wire.FILE_DIRECTORY,
                                      disposition=wire.OPEN, access=0x81)


class QueryDirectory(OnDirectory):
    """A directory listed."""

    def body(self):
        return wire.query_directory(self.id)


# ksmbd 7.3 can overlook a CANCEL that comes while it says PENDING, also without
# smbsign: once in some hundred times on a busy machine
CANCELS = 10


class ChangeNotify(OnDirectory):
    """A directory watched. ksmbd of 6.12 knows no such thing, but it says
    so only to requests it has looked at."""

    def body(self):
        return wire.change_notify(self.id)

    def honest(self):
        request = self.request()
        connection = self.session.connection
        message_id = request.header.message_id
        self.session.send(request)
        while message_id not in connection.answers and \
                message_id not in connection.interim:
            connection.receive()
        for _ in range(CANCELS):
            if message_id in connection.answers:
                break
            self.session.send(self.session.request(
                wire.cancel(), message_id=message_id, flags=wire.FLAG_ASYNC,
                async_id=connection.interim[message_id]))
            if select.select([connection.socket], [], [], 1)[0]:
                connection.receive()
        response = self.session.answer(request)
        expect(response.status != wire.ACCESS_DENIED, "denied")


class QueryInfo(OnFile):
    """A file's facts read."""

    def body(self):
        return wire.query_info(self.file.id)


class SetInfo(OnFile):
    """A file truncated."""

    def body(self):
        return wire.set_info(self.file.id, wire.FILE_END_OF_FILE_INFORMATION,
                             struct.pack("<Q", 3))

    def done(self, response):
        super().done(response)
        equal(self.file.content, self.CONTENT[:3], "content")


class OplockBreak(OnFile):
    """A break acknowledged that was never announced; one that was is in
    waiting.py."""

    def body(self):
        return wire.oplock_break(self.file.id)

    def done(self, response):
        expect(response.status != wire.ACCESS_DENIED, "denied")


VICTIMS = (SessionSetup, Logoff, TreeConnect, TreeDisconnect, Create, Close,
           Flush, Read, Write, Lock, Ioctl, Echo, QueryDirectory,
           ChangeNotify, QueryInfo, SetInfo, OplockBreak)


def _victim(rig, kind):
    if kind not in rig.shelf:
        rig.shelf[kind] = kind(rig)
    return rig.shelf[kind]


def _attack_case(kind, forge):
    def run(rig):
        victim = _victim(rig, kind)
        request = victim.request()
        judge.refused(victim.session, request,
                      forge(victim.session, request))
        victim.untouched()
    return run


def _honest_case(kind):
    def run(rig):
        try:
            _victim(rig, kind).honest()
        finally:
            rig.shelf.pop(kind, None)
    return run


# One without a signature and one with a wrong one, for every profile
ESSENTIAL = ("unsigned", "signature flipped")
ALL = (*USUAL, GMAC_ENCRYPTING)


def _profiles(kind, name):
    profiles = ALL if name in ESSENTIAL else SAMPLE
    if kind is TreeConnect and name not in attack.FORGED:
        return tuple(p for p in profiles if p.dialect < wire.DIALECT_311)
    return profiles


def _add(title, function, profiles):
    """For all @profiles where ksmbd demands signing; where only the policy
    does, those that ksmbd treats differently are enough."""
    add(title, function, suite="attacks", modes=("mandatory",),
        profiles=profiles)
    add(title, function, suite="attacks", modes=("required",),
        profiles=tuple(p for p in profiles if p in SAMPLE))


def _register():
    for kind in VICTIMS:
        for name, forge in attack.ALL.items():
            _add(f"{kind.__name__} {name} is refused",
                 _attack_case(kind, forge), _profiles(kind, name))
        _add(f"{kind.__name__} signed works", _honest_case(kind), ALL)


_register()
