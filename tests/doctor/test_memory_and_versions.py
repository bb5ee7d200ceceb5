"""Core dumps and versions."""

from __future__ import annotations

import resource
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from ppinui.diagnostic import Severity
from ppinui.doctor.program_findings import PYTHON, REQUIRED, look_at_core_dumps, look_at_versions
from ppinui.workers.hardening import harden
from tests.doctor.doctor_rig import about
from tests.rig.forked import in_child
from tests.rig.hosts import MakeContext


def proc_with(folder: Path, pattern: str) -> Path:
    file = folder / "sys/kernel/core_pattern"
    file.parent.mkdir(parents=True)
    file.write_text(f"{pattern}\n")
    return folder


@pytest.mark.parametrize(
    ("pattern", "limit", "state", "words"),
    [
        ("core.%p", 0, Severity.OK, "they become files: core.%p"),
        ("core", resource.RLIM_INFINITY, Severity.WARNING, "no limit; they become files: core"),
        (
            "|/usr/lib/systemd/systemd-coredump %P %u",
            4096,
            Severity.WARNING,
            "limit 4096 bytes; they go to the program /usr/lib/systemd/systemd-coredump",
        ),
    ],
)
def test_what_becomes_of_an_application_that_crashes(
    tmp_path: Path, machine: MakeContext, pattern: str, limit: int, state: Severity, words: str
) -> None:
    around = machine(proc=proc_with(tmp_path, pattern), core_limit=limit)
    found = about("core dumps of applications", look_at_core_dumps(around))
    assert found.severity is state
    assert words in found.message


def test_a_process_that_is_not_hardened_is_wrong(machine: MakeContext) -> None:
    def states() -> list[Severity]:
        before = about("core dumps of ppinui", look_at_core_dumps(machine())).severity
        harden()
        return [before, about("core dumps of ppinui", look_at_core_dumps(machine())).severity]

    assert in_child(states) == [Severity.ERROR, Severity.OK]


def test_the_versions_needed_are_those_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert {f"{name}{bounds}" for name, bounds in REQUIRED.items()} == set(project["dependencies"])
    assert project["requires-python"] == PYTHON


def test_the_versions_here_are_fine() -> None:
    assert {finding.severity for finding in look_at_versions()} == {Severity.OK}


def test_a_library_that_is_too_old_too_new_or_missing_is_wrong() -> None:
    versions = {"keyring": "24.3.1", "textual": "9.0.0", "cryptography": "44.0.0rc1", "libconf": "2.0.1"}

    def version_of(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    found = {finding.subject.removeprefix("version of "): finding for finding in look_at_versions(version_of)}
    wrong = {name for name, finding in found.items() if finding.severity is Severity.ERROR}
    assert wrong == {"keyring", "textual", "python-pkcs11", "pexpect", "tomlkit"}
    assert found["keyring"].message == "24.3.1, but ppinui needs >=25"
