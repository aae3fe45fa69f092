# SPDX-License-Identifier: GPL-2.0-only
"""Frames as they come from a TCP connection."""


def _exactly(sock, size):
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = sock.recv_into(view)
        if not count:
            raise EOFError("end of stream")
        view = view[count:]
    return bytes(data)


def receive_message(sock):
    """The next frame's message, as it is; EOFError if the stream ends before
    its end."""
    return _exactly(sock, int.from_bytes(_exactly(sock, 4), "big"))
