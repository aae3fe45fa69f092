# SPDX-License-Identifier: GPL-2.0-only
"""Which sockets are guarded: all of ksmbd's, and nobody else's."""

import socket
import threading

from smb2 import wire

from . import judge
from .flaws import OTHERS
from .network import HERE, THERE, Namespace
from .rig import LATEST
from .server import PORT
from .tap import GUARDED, case, equal, expect


def _guarded_at(rig, address):
    before = rig.server.stats()["attached"]
    session, path = rig.new_session(address=address), rig.fresh_path()
    equal(rig.server.stats()["attached"] - before, 1, "attached")
    request = session.request(wire.create(path.name))
    judge.refused(session, request, request.encode())
    expect(not path.exists(), "the file was created")
    session.create(path.name)


@case(modes=GUARDED, profiles=LATEST)
def ipv4_and_ipv6(rig):
    for address in ("127.0.0.1", "::1"):
        _guarded_at(rig, address)


@case(modes=GUARDED, profiles=LATEST)
def another_interface(rig):
    with Namespace() as space, space.entered():
        _guarded_at(rig, HERE)


def _echo_once(listener, size):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(size, socket.MSG_WAITALL))


@case(modes=GUARDED, profiles=LATEST, kernels=OTHERS)
def listener_of_user_space_on_the_same_port_is_left_alone(rig):
    """As Samba's smbd in a container: what it gets is no SMB at all."""
    data = bytes(range(256)) * 400
    with Namespace() as space, space.listen(PORT) as listener:
        before = rig.server.stats()
        server = threading.Thread(target=_echo_once,
                                  args=(listener, len(data)))
        server.start()
        with socket.create_connection((THERE, PORT)) as client:
            client.sendall(data)
            got = client.recv(len(data), socket.MSG_WAITALL)
        server.join()
        after = rig.server.stats()
    equal(got, data, "what came back")
    for name in ("attached", "attach_failed", "aborted", "refused"):
        equal(after[name], before[name], name)


@case(modes=GUARDED, profiles=LATEST)
def other_ports_are_left_alone(rig):
    before = rig.server.stats()["attached"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=_echo_once, args=(listener, 5))
        server.start()
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"hello")
            equal(client.recv(5, socket.MSG_WAITALL), b"hello", "echo")
        server.join()
    equal(rig.server.stats()["attached"], before, "attached")
