# SPDX-License-Identifier: GPL-2.0-only
"""What git and make do to a file system."""

import concurrent.futures
import os
import random
import shutil
import subprocess
import zlib

from tests.server import run
from tests.tap import equal, expect

OBJECTS = 15
MODULES = 3
PROGRAM = "total"


def _put_object(store, name, content):
    """As git does: a temporary file, then its place, then read only."""
    directory = store / name[:2]
    directory.mkdir(exist_ok=True)
    temporary = directory / f"tmp_obj_{name}"
    with open(temporary, "xb") as file:
        file.write(zlib.compress(content, 1))
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o444)
    temporary.rename(directory / name[2:])


def _update(path, content):
    """As git does with its index: a lock file that takes the old one's
    place."""
    lock = path.with_name(path.name + ".lock")
    with open(lock, "xb") as file:
        file.write(content)
    lock.rename(path)


def clone(root, seed):
    """A store of objects, an index, a tree checked out of it; then look at
    all of it as `git status` does, and pack the objects."""
    dice = random.Random(seed)
    store = root / ".git" / "objects"
    store.mkdir(parents=True)
    contents = {dice.randbytes(20).hex():
                dice.randbytes(dice.choice((0, 300, 2000, 9000))) * 2
                for _ in range(OBJECTS)}
    for number, (name, content) in enumerate(contents.items()):
        _put_object(store, name, content)
        if number % 8 == 0:
            _update(root / ".git" / "index", "\n".join(contents).encode())
    checked_out = _check_out(root, store, contents)
    _status(root, contents, checked_out)
    _pack(store, contents)


def _check_out(root, store, contents):
    """Every object as a file: its path for its name."""
    paths = {}
    for name in contents:
        path = root / f"dir{name[0]}" / f"sub{name[1]}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zlib.decompress(
            (store / name[:2] / name[2:]).read_bytes()))
        paths[name] = path
    return paths


def _status(root, contents, checked_out):
    """Walk the tree, stat and read everything."""
    seen = {entry for directory, _, files in os.walk(root)
            if ".git" not in directory for entry in files}
    equal(seen, set(contents), "files in the tree")
    for name, path in checked_out.items():
        equal(path.stat().st_size, len(contents[name]), f"size of {name}")
        equal(path.read_bytes(), contents[name], f"content of {name}")


def _pack(store, contents):
    """One file for all objects, which are deleted then."""
    pack = b"".join(contents.values())
    _update(store / "pack", pack)
    for name in contents:
        (store / name[:2] / name[2:]).unlink()
    for name in {name[:2] for name in contents}:
        (store / name).rmdir()
    equal(os.listdir(store), ["pack"], "the store")
    equal((store / "pack").read_bytes(), pack, "the pack")


def _module(number):
    return f'#include "all.h"\nint f{number}(int x)\n' \
           f"{{\n\treturn x + {number};\n}}\n"


def _sources(root):
    names = [f"f{number}" for number in range(MODULES)]
    (root / "all.h").write_text("".join(f"int {name}(int x);\n"
                                        for name in names))
    for number, name in enumerate(names):
        (root / f"{name}.c").write_text(_module(number))
    calls = " + ".join(f"{name}(1)" for name in names)
    (root / "main.c").write_text(
        '#include <stdio.h>\n#include "all.h"\n'
        f'int main(void)\n{{\n\treturn !printf("%d", {calls});\n}}\n')
    objects = " ".join(f"{name}.o" for name in (*names, "main"))
    (root / "Makefile").write_text(
        f"{PROGRAM}: {objects}\n\tcc -o $@ $^\n"
        "%.o: %.c all.h\n\tcc -O0 -c -o $@.new $< && mv $@.new $@\n"
        "clean:\n\trm -f *.o " f"{PROGRAM}\n")


def build(root, jobs):
    """make with a real compiler, @jobs at a time; then there is nothing
    left to do for it, then the result runs, and make cleans up."""
    root.mkdir()
    _sources(root)
    make = ("make", "-C", str(root), f"-j{jobs}")
    run(*make)
    expect("up to date" in run(*make).stdout, "made a second time")
    # Not from the mount: it has no execute bits to give
    program = f"/tmp/{PROGRAM}"
    shutil.copyfile(root / PROGRAM, program)
    os.chmod(program, 0o755)
    equal(subprocess.run(program, stdout=subprocess.PIPE, check=True).stdout,
          str(MODULES + sum(range(MODULES))).encode(), "the program's word")
    run(*make, "clean")
    expect(not list(root.glob("*.o")), "objects are left")


def crowd(root, workers):
    """Many at once that make, rename, read and delete their own files."""
    root.mkdir()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda number: _one_of_many(root, number),
                      range(workers)))
    equal(os.listdir(root), [], "left in the directory")


def _one_of_many(root, number):
    dice = random.Random(number)
    for turn in range(15):
        path = root / f"{number}-{turn}"
        content = dice.randbytes(dice.choice((1, 700, 5000, 70000)))
        path.write_bytes(content)
        path = path.rename(root / f"{number}-{turn}.renamed")
        equal(path.stat().st_size, len(content), f"size of {path.name}")
        equal(path.read_bytes(), content, f"content of {path.name}")
        path.unlink()
