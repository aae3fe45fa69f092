# SPDX-License-Identifier: GPL-2.0-only
"""A network name space of the guest, with a cable to it."""

import contextlib
import ctypes
import os
import socket

from smb2.rawtcp import RawTcp

from .server import run

HERE = "10.77.0.1"
THERE = "10.77.0.2"
# Inside as well, but of no host: rawtcp speaks for it
NOBODY = "10.77.0.3"
HERE_MAC = bytes.fromhex("0200000a4d01")
THERE_MAC = bytes.fromhex("0200000a4d02")

CLONE_NEWNET = 0x40000000


def _setns(fd):
    """os.setns(), which Python has since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Namespace:
    """A network name space with a veth pair: HERE is the guest, THERE is
    inside."""

    def __init__(self, name="away"):
        self.name = name

    def __enter__(self):
        run("modprobe", "veth")
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", "smb0", "type", "veth", "peer", "smb1",
            "netns", self.name)
        run("ip", "address", "add", f"{HERE}/24", "dev", "smb0")
        run("ip", "link", "set", "smb0", "up")
        # lo stays down in there: see flaws.py
        run("ip", "link", "set", "smb0", "address", HERE_MAC.hex(":"))
        self.ip("link", "set", "smb1", "address", THERE_MAC.hex(":"))
        run("ip", "neigh", "add", NOBODY, "lladdr", THERE_MAC.hex(":"),
            "dev", "smb0")
        self.ip("address", "add", f"{THERE}/24", "dev", "smb1")
        self.ip("link", "set", "smb1", "up")
        return self

    def __exit__(self, *_):
        run("ip", "link", "delete", "smb0", check=False)
        run("ip", "netns", "delete", self.name)

    def ip(self, *command):
        """An ip command inside."""
        run("ip", "-n", self.name, *command)

    def netem(self, *how):
        """Mistreat the packets that leave the inside."""
        run("modprobe", "sch_netem")
        run("tc", "-n", self.name, "qdisc", "replace", "dev", "smb1", "root",
            "netem", *how)

    @contextlib.contextmanager
    def entered(self):
        """Sockets made in the `with` belong to the inside."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        away = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        _setns(away)
        try:
            yield
        finally:
            _setns(home)
            os.close(home)
            os.close(away)

    def raw_tcp(self, port):
        """A rawtcp connection from NOBODY to HERE."""
        with self.entered():
            return RawTcp("smb1", HERE_MAC, NOBODY, HERE, port)

    def listen(self, port):
        """A listening TCP socket inside."""
        with self.entered():
            sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((THERE, port))
        sock.listen()
        return sock
