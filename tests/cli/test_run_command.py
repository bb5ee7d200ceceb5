"""What ``ppinui run`` makes of its words: the command, and the owner of its files."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path

import pytest

from ppinui.cli.command_grammar import parse
from ppinui.cli.run_command import find_owner, find_program
from ppinui.errors import PpinuiError
from ppinui.files.memory_file import Owner


def test_what_is_behind_the_dashes_is_the_commands() -> None:
    found = parse(["-c", "F", "run", "--user", "A", "--user", "B", "--", "x", "--user", "-l", "--", "-ae"])

    assert (found.command, found.config, found.users) == ("run", "F", ["A", "B"])
    assert found.argv == ("x", "--user", "-l", "--", "-ae")
    assert (found.owner, found.tmpfs, found.keyring, found.vault_passphrase_fd) == (None, False, None, None)


def test_the_word_run_may_be_something_else() -> None:
    assert parse(["config", "get", "--", "run"]).path == "run"


@pytest.mark.parametrize("words", [["ls"], ["ls", "-l"], ["--pin", "1234", "--", "ls"]])
def test_words_that_are_not_understood_are_not_repeated(words: list[str]) -> None:
    with pytest.raises(PpinuiError) as caught:
        parse(["run", *words])

    assert "1234" not in "".join(caught.value.lines())
    assert "ppinui run [OPTION ...] -- COMMAND" in caught.value.remedy


def test_a_command_is_found_as_a_shell_finds_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(PpinuiError, match="'program' was not found"):
        find_program("program", {"PATH": str(tmp_path)})
    program.chmod(0o755)

    assert find_program("program", {"PATH": f"/nowhere:{tmp_path}"}) == program
    assert find_program(str(program), {"PATH": ""}) == program


def test_an_owner_is_named_by_names_or_numbers() -> None:
    account = pwd.getpwnam("nobody")
    group = grp.getgrgid(account.pw_gid).gr_name
    both = Owner(account.pw_uid, account.pw_gid)

    assert find_owner(f"nobody:{group}") == both
    assert find_owner("nobody") == both
    assert find_owner(str(account.pw_uid)) == both
    assert find_owner("123456:654321") == Owner(123456, 654321)  # accounts of a container


@pytest.mark.parametrize(
    "words",
    ["", ":", "nobody:", ":0", "nobody:no-such", "no-such:0", "4294967295:0", "0:9" * 20, "123456789"],
)
def test_an_owner_that_is_nobody_is_an_error(words: str) -> None:
    with pytest.raises(PpinuiError, match="no such user or group"):
        find_owner(words)
