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
    ("smb2.multichannel.*", 45,
     "ksmbd waits up to 35 s for the oplock of a client that is cut off"),
)
# Where all log in as users: counters of the module that must stay as they are
HONEST = ("smb2.bench.session-setup.*",)
UNMOVED = ("reason_guest", "reason_unsigned")
# What is not run at all, and why
EXCUSED = (
    ("smb2.oplock.batch22*",
     "waits until ksmbd gives up on an oplock break, after 35 s"),
)

# What is skipped or fails with the module all the same, on one kernel at least,
# and why. All such tests of these suites are named.
EXPLAINED = ("session", "session-require-signing", "multichannel", "credits")
WHY = (
    ("smb2.session.reauth5",
     "An anonymous user removes a file that is not there, and is to be told "
     "that it was removed. Samba's own server fails, too"),
    ("smb2.session.expire*",
     "Skipped: they want Kerberos, and tickets that expire within seconds"),
    ("smb2.session.bind_invalid_auth",
     "6.12 says LOGON_FAILURE, not ACCESS_DENIED, to a user who binds a channel "
     "to another user's session. 7.3 passes"),
    ("smb2.session.bind_different_user", "The same"),
    ("smb2.session.bind_negative_smb202", "ksmbd begins with 2.1"),
    ("smb2.session.bind_negative_smb3sign[CH]to[CH]s",
     "The channel is bound, although it signs with another algorithm. Then "
     "the test authenticates again with the session's key in place of the "
     "channel's, and wants ACCESS_DENIED from a server that it believes. By "
     "3.3.5.2.4 the channel's key counts, so this signature is wrong, and "
     "smbsign signs no answer to who has not shown the key "
     "(`Design <design.rst>`__, *Refusing*)"),
    ("smb2.session.bind_negative_smb3sign[CH]to[CH]d",
     "ksmbd, as Samba's server, binds no channel of another ClientGuid. "
     "3.3.5.5 leaves that to the server; Windows does bind it"),
    ("smb2.session.bind_negative_smb3signGtoH2X[sd]",
     "A binding on a connection of 2.1: 3.3.5.5 says REQUEST_NOT_ACCEPTED, and "
     "so do ksmbd and smbsign. Windows looks at the algorithm first, and says "
     "REQUEST_OUT_OF_SEQUENCE"),
    ("smb2.session.bind_negative_smb3s*Gto*",
     "The binding itself is refused as the test wants it. Then it names the "
     "session, which is another connection's, and wants USER_SESSION_DELETED "
     "signed with the session's key. The nonce would be a MessageId that the "
     "session's own connection uses, too, and whoever listened could forge "
     "from then on. smbsign says USER_SESSION_DELETED, unsigned, and Samba's "
     "client makes that ACCESS_DENIED (`Nonces <nonces.rst>`__)"),
    ("smb2.session.signing-*",
     "All that they do with the algorithm succeeds. Then they cancel a "
     "CHANGE_NOTIFY, which ksmbd of 6.12 does not have. 7.3 passes"),
    ("smb2.session.encryption-*", "The same"),
    ("smb2.session.ntlmssp_bug14932",
     "ksmbd says LOGON_FAILURE to an NTLMv2 response that is malformed, not "
     "INVALID_PARAMETER"),
    ("smb2.session.anon-*",
     "An anonymous user signs or encrypts with the key that everybody can "
     "compute. ksmbd has no such key"),
    ("smb2.credits.*ipc*",
     "ksmbd does not read pipes asynchronously. Samba's own server fails, too"),
    ("smb2.credits.*",
     "511 CHANGE_NOTIFY are to wait at once, and no more. 6.12 has none, 7.3 "
     "takes more. Samba's own server fails, too"),
    ("smb2.multichannel.generic.num_channels",
     "ksmbd of 6.12 does not stop at 32 channels of a session. 7.3 passes"),
    ("smb2.multichannel.*",
     "Channels of a session are cut off, by an FSCTL of Samba's own or by "
     "iptables, and the server is to notify by another. ksmbd has no such "
     "FSCTL, and waits up to 35 s for an answer by one channel"),
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


def is_new(test, known):
    """Is it a test of SMB2 that is none of @known?"""
    return test.startswith("smb2.") and test not in known and not excuse(test)


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


def reason(name):
    """The entry of WHY for the test called @name; None if there is none."""
    return next((entry for entry in WHY
                 if fnmatch.fnmatch(name, entry[0])), None)


def is_explained(name):
    """Must there be an entry of WHY if the test called @name does not pass?"""
    return suite(name) in EXPLAINED


def title(test):
    """The name without the last part, which smbtorture --list doubles."""
    return test.rpartition(".")[0]
