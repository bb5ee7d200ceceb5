"""primus.cfg, .secrets.cfg and the group: which ones, and who may read them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ppinui.diagnostic import Severity
from ppinui.doctor.file_findings import look_at_config, look_at_group, look_at_secrets
from ppinui.services.context import Group
from tests.doctor.doctor_rig import about
from tests.rig.hosts import ALICE, MakeContext

TEXT = """\
version = "1.0";
primus: { hsms: { hsm0: { host = "10.1.2.3"; port = "2310";
  slots: { slot0: { client_id = "c"; user_name = "PAYMENTS"; id = 1; }; };
}; }; };
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "etc/primus/primus.cfg"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def test_a_sound_configuration_is_found_by_its_rule(config: Path, machine: MakeContext) -> None:
    seen = look_at_config(machine())
    assert {finding.severity for finding in seen.findings} == {Severity.OK}
    assert about("primus.cfg", seen.findings).message == f"{config} ({config.parent})"
    assert "mode 0640" in about("primus.cfg, access", seen.findings).message
    assert seen.config is not None


def test_a_configuration_that_everybody_can_change_is_wrong(config: Path, machine: MakeContext) -> None:
    config.chmod(0o646)
    seen = look_at_config(machine())
    worst = [finding for finding in seen.findings if finding.severity is Severity.ERROR]
    assert [finding.subject for finding in worst] == ["primus.cfg, access"]
    assert worst[0].remedy == f"chmod 0640 {config}"


def test_the_group_of_the_configuration_counts_where_there_is_one(config: Path, machine: MakeContext) -> None:
    other = Group(config.stat().st_gid + 1, ())
    access = about("primus.cfg, access", look_at_config(machine(group=other)).findings)
    assert access.severity is Severity.WARNING
    assert access.remedy is not None
    assert access.remedy.startswith("chgrp primus")


def test_errors_in_the_text_are_counted_not_listed(config: Path, machine: MakeContext) -> None:
    config.write_text(TEXT.replace('"2310"', '"99999"'))
    contents = about("primus.cfg, contents", look_at_config(machine()).findings)
    assert (contents.severity, contents.message) == (Severity.ERROR, "1 error")
    assert contents.remedy == f"see them: ppinui -c {config} config check"


def test_text_that_is_no_libconfig_is_wrong(config: Path, machine: MakeContext) -> None:
    config.write_text("primus: {")
    seen = look_at_config(machine())
    assert about("primus.cfg, contents", seen.findings).severity is Severity.ERROR
    assert seen.config is None


def test_a_clear_text_password_is_told_and_not_shown(config: Path, machine: MakeContext) -> None:
    config.write_text(TEXT.replace("id = 1;", 'id = 1; proxy_user = "P"; proxy_password = "Kanarie-77";'))
    seen = look_at_config(machine())
    told = [finding for finding in seen.findings if "in clear text" in finding.message]
    assert [(finding.severity, finding.message) for finding in told] == [
        (Severity.WARNING, "1 password in clear text")
    ]
    assert "Kanarie" not in repr(seen.findings)


def test_a_configuration_in_memory_has_no_mode_to_judge(machine: MakeContext) -> None:
    descriptor = os.memfd_create("primus.cfg")
    try:
        os.write(descriptor, TEXT.encode())
        seen = look_at_config(machine(config=f"/proc/self/fd/{descriptor}"))
    finally:
        os.close(descriptor)
    assert "in memory" in about("primus.cfg, access", seen.findings).message
    assert seen.config is not None


@pytest.mark.parametrize(
    ("mode", "state", "words"),
    [
        (0o640, Severity.OK, "mode 0640"),
        (0o644, Severity.ERROR, "everybody can read it"),
        (0o666, Severity.ERROR, "everybody can read and change it"),
    ],
)
def test_who_can_read_the_secrets_file(
    config: Path, machine: MakeContext, mode: int, state: Severity, words: str
) -> None:
    path = config.with_name(".secrets.cfg")
    path.write_text('version = "1.0";\n')
    path.chmod(mode)
    seen = look_at_secrets(machine())
    access = about(".secrets.cfg, access", seen.findings)
    assert access.severity is state
    assert access.message.startswith(words)
    assert (access.remedy == "") == (state is Severity.OK)


def test_no_secrets_file_is_fine_but_not_where_a_variable_names_one(
    tmp_path: Path, machine: MakeContext
) -> None:
    seen = look_at_secrets(machine())
    assert (seen.findings[0].severity, seen.entries) == (Severity.OK, {})
    named = machine(environ={"SECUROSYS_SECRETS_CONF": str(tmp_path / "none")})
    seen = look_at_secrets(named)
    assert seen.findings[0].severity is Severity.WARNING
    assert look_at_secrets(machine(secrets="none")).findings[0].severity is Severity.ERROR


def test_a_broken_secrets_file_is_wrong_and_shows_nothing_of_it(config: Path, machine: MakeContext) -> None:
    path = config.with_name(".secrets.cfg")
    path.write_text('primus: { secret = "Kanarie-77" "')
    seen = look_at_secrets(machine())
    assert about(".secrets.cfg, contents", seen.findings).severity is Severity.ERROR
    assert seen.entries is None
    assert "Kanarie" not in repr(seen)


@pytest.mark.parametrize(
    ("group", "groups", "readable", "state", "remedy"),
    [
        (None, {1000}, True, Severity.WARNING, "groupadd"),
        (Group(77, ()), {1000, 77}, True, Severity.OK, ""),
        (Group(77, ("alice",)), {1000}, False, Severity.ERROR, "log in again, or: newgrp primus"),
        (Group(77, ("bob",)), {1000}, False, Severity.ERROR, "usermod -aG primus alice"),
        (Group(77, ()), {1000}, True, Severity.WARNING, "usermod -aG primus alice"),
    ],
)
def test_the_group_of_the_account(
    machine: MakeContext,
    group: Group | None,
    groups: set[int],
    readable: bool,
    state: Severity,
    remedy: str,
) -> None:
    around = machine(group=group, account=replace(ALICE, groups=frozenset(groups)))
    found = look_at_group(around, config_readable=readable)
    assert found.severity is state
    assert (remedy in found.remedy) if remedy else found.remedy == ""


def test_root_needs_no_group(machine: MakeContext) -> None:
    root = replace(ALICE, uid=0, name="root")
    assert (
        look_at_group(machine(group=Group(77, ()), account=root), config_readable=True).severity
        is Severity.OK
    )
