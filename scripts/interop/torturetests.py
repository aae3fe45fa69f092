# SPDX-License-Identifier: GPL-2.0-only
"""Which of smbtorture's tests are run, and for how long each."""

import fnmatch

SUITES = ("session", "session-require-signing", "credits", "compound",
          "connect", "ioctl", "lock", "oplock", "notify", "multichannel",
          "read", "rw")
# Of other suites
TESTS = ("smb2.bench.session-setup.session-setup",)

# How long a benchmark takes, and how much it does at once
OPTIONS = ("--option=torture:timelimit=3", "--option=torture:nprocs=3",
           "--option=torture:qdepth=4")

# What clients offer to sign with, where it is not what Samba offers by itself,
# and why
CMAC = ("--option=client smb3 signing algorithms=AES-128-CMAC,HMAC-SHA256",)
SIGNING = (
    ("smb2.session.bind[12].*", CMAC,
     "they bind with MessageIds that the session has used: with AES-GMAC, "
     "the answer is not signed, and Samba's client ends the connection"),
    ("smb2.session.bind_[id]*", CMAC, "the same"),
    ("smb2.session.bind_negative_smb3enc*", CMAC, "the same"),
    ("smb2.multichannel.*", CMAC, "the same"),
)

# Seconds that a test may take. Most take a tenth of one.
PATIENCE = 10
# What needs another bound, and why
BOUNDS = (
    ("smb2.notify.*", 2,
     "6.12 refuses CHANGE_NOTIFY, 7.3 takes it and never tells of a change"),
    ("smb2.credits.*ipc*", 2,
     "ksmbd does not read pipes asynchronously: the tests wait for ever"),
    ("smb2.credits.skipped_mid.*", 120,
     "thousands of requests, one at a time"),
    ("smb2.bench.*", 30, "3 s and what it was about to do"),
)
# Where all log in as users: counters of the module that must stay as they are
HONEST = ("smb2.bench.session-setup.*",)
UNMOVED = ("reason_guest", "reason_unsigned")
# What is not run at all, and why
EXCUSED = (
    ("smb2.oplock.batch22*",
     "waits until ksmbd gives up on an oplock break, after 35 s"),
)


def suite(test):
    """The suite of a test as smbtorture --list has it."""
    return test.split(".")[1] if test.startswith("smb2.") else ""


def excuse(test):
    """Why @test is not run, or ""."""
    for pattern, why in EXCUSED:
        if fnmatch.fnmatch(test, pattern):
            return why
    return ""


def wanted(test):
    """Is @test to be run?"""
    return (suite(test) in SUITES or test in TESTS) and not excuse(test)


def options(test):
    """What smbtorture is told for @test."""
    for pattern, signing, _ in SIGNING:
        if fnmatch.fnmatch(test, pattern):
            return OPTIONS + signing
    return OPTIONS


def patience(test):
    """The seconds that @test may take."""
    for pattern, seconds, _ in BOUNDS:
        if fnmatch.fnmatch(test, pattern):
            return seconds
    return PATIENCE


def unmoved(test):
    """The counters of the module that @test must not move."""
    honest = any(fnmatch.fnmatch(test, pattern) for pattern in HONEST)
    return UNMOVED if honest else ()


def title(test):
    """The name without the last part, which smbtorture --list doubles."""
    return test.rpartition(".")[0]
