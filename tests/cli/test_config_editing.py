"""``ppinui config set`` and what holds for every edit: what it changes, says and refuses."""

from __future__ import annotations

import os
import shlex
import stat
import sysconfig
from pathlib import Path

import pytest

from tests.cli.conftest import TEXT
from tests.cli.edit_rig import Captured, edit
from tests.rig.holding import holding
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user, python_for_everybody
from tests.rig.program import CHECKOUT, ppinui
from tests.rig.softhsm import find_softhsm


@pytest.mark.parametrize(
    ("assignment", "before", "after"),
    [
        ("hsm0.host=hsm.example.com", '"10.1.2.3";   // first', '"hsm.example.com";   // first'),
        ("hsm0.port=2311", 'port = "2310";', 'port = "2311";'),
        ("primus.hsms.hsm1.priority=2", "priority = 1;", "priority = 2;"),
        ("hsm0.slot1.id=0x10", "id = 2;", "id = 16;"),
        ("log.trace_mask=1", "trace_mask = 0x00;", "trace_mask = 0x01;"),
        ("connect_on_init=false", "connect_on_init = true;", "connect_on_init = false;"),
        ("connect_on_init=FALSE", "connect_on_init = true;", "connect_on_init = false;"),
        ("retry_factor=2.5", "retry_factor = 1.5;", "retry_factor = 2.5;"),
        ("hsm0.slot1.color=12", 'color = "blue";', 'color = "12";'),
        ("vendor_extra.[0]=7", "[ 1, 2, 3 ]", "[ 7, 2, 3 ]"),
        ("hsm0.slot1.client_id=a=b", 'client_id = "sign";', 'client_id = "a=b";'),
        ("hsm0.slot1.client_id=", 'client_id = "sign";', 'client_id = "";'),
    ],
)
def test_set_changes_the_value_and_not_a_byte_more(
    assignment: str, before: str, after: str, config: Path
) -> None:
    assert edit(config, "set", assignment) == 0

    assert TEXT.count(before) == 1
    assert config.read_text() == TEXT.replace(before, after)


def test_set_takes_several_settings_at_once(config: Path) -> None:
    assert edit(config, "set", "hsm0.host=a.example", "hsm0.port=1", "wait_delay=9") == 0

    text = TEXT.replace('"10.1.2.3"', '"a.example"').replace('"2310"', '"1"').replace("250", "9")
    assert config.read_text() == text


def test_one_wrong_value_among_several_changes_nothing(config: Path) -> None:
    assert edit(config, "set", "hsm0.host=a.example", "hsm0.port=none") == 2

    assert config.read_text() == TEXT


def test_set_adds_a_documented_setting_that_is_not_there(config: Path) -> None:
    assert edit(config, "set", "hsm0.priority=3") == 0

    added = set(config.read_text().splitlines()) - set(TEXT.splitlines())
    assert [line.strip() for line in added] == ["priority = 3;"]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("hsm0.port=http", "'primus.hsms.hsm0.port' is a number, 1–65535, not 'http'"),
        ("hsm0.port=65536", "'primus.hsms.hsm0.port' is a number, 1–65535, not '65536'"),
        ("hsm1.priority=128", "'primus.hsms.hsm1.priority' is a number, 0–127, not '128'"),
        ("hsm1.priority=high", "'primus.hsms.hsm1.priority' is a whole number, not 'high'"),
        ("hsm0.slot0.id=1_0", "'primus.hsms.hsm0.slots.slot0.id' is a whole number, not '1_0'"),
        ("connect_on_init=1", "'primus.connect_on_init' is true or false, not '1'"),
        ("retry_factor=much", "'primus.retry_factor' is a number, not 'much'"),
        ("hsm0=x", "'primus.hsms.hsm0' is a group"),
        ("hsm0.host", "'hsm0.host' has no value"),
        ("hsm7.host=x", "there is no setting 'hsm7.host'"),
        ("hsm0.colour=red", "there is no setting 'hsm0.colour'"),
    ],
)
def test_values_and_paths_that_do_not_fit_are_refused(
    assignment: str, message: str, config: Path, capsys: Captured
) -> None:
    assert edit(config, "set", assignment) == 2

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"ppinui: {message}"
    assert len(lines) == 3
    assert config.read_text() == TEXT


def test_what_libconfig_cannot_hold_is_refused(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.slot1.client_id=a\0b") == 2

    assert len(capsys.readouterr().err.splitlines()) == 3
    assert config.read_text() == TEXT


def test_after_a_save_it_says_what_was_saved_and_where_the_old_one_is(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=2311") == 0

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[:2] == [f"saved {config}", f"the file as it was before: {config}.bak"]
    assert Path(f"{config}.bak").read_text() == TEXT
    assert stat.S_IMODE(config.stat().st_mode) == 0o640


def test_after_a_save_it_names_who_goes_on_with_the_old_configuration(config: Path) -> None:
    library = find_softhsm()  # any library: who has it mapped has to be named
    with holding(library) as application:
        ran = ppinui("-c", config, "config", "set", "wait_delay=1", environ={"PPINUI_MODULE": str(library)})

    assert f"(pid {application})" in ran.err


def test_an_edit_that_changes_nothing_saves_nothing(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=2310") == 0

    assert capsys.readouterr().err == "nothing to change, nothing saved\n"
    assert not Path(f"{config}.bak").exists()


def test_an_edit_that_brings_an_error_is_saved_by_force_alone(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.slot1.id=1") == 2

    *named, message, _, remedy = capsys.readouterr().err.splitlines()
    assert named[0].startswith("error: hsm0.slot1 and hsm0.slot0 both have id 1")
    assert message == "ppinui: the edit would bring an error into the file"
    assert "--force" in remedy
    assert config.read_text() == TEXT

    assert edit(config, "set", "hsm0.slot1.id=1", "--dry-run") == 2
    assert "+          id = 1;\n" in capsys.readouterr().out
    assert edit(config, "set", "hsm0.slot1.id=1", "--force") == 0
    assert "error: " in capsys.readouterr().err
    assert edit(config, "set", "wait_delay=1") == 0
    assert "error: " not in capsys.readouterr().err


def test_a_host_that_is_none_is_not_saved(config: Path) -> None:
    assert edit(config, "set", 'hsm0.host=a b"c') == 2
    assert config.read_text() == TEXT


def test_a_wrong_value_may_become_another_wrong_one(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.host=a b", "--force") == 0
    assert edit(config, "set", "hsm0.host=c d") == 0
    assert "error: " in capsys.readouterr().err


def test_one_setting_takes_one_value(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=1", "primus.hsms.hsm0.port=2") == 2

    assert "'primus.hsms.hsm0.port' is set twice" in capsys.readouterr().err
    assert config.read_text() == TEXT


def test_a_file_that_may_not_be_replaced_is_left_and_the_command_for_it_named() -> None:
    with folder_of_ordinary_user() as folder:
        file = folder / "primus.cfg"
        file.write_text(TEXT)
        folder.chmod(0o555)
        command = (python_for_everybody(), "-m", "ppinui")
        # an interpreter that is not the tests' own finds the packages of the tests' this way
        environ = {"PYTHONPATH": os.pathsep.join([str(CHECKOUT), sysconfig.get_path("purelib")])}
        edit_port = ("-c", file, "config", "set", "hsm0.port=2311")
        ran = as_ordinary_user(lambda: ppinui(*edit_port, command=command, environ=environ))
        folder.chmod(0o755)

        assert (ran.code, ran.out) == (2, "")
        assert "may not write" in ran.error[-3]
        called = f"sudo {shlex.join(command)} -c {file} config set hsm0.port=2311"
        assert ran.error[-1].endswith(called)
        assert file.read_text() == TEXT


def test_a_configuration_that_is_a_link_stays_one(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.cfg"
    link.symlink_to(config)
    assert edit(link, "set", "hsm0.port=2311") == 0

    assert link.is_symlink()
    assert 'port = "2311"' in config.read_text()
