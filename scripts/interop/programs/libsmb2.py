#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""libsmb2.py HOST USER PASSWORD [sign|seal] - what every client does here, by
way of libsmb2, as media players do."""

import ctypes
import os
import sys

lib = ctypes.CDLL("libsmb2.so.6")
POINTER, STRING = ctypes.c_void_p, ctypes.c_char_p
for name in ("smb2_init_context", "smb2_open", "smb2_opendir"):
    getattr(lib, name).restype = POINTER
lib.smb2_get_error.restype = STRING
NTLMSSP = 1                          # by default it wants a Kerberos ticket
STAT_BYTES = 256                     # more than struct smb2_stat_64 has


def check(what, result):
    """What a function gave back, unless it failed."""
    if result is None or result < 0:
        raise SystemExit(f"{what}: {lib.smb2_get_error(smb2).decode()}")
    return result


def transfer(function, file, buffer):
    """pread() or pwrite() until @buffer is done."""
    done = 0
    while done < len(buffer):
        part = ctypes.byref(buffer, done)
        done += check(function.__name__, function(
            smb2, POINTER(file), part, ctypes.c_uint32(len(buffer) - done),
            ctypes.c_uint64(done)))


def opened(path, flags):
    """A file of the share."""
    return check("open", lib.smb2_open(smb2, path, flags))


host, user, password = (word.encode() for word in sys.argv[1:4])
smb2 = POINTER(lib.smb2_init_context())
lib.smb2_set_authentication(smb2, NTLMSSP)
lib.smb2_set_user(smb2, user)
lib.smb2_set_password(smb2, password)
lib.smb2_set_sign(smb2, int("sign" in sys.argv))
lib.smb2_set_seal(smb2, int("seal" in sys.argv))
lib.smb2_set_timeout(smb2, 30)
check("connect", lib.smb2_connect_share(smb2, host, b"share", user))

data = b"libsmb2 " * 40000
written = ctypes.create_string_buffer(data, len(data))
read = ctypes.create_string_buffer(len(data))
handle = opened(b"libsmb2", os.O_RDWR | os.O_CREAT)
transfer(lib.smb2_pwrite, handle, written)
transfer(lib.smb2_pread, handle, read)
check("close", lib.smb2_close(smb2, POINTER(handle)))
if read.raw != data:
    raise SystemExit("read: not what was written")
stat = ctypes.create_string_buffer(STAT_BYTES)
if lib.smb2_stat(smb2, b"missing", stat) >= 0:
    raise SystemExit("stat: a missing file is there")
check("stat", lib.smb2_stat(smb2, b"libsmb2", stat))
check("rename", lib.smb2_rename(smb2, b"libsmb2", b"libsmb2 renamed"))
check("opendir", lib.smb2_opendir(smb2, b""))
check("unlink", lib.smb2_unlink(smb2, b"libsmb2 renamed"))
check("disconnect", lib.smb2_disconnect_share(smb2))
