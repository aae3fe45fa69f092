# SPDX-License-Identifier: GPL-2.0-only
"""The clients that people use, of many makers. Each does about the same: it
writes a file and reads it again, asks for one that is not there, renames,
lists and removes. What a client says when it fails is kept in its own words."""

import fcntl
import os
import pathlib
import random
import re
import shutil
from dataclasses import dataclass
from typing import Callable

from tests import mounts
from tests.kernellog import KernelLog
from tests.server import SHARE, run
from tests.tap import equal, expect

from . import beside, bench

HOST = "127.0.0.1"
URL = f"smb://{HOST}/share"
BYTES = 1 << 20
SIGNED = "--option=client signing=required"
MOUNT = "vers=3.1.1,sign"
ALGORITHM = "--option=client smb3 signing algorithms="
MISSING = "NT_STATUS_OBJECT_NAME_NOT_FOUND"


class Failed(Exception):
    """The client could not do its work, and says so."""


@dataclass(frozen=True)
class Client:
    """A client: its name in the table, and its work. @slow: not in make test.
    @only: a prefix of the kernel releases that it is for, where it is not for
    all."""

    name: str
    work: Callable
    slow: bool = False
    only: str = ""


def last_words(text):
    """The line of @text that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(
        r"NT_STATUS_(?!OBJECT_NAME_NOT_FOUND)|rror|fail|abort|Can't read",
        line)]
    return (telling or lines or ["no word"])[-1]


def command(*words):
    """What a program of the clients' root prints; Failed if it failed."""
    status, output = beside.command(*words)
    if status:
        print(f"# {words[0]}: {status}", *output.splitlines()[-20:],
              sep="\n#   ", flush=True)
        raise Failed(last_words(output) if status != 124 else "hangs")
    return output


def source():
    """What is copied: a file that programs of both roots can read."""
    path = beside.TMP / "source"
    if not path.exists():
        path.write_bytes(random.Random(1).randbytes(BYTES))
    return path


def credentials(server):
    """As Samba's clients take them."""
    return "-U", f"{server.user}%{server.password}"


def smbclient(*options, first=""):
    """smbclient, with @options; @first is one more command."""
    def work(server):
        back = beside.TMP / "back"
        back.unlink(missing_ok=True)
        source()
        commands = f"{first}; put /tmp/source one; get missing /tmp/none; " \
                   "get one /tmp/back; rename one two; ls; del two"
        _, output = beside.command("smbclient", f"//{HOST}/share",
                                   *credentials(server), *options, "-c",
                                   commands.lstrip("; "))
        wrong = [line for line in output.splitlines()
                 if "NT_STATUS" in line and MISSING not in line]
        if wrong:
            raise Failed(wrong[0])
        expect(MISSING in output, "a missing file is there")
        expect(" two " in output, "the renamed file is not there")
        equal(back.read_bytes(), source().read_bytes(), "what was read")
        expect(not (SHARE / "two").exists(), "it was not removed")
    return work


def smbcacls(*options):
    """Show and change the security descriptor of a file."""
    def work(server):
        tool = ("smbcacls", f"//{HOST}/share", "acl", *credentials(server),
                *options)
        (SHARE / "acl").write_bytes(b"")
        shutil.chown(SHARE / "acl", server.user)
        expect("REVISION:1" in command(*tool), "no security descriptor")
        command(*tool, "--modify", "ACL:S-1-1-0:ALLOWED/0x0/READ")
    return work


def smbget(*options):
    """smbget, of a file that lies there."""
    def work(server):
        shutil.copy(source(), SHARE / "get")
        (beside.TMP / "got").unlink(missing_ok=True)
        command("smbget", *credentials(server), *options, "-o", "/tmp/got",
                f"{URL}/get")
        equal((beside.TMP / "got").read_bytes(), source().read_bytes(),
              "what was read")
    return work


def program(*words, options=()):
    """A program of ours: @words HOST USER PASSWORD @options."""
    def work(server):
        command(*words, HOST, server.user, server.password, *options)
    return work


GIO = f"""
set -e
printf '%s\\n' "$1" WORKGROUP "$2" | gio mount {URL}
gio copy /tmp/source {URL}/gvfs
gio cat {URL}/gvfs | cmp - /tmp/source
! gio info {URL}/missing
gio rename {URL}/gvfs renamed
gio list {URL} | grep -x renamed
gio remove {URL}/renamed
gio mount -u {URL}
"""


def gvfs(server):
    """GNOME's file manager's way, by gio."""
    source()
    command("dbus-run-session", "--", "sh", "-c", GIO, "gio", server.user,
            server.password)


def rclone(server):
    """A small tree, there and back."""
    tree = beside.TMP / "tree"
    if not tree.exists():
        for number in range(20):
            path = tree / f"d{number % 3}" / f"file {number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(random.Random(number).randbytes(3000 * number))
    remote = f":smb,host={HOST},user={server.user}," \
             f"pass={command('rclone', 'obscure', server.password)}:share/tree"
    quiet = ("--config", "/dev/null", "--retries", "1")
    command("rclone", *quiet, "copy", "/tmp/tree", remote)
    command("rclone", *quiet, "check", "--download", "/tmp/tree", remote)
    command("rclone", *quiet, "purge", remote)


def dbench(server):
    """What a file server does all day, by way of cifs.ko."""
    with mounts.mounted(server, MOUNT) as mount:
        command("dbench", "-t", "10", "-D",
                f"/{mount.relative_to(beside.ROOT)}", "1")


def fio(*options):
    """Blocks at random places, each with a checksum that is verified."""
    def work(server):
        with mounts.mounted(server, MOUNT) as mount:
            command("fio", "--name=verify", "--rw=randrw", "--size=4m",
                    "--bs=4k-64k", "--verify=crc32c", "--verify_fatal=1",
                    "--end_fsync=1", *options,
                    f"--directory=/{mount.relative_to(beside.ROOT)}")
    return work


def is_locked(file, kind):
    """Does somebody else hold a lock of the first ten bytes of @file?"""
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB, 10)
    except (BlockingIOError, PermissionError):
        return True
    fcntl.lockf(file, fcntl.LOCK_UN, 10)
    return False


def locks(server):
    """Two sessions lock bytes of one file, so that the server must know."""
    own = f"{MOUNT},nosharesock,cache=none"
    with mounts.mounted(server, own) as here, \
            mounts.mounted(server, own) as there, \
            open(here / "locked", "w+b") as mine, \
            open(there / "locked", "r+b") as other:
        expect(not is_locked(other, fcntl.LOCK_EX), "locked by nobody")
        fcntl.lockf(mine, fcntl.LOCK_EX, 10)
        expect(is_locked(other, fcntl.LOCK_EX), "locked twice")
        expect(is_locked(other, fcntl.LOCK_SH), "shared with its writer")
        fcntl.lockf(mine, fcntl.LOCK_UN, 10)
        fcntl.lockf(mine, fcntl.LOCK_SH, 10)
        expect(is_locked(other, fcntl.LOCK_EX), "written by who reads")
        expect(not is_locked(other, fcntl.LOCK_SH), "not shared by readers")
        fcntl.lockf(mine, fcntl.LOCK_UN, 10)
        expect(not is_locked(other, fcntl.LOCK_EX), "locked for ever")


def requests(kind):
    """How many requests of a kind cifs.ko has sent on its mounts."""
    stats = pathlib.Path("/proc/fs/cifs/Stats").read_text(encoding="ascii")
    return sum(map(int, re.findall(rf"^{kind}: (\d+) total", stats,
                                   re.MULTILINE)))


def copy_file_range(server):
    """The server copies, and the client neither reads nor writes."""
    with mounts.mounted(server, MOUNT) as mount:
        (mount / "from").write_bytes(source().read_bytes())
        run("sync", "-f", mount)
        with open(mount / "from", "rb") as data, \
                open(mount / "to", "w+b") as copy:
            reads, writes = requests("Reads"), requests("Writes")
            done = 0
            while done < BYTES:
                done += os.copy_file_range(data.fileno(), copy.fileno(),
                                           BYTES - done)
            equal((requests("Reads"), requests("Writes")), (reads, writes),
                  "READ and WRITE requests")
        equal((mount / "to").read_bytes(), source().read_bytes(), "the copy")


def _mounted(server, options):
    """A file's life on a mount."""
    with mounts.mounted(server, options) as mount:
        path = mount / "one"
        path.write_bytes(source().read_bytes())
        run("sync", "-f", path)
        path.chmod(0o640)
        path.stat()
        equal(path.read_bytes(), source().read_bytes(), "what was read")
        expect(not (mount / "missing").exists(), "a missing file is there")
        path.rename(mount / "two")
        equal(os.listdir(mount), ["two"], "the mount's files")
        (mount / "two").unlink()


def said(log):
    """What cifs.ko says of signatures."""
    return (line.partition(" message id")[0] for line in log.messages()
            if "sign fail" in line)


def cifs(options):
    """cifs.ko, mounted with @options."""
    def work(server):
        log = KernelLog(os.SEEK_END)
        bench.clean_share()
        source()
        try:
            _mounted(server, options)
        except (AssertionError, OSError) as error:
            raise Failed(next(said(log), str(error))) from error
        for line in said(log):
            raise Failed(line)
    return work


def nmap(wanted):
    """nmap finds signing to be as @wanted."""
    def work(_):
        output = command("nmap", "-Pn", "-sT", "-p", "445", "--script",
                         "smb2-security-mode,smb2-capabilities", HOST)
        found = re.search(r"Message signing (.*)", output)
        if not found or found[1] != wanted:
            raise Failed(found[0] if found else "no answer")
    return work


def _smbclients():
    for dialect, name in (("SMB2_10", "2.1"), ("SMB3_00", "3.0"),
                          ("SMB3_02", "3.0.2"), ("SMB3_11", "3.1.1")):
        version = (f"-m{dialect}", f"--option=client min protocol={dialect}")
        yield Client(f"smbclient {name}, sign",
                     smbclient(*version, "--client-protection=sign"),
                     slow=True)
        if dialect != "SMB2_10":
            yield Client(f"smbclient {name}, encrypt",
                         smbclient(*version, "--client-protection=encrypt"),
                         slow=True)
    yield Client("smbclient as it comes", smbclient())
    for name in ("HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC"):
        yield Client(f"smbclient that offers {name} only",
                     smbclient("-mSMB3_11", SIGNED, ALGORITHM + name))
    yield Client("smbclient, logon a second time", smbclient(
        SIGNED, first="logon alice Secret123; tcon share"))
    for protection in ("sign", "encrypt"):
        yield Client(f"smbcacls --client-protection={protection}",
                     smbcacls(f"--client-protection={protection}"))
    yield Client("smbget", smbget())
    yield Client("smbget --client-protection=encrypt",
                 smbget("--client-protection=encrypt"))


CIFS = (
    "vers=2.1,sign,cifsacl", "vers=3.0,sign,cifsacl",
    "vers=3.1.1,sign,cifsacl", "vers=3.1.1,seal,cifsacl",
    "vers=3.1.1,sign,modefromsid,idsfromsid", "vers=3.1.1,sign,posix",
    "vers=3.1.1,sign,cache=none,nobrl,noperm",
    "vers=3.1.1,sign,mfsymlinks,sfu", "vers=3.1.1,sign,resilienthandles",
    "sec=ntlmsspi",
)
# Those that say the most, in make test, too
CIFS_SHORT = ("vers=3.1.1,sign,cifsacl", "vers=3.1.1,seal,cifsacl")

CLIENTS = (
    *_smbclients(),
    Client("python3-smbc (libsmbclient)",
           program("python3", f"{beside.PROGRAMS}/libsmbclient.py")),
    Client("gvfs (GNOME's files)", gvfs, slow=True),
    *(Client(f"cifs.ko, {options}", cifs(options),
             slow=options not in CIFS_SHORT) for options in CIFS),
    Client("go-smb2", program("go-smb2")),
    Client("go-smb2, RequireMessageSigning",
           program("go-smb2", options=("sign",)), slow=True),
    Client("libsmb2 (Kodi, players)",
           program("python3", f"{beside.PROGRAMS}/libsmb2.py")),
    *(Client(f"libsmb2, {how}",
             program("python3", f"{beside.PROGRAMS}/libsmb2.py",
                     options=(how,)), slow=True)
      for how in ("sign", "seal")),
    Client("rclone (go-smb2)", rclone, slow=True, only="7."),
    Client("cifs.ko, fio --verify", fio(), slow=True),
    Client("cifs.ko, fio --verify --direct=1", fio("--direct=1"), slow=True),
    Client("cifs.ko, locks of two sessions", locks, slow=True),
    Client("cifs.ko, copy_file_range()", copy_file_range, slow=True),
    Client("cifs.ko, dbench", dbench, slow=True, only="7."),
)
# Where nobody demands it, it does not sign
UNSIGNED = Client("smbclient --client-protection=off",
                  smbclient("--client-protection=off"))
# ksmbd of 6.12 alone, too, refuses its CREATE, whose CreateContextsOffset is not 0
# though it has no contexts
V9U = Client("v9u-smb2 (npm), never signs", program(
    "node", "--openssl-legacy-provider", f"{beside.PROGRAMS}/v9u-smb2.js"))
NMAP = "nmap smb2-security-mode"
