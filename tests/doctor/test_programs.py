"""The module, who uses it, and ppin."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ppinui.diagnostic import Severity
from ppinui.doctor.program_findings import look_at_module, look_at_ppin
from tests.doctor.doctor_rig import about
from tests.primus_sim.stand import Stand
from tests.rig.holding import holding
from tests.rig.hosts import MakeContext


def test_an_installed_provider_is_found_with_its_version(
    primus_cluster: Stand, machine: MakeContext, tmp_path: Path
) -> None:
    # Other runs on this machine have processes that use such a library.
    around = machine(environ={**os.environ, **primus_cluster.environ}, proc=tmp_path)
    (module,) = look_at_module(around)
    assert module.severity is Severity.OK
    assert module.message == f"{primus_cluster.module} (the environment variable PRIMUS_HOME)"
    ppin = look_at_ppin(around)
    assert (ppin.severity, ppin.message) == (Severity.OK, f"{primus_cluster.ppin} (Primus HSM PKCS#11 2.2.4)")


def test_applications_that_use_the_module_are_named(primus_cluster: Stand, machine: MakeContext) -> None:
    with holding(primus_cluster.module) as application:
        found = about("applications", look_at_module(machine(module=str(primus_cluster.module))))
    assert f"(pid {application})" in found.message


def test_applications_with_a_provider_of_their_own_are_named_without_a_module(
    primus_cluster: Stand, machine: MakeContext
) -> None:
    with holding(primus_cluster.module) as application:
        module, found = look_at_module(machine())
    assert module.severity is Severity.ERROR
    assert found.message.startswith("using a provider's library of their own now: ")
    assert f"(pid {application})" in found.message


def test_what_is_not_installed_and_what_is_not_to_be_trusted(tmp_path: Path, machine: MakeContext) -> None:
    bare = machine(environ={"PATH": str(tmp_path), "PRIMUS_HOME": str(tmp_path)}, proc=tmp_path)
    (module,) = look_at_module(bare)
    assert (module.severity, look_at_ppin(bare).severity) == (Severity.ERROR, Severity.WARNING)
    assert look_at_ppin(replace(bare, ppin=str(tmp_path / "none"))).severity is Severity.ERROR
    open_to_all = tmp_path / "ppin"
    open_to_all.write_text("#!/bin/sh\necho 'Primus HSM PKCS#11 2.2.4'\n")
    open_to_all.chmod(0o777)
    found = look_at_ppin(bare)
    assert (found.severity, found.remedy) == (Severity.ERROR, f"sudo chmod go-w {open_to_all}")


def test_a_ppin_that_does_not_start_is_wrong(tmp_path: Path, machine: MakeContext) -> None:
    broken = tmp_path / "ppin"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert look_at_ppin(machine(ppin=str(broken), environ=dict(os.environ))).severity is Severity.ERROR


def test_a_module_that_is_no_library_is_wrong(tmp_path: Path, machine: MakeContext) -> None:
    text = tmp_path / "libprimusP11.so"
    text.write_text("no library")
    (module,) = look_at_module(machine(module=str(text), proc=tmp_path))
    assert module.severity is Severity.ERROR
