# SPDX-License-Identifier: GPL-2.0-only
"""The reproducers of Documentation/ksmbd.rst, as they stand there: each asserts
what the specification wants, and fails on ksmbd alone. Also without a guest:
scripts/reproduce."""

import contextlib
import pathlib
import re

from smb2.connection import Connection
from smb2.session import Session

from .tap import add

PAGE = pathlib.Path(__file__).resolve().parents[2] / "Documentation/ksmbd.rst"
_TITLE = re.compile(r"^(\S.*)\n[=-]{4,}$", re.MULTILINE)
_CODE = re.compile(r"^\.\. code-block:: python\n\n((?:(?: {4}.*)?\n)+)",
                   re.MULTILINE)


def _sections():
    """(title, text) of each section of the page."""
    parts = _TITLE.split(PAGE.read_text(encoding="utf-8"))
    return zip(parts[1::2], parts[2::2])


def _programs():
    """Python programs of the page, by their section's title."""
    found = {}
    for title, text in _sections():
        code = _CODE.search(text)
        if code:
            found[title] = re.sub(r"^ {4}", "", code[1], flags=re.MULTILINE)
    return found


# The first section has what all the others begin with
(_, BEGINNING), *REPRODUCERS = _programs().items()


def reproduce(program, **names):
    """Run one of REPRODUCERS; what it needs to know is in @names."""
    space = dict(names)
    with contextlib.ExitStack() as stack:
        # pylint: disable=exec-used
        exec(compile(BEGINNING, str(PAGE), "exec"), space)
        try:
            exec(compile(program, str(PAGE), "exec"), space)
        finally:
            for value in space.values():
                if isinstance(value, Session):
                    stack.callback(value.connection.close)
                elif isinstance(value, Connection):
                    stack.callback(value.close)


def _case(program):
    def run(rig):
        reproduce(program, SERVER="127.0.0.1", USER=rig.server.user,
                  PASSWORD=rig.server.password)
    return run


for _title, _program in REPRODUCERS:
    add(_title.lower(), _case(_program), suite="reproducers",
        modes=("mandatory",))
