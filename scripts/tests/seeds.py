# SPDX-License-Identifier: GPL-2.0-only
"""The suites that draw what they do: where their seeds begin, how many rounds
they play, and that a failure names its seed."""

import contextlib


class Options:
    """What guest-e2e was told."""

    seed = 1
    # Requests changed, and streams cut, per case
    rounds = 40
    streams = 8
    # Whether there is little time
    brief = False


def configure(seed, rounds, brief):
    """Where the seeds begin, and how many there are; None: as they are."""
    Options.brief = brief
    Options.seed = seed or Options.seed
    Options.rounds = rounds or Options.rounds
    Options.streams = rounds or Options.streams


@contextlib.contextmanager
def named(seed, words=""):
    """A failure says how to see it again."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"seed {seed}: {words}: {type(error).__name__}: "
                             f"{error}") from error
