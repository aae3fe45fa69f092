# SPDX-License-Identifier: GPL-2.0-only
"""Which sockets are guarded: all of ksmbd's, and nobody else's."""

import pathlib
import socket
import threading

from smb2 import wire

from . import judge
from .flaws import AT_HOME
from .network import HERE, THERE, Namespace
from .rig import LATEST
from .server import PORT, sysctl_set
from .tap import GUARDED, case, equal, expect

NETSTAT = pathlib.Path("/proc/net/netstat")
FAST_OPEN = "net/ipv4/tcp_fastopen"
FOR_ALL_WITHOUT_COOKIES = str(0x1 | 0x2 | 0x4 | 0x200 | 0x400)
TCP_FASTOPEN_CONNECT = 30


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


@case(modes=GUARDED, profiles=LATEST, kernels=AT_HOME)
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


def _fast_opened():
    """How many connections brought data with their SYN."""
    text = NETSTAT.read_text(encoding="ascii")
    lines = [line.split()[1:] for line in text.splitlines()
             if line.startswith("TcpExt:")]
    return int(dict(zip(*lines))["TCPFastOpenPassive"])


def _fast_socket(port):
    """Sends with its SYN what is sent first."""
    sock = socket.socket()
    sock.settimeout(30)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    sock.connect(("127.0.0.1", port))
    return sock


def _others_are_opened_fast():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with _fast_socket(listener.getsockname()[1]) as client:
            client.sendall(b"early")


@case(modes=("mandatory",), profiles=LATEST)
def nothing_comes_with_a_syn(rig):
    """TCP Fast Open could be read before we are there. Who asks for it
    connects as ever, whether ksmbd listened before or not."""
    server = rig.server
    rig.close()
    old = sysctl_set(FAST_OPEN, FOR_ALL_WITHOUT_COOKIES)
    try:
        before = _fast_opened()
        _others_are_opened_fast()
        equal(_fast_opened() - before, 1, "fast opens of others")
        for steps in ((server.start_ksmbd, server.load),
                      (server.load, server.start_ksmbd)):
            server.stop()
            for step in steps:
                step()
            before = _fast_opened()
            connection = rig.connect(transport=_fast_socket(PORT))
            session = rig.session_on(connection).setup()
            equal(_fast_opened(), before, "fast opens")
            request = session.request(wire.echo())
            judge.refused(session, request, request.encode())
    finally:
        sysctl_set(FAST_OPEN, old)


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
