# SPDX-License-Identifier: GPL-2.0-only
"""Real clients with real work: smbclient and cifs.ko copy a tree there and
back, signed and encrypted, and every byte is compared."""

import contextlib
import pathlib
import random
import shutil
import tempfile

from .mounts import mounted
from .rig import LATEST
from .server import SHARE, run
from .tap import GUARDED, add, equal, expect

SIGNED = "--option=client signing=required"
# Its default for anything but IPC$
SILENT = ("--option=client signing=if_required",)
SMBCLIENT = {
    "SMB2_10 signed": ("-m", "SMB2_10", SIGNED),
    "SMB3_00 signed": ("-m", "SMB3_00", SIGNED),
    "SMB3_02 signed": ("-m", "SMB3_02", SIGNED),
    "SMB3_11 signed": ("-m", "SMB3_11", SIGNED),
    "SMB3_00 encrypted": ("-m", "SMB3_00", "--client-protection=encrypt"),
    "SMB3_11 encrypted": ("-m", "SMB3_11", "--client-protection=encrypt"),
}
# Each algorithm alone; by itself smbclient prefers the first
ALGORITHM = "--option=client smb3 signing algorithms="
ALONE = {name: ("-m", "SMB3_11", SIGNED, ALGORITHM + name)
         for name in ("AES-128-GMAC", "AES-128-CMAC", "HMAC-SHA256")}
# A sealed mount that does not sign either logs off in plaintext, unsigned,
# unless the server demands signing: where only the policy does, LOGOFF would
# be refused.
MOUNTS = {
    "2.1 signed": "vers=2.1,sign",
    "3.0 signed": "vers=3.0,sign",
    "3.1.1 signed": "vers=3.1.1,sign",
    "3.0 sealed": "vers=3.0,seal,sign",
    "3.1.1 sealed": "vers=3.1.1,seal,sign",
}
# Nobody asks for signing but the server, or the policy in its name
SILENT_MOUNTS = {
    "2.1 as it comes": "vers=2.1",
    "3.0 as it comes": "vers=3.0",
    "3.1.1 as it comes": "vers=3.1.1",
    "3.1.1 sealed and no more": "vers=3.1.1,seal",
}
# (files, bytes of the large one): a small tree where another case has
# already copied the large one with the same algorithm
WHOLE = (120, 3 << 20)
PART = (30, 1 << 20)
TINY = (10, 300000)


def make_tree(root, files, large):
    """A tree of @files small files of odd sizes and one large one."""
    dice = random.Random(files)
    for number in range(files):
        directory = root / f"d{number % 7}" / f"e{number % 3}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"file {number}").write_bytes(
            dice.randbytes(dice.choice((0, 1, 100, 1460, 5000, 20000))))
    (root / "large").write_bytes(dice.randbytes(large))


def contents(root):
    """Every file below @root: its path and its bytes."""
    return {path.relative_to(root): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}


@contextlib.contextmanager
def _places(files, large):
    """(a tree to copy, an empty directory, an empty one on the share)."""
    with tempfile.TemporaryDirectory() as directory:
        base = pathlib.Path(directory)
        tree, back = base / "tree", base / "back"
        tree.mkdir()
        back.mkdir()
        make_tree(tree, files, large)
        target = SHARE / "copy"
        shutil.rmtree(target, ignore_errors=True)
        yield tree, back, target
        shutil.rmtree(target, ignore_errors=True)


def _smbclient(rig, options, commands):
    output = run("smbclient", "//127.0.0.1/share", "-U",
                 f"{rig.server.user}%{rig.server.password}", *options,
                 "-c", ";".join(commands)).stdout
    for line in output.splitlines():
        expect("NT_STATUS" not in line, line)


def _smbclient_case(options):
    def work(rig):
        with _places(*PART) as (tree, back, target):
            _smbclient(rig, options, (
                "mkdir copy", "cd copy", "recurse on", "prompt off",
                f"lcd {tree}", "mput *"))
            equal(contents(target), contents(tree), "what was put")
            _smbclient(rig, options, (
                "cd copy", "recurse on", "prompt off", f"lcd {back}",
                "mget *"))
            equal(contents(back), contents(tree), "what was got")
    return work


def _mount_case(options, size):
    def work(rig):
        with _places(*size) as (tree, _, target):
            with mounted(rig.server, options) as mount:
                shutil.copytree(tree, mount / "copy")
            equal(contents(target), contents(tree), "what was written")
            with mounted(rig.server, options) as mount:
                equal(contents(mount / "copy"), contents(tree),
                      "what was read")
                shutil.rmtree(mount / "copy" / "d1")
                (mount / "copy" / "large").rename(mount / "copy" / "huge")
            expect(not (target / "d1").exists(), "d1 was not deleted")
            equal((target / "huge").read_bytes(),
                  (tree / "large").read_bytes(), "the renamed file")
    return work


def _raised_case(options):
    """The policy is raised while a client works that was not told to sign: it
    comes back, is told, and goes on."""
    def work(rig):
        with _places(*TINY) as (tree, _, target), \
                mounted(rig.server, options) as mount:
            shutil.copytree(tree, mount / "copy")
            before = rig.server.stats()["verified"]
            with rig.server.counts("refused", 0), \
                    rig.server.counts("aborted", 1), \
                    rig.server.knob("policy", "required"):
                shutil.copytree(tree, mount / "again")
                equal(contents(mount / "again"), contents(tree),
                      "what was read")
            expect(rig.server.stats()["verified"] > before,
                   "nothing was verified")
            shutil.rmtree(mount / "again")
            equal(contents(target), contents(tree), "what was written")
    return work


def _algorithm_case(name, options):
    """It is what the connection then signs with."""
    def work(rig):
        known = {"AES-128-GMAC": "aes-gmac", "AES-128-CMAC": "aes-cmac",
                 "HMAC-SHA256": "hmac-sha256"}[name]
        with rig.server.knob("algorithms", known):
            _smbclient_case(options)(rig)
    return work


def _counting(work):
    """Honest clients: they work, and nobody was refused."""
    def counted(rig):
        before = rig.server.stats() if not rig.server.alone else {}
        work(rig)
        if before:
            after = rig.server.stats()
            for name in ("refused", "aborted"):
                equal(after[name], before[name], name)
            expect(after["verified"] > before["verified"] or
                   after["encrypted"] > before["encrypted"],
                   "nothing was verified")
    return counted


def _add(name, work, modes=GUARDED):
    add(name, _counting(work), suite="clients", modes=modes, profiles=LATEST)


def _register():
    for name, options in SMBCLIENT.items():
        _add(f"smbclient {name}", _smbclient_case(options))
    for name, options in ALONE.items():
        _add(f"smbclient offers {name} alone", _algorithm_case(name, options),
             ("mandatory",))
    for name, options in MOUNTS.items():
        if name not in ("2.1 signed", "3.1.1 signed"):
            _add(f"cifs.ko {name}", _mount_case(options, PART))
            continue
        _add(f"cifs.ko {name}", _mount_case(options, WHOLE), ("mandatory",))
        _add(f"cifs.ko {name}", _mount_case(options, PART), ("required",))
    for name, options in SILENT_MOUNTS.items():
        mode = "mandatory" if "sealed" in name else "required"
        _add(f"cifs.ko {name}", _mount_case(options, TINY), (mode,))
        if mode == "required":
            add(f"cifs.ko {name}, told to sign later", _raised_case(options),
                suite="clients", modes=("auto",), profiles=LATEST)
    _add("smbclient as it comes", _smbclient_case(SILENT), ("required",))


_register()
