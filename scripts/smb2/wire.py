# SPDX-License-Identifier: GPL-2.0-only
"""The messages of SMB2 on the wire, [MS-SMB2] section 2.2.

A request is a Header and a Body. A Body is made by the function named after
its command and knows how many credits it costs; everything else of the
header belongs to the caller.
"""

import struct
from dataclasses import dataclass, field, replace

PROTOCOL_SMB2 = b"\xfeSMB"
PROTOCOL_TRANSFORM = b"\xfdSMB"
PROTOCOL_COMPRESSED = b"\xfcSMB"
PROTOCOL_SMB1 = b"\xffSMB"

HEADER_SIZE = 64
SIGNATURE = slice(48, 64)

# Commands, 2.2.1
NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, \
    CLOSE, FLUSH, READ, WRITE, LOCK, IOCTL, CANCEL, ECHO, QUERY_DIRECTORY, \
    CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK = range(19)

# Header flags, 2.2.1.1
FLAG_RESPONSE = 0x00000001
FLAG_ASYNC = 0x00000002
FLAG_RELATED = 0x00000004
FLAG_SIGNED = 0x00000008

# Dialects, 2.2.3
DIALECT_202 = 0x0202
DIALECT_210 = 0x0210
DIALECT_300 = 0x0300
DIALECT_302 = 0x0302
DIALECT_311 = 0x0311
DIALECT_ANY_SMB2 = 0x02FF

SIGNING_ENABLED = 0x0001
SIGNING_REQUIRED = 0x0002
# What a client says that wants signing
SIGNING_DEMANDED = SIGNING_ENABLED | SIGNING_REQUIRED

CAP_LARGE_MTU = 0x00000004
CAP_ENCRYPTION = 0x00000040

# Negotiate contexts, 2.2.3.1
CONTEXT_PREAUTH_INTEGRITY = 1
CONTEXT_ENCRYPTION = 2
CONTEXT_COMPRESSION = 3
CONTEXT_SIGNING = 8

HASH_SHA512 = 1
CIPHER_AES128_CCM = 1
CIPHER_AES128_GCM = 2
SIGN_HMAC_SHA256 = 0
SIGN_AES_CMAC = 1
SIGN_AES_GMAC = 2
COMPRESS_LZ77 = 2

# SESSION_SETUP, 2.2.5 and 2.2.6
SETUP_FLAG_BINDING = 0x01
SESSION_FLAG_IS_GUEST = 0x0001
SESSION_FLAG_IS_NULL = 0x0002
SESSION_FLAG_ENCRYPT_DATA = 0x0004

# Statuses, [MS-ERREF] 2.3
SUCCESS = 0x00000000
ERROR = 0xC0000000      # errors are not less
PENDING = 0x00000103
NOTIFY_CLEANUP = 0x0000010B
INVALID_PARAMETER = 0xC000000D
MORE_PROCESSING_REQUIRED = 0xC0000016
ACCESS_DENIED = 0xC0000022
OBJECT_NAME_NOT_FOUND = 0xC0000034
FILE_LOCK_CONFLICT = 0xC0000054
LOCK_NOT_GRANTED = 0xC0000055
LOGON_FAILURE = 0xC000006D
INSUFFICIENT_RESOURCES = 0xC000009A
NOT_SUPPORTED = 0xC00000BB
REQUEST_NOT_ACCEPTED = 0xC00000D0
CANCELLED = 0xC0000120
FILE_CLOSED = 0xC0000128
USER_SESSION_DELETED = 0xC0000203
REQUEST_OUT_OF_SEQUENCE = 0xC000042A

# Create, 2.2.13
OPEN, OPEN_CREATE, OPEN_IF = 1, 2, 3
FILE_DIRECTORY = 0x00000001
FILE_NON_DIRECTORY = 0x00000040
OPLOCK_NONE, OPLOCK_BATCH = 0x00, 0x09
ACCESS_ALL = 0x001F01FF
SHARE_ALL = 0x00000007

# Lock, 2.2.26.1
LOCK_SHARED, LOCK_EXCLUSIVE, LOCK_UNLOCK = 0x1, 0x2, 0x4
LOCK_FAIL_IMMEDIATELY = 0x10

# Queries, 2.2.33 and 2.2.37
INFO_FILE, INFO_FILESYSTEM, INFO_SECURITY, INFO_QUOTA = 1, 2, 3, 4
FILE_STANDARD_INFORMATION = 5
FILE_END_OF_FILE_INFORMATION = 20
FILE_BOTH_DIRECTORY_INFORMATION = 3
NOTIFY_FILE_NAME = 0x00000001

# File system controls, 2.2.31
FSCTL_SET_SPARSE = 0x000900C4
FSCTL_SET_ZERO_DATA = 0x000980C8
FSCTL_VALIDATE_NEGOTIATE_INFO = 0x00140204

ANY_FILE = b"\xff" * 16
ANY_TREE = 0xFFFFFFFF
ANY_SESSION = 0xFFFFFFFFFFFFFFFF

# MessageId of what answers no request, 3.3.4.6
NOTICE_ID = 0xFFFFFFFFFFFFFFFF

CREDIT_SIZE = 65536


class Malformed(Exception):
    """What came is no SMB2 message."""


@dataclass
class Header:
    """The synchronous SMB2 packet header, 2.2.1.2; asynchronous ones
    (2.2.1.1) carry async_id in place of process_id and tree_id."""

    command: int
    status: int = 0
    flags: int = 0
    message_id: int = 0
    session_id: int = 0
    tree_id: int = 0
    process_id: int = 0
    async_id: int = 0
    credit_charge: int = 1
    credits: int = 1
    next_command: int = 0
    signature: bytes = bytes(16)

    def pack(self):
        """The 64 bytes of the header."""
        if self.flags & FLAG_ASYNC:
            target = struct.pack("<Q", self.async_id)
        else:
            target = struct.pack("<II", self.process_id, self.tree_id)
        return (PROTOCOL_SMB2 +
                struct.pack("<HHIHHIIQ", HEADER_SIZE, self.credit_charge,
                            self.status, self.command, self.credits,
                            self.flags, self.next_command, self.message_id) +
                target + struct.pack("<Q", self.session_id) + self.signature)

    @classmethod
    def unpack(cls, data):
        """The header at the start of @data."""
        if data[:4] != PROTOCOL_SMB2 or len(data) < HEADER_SIZE:
            raise Malformed(f"no SMB2 header: {bytes(data[:4])!r}")
        (_, charge, status, command, credits, flags, next_command,
         message_id) = struct.unpack_from("<HHIHHIIQ", data, 4)
        header = cls(command, status=status, flags=flags,
                     message_id=message_id, credit_charge=charge,
                     credits=credits, next_command=next_command)
        if flags & FLAG_ASYNC:
            header.async_id, = struct.unpack_from("<Q", data, 32)
        else:
            header.process_id, header.tree_id = \
                struct.unpack_from("<II", data, 32)
        header.session_id, = struct.unpack_from("<Q", data, 40)
        header.signature = bytes(data[SIGNATURE])
        return header


@dataclass
class Body:
    """What follows the header: the command's own structure."""

    command: int
    data: bytes
    charge: int = 1


@dataclass
class Request:
    """One element of a message before it is signed."""

    header: Header
    body: bytes

    def encode(self):
        """Header and body as they lie on the wire."""
        return self.header.pack() + self.body

    def changed(self, **fields):
        """A copy with other header fields."""
        return Request(replace(self.header, **fields), self.body)


@dataclass
class Response:
    """One element of an answer. @raw are its bytes as signed."""

    header: Header
    raw: bytes
    encrypted: bool = False
    body: bytes = field(init=False)

    def __post_init__(self):
        self.body = self.raw[HEADER_SIZE:]

    @property
    def status(self):
        """The NT status of the header."""
        return self.header.status

    @property
    def signed(self):
        """Whether the header claims a signature."""
        return bool(self.header.flags & FLAG_SIGNED)

    @property
    def interim(self):
        """Whether the final response is yet to come, 3.2.5.1.5."""
        return self.status == PENDING and \
            bool(self.header.flags & FLAG_ASYNC)

    @property
    def structure_size(self):
        """StructureSize of the body; 9 for an error response, 2.2.2."""
        return struct.unpack_from("<H", self.body)[0]


def split(data, encrypted=False):
    """The elements of the message @data, 3.2.5.1.9."""
    responses = []
    while True:
        header = Header.unpack(data)
        end = header.next_command or len(data)
        responses.append(Response(header, bytes(data[:end]), encrypted))
        if not header.next_command:
            return responses
        data = data[end:]


def messages(data):
    """The messages of the frames that @data begins with."""
    start = 0
    while start + 4 < len(data):
        end = start + 4 + int.from_bytes(data[start:start + 4], "big")
        yield data[start + 4:end]
        start = end


def elements(message):
    """The elements of a message that is to be sent, as far as it can be
    understood: the header and all of each."""
    start, header = 0, None
    while header is None or header.next_command:
        try:
            header = Header.unpack(message[start:start + HEADER_SIZE])
        except Malformed:
            return
        end = start + header.next_command if header.next_command else None
        yield header, message[start:end]
        start += header.next_command


def charge_for(size):
    """Credits a payload of @size bytes costs, 3.1.5.2."""
    return max(1, (size - 1) // CREDIT_SIZE + 1)


def frame(message):
    """@message in the direct TCP transport's header, 2.1."""
    return struct.pack(">I", len(message)) + message


def utf16(text):
    """@text as file names travel."""
    return text.encode("utf-16-le")


def smb1_negotiate(*dialects):
    """SMB_COM_NEGOTIATE, [MS-CIFS] 2.2.4.52."""
    names = b"".join(b"\x02" + name.encode() + b"\0" for name in dialects)
    return PROTOCOL_SMB1 + b"\x72" + bytes(4) + b"\x18\x53\xc8" + \
        bytes(20) + struct.pack("<BH", 0, len(names)) + names


def negotiate_context(kind, data):
    """One negotiate context, 2.2.3.1."""
    return struct.pack("<HHI", kind, len(data), 0) + data


def preauth_context(salt):
    """SMB2_PREAUTH_INTEGRITY_CAPABILITIES, 2.2.3.1.1."""
    return negotiate_context(
        CONTEXT_PREAUTH_INTEGRITY,
        struct.pack("<HHH", 1, len(salt), HASH_SHA512) + salt)


def list_context(kind, values):
    """A counted list of 16-bit ids: 2.2.3.1.2 and 2.2.3.1.7."""
    return negotiate_context(
        kind, struct.pack(f"<H{len(values)}H", len(values), *values))


def compression_context(algorithms):
    """SMB2_COMPRESSION_CAPABILITIES for messages that are not chained,
    2.2.3.1.3."""
    return negotiate_context(
        CONTEXT_COMPRESSION,
        struct.pack(f"<HHI{len(algorithms)}H", len(algorithms), 0, 0,
                    *algorithms))


def _lz77_literals(data):
    """@data as plain LZ77 of [MS-XCA] has it, without a match in it."""
    groups = [data[at:at + 32] for at in range(0, len(data), 32)]
    flags = [(1 << 32 - len(group)) - 1 for group in groups]
    return b"".join(struct.pack("<I", flag) + group
                    for flag, group in zip(flags, groups))


def compressed(message):
    """@message in a transform that is not chained, 2.2.42.1."""
    return PROTOCOL_COMPRESSED + struct.pack(
        "<IHHI", len(message), COMPRESS_LZ77, 0, 0) + _lz77_literals(message)


def pad8(data):
    """@data filled up to a multiple of eight bytes."""
    return data + bytes(-len(data) % 8)


def negotiate(offer, contexts=()):
    """SMB2 NEGOTIATE request, 2.2.3."""
    offset = 0
    fixed = 36 + 2 * len(offer.dialects)
    if contexts:
        offset = HEADER_SIZE + fixed + -(HEADER_SIZE + fixed) % 8
    data = struct.pack("<HHHHI16sIHH", 36, len(offer.dialects),
                       offer.security_mode, 0, offer.capabilities,
                       offer.guid, offset, len(contexts), 0)
    data += struct.pack(f"<{len(offer.dialects)}H", *offer.dialects)
    if contexts:
        data = data.ljust(offset - HEADER_SIZE, b"\0")
        data += b"".join(pad8(c) for c in contexts[:-1]) + contexts[-1]
    return Body(NEGOTIATE, data)


def session_setup(token, security_mode, flags=0, previous=0):
    """SMB2 SESSION_SETUP request, 2.2.5."""
    return Body(SESSION_SETUP,
                struct.pack("<HBBIIHHQ", 25, flags, security_mode, 0, 0,
                            HEADER_SIZE + 24, len(token), previous) + token)


def logoff():
    """SMB2 LOGOFF request, 2.2.7."""
    return Body(LOGOFF, struct.pack("<HH", 4, 0))


def tree_connect(share):
    """SMB2 TREE_CONNECT request, 2.2.9. What server the path names is the same
    to ksmbd."""
    name = utf16(rf"\\127.0.0.1\{share}")
    return Body(TREE_CONNECT,
                struct.pack("<HHHH", 9, 0, HEADER_SIZE + 8, len(name)) + name)


def tree_disconnect():
    """SMB2 TREE_DISCONNECT request, 2.2.11."""
    return Body(TREE_DISCONNECT, struct.pack("<HH", 4, 0))


def create_context(name, data=b""):
    """The last create context of a request, 2.2.13.2."""
    start = 16 + len(name) + -len(name) % 8
    return (struct.pack("<IHHHHI", 0, 16, len(name), 0, start if data else 0,
                        len(data)) + name).ljust(start, b"\0") + data


def create(path, disposition=OPEN_IF, access=ACCESS_ALL,
           options=FILE_NON_DIRECTORY, oplock=OPLOCK_NONE, context=b""):
    """SMB2 CREATE request, 2.2.13, with one create_context() or none."""
    name = utf16(path)
    buffer = name or b"\0\0"
    offset = 0
    if context:
        buffer = pad8(buffer)
        offset = HEADER_SIZE + 56 + len(buffer)
    return Body(CREATE,
                struct.pack("<HBBIQQIIIIIHHII", 57, 0, oplock, 2, 0, 0,
                            access, 0, SHARE_ALL, disposition, options,
                            HEADER_SIZE + 56, len(name), offset,
                            len(context)) + buffer + context)


def close(file_id):
    """SMB2 CLOSE request, 2.2.15."""
    return Body(CLOSE, struct.pack("<HHI", 24, 0, 0) + file_id)


def flush(file_id):
    """SMB2 FLUSH request, 2.2.17."""
    return Body(FLUSH, struct.pack("<HHI", 24, 0, 0) + file_id)


def read(file_id, offset, length):
    """SMB2 READ request, 2.2.19."""
    return Body(READ,
                struct.pack("<HBBIQ16sIIIHH", 49, 80, 0, length, offset,
                            file_id, 1, 0, 0, 0, 0) + b"\0",
                charge_for(length))


def write(file_id, offset, data):
    """SMB2 WRITE request, 2.2.21."""
    return Body(WRITE,
                struct.pack("<HHIQ16sIIHHI", 49, HEADER_SIZE + 48, len(data),
                            offset, file_id, 0, 0, 0, 0, 0) + data,
                charge_for(len(data)))


def lock(file_id, offset, length, flags):
    """SMB2 LOCK request with one element, 2.2.26."""
    return Body(LOCK, struct.pack("<HHI16sQQII", 48, 1, 0, file_id, offset,
                                  length, flags, 0))


def ioctl(file_id, code, data, max_output=0):
    """SMB2 IOCTL request for a file system control, 2.2.31."""
    return Body(IOCTL,
                struct.pack("<HHI16sIIIIIIII", 57, 0, code, file_id,
                            HEADER_SIZE + 56, len(data), 0, 0, 0, max_output,
                            1, 0) + (data or b"\0"),
                charge_for(max(len(data), max_output)))


def ioctl_input(body):
    """The input buffer of an ioctl() body."""
    return body.data[56:]


def validate_negotiate_info(offer, max_output=24):
    """The request that asks what NEGOTIATE was, 2.2.31.4; @offer: what
    it is to say."""
    data = struct.pack(f"<I16sHH{len(offer.dialects)}H", offer.capabilities,
                       offer.guid, offer.security_mode, len(offer.dialects),
                       *offer.dialects)
    return ioctl(ANY_FILE, FSCTL_VALIDATE_NEGOTIATE_INFO, data, max_output)


def cancel():
    """SMB2 CANCEL request, 2.2.30."""
    return Body(CANCEL, struct.pack("<HH", 4, 0), 0)


def echo():
    """SMB2 ECHO request, 2.2.28."""
    return Body(ECHO, struct.pack("<HH", 4, 0))


def query_directory(file_id, pattern="*", max_output=CREDIT_SIZE,
                    info=FILE_BOTH_DIRECTORY_INFORMATION):
    """SMB2 QUERY_DIRECTORY request, 2.2.33; restarts the scan."""
    name = utf16(pattern)
    return Body(QUERY_DIRECTORY,
                struct.pack("<HBBI16sHHI", 33, info, 1, 0, file_id,
                            HEADER_SIZE + 32, len(name), max_output) + name,
                charge_for(max_output))


def change_notify(file_id, completion=NOTIFY_FILE_NAME, max_output=4096):
    """SMB2 CHANGE_NOTIFY request, 2.2.35."""
    return Body(CHANGE_NOTIFY,
                struct.pack("<HHI16sII", 32, 0, max_output, file_id,
                            completion, 0))


def query_info(file_id, info=FILE_STANDARD_INFORMATION, max_output=4096,
               kind=INFO_FILE, additional=0, data=b""):
    """SMB2 QUERY_INFO request, 2.2.37; by default for a file information
    class. @additional: which parts of a security descriptor."""
    return Body(QUERY_INFO,
                struct.pack("<HBBIHHIII16s", 41, kind, info, max_output,
                            HEADER_SIZE + 40, 0, len(data), additional, 0,
                            file_id) + (data or b"\0"))


def set_info(file_id, info, data, kind=INFO_FILE, additional=0):
    """SMB2 SET_INFO request, 2.2.39, as query_info()."""
    return Body(SET_INFO,
                struct.pack("<HBBIHHI16s", 33, kind, info, len(data),
                            HEADER_SIZE + 32, 0, additional, file_id) + data)


def oplock_break(file_id, level=OPLOCK_NONE):
    """SMB2 OPLOCK_BREAK acknowledgement, 2.2.24.1."""
    return Body(OPLOCK_BREAK,
                struct.pack("<HBBI16s", 24, level, 0, 0, file_id))


@dataclass(frozen=True)
class Offer:
    """What a NEGOTIATE request said and VALIDATE_NEGOTIATE_INFO repeats."""

    dialects: tuple
    security_mode: int
    capabilities: int
    guid: bytes


@dataclass
class NegotiateResponse:
    """SMB2 NEGOTIATE response, 2.2.4."""

    security_mode: int
    dialect: int
    guid: bytes
    capabilities: int
    max_transact: int
    max_read: int
    max_write: int
    token: bytes
    contexts: dict

    @classmethod
    def unpack(cls, raw):
        """The response in the message @raw, contexts by their type."""
        (_, mode, dialect, count, guid, capabilities, transact, read_size,
         write_size) = struct.unpack_from("<HHHH16sIIII", raw, 64)
        offset, length, context_offset = struct.unpack_from("<HHI", raw, 120)
        contexts = {}
        if dialect == DIALECT_311:
            for _ in range(count):
                kind, size = struct.unpack_from("<HH", raw, context_offset)
                start = context_offset + 8
                contexts[kind] = raw[start:start + size]
                context_offset = start + size + -size % 8
        return cls(mode, dialect, guid, capabilities, transact, read_size,
                   write_size, raw[offset:offset + length], contexts)


def ioctl_output(raw):
    """The output buffer of an IOCTL response, 2.2.32."""
    offset, length = struct.unpack_from("<II", raw, 96)
    return raw[offset:offset + length]


def validated_negotiate_info(raw):
    """(Capabilities, Guid, SecurityMode, Dialect), 2.2.32.6."""
    return struct.unpack("<I16sHH", ioctl_output(raw))


def session_setup_token(raw):
    """(SessionFlags, security buffer) of a SESSION_SETUP response, 2.2.6."""
    flags, offset, length = struct.unpack_from("<HHH", raw, 66)
    return flags, raw[offset:offset + length]


def created_file(raw):
    """FileId of a CREATE response, 2.2.14."""
    return raw[128:144]


def read_data(raw):
    """The data of a READ response, 2.2.20."""
    offset, _, length = struct.unpack_from("<BBI", raw, 66)
    return raw[offset:offset + length]


def written(raw):
    """The count of a WRITE response, 2.2.22."""
    return struct.unpack_from("<I", raw, 68)[0]
