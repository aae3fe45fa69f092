# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's audit records, read as auditd would: from netlink."""

import contextlib
import re
import socket
import struct

NETLINK_AUDIT = 9
SET = 1001
KERNEL_OTHER = 1316
STATUS_ENABLED = 1
GROUP_READLOG = 1
SOL_NETLINK = 270
ADD_MEMBERSHIP = 1
SO_RCVBUFFORCE = 33
# What comes while nobody reads
ROOM = 8 << 20
HEADER = struct.Struct("=IHHII")
REQUEST_ACK = 5


def _message(kind, body):
    return HEADER.pack(HEADER.size + len(body), kind, REQUEST_ACK, 1, 0) + body


def _switch(sock, on):
    """audit_status: mask, enabled, and what the mask leaves alone."""
    sock.sendto(_message(SET, struct.pack("=11I", STATUS_ENABLED, on,
                                          *[0] * 9)), (0, 0))
    answer = sock.recv(65536)
    error = struct.unpack_from("=i", answer, HEADER.size)[0]
    if error:
        raise OSError(-error, "AUDIT_SET")


class AuditLog:
    """Records of the type that modules have, and of the operation given."""

    def __init__(self, sock):
        self._sock = sock

    def records(self, operation, seconds=5):
        """The next records of @operation, as dictionaries, up to the first
        pause of @seconds."""
        self._sock.settimeout(seconds)
        found = []
        with contextlib.suppress(TimeoutError):
            while True:
                data = self._sock.recv(65536)
                kind = HEADER.unpack_from(data)[1]
                text = data[HEADER.size:].decode(errors="replace")
                if kind == KERNEL_OTHER and f"op={operation} " in text:
                    found.append(dict(re.findall(r"(\w+)=(\S+)", text)))
                    self._sock.settimeout(1)
        return found


@contextlib.contextmanager
def audit_log():
    """The audit log, switched on for the length of a `with`."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_AUDIT) as control, \
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                          NETLINK_AUDIT) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        sock.bind((0, 0))
        sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, GROUP_READLOG)
        control.settimeout(10)
        _switch(control, 1)
        try:
            yield AuditLog(sock)
        finally:
            _switch(control, 0)
