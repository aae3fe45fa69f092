# SPDX-License-Identifier: GPL-2.0-only
"""Every allocation of the module fails once, and those it cannot do without
fail for good. Whatever is missing, nothing forged is executed, nobody waits in
vain, nothing stays behind, and the next client is served."""

import contextlib
import os
import pathlib

from smb2 import wire
from smb2.connection import Closed
from tests.auditlog import audit_log
from tests.rig import ALGORITHMS, LATEST
from tests.server import (MODULE, PROC_NET, PROC_SYS, guest_sh, loaded, run)
from tests.tap import Skip, add, case, equal, expect

from . import dialogue, inject, kmemleak

MANDATORY = ("mandatory",)
# More than any dialogue has: the last step is the one where nothing failed
STEPS = 5000
# Others at once
CROWD = 64
SLABS = pathlib.Path("/sys/kernel/slab")
# Who allocates, and whether a connection can do without
SITES = {
    "smbsign_conn_alloc": True,
    "smbsign_awaited_alloc": True,
    "smbsign_setup_response": True,
    "smbsign_negotiate_response": True,
    "smbsign_refuse_write": True,
    "smbsign_gate_next": False,
    "smbsign_gate_arrived": False,
    "smbsign_tx_write": True,
}
KNOBS = {"policy": "negotiated", "algorithms": "hmac-sha256,aes-cmac",
         "hold_bytes": "65536", "allow_guest": "0"}
ENABLED = pathlib.Path("/sys/kernel/tracing/enabled_functions")
CRYPTO = pathlib.Path("/proc/crypto")


def _needs_injection():
    if not inject.available():
        raise Skip


def _after(rig):
    rig.end_case(False)
    dialogue.nothing_left(rig.server)


def _hold(rig, fault):
    """The dialogue; for pages among so many others that slabs run out: what the
    module allocates is smaller than a page."""
    if fault.kind == "fail_page_alloc":
        for path in SLABS.glob("kmalloc-*/shrink"):
            path.write_text("1", encoding="ascii")
        for _ in range(CROWD):
            with contextlib.suppress(OSError):
                rig.dial()
    return dialogue.hold(rig)


def _settle(rig, fault):
    def work():
        with contextlib.suppress(AssertionError):
            _hold(rig, fault)
        rig.end_case(False)
    fault.settle(work)


def _step_through_dialogues(rig, fault):
    """How many allocations a dialogue has, and how many dialogues ended as one
    failed."""
    ended = 0
    for number in range(1, STEPS):
        with fault.nth(number) as failed:
            ended += not _hold(rig, fault)
            missed = not failed()
        _after(rig)
        if missed:
            return number - 1, ended
        dialogue.honest(rig)
    raise AssertionError("a dialogue has no end")


def _one_after_another(kind):
    def cases(rig):
        """The first allocation fails, then the second, up to a dialogue that
        has no further one."""
        _needs_injection()
        fault = inject.Fault(kind, inject.whole_module())
        with audit_log(), rig.server.knob("audit_records", "1"):
            number, ended = _step_through_dialogues(rig, fault)
        print(f"# {kind}: {number} allocations failed, "
              f"{ended} connections ended", flush=True)
        expect(number, "nothing failed")
        _settle(rig, fault)
        dialogue.honest(rig)
    return cases


for _kind in inject.KINDS:
    add(f"each allocation fails once, {_kind}", _one_after_another(_kind),
        suite="allocations", modes=MANDATORY, profiles=ALGORITHMS)


def _for_good(name, vital):
    def cases(rig):
        _needs_injection()
        with inject.exhausted(inject.function(name)) as failed:
            whole = dialogue.hold(rig)
            count = failed()
        _after(rig)
        expect(count, "nothing failed")
        expect(not whole or not vital, "the connection did without")
        dialogue.honest(rig)
    return cases


for _name, _vital in SITES.items():
    add(f"no memory under {_name}", _for_good(_name, _vital),
        suite="allocations", modes=MANDATORY, profiles=ALGORITHMS)


@case(modes=MANDATORY, profiles=ALGORITHMS)
def no_memory_at_all(rig):
    """While there is none no connection comes to be; after that they do."""
    _needs_injection()
    before = rig.server.stats()
    with inject.exhausted(inject.whole_module()) as failed:
        for _ in range(5):
            expect(not dialogue.hold(rig), "served without memory")
            rig.end_case(False)
        expect(failed() >= 5, "nothing failed")
    after = rig.server.stats()
    equal(after["attached"], before["attached"], "attached")
    equal(after["attach_failed"] - before["attach_failed"], 5,
          "attach_failed")
    _after(rig)
    dialogue.honest(rig)


@case(modes=MANDATORY, profiles=LATEST)
def memory_runs_out_in_mid_session(rig):
    """A session that works, then there is nothing for it any more: a request
    that cannot be refused ends it, though the peer may learn of that only when
    it goes on: a RST takes memory, too."""
    _needs_injection()
    for _ in range(3):
        session = rig.new_session()
        file = dialogue.File(session, dialogue.UNTOUCHED)
        session.connection.socket.settimeout(5)
        with inject.exhausted(inject.whole_module()) as failed:
            with contextlib.suppress(Closed, ConnectionError, TimeoutError):
                request = session.request(wire.write(
                    file.id, 0, dialogue.FORGED * 16))
                session.connection.send(request.encode())
                session.connection.answer(request)
                raise AssertionError("a refusal without memory")
            expect(failed(), "nothing failed")
        with contextlib.suppress(Closed, ConnectionError):
            session.echo()
            raise AssertionError("it goes on")
        equal(file.content, dialogue.UNTOUCHED, "content")
        file.path.unlink()
        _after(rig)
    dialogue.honest(rig)


def _nothing_of_the_module():
    expect(not loaded("smbsign"), "it is loaded")
    for path in (PROC_NET, PROC_SYS / "net/smbsign"):
        expect(not path.exists(), f"{path} is there")
    expect("ksmbd" not in ENABLED.read_text(encoding="ascii"),
           "ksmbd's functions are still hooked")


def _crypto_references():
    """How often each algorithm is in use."""
    found, name = {}, None
    for line in CRYPTO.read_text(encoding="ascii").splitlines():
        field, _, value = line.partition(":")
        if field.strip() == "driver":
            name = value.strip()
        elif field.strip() == "refcnt":
            found[name] = int(value)
    return found


@case(modes=MANDATORY, profiles=LATEST)
def insmod_with_each_allocation_failing(rig):
    """It fails as a whole, or does without; either way it can be tried
    again."""
    _needs_injection()
    for kind in inject.KINDS:
        inject.Fault(kind, inject.init_calls())
    rig.close()
    rig.server.unload()
    references = _crypto_references()
    parameters = f"policy={rig.server.mode.policy}"
    refused = number = 0
    reached = True
    while reached:
        number += 1
        try:
            reached = inject.nth_of_this_thread(
                number, lambda: inject.insmod(MODULE, parameters))
        except OSError as error:
            expect(error.errno in (12, 2, 22), f"insmod: {error}")
            refused += 1
        if loaded("smbsign"):
            dialogue.honest(rig)
            rig.end_case(False)
            rig.server.unload()
        _nothing_of_the_module()
        equal(_crypto_references(), references, "references to algorithms")
    print(f"# insmod: {number - 1} allocations failed, {refused} times it "
          "was refused", flush=True)
    expect(refused > 3, "hardly anything failed")
    rig.server.load(parameters)
    dialogue.honest(rig)


@case(modes=MANDATORY, profiles=LATEST)
def insmod_without_its_algorithms(rig):
    """cmac is blacklisted and not in memory: the module does not load, leaves
    nothing behind, and does load when it can be had again."""
    _needs_injection()
    rig.close()
    rig.server.stop()
    held = run("rmmod", "cmac", check=False)
    if held.returncode:
        raise Skip
    conf = pathlib.Path("/etc/modprobe.d/no-cmac.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("install cmac /bin/false\n", encoding="ascii")
    try:
        result = run("insmod", str(MODULE), check=False)
        expect(result.returncode, "loaded without cmac")
        _nothing_of_the_module()
    finally:
        conf.unlink()
    rig.server.load(f"policy={rig.server.mode.policy}")
    rig.server.start_ksmbd()
    dialogue.honest(rig)


def _step_through(kernel_function, work):
    """@work(), again and again, with each allocation under @kernel_function
    failing in turn; how many there were."""
    for kind in inject.KINDS:
        inject.Fault(kind, inject.kernel_function(kernel_function))
    number = 1
    while inject.nth_of_this_thread(number, work):
        number += 1
    return number - 1


@case(modes=MANDATORY, profiles=LATEST)
def knobs_with_each_allocation_failing(rig):
    """A knob has its old value or the new one."""
    _needs_injection()
    failed = 0
    for name, value in KNOBS.items():
        def write(path=PROC_SYS / "net/smbsign" / name, value=value):
            descriptor = os.open(path, os.O_WRONLY)
            with contextlib.suppress(OSError):
                os.write(descriptor, value.encode())
            os.close(descriptor)
        with audit_log(), rig.server.knob("audit_records", "1"):
            failed += _step_through("vfs_write", write)
        equal(rig.server.sysctl(name), value, name)
    print(f"# knobs: {failed} allocations failed", flush=True)
    expect(failed >= len(KNOBS), "hardly anything failed")
    rig.session.echo()


@case(modes=MANDATORY, profiles=LATEST)
def reports_with_each_allocation_failing(rig):
    """What can be read of /proc/net/smbsign is whole, or cannot be read."""
    _needs_injection()
    dialogue.hold(rig)  # refusals are shown, too
    _after(rig)
    rig.session.echo()
    for name in ("stats", "connections", "refusals"):
        whole = (PROC_NET / name).read_bytes()

        def read(path=PROC_NET / name, lines=whole.count(b"\n")):
            descriptor = os.open(path, os.O_RDONLY)
            with contextlib.suppress(OSError):
                text = os.read(descriptor, 1 << 16)
                equal(text.count(b"\n"), lines, "lines")
            os.close(descriptor)
        expect(_step_through("vfs_read", read), "nothing failed")
    rig.session.echo()


@case(modes=MANDATORY, profiles=LATEST)
def nothing_was_leaked(rig):
    """After all of the above, also when the module is gone."""
    if not kmemleak.available():
        raise Skip
    _after(rig)
    leaked = kmemleak.ours(kmemleak.scan())
    expect(not leaked, "leaked:\n" + "\n".join(leaked[:3]))
    rig.server.unload()
    leaked = kmemleak.ours(kmemleak.scan())
    expect(not leaked, "leaked, unloaded:\n" + "\n".join(leaked[:3]))
    guest_sh("load_smbsign", f"policy={rig.server.mode.policy}")
    dialogue.honest(rig)
