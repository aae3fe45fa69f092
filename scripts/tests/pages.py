# SPDX-License-Identifier: GPL-2.0-only
"""Requests in pages that their sender can still write to: what sendfile()
sends over loopback is not copied, it lies in TCP's receive queue as it is."""

import contextlib
import mmap
import os
import time

from smb2 import wire
from smb2.connection import Closed

from .rig import ALGORITHMS
from .tap import case, expect

# Where Flags lies in a frame, behind 4 bytes of NBSS header
FLAGS = 4 + 16
HONEST = b"what was signed "
FOREIGN = b"what came later "


def _send_then_change(connection, frame, change, held_back, copied=0):
    """Send @frame, its first @copied bytes as they are and the rest from
    pages of ours, but for its end; let it be looked at, @change the pages,
    and send the end."""
    descriptor = os.memfd_create("frame")
    try:
        os.write(descriptor, frame)
        with mmap.mmap(descriptor, len(frame)) as pages:
            if copied:
                connection.transmit(frame[:copied])
            size = len(frame) - copied - held_back
            sent = os.sendfile(connection.socket.fileno(), descriptor, copied,
                               size)
            expect(sent == size, f"{sent} bytes sent")
            time.sleep(0.3)
            change(pages)
            with contextlib.suppress(Closed):
                connection.transmit(frame[-held_back:])
            with contextlib.suppress(Closed, TimeoutError):
                connection.receive()
    finally:
        os.close(descriptor)


def _unsign_and_replace(pages):
    """Clear SIGNED, and put other data in the place of what was signed."""
    pages[FLAGS] &= ~wire.FLAG_SIGNED & 0xff
    pages[:] = pages[:].replace(HONEST, FOREIGN)


def _is_what_was_signed(rig, size, held_back, copied=0):
    session = rig.new_session(timeout=5)
    honest = HONEST * (size // len(HONEST))
    file = rig.file(b"-" * size, session)
    _, message = session.signed(wire.write(file.id, 0, honest))
    _send_then_change(session.connection, wire.frame(message),
                      _unsign_and_replace, held_back, copied)
    session.connection.close()
    expect(FOREIGN not in file.content, "executed what was never signed")


@case(profiles=ALGORITHMS)
def pages_changed_after_they_were_verified(rig):
    """Small, so that softirq verifies it as it comes; and larger."""
    for size in (1024, 8192, 49152):
        _is_what_was_signed(rig, size, held_back=1)


@case(profiles=ALGORITHMS)
def pages_changed_in_a_streamed_request(rig):
    _is_what_was_signed(rig, 262144, held_back=1)


@case(profiles=ALGORITHMS)
def pages_behind_bytes_that_were_copied(rig):
    """TCP joins the segments; a kernel may forget then that pages of one of
    them are ours (CVE-2026-46300)."""
    for copied in (4, 60, 200):
        _is_what_was_signed(rig, 8192, held_back=1, copied=copied)
