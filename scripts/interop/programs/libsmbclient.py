#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""libsmbclient.py HOST USER PASSWORD - what every client does here, by way of
python3-smbc."""

import os
import sys

import smbc  # pylint: disable=import-error # it is in the clients' root

host, user, password = sys.argv[1:4]
share = f"smb://{host}/share"
context = smbc.Context(
    auth_fn=lambda *_: ("WORKGROUP", user, password))
data = b"smbc " * 60000

file = context.open(f"{share}/smbc", os.O_CREAT | os.O_RDWR, 0o644)
file.write(data)
file.close()
file = context.open(f"{share}/smbc", os.O_RDONLY)
if file.read() != data:
    raise SystemExit("read: not what was written")
file.close()
try:
    context.stat(f"{share}/missing")
    raise SystemExit("stat: a missing file is there")
except smbc.NoEntryError:
    pass
context.getxattr(f"{share}/smbc", "system.dos_attr.*")
context.rename(f"{share}/smbc", f"{share}/smbc renamed")
names = [entry.name for entry in context.opendir(share).getdents()]
if "smbc renamed" not in names:
    raise SystemExit("list: the file is not there")
context.unlink(f"{share}/smbc renamed")
