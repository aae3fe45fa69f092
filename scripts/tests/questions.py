# SPDX-License-Identifier: GPL-2.0-only
"""All that a client can ask: every command, every information class and every
file system control that [MS-SMB2] and [MS-FSCC] name, in several ways: as it
should be asked, with a handle that nobody has, cut short, with room for too
small an answer. What a server makes of it is not this file's business."""

import struct
from dataclasses import dataclass, field

from smb2 import wire

COMMANDS = ("NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT",
            "TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH", "READ", "WRITE",
            "LOCK", "IOCTL", "CANCEL", "ECHO", "QUERY_DIRECTORY",
            "CHANGE_NOTIFY", "QUERY_INFO", "SET_INFO", "OPLOCK_BREAK")
NO_FILE = b"\x77" * 16
NO_TREE = 0x7777
# How something is asked
WHOLE, CUT, NO_HANDLE, NO_ROOM, UNSIGNED = \
    "whole", "cut", "no handle", "no room", "unsigned"

# [MS-FSCC] 2.4 names classes up to 81, and SMB3's POSIX extensions have 100
FILE_CLASSES = (*range(83), 100)
# [MS-FSCC] 2.5 names classes up to 11
FILESYSTEM_CLASSES = (*range(13), 100)
# Parts of a security descriptor, 2.2.37: one by one, those one mostly asks for,
# none, all
SECURITY = (0, *(1 << bit for bit in range(8)), 0x10000, 0x07, 0xff)
# Room for an answer, in bytes
ROOMS = (1, 24)

# [MS-SMB2] 2.2.31, [MS-FSCC] 2.3
CONTROLS = {
    "DFS_GET_REFERRALS": 0x00060194,
    "DFS_GET_REFERRALS_EX": 0x000601B0,
    "IS_PATHNAME_VALID": 0x0009002C,
    "GET_COMPRESSION": 0x0009003C,
    "QUERY_FAT_BPB": 0x00090058,
    "FILESYSTEM_GET_STATISTICS": 0x00090060,
    "GET_NTFS_VOLUME_DATA": 0x00090064,
    "GET_RETRIEVAL_POINTERS": 0x00090073,
    "FIND_FILES_BY_SID": 0x0009008F,
    "SET_OBJECT_ID": 0x00090098,
    "GET_OBJECT_ID": 0x0009009C,
    "DELETE_OBJECT_ID": 0x000900A0,
    "SET_REPARSE_POINT": 0x000900A4,
    "GET_REPARSE_POINT": 0x000900A8,
    "DELETE_REPARSE_POINT": 0x000900AC,
    "SET_OBJECT_ID_EXTENDED": 0x000900BC,
    "CREATE_OR_GET_OBJECT_ID": 0x000900C0,
    "SET_SPARSE": wire.FSCTL_SET_SPARSE,
    "SET_ENCRYPTION": 0x000900D7,
    "READ_FILE_USN_DATA": 0x000900EB,
    "WRITE_USN_CLOSE_RECORD": 0x000900EF,
    "MARK_HANDLE": 0x000900FC,
    "SIS_COPYFILE": 0x00090100,
    "RECALL_FILE": 0x00090117,
    "QUERY_SPARING_INFO": 0x00090138,
    "QUERY_ON_DISK_VOLUME_INFO": 0x0009013C,
    "SET_ZERO_ON_DEALLOCATION": 0x00090194,
    "GET_INTEGRITY_INFORMATION": 0x0009027C,
    "QUERY_FILE_REGIONS": 0x00090284,
    "GET_REFS_VOLUME_DATA": 0x000902D8,
    "SVHDX_SYNC_TUNNEL_REQUEST": 0x00090304,
    "STORAGE_QOS_CONTROL": 0x00090350,
    "SVHDX_ASYNC_TUNNEL_REQUEST": 0x00090364,
    "SET_INTEGRITY_INFORMATION_EX": 0x00090380,
    "GET_RETRIEVAL_POINTERS_AND_REFCOUNT": 0x000903D3,
    "REFS_STREAM_SNAPSHOT_MANAGEMENT": 0x00090440,
    "QUERY_ALLOCATED_RANGES": 0x000940CF,
    "OFFLOAD_READ": 0x00094264,
    "SET_ZERO_DATA": wire.FSCTL_SET_ZERO_DATA,
    "SET_DEFECT_MANAGEMENT": 0x00098134,
    "FILE_LEVEL_TRIM": 0x00098208,
    "OFFLOAD_WRITE": 0x00098268,
    "DUPLICATE_EXTENTS_TO_FILE": 0x00098344,
    "DUPLICATE_EXTENTS_TO_FILE_EX": 0x000983E8,
    "SET_COMPRESSION": 0x0009C040,
    "SET_INTEGRITY_INFORMATION": 0x0009C280,
    "PIPE_PEEK": 0x0011400C,
    "PIPE_WAIT": 0x00110018,
    "PIPE_TRANSCEIVE": 0x0011C017,
    "SRV_REQUEST_RESUME_KEY": 0x00140078,
    "LMR_SET_LINK_TRACKING_INFORMATION": 0x001400EC,
    "LMR_REQUEST_RESILIENCY": 0x001401D4,
    "QUERY_NETWORK_INTERFACE_INFO": 0x001401FC,
    "SRV_READ_HASH": 0x001441BB,
    "SRV_ENUMERATE_SNAPSHOTS": 0x00144064,
    "SRV_COPYCHUNK": 0x001440F2,
    "SRV_COPYCHUNK_WRITE": 0x001480F2,
    "(nobody's)": 0x0009FFFC,
}
# Input of those that look at it; the others get zeros
CONTROL_INPUT = {
    "DFS_GET_REFERRALS": struct.pack("<H", 4) + wire.utf16("\\guest\\share\0"),
    "SET_SPARSE": b"\x01",
    "SET_ZERO_DATA": struct.pack("<QQ", 0, 16),
    "QUERY_ALLOCATED_RANGES": struct.pack("<QQ", 0, 1 << 16),
}
# What is asked of no file, 2.2.31
OF_NO_FILE = ("DFS_GET_REFERRALS", "DFS_GET_REFERRALS_EX", "PIPE_WAIT",
              "QUERY_NETWORK_INTERFACE_INFO")

# Create contexts, 2.2.13.2, and what goes with them
GUID = bytes(range(16))
CONTEXTS = {
    b"ExtA": struct.pack("<IBBH", 0, 0, 4, 4) + b"user\0data",
    b"SecD": struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0),
    b"DHnQ": bytes(16), b"DHnC": NO_FILE, b"AlSi": bytes(8), b"MxAc": b"",
    b"TWrp": bytes(8), b"QFid": b"", b"RqLs": GUID + bytes(16),
    b"DH2Q": bytes(16) + GUID, b"DH2C": NO_FILE + GUID + bytes(4),
    # APP_INSTANCE_ID, APP_INSTANCE_VERSION, SVHDX_OPEN_DEVICE_CONTEXT, POSIX
    bytes.fromhex("45bca66aefa7f74a9008fa462e144d74"):
        struct.pack("<HH", 20, 0) + GUID,
    bytes.fromhex("b982d0b73b56074fa07b524a8116a010"):
        struct.pack("<HHIQQ", 24, 0, 0, 1, 1),
    bytes.fromhex("9ccbcf9e04c1e643980e158da1f6ec83"): bytes(32),
    bytes.fromhex("93ad25509cb411e7b42383de968bcd7c"):
        struct.pack("<I", 0o644),
}

# What SET_INFO wants, where zeros are not enough. File, 2.4: a new name, a
# link, an extended attribute
_NAME = wire.utf16("renamed")
SETTINGS = {
    10: struct.pack("<BxxxxxxxQI", 1, 0, len(_NAME)) + _NAME,
    11: struct.pack("<BxxxxxxxQI", 1, 0, len(_NAME) + 2) + _NAME +
        wire.utf16("2"),
    13: b"\0",
    15: CONTEXTS[b"ExtA"],
}

# An RPC bind to srvsvc, [C706] 12.6.4.3, which its pipe answers
RPC_BIND = bytes.fromhex(
    "05000b03100000004800000001000000b810b8100000000001000000"
    "00000100c84f324b7016d30112785a47bf6ee18803000000"
    "045d888aeb1cc9119fe808002b10486002000000")


@dataclass
class Question:
    """Something to ask. @what: the command and of what kind; @number: its class;
    @how: in what way; @fields: other header fields than usual; @signed:
    whether it is signed."""

    what: str
    how: str
    body: wire.Body
    number: int = None
    fields: dict = field(default_factory=dict)
    signed: bool = True


@dataclass
class Handles:
    """What there is to ask about: FileIds on the share, and the tree and FileId
    of a pipe."""

    file: bytes
    directory: bytes
    pipe_tree: int
    pipe: bytes


def cut(body, length):
    """The first @length bytes of @body."""
    return wire.Body(body.command, body.data[:length], body.charge)


def _ways(what, body, number=None, nobodys=None, rooms=(), unsigned=False,
          **fields):
    """@body as it is; cut in half, but for what stumps() are of; @nobodys, with a
    handle that nobody has; and @rooms, with room for too small an answer.
    @unsigned: not signed, too."""
    yield Question(what, WHOLE, body, number, fields)
    if body.command not in (wire.IOCTL, wire.SESSION_SETUP):
        yield Question(what, CUT, cut(body, len(body.data) // 2), number,
                       fields)
    if nobodys:
        yield Question(what, NO_HANDLE, nobodys, number, fields)
    for small in rooms:
        yield Question(what, NO_ROOM, small, number, fields)
    if unsigned:
        yield Question(what, UNSIGNED, body, number, fields, False)


def _of(what, make, handle, **options):
    """The same of what a @handle is given to."""
    yield from _ways(what, make(handle), nobodys=make(NO_FILE), **options)


def _with_room(what, make, handle, **options):
    """The same of what answers @make(handle, max_output)."""
    yield from _of(what, make, handle, **options,
                   rooms=[make(handle, max_output=room) for room in ROOMS])


def trees():
    """TREE_CONNECT, TREE_DISCONNECT."""
    for share in ("share", "IPC$"):
        yield from _ways(f"TREE_CONNECT {share}", wire.tree_connect(share))
    for share in ("nowhere", "guests", ""):
        yield Question("TREE_CONNECT (other)", WHOLE, wire.tree_connect(share))
    yield from _ways("TREE_DISCONNECT (nobody's)", wire.tree_disconnect(),
                     tree_id=NO_TREE)


def creates():
    """CREATE."""
    yield from _ways("CREATE", wire.create("created"), unsigned=True)
    for how, body in (
            ("no such name", wire.create("nowhere", wire.OPEN)),
            ("no such path", wire.create("no\\where")),
            ("is a directory", wire.create("", wire.OPEN)),
            ("no such disposition", wire.create("created", 77)),
            ("no such name", wire.create("*?")),
            ("no such stream", wire.create("created:x:$NOTHING"))):
        yield Question("CREATE", how, body)
    for name, data in CONTEXTS.items():
        text = name.decode() if len(name) == 4 else name.hex()[:8]
        yield from _ways(f"CREATE with {text}", wire.create(
            "created", context=wire.create_context(name, data)))
    yield Question("CREATE", "no such tree", wire.create("created"),
                   fields={"tree_id": NO_TREE})


def files(handles):
    """READ, WRITE, LOCK, FLUSH, OPLOCK_BREAK, CLOSE."""
    for what, handle in (("file", handles.file),
                         ("directory", handles.directory)):
        yield from _of(f"READ {what}", lambda h: wire.read(h, 0, 8), handle,
                       unsigned=True)
        yield from _of(f"WRITE {what}", lambda h: wire.write(h, 0, b"x" * 64),
                       handle, unsigned=True)
        yield from _of(f"FLUSH {what}", wire.flush, handle, unsigned=True)
    for offset, length in ((0, 0), (0, 1000), (0, 65536), (0, 1 << 20),
                           (1 << 40, 8), (-1 % (1 << 64), 8)):
        yield Question("READ file", "other sizes",
                       wire.read(handles.file, offset, length))
    yield Question("READ file", "small a charge",
                   wire.read(handles.file, 0, 1 << 17),
                   fields={"credit_charge": 1})
    for data in (b"", b"y" * 70000):
        yield Question("WRITE file", "other sizes",
                       wire.write(handles.file, 0, data))
    fast = wire.LOCK_EXCLUSIVE | wire.LOCK_FAIL_IMMEDIATELY
    yield from _of("LOCK", lambda h: wire.lock(h, 0, 8, fast), handles.file,
                   unsigned=True)
    for flags in (wire.LOCK_UNLOCK, wire.LOCK_UNLOCK, 0, 0xff):
        yield Question("LOCK", f"flags {flags:#x}",
                       wire.lock(handles.file, 0, 8, flags))
    yield from _of("OPLOCK_BREAK", wire.oplock_break, handles.file,
                   unsigned=True)
    lease = struct.pack("<HHI16sIQ", 36, 0, 0, GUID, 0, 0)
    yield from _ways("OPLOCK_BREAK lease", wire.Body(wire.OPLOCK_BREAK, lease))
    yield from _ways("CLOSE", wire.close(NO_FILE), unsigned=True)


def pipes(handles):
    """READ, WRITE, IOCTL on a pipe."""
    tree = {"tree_id": handles.pipe_tree}
    yield from _ways("WRITE pipe", wire.write(handles.pipe, 0, RPC_BIND),
                     **tree)
    yield from _ways("READ pipe", wire.read(handles.pipe, 0, 1024), **tree)
    yield from _with_room(
        "IOCTL pipe", lambda h, max_output=4096:
        wire.ioctl(h, CONTROLS["PIPE_TRANSCEIVE"], RPC_BIND, max_output),
        handles.pipe, **tree)
    yield from _with_room("QUERY_INFO pipe", wire.query_info, handles.pipe,
                          **tree)


def controls(handles):
    """IOCTL, but VALIDATE_NEGOTIATE_INFO, which often ends the connection."""
    for name, code in CONTROLS.items():
        data = CONTROL_INPUT.get(name, bytes(32))
        handle = wire.ANY_FILE if name in OF_NO_FILE else handles.file
        # pylint: disable=cell-var-from-loop
        yield from _with_room("IOCTL", lambda h, max_output=4096:
                              wire.ioctl(h, code, data, max_output), handle,
                              number=code)


# pylint: disable=cell-var-from-loop
def queries(handles):
    """QUERY_INFO, SET_INFO, QUERY_DIRECTORY."""
    for kind, what, handle, numbers in (
            (wire.INFO_FILE, "FILE", handles.file, FILE_CLASSES),
            (wire.INFO_FILE, "FILE (directory)", handles.directory, (5, 18)),
            (wire.INFO_FILESYSTEM, "FILESYSTEM", handles.file,
             FILESYSTEM_CLASSES),
            (wire.INFO_QUOTA, "QUOTA", handles.directory, (0, 32)),
            (0, "(no type)", handles.file, (5,)),
            (5, "(no type)", handles.file, (5,))):
        for number in numbers:
            yield from _with_room(
                f"QUERY_INFO {what}", lambda h, max_output=4096:
                wire.query_info(h, number, max_output, kind), handle,
                number=number, unsigned=number == 5)
            yield from _of(
                f"SET_INFO {what}", lambda h:
                wire.set_info(h, number, SETTINGS.get(number, bytes(40))
                              if kind == wire.INFO_FILE else bytes(64), kind),
                handle, number=number, unsigned=number == 4)
    for parts in SECURITY:
        yield from _with_room(
            "QUERY_INFO SECURITY", lambda h, max_output=4096:
            wire.query_info(h, 0, max_output, wire.INFO_SECURITY, parts),
            handles.file, number=parts, unsigned=parts == 7)
        yield from _of("SET_INFO SECURITY", lambda h: wire.set_info(
            h, 0, CONTEXTS[b"SecD"], wire.INFO_SECURITY, parts),
            handles.file, number=parts)
    for number in FILE_CLASSES:
        yield from _with_room(
            "QUERY_DIRECTORY", lambda h, max_output=4096:
            wire.query_directory(h, "*", max_output, number),
            handles.directory, number=number, unsigned=number == 3)
        yield Question("QUERY_DIRECTORY", "no such name",
                       wire.query_directory(handles.directory, "nowhere",
                                            4096, number), number)
    yield Question("QUERY_DIRECTORY", "is a file",
                   wire.query_directory(handles.file), 3)


def others(handles):
    """ECHO, CHANGE_NOTIFY that need not wait, what nobody knows."""
    yield from _ways("ECHO", wire.echo(), unsigned=True)
    yield Question("CHANGE_NOTIFY", CUT,
                   cut(wire.change_notify(handles.directory), 16))
    yield Question("CHANGE_NOTIFY", NO_HANDLE, wire.change_notify(NO_FILE))
    for command in (0x13, 0xffff):
        yield Question("(no command)", WHOLE, wire.Body(command, bytes(4)),
                       command)
    for command in range(wire.CREATE, wire.OPLOCK_BREAK + 1):
        if command != wire.CANCEL:
            yield Question("(no such size)", "StructureSize 7",
                           wire.Body(command, b"\x07\0" + bytes(62)), command)


def setups():
    """SESSION_SETUP that comes to nothing; ksmbd 6.x then ends the session."""
    yield from _ways("SESSION_SETUP again", wire.session_setup(b"", 1))
    yield from _ways("SESSION_SETUP again, garbage",
                     wire.session_setup(b"garbage" * 9, 1))
    for what, session_id in (("new", 0), ("of nobody", 0x7777777)):
        yield from _ways(f"SESSION_SETUP {what}, garbage",
                         wire.session_setup(b"garbage" * 9, 1),
                         session_id=session_id)


def stumps(handles):
    """Of each command no more than its StructureSize, of an IOCTL no more than its
    code. A server may not answer, or end the connection."""
    ioctl = wire.ioctl(handles.file, CONTROLS["GET_REPARSE_POINT"], bytes(8))
    for body in (wire.create("created"), wire.close(NO_FILE),
                 wire.flush(NO_FILE), wire.read(NO_FILE, 0, 8),
                 wire.write(NO_FILE, 0, b"x"), wire.lock(NO_FILE, 0, 8, 0),
                 wire.query_info(NO_FILE), wire.set_info(NO_FILE, 4, b""),
                 wire.query_directory(NO_FILE), wire.change_notify(NO_FILE),
                 wire.oplock_break(NO_FILE), wire.session_setup(b"", 1), ioctl):
        yield Question(COMMANDS[body.command], "stump", cut(body, 2))
    yield Question("IOCTL", "stump", cut(ioctl, 28))


def all_of(handles):
    """All of the questions that are answered one by one."""
    yield from trees()
    yield from creates()
    yield from files(handles)
    yield from pipes(handles)
    yield from controls(handles)
    yield from queries(handles)
    yield from others(handles)
