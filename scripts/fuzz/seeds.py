#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""seeds.py CORPUS DIR - make of the captured frames what each target starts
from, in DIR/frame, DIR/policy, DIR/window, DIR/response and DIR/exceptions."""

import pathlib
import struct
import sys

NBSS = 4
# What fuzz_policy.c takes facts from, and how much of a message behind them
FACTS, HEAD = 80, 120
# Where fuzz_response.c cuts, in sixteen bits each
CUTS = 6
# Opcodes of fuzz_window.c
GRANT, USE_ANY, UNSEE = 0, 5, 8
SMB2 = b"\xfeSMB"
# Lists that fuzz_exceptions.c reads as they are, behind an address and a zero
LISTS = ("192.0.2.7", "192.0.2.0/24, 10.0.0.0/8\n", "::ffff:192.0.2.0/120",
         "2001:db8::/32,2001:db8:0:1::7", "fe80::1 ::1", "0.0.0.0/0", "::/0",
         "10.0.0.1/8", "010.0.0.1", "1.2.3", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
         "1::2::3", "::1.2.3.4", ",".join(f"10.0.0.{n}" for n in range(80)))
ADDRESSES = (bytes(10) + b"\xff\xff\xc0\x00\x02\x07", bytes(16),
             b"\x20\x01\x0d\xb8" + bytes(11) + b"\x07")


def elements(message):
    """The elements of an SMB2 message."""
    while message[:4] == SMB2 and len(message) >= 64:
        step, = struct.unpack_from("<I", message, 20)
        yield message[:step or None]
        message = message[step:] if step else b""


def facts():
    """A few states of the world: all the same everywhere, and mixed."""
    for byte in (0, 1, 3, 6):
        yield bytes([byte]) * FACTS
    yield bytes(range(FACTS))


def policies(frame):
    """The head of each element under all those facts."""
    for element in elements(frame[NBSS:]):
        for known in facts():
            yield known + element[:HEAD]


def window(frames):
    """What requests used and responses granted, all in one sequence."""
    for frame in frames:
        for element in elements(frame[NBSS:]):
            charge, _, _, credits, flags, _, message_id = \
                struct.unpack_from("<HIHHIIQ", element, 6)
            if flags & 1:
                yield bytes([GRANT, min(credits, 255)])
            else:
                yield struct.pack("<BQB", USE_ANY, message_id, charge & 255)


def windows(frames):
    """Some such sequences, one of them unseen from the middle on."""
    operations = list(window(frames))
    for length in (4, 20, 60):
        for start in range(0, len(operations), length):
            yield b"".join(operations[start:start + length])
    yield b"".join([*operations[:20], bytes([UNSEE]), *operations[20:40]])


def responses(frame):
    """A frame in one piece, its header in two, as ksmbd has it, and in many;
    not to its end, and with more announced."""
    cut = len(frame)
    for cuts, skip, off in (((), 0, 0), ((NBSS,), 0, 0), ((NBSS, 68), 5, 0),
                            ((30, 30, 70, 71, 90, 140), 1, 0),
                            ((NBSS, 80), 0, 255), ((60,), 3, 9)):
        cuts = [*cuts, *[cut] * CUTS][:CUTS]
        yield struct.pack(f"<{CUTS}HBB", *cuts, skip, off) + frame


def write(directory, seeds):
    directory.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (directory / f"{number:04}").write_bytes(seed)


def main():
    corpus, target = map(pathlib.Path, sys.argv[1:])
    frames = [path.read_bytes() for path in sorted(corpus.iterdir())]
    write(target / "frame", frames)
    write(target / "policy", (seed for frame in frames
                              for seed in policies(frame)))
    write(target / "window", windows(frames))
    write(target / "response", (seed for frame in frames
                                for seed in responses(frame)))
    write(target / "exceptions", (address + bytes(1) + text.encode()
                                  for text in LISTS for address in ADDRESSES))


if __name__ == "__main__":
    main()
