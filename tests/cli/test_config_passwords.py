"""Passwords in primus.cfg: asked for without echo, never on the command line, and left in the backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import SECRETS, TEXT
from tests.cli.edit_rig import Captured, edit
from tests.rig.canary import processes_showing
from tests.rig.processes import MarkedProcesses
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.terminal import Terminal


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
