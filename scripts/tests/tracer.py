# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own tracers, which see what its functions do."""

import pathlib

TRACING = pathlib.Path("/sys/kernel/tracing")


def _set(name, value):
    (TRACING / name).write_text(value + "\n", encoding="ascii")


class Tracer:
    """The tracer @name, at work while it is open, on the kernel's @functions.
    @settings: (file of tracefs, what is to be in it)."""

    def __init__(self, name, functions, settings=()):
        self.name = name
        self.functions = functions
        self.settings = settings

    def __enter__(self):
        _set("set_ftrace_filter", " ".join(self.functions))
        _set("current_tracer", self.name)
        for name, value in self.settings:
            _set(name, value)
        self.forget()
        return self

    def __exit__(self, *_):
        _set("current_tracer", "nop")
        _set("set_ftrace_filter", "")

    @staticmethod
    def knows(function):
        """Can the kernel's function of that name be traced?"""
        names = (TRACING / "available_filter_functions").read_text(encoding="ascii")
        return function in names.split()

    @staticmethod
    def forget():
        """What was traced up to now is of no interest."""
        _set("trace", "")

    @staticmethod
    def findall(pattern):
        """Every match of the compiled @pattern in what was traced."""
        return pattern.findall((TRACING / "trace").read_text(encoding="ascii"))
