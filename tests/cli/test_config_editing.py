"""``ppinui config set``, ``add-hsm``, ``add-slot``, ``remove``: what an edit changes, says and refuses."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sysconfig
from pathlib import Path

import pytest

from ppinui.cli.main import main
from ppinui.config.checks import check_file
from tests.cli.conftest import SECRETS, TEXT
from tests.end_to_end.program import CHECKOUT, PPINUI, environment, ppinui
from tests.rig.canary import processes_showing
from tests.rig.holding import holding
from tests.rig.ordinary_user import as_ordinary_user, folder_of_ordinary_user, python_for_everybody
from tests.rig.processes import MarkedProcesses
from tests.rig.softhsm import find_softhsm
from tests.rig.terminal import Terminal

Captured = pytest.CaptureFixture[str]


def edit(config: Path, *arguments: str) -> int:
    return main(["-c", str(config), "config", *arguments])


@pytest.mark.parametrize(
    ("assignment", "before", "after"),
    [
        ("hsm0.host=hsm.example.com", '"10.1.2.3";   // first', '"hsm.example.com";   // first'),
        ("hsm0.port=2311", 'port = "2310";', 'port = "2311";'),
        ("primus.hsms.hsm1.priority=2", "priority = 1;", "priority = 2;"),
        ("hsm0.slot1.id=0x10", "id = 2;", "id = 16;"),
        ("log.trace_mask=1", "trace_mask = 0x00;", "trace_mask = 0x01;"),
        ("connect_on_init=no", "connect_on_init = true;", "connect_on_init = false;"),
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

    assert "'primus.hsms.hsm0.port' is there twice" in capsys.readouterr().err
    assert config.read_text() == TEXT


def test_a_dry_run_without_a_change_says_so(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=2310", "--dry-run") == 0

    assert capsys.readouterr() == ("", "nothing would change\n")


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["none", "empty", "blank"])
def test_the_first_hsm_makes_the_file(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "new.cfg"
    if content is not None:
        file.write_text(content)
    assert edit(file, "add-hsm", "--host", "hsm.example.com") == 0
    assert edit(file, "add-slot", "hsm0", "--user-name", "PAYMENTS", "--id", "0") == 0

    problems = check_file(file, find_group=lambda _: None)
    assert [problem for problem in problems if problem.check != "file-readable-by-all"] == []
    assert file.read_text().count('version = "1.0";') == 1
    if content is None:
        assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_dry_run_of_the_first_hsm_makes_no_file(tmp_path: Path, capsys: Captured) -> None:
    assert edit(tmp_path / "new.cfg", "add-hsm", "--host", "hsm.example.com", "--dry-run") == 0

    assert '+version = "1.0";\n' in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_comments_gets_its_version_with_the_first_hsm(tmp_path: Path) -> None:
    file = tmp_path / "primus.cfg"
    file.write_text("# ours\n")
    assert edit(file, "add-hsm", "--host", "hsm.example.com") == 0

    assert file.read_text().startswith('# ours\nversion = "1.0";\n')


@pytest.mark.parametrize(
    "arguments", [("set", "wait_delay=1"), ("add-slot", "hsm0", "--user-name=U", "--id=1")]
)
def test_no_other_edit_makes_a_file(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert edit(tmp_path / "new.cfg", *arguments) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "hsm0.port=2311"],
        ["add-hsm", "--host", "x.example"],
        ["add-slot", "hsm0", "--user-name", "NEW", "--id", "3"],
        ["remove", "hsm1"],
    ],
)
def test_a_dry_run_prints_a_diff_that_patch_understands_and_saves_nothing(
    arguments: list[str], config: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert edit(config, *arguments, "--dry-run", "--reveal") == 0
    diff = capsys.readouterr().out

    assert config.read_text() == TEXT
    copy = tmp_path / "copy"
    copy.write_text(TEXT)
    subprocess.run(["patch", "--silent", copy], input=diff, text=True, check=True)
    assert edit(config, *arguments) == 0
    assert copy.read_text() == config.read_text()


def test_a_diff_masks_passwords(config: Path, capsys: Captured) -> None:
    assert edit(config, "remove", "hsm0", "--dry-run") == 0

    shown = capsys.readouterr().out
    assert "pin = " in shown
    assert "••••" in shown
    for secret in SECRETS:
        assert secret not in shown


def test_a_diff_shows_passwords_when_told_to(config: Path, capsys: Captured) -> None:
    assert edit(config, "remove", "hsm0", "--dry-run", "--reveal") == 0

    shown = capsys.readouterr().out
    for secret in SECRETS:
        assert secret in shown


def test_an_added_hsm_is_named_on_stdout(config: Path, capsys: Captured) -> None:
    assert edit(config, "add-hsm", "--host", "c.example", "--port", "2400", "--priority", "5") == 0

    assert capsys.readouterr().out == "primus.hsms.hsm2\n"
    assert main(["-c", str(config), "config", "get", "hsm2.port"]) == 0
    assert capsys.readouterr().out == "2400\n"


def test_an_hsm_like_another_has_its_slots_and_its_port(config: Path, capsys: Captured) -> None:
    assert edit(config, "add-hsm", "--host", "c.example", "--like", "hsm1") == 0
    capsys.readouterr()

    for path, value in {
        "hsm2.slot0.user_name": "PAYMENTS",
        "hsm2.port": "2410",
        "hsm2.host": "c.example",
    }.items():
        assert main(["-c", str(config), "config", "get", path]) == 0
        assert capsys.readouterr().out == f"{value}\n"


def test_an_added_slot_has_what_was_said_of_it(config: Path, capsys: Captured) -> None:
    words = [
        "add-slot",
        "hsm1",
        "--user-name",
        "SIGNING",
        "--id",
        "2",
        "--client-id",
        "c",
        "--proxy-user",
        "p",
    ]
    assert edit(config, *words) == 0
    assert capsys.readouterr().out == "primus.hsms.hsm1.slots.slot1\n"

    assert main(["-c", str(config), "config", "show"]) == 0
    assert "    slot1 (id=2), user=SIGNING, client=c, proxy=p\n" in capsys.readouterr().out


def test_adding_and_removing_gives_the_old_file_back(config: Path) -> None:
    assert edit(config, "add-slot", "hsm0", "--user-name", "NEW", "--id", "3") == 0
    assert config.read_text() != TEXT
    assert edit(config, "remove", "hsm0.slot2") == 0

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


def test_a_password_is_asked_for_twice_without_echo(config: Path, marked: MarkedProcesses) -> None:
    with Terminal(
        [*PPINUI, "-c", config, "config", "set", "hsm1.pin"], environ=environment(marked.environ)
    ) as terminal:
        terminal.answer_secret("Provide setup password for 'primus.hsms.hsm1': ", "NEW-SECRET")
        terminal.expect("Once more: ")
        assert processes_showing("NEW-SECRET", marked.running) == ()
        terminal.press("NEW-SECRET\n")
        ended = terminal.finish()

    assert ended.status == 0
    assert "NEW-SECRET" not in ended.shown
    assert 'pin = "NEW-SECRET";' in config.read_text()


def test_a_proxy_password_is_asked_for_by_the_user_s_name(config: Path) -> None:
    assert edit(config, "set", "hsm1.slot0.proxy_user=broker") == 0
    command = [*PPINUI, "-c", config, "config", "set", "hsm1.slot0.proxy_password"]
    with Terminal(command, environ=environment()) as terminal:
        terminal.answer_secret("Provide proxy password for 'broker' : ", "one")
        terminal.answer_secret("Once more: ", "two")
        ended = terminal.finish()

    assert ended.status == 3
    assert "differ" in ended.shown
    assert "proxy_password =" not in config.read_text().replace('/* proxy_password = "0LDSECRET"; */', "")


def test_without_a_terminal_a_password_is_a_line_of_standard_input(config: Path) -> None:
    ran = ppinui("-c", config, "config", "set", "hsm0.pin", "hsm1.pin", stdin="first\nsecönd\r\nrest\n")

    assert ran.code == 0
    assert ran.out == ""
    assert "Provide" not in ran.err
    assert ppinui("-c", config, "config", "get", "hsm0.pin", "--reveal").out == "first\n"
    assert ppinui("-c", config, "config", "get", "hsm1.pin", "--reveal").out == "secönd\n"


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_without_an_answer_the_secret_is_missing(stdin: str, config: Path) -> None:
    ran = ppinui("-c", config, "config", "set", "hsm0.pin", stdin=stdin)

    assert (ran.code, ran.out) == (3, "")
    assert ran.error[0] == "ppinui: the value of 'primus.hsms.hsm0.pin' is needed, and nothing was entered"
    assert config.read_text() == TEXT


def test_a_password_on_the_command_line_is_refused_and_not_repeated(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.pin=N0T-HERE") == 2

    shown = capsys.readouterr()
    assert "N0T-HERE" not in shown.out + shown.err
    assert f" -c {config} config set hsm0.pin\n" in shown.err
    assert config.read_text() == TEXT


def test_a_changed_password_shows_as_a_change_without_its_value(config: Path) -> None:
    ran = ppinui("-c", config, "config", "set", "hsm0.pin", "--dry-run", stdin="N3W\n")

    assert ran.code == 0
    assert "-      pin = " in ran.out
    assert "+      pin = " in ran.out
    assert "N3W" not in ran.out + ran.err
    assert SECRETS[0] not in ran.out + ran.err


def test_a_configuration_that_is_a_link_stays_one(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.cfg"
    link.symlink_to(config)
    assert edit(link, "set", "hsm0.port=2311") == 0

    assert link.is_symlink()
    assert 'port = "2311"' in config.read_text()


def test_who_removes_a_password_learns_that_the_backup_still_has_it(config: Path, capsys: Captured) -> None:
    assert edit(config, "remove", "hsm0.pin") == 0

    said = capsys.readouterr().err
    assert f"shred -u {config}.bak" in said
    assert not any(secret in said for secret in SECRETS)


def test_who_replaces_a_password_learns_it_too(config: Path) -> None:
    assert "shred" in ppinui("-c", config, "config", "set", "hsm0.pin", stdin="new-one\n").err


def test_an_edit_that_leaves_the_passwords_says_nothing_of_them(config: Path, capsys: Captured) -> None:
    assert edit(config, "set", "hsm0.port=2311") == 0

    assert "shred" not in capsys.readouterr().err
