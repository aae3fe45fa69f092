# SPDX-License-Identifier: GPL-2.0-only
"""Ways to change a message that was ready to be sent, by dice."""

import struct

from smb2 import wire

EDGES = {1: (0, 1, 0x7F, 0x80, 0xFF),
         2: (0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF),
         4: (0, 1, 7, 8, 64, 66, 72, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF),
         8: (0, 1, 1 << 31, 1 << 63, (1 << 64) - 2, (1 << 64) - 1)}
FORMATS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}
# The header's fields, 2.2.1.2: offset and size
FIELDS = {"ProtocolId": (0, 4), "StructureSize": (4, 2),
          "CreditCharge": (6, 2), "ChannelSequence": (8, 4),
          "Command": (12, 2), "CreditRequest": (14, 2), "Flags": (16, 4),
          "NextCommand": (20, 4), "MessageId": (24, 8), "Reserved": (32, 4),
          "TreeId": (36, 4), "SessionId": (40, 8), "Signature": (48, 8)}
PROTOCOLS = (wire.PROTOCOL_SMB1, wire.PROTOCOL_TRANSFORM,
             wire.PROTOCOL_COMPRESSED)
NBSS = 4


def _flip_bit(dice, message):
    place = dice.randrange(len(message))
    message[place] ^= 1 << dice.randrange(8)
    return f"a bit of byte {place} flipped"


def _flip_bits_of_body(dice, message):
    places = [dice.randrange(wire.HEADER_SIZE, len(message))
              for _ in range(dice.randint(1, 4))]
    for place in places:
        message[place] ^= dice.randint(1, 255)
    return f"bytes {places} changed"


def _set_field(dice, message):
    name = dice.choice(tuple(FIELDS))
    place, size = FIELDS[name]
    old, = struct.unpack_from(FORMATS[size], message, place)
    value = dice.choice((*EDGES[size], old ^ 1 << dice.randrange(8 * size),
                         (old + dice.choice((-1, 1))) % (1 << 8 * size)))
    struct.pack_into(FORMATS[size], message, place, value)
    return f"{name} {value:#x}"


def _set_command(dice, message):
    command = dice.randrange(wire.OPLOCK_BREAK + 2)
    struct.pack_into("<H", message, 12, command)
    return f"Command {command}"


def _set_flags(dice, message):
    flags = dice.randrange(16)
    struct.pack_into("<I", message, 16, flags)
    return f"Flags {flags:#x}"


def _unsign(_, message):
    flags, = struct.unpack_from("<I", message, 16)
    struct.pack_into("<I", message, 16, flags & ~wire.FLAG_SIGNED)
    message[wire.SIGNATURE] = bytes(16)
    return "unsigned"


def _set_protocol(dice, message):
    message[:4] = dice.choice(PROTOCOLS)
    return f"ProtocolId {bytes(message[:4])!r}"


def _set_in_body(dice, message):
    size = dice.choice((1, 2, 4))
    place = dice.randrange(wire.HEADER_SIZE, len(message) - size + 1)
    value = dice.choice(EDGES[size])
    struct.pack_into(FORMATS[size], message, place, value)
    return f"{value:#x} at {place}"


def _truncate(dice, message):
    size = dice.randrange(4, len(message))
    del message[size:]
    return f"cut off at {size}"


def _append(dice, message):
    data = dice.randbytes(dice.choice((1, 4, 8, 72, 1000)))
    message += data
    return f"{len(data)} bytes appended"


def _remove(dice, message):
    place = dice.randrange(len(message))
    size = dice.randint(1, 8)
    del message[place:place + size]
    return f"{size} bytes at {place} removed"


def _insert(dice, message):
    place = dice.randrange(len(message))
    message[place:place] = dice.randbytes(dice.randint(1, 8))
    return f"bytes inserted at {place}"


def _double(_, message):
    """A compound of the message and itself, if they were told so."""
    message += bytes(-len(message) % 8)
    half = len(message)
    message += bytes(message)
    struct.pack_into("<I", message, 20, half)
    return "doubled"


# Only the signature shows it.
WRONG = (_flip_bits_of_body,)
# After these the server knows whose message it was and where it ends: it is
# answered, and the connection lives on.
GENTLE = (_flip_bits_of_body, _set_in_body, _unsign, _append)
ANY = GENTLE + (_flip_bit, _flip_bit, _set_field, _set_field, _set_command,
                _set_flags, _set_protocol, _truncate, _remove, _insert,
                _double)


def _lengths(dice, frame):
    """The length in front of the message is wrong."""
    size, = struct.unpack_from(">I", frame)
    wrong = dice.choice((0, 3, 4, 63, 64, 65, 66, size - 1, size + 1,
                         size - 8, size + 8, 0xFFFF, 0xFFFFFF, 0x1000000,
                         0x80000000 + size))
    struct.pack_into(">I", frame, 0, max(wrong, 0))
    return f"length {wrong:#x} in front of {size} bytes"


def sound(session, message):
    """Whether @message still is one that the client signed, every element of
    it: to leave out elements in front is to send others."""
    start, next_command = 0, 1
    while next_command:
        element = bytes(message[start:])
        if len(element) < wire.HEADER_SIZE + 2 or \
                element[:4] != wire.PROTOCOL_SMB2:
            return False
        flags, next_command = struct.unpack_from("<II", element, 16)
        if next_command > len(element) or next_command % 8:
            return False
        element = element[:next_command or None]
        if not flags & wire.FLAG_SIGNED or \
                session.signature(element) != element[wire.SIGNATURE]:
            return False
        start += next_command
    return True


def change(dice, session, message, kinds=ANY):
    """(what was done, the changed message), which is not sound."""
    while True:
        changed = bytearray(message)
        words = [dice.choice(kinds)(dice, changed)]
        if len(changed) == len(message) and dice.random() < 0.3:
            words.append(dice.choice(kinds)(dice, changed))
        if not sound(session, changed):
            return ", ".join(words), bytes(changed)


def misframe(dice, message):
    """(what was done, a frame whose length is not that of @message)."""
    while True:
        frame = bytearray(wire.frame(message))
        words = _lengths(dice, frame)
        if frame[:NBSS] != wire.frame(message)[:NBSS]:
            return words, bytes(frame)
