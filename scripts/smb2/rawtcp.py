# SPDX-License-Identifier: GPL-2.0-only
"""A TCP client of our own on a packet socket.

A kernel's TCP never sends the same place twice with other bytes in it. This
one sends what it is told, in any order; it never retransmits by itself, so
it is for a cable that loses nothing. Its address must not be one of the
host's own, lest the kernel answers in its place.
"""

import contextlib
import errno
import random
import socket
import struct
import time

ETH_P_IP = 0x0800
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
WINDOW = 65535
SEGMENT = 1400


def checksum(data):
    """The Internet checksum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class RawTcp:
    """As much of a socket as a Connection uses, and segment()."""

    def __init__(self, interface, gateway_mac, source, target, port):
        self.packet = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(ETH_P_IP))
        self.packet.bind((interface, ETH_P_IP))
        self.link = (interface, ETH_P_IP, 0, 0, gateway_mac)
        self.ends = socket.inet_aton(source) + socket.inet_aton(target)
        self.ports = random.randrange(20000, 60000), port
        self.sent = random.getrandbits(32)
        self.expected = 0
        self.buffer = bytearray()
        self.over = None
        self.timeout = 30
        self._handshake()

    def _handshake(self):
        self._transmit(SYN, self.sent)
        flags, sequence, _ = self._next_segment(self._deadline())
        if flags & (SYN | ACK) != SYN | ACK:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "no SYN, ACK")
        self.sent += 1
        self.expected = sequence + 1 & 0xFFFFFFFF
        self._transmit(ACK, self.sent)

    def _transmit(self, flags, sequence, data=b""):
        header = struct.pack(">HHIIBBHHH", *self.ports,
                             sequence & 0xFFFFFFFF, self.expected, 5 << 4,
                             flags, WINDOW, 0, 0)
        pseudo = self.ends + struct.pack(">HH", socket.IPPROTO_TCP,
                                         len(header) + len(data))
        sum16 = struct.pack(">H", checksum(pseudo + header + data))
        header = header[:16] + sum16 + header[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(header) + len(data),
                         random.getrandbits(16), 0x4000, 64,
                         socket.IPPROTO_TCP, 0) + self.ends
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        self.packet.sendto(ip + header + data, self.link)

    def _deadline(self):
        return time.monotonic() + self.timeout

    def _next_segment(self, deadline):
        """(flags, sequence, data) of the next segment for us."""
        wanted = self.ends[4:] + self.ends[:4]
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self.packet.settimeout(left)
            packet = self.packet.recv(1 << 17)
            length, = struct.unpack_from(">H", packet, 2)
            tcp = packet[(packet[0] & 15) * 4:length or None]
            if packet[12:20] != wanted or \
                    struct.unpack_from(">HH", tcp) != self.ports[::-1]:
                continue
            sequence, = struct.unpack_from(">I", tcp, 4)
            return tcp[13], sequence, tcp[(tcp[12] >> 4) * 4:]

    def _take(self, deadline):
        flags, sequence, data = self._next_segment(deadline)
        if flags & RST:
            self.over = ConnectionResetError(errno.ECONNRESET, "reset")
        if sequence == self.expected and (data or flags & FIN):
            self.buffer += data
            self.expected = self.expected + len(data) & 0xFFFFFFFF
            if flags & FIN:
                self.expected += 1
                self.over = self.over or EOFError()
        if data or flags & FIN:
            self._transmit(ACK, self.sent)

    # What a Connection wants

    def settimeout(self, seconds):
        """Seconds that recv_into() may take."""
        self.timeout = seconds

    def gettimeout(self):
        """What settimeout() was told."""
        return self.timeout

    def recv_into(self, view):
        """Some bytes, or 0 at the end of the stream."""
        deadline = self._deadline()
        while not self.buffer:
            if isinstance(self.over, ConnectionError):
                raise self.over
            if self.over:
                return 0
            self._take(deadline)
        count = min(len(view), len(self.buffer))
        view[:count] = self.buffer[:count]
        del self.buffer[:count]
        return count

    def sendall(self, data):
        """Send @data as an ordinary TCP would."""
        for start in range(0, len(data), SEGMENT):
            self.segment(start, data[start:start + SEGMENT])
        self.advance(len(data))

    def close(self):
        """Reset the connection, if the cable is still there."""
        with contextlib.suppress(OSError):
            self._transmit(RST | ACK, self.sent)
        self.packet.close()

    # What a test wants

    def segment(self, offset, data):
        """Send @data as the bytes at @offset from what was sent so far."""
        self._transmit(PSH | ACK, self.sent + offset, bytes(data))

    def advance(self, count):
        """@count bytes have been sent by segment()."""
        self.sent = self.sent + count & 0xFFFFFFFF
