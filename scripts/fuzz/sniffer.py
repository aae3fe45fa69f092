# SPDX-License-Identifier: GPL-2.0-only
"""What passes over loopback to and from port 445, as whole frames."""

import collections
import contextlib
import socket
import struct
import threading
import time

from smb2 import wire

ETH_P_ALL = 0x0003
ETH_P_IP = b"\x08\x00"
SO_RCVBUFFORCE = 33     # socket(7)
PORT = 445
NAMES = ("negotiate", "session_setup", "logoff", "tree_connect",
         "tree_disconnect", "create", "close", "flush", "read", "write",
         "lock", "ioctl", "cancel", "echo", "query_directory",
         "change_notify", "query_info", "set_info", "oplock_break")
OTHERS = {wire.PROTOCOL_SMB1: "smb1_negotiate",
          wire.PROTOCOL_TRANSFORM: "transform"}
NTLMSSP = b"NTLMSSP\0"
# Time for the last packets to come out of the packet socket
SETTLE = 0.5


class Sniffer:
    """Collects packets in a thread of its own while it is entered."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                    socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
        self.socket.bind(("lo", ETH_P_ALL))
        self.packets = []
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self):
        while True:
            packet, (_, _, kind, _, _) = self.socket.recvfrom(1 << 17)
            # Over loopback each comes by twice
            if kind != socket.PACKET_OUTGOING and packet[12:14] == ETH_P_IP:
                self.packets.append(packet[14:])

    @contextlib.contextmanager
    def frames(self):
        """A list that holds, after the `with`, what passed during it:
        (direction, frame) in the order of the streams."""
        self.packets.clear()
        found = []
        yield found
        time.sleep(SETTLE)
        found.extend(_frames(list(self.packets)))


def _segments(packets):
    """(stream, sequence number, data) of each that carries data."""
    for packet in packets:
        length, = struct.unpack_from(">H", packet, 2)
        tcp = packet[(packet[0] & 15) * 4:length or None]
        if packet[9] != socket.IPPROTO_TCP:
            continue
        source, target, sequence = struct.unpack_from(">HHI", tcp)
        data = tcp[(tcp[12] >> 4) * 4:]
        if data and PORT in (source, target):
            yield (source, target), sequence, data


def _frames(packets):
    streams = collections.defaultdict(dict)
    for stream, sequence, data in _segments(packets):
        streams[stream].setdefault(sequence, data)
    for (_, target), segments in streams.items():
        # Loopback keeps the order, and numbers may wrap
        data = b"".join(segments.values())
        direction = "request" if target == PORT else "response"
        while len(data) >= 4:
            size = 4 + int.from_bytes(data[:4], "big")
            if size <= len(data):
                yield direction, data[:size]
            data = data[size:]


def _details(element, message):
    """What tells apart frames of one command: its part of the dialogue."""
    kind = element.flags & wire.FLAG_RESPONSE
    if element.message_id == wire.NOTICE_ID:
        yield "notice"
    if element.command == wire.SESSION_SETUP:
        at = message.find(NTLMSSP)
        yield f"ntlm{message[at + len(NTLMSSP)]}" if at >= 0 else "end"
        if not kind and message[wire.HEADER_SIZE + 2]:
            yield "binding"
    if element.command == wire.IOCTL:
        yield f"{struct.unpack_from('<I', message, 68)[0]:08x}"
    if element.status and kind:
        yield f"{element.status:08x}"


def describe(frame):
    """Words for what kind of frame it is: the commands, and what tells it
    apart from others with the same."""
    message = frame[4:]
    if message[:4] == wire.PROTOCOL_COMPRESSED:
        return ["compressed", "chained" if message[10] & 1 else "unchained"]
    if message[:4] in OTHERS:
        return [OTHERS[message[:4]]]
    elements = [header for header, _ in wire.elements(message)]
    words = ["+".join(NAMES[e.command] for e in elements)]
    if len(elements) > 1 and elements[1].flags & wire.FLAG_RELATED:
        words.append("related")
    if any(e.flags & wire.FLAG_SIGNED for e in elements):
        words.append("signed")
    return words + list(_details(elements[0], message))
