"""The grammar of the commands on slots, tokens, PINs and objects."""

from __future__ import annotations

import pytest

from ppinui.cli.command_grammar import parse
from ppinui.cli.program_name import rewrite_commands
from ppinui.errors import PpinuiError


@pytest.mark.parametrize(
    "arguments",
    [
        ["objects", "PAYMENTS", "--login"],
        ["objects", "--login", "PAYMENTS"],
        ["objects", "list", "PAYMENTS", "--login"],
        ["-c", "F", "objects", "PAYMENTS", "--login"],
        ["objects", "-c", "F", "PAYMENTS", "--login"],
    ],
)
def test_listing_objects_needs_no_word_for_it(arguments: list[str]) -> None:
    found = parse(arguments)

    assert (found.command, found.action, found.slot, found.login) == ("objects", "list", "PAYMENTS", True)


@pytest.mark.parametrize("words", [[], ["-c", "F"]])
def test_what_else_is_done_with_objects_is_named(words: list[str]) -> None:
    assert parse(["objects", *words, "test-key", "5"]).action == "test-key"
    assert parse(["objects", *words, "export", "5", "--id", "0a", "-o", "x.pem"]).output == "x.pem"


def test_objects_alone_is_wrong_use() -> None:
    with pytest.raises(PpinuiError):
        parse(["objects"])


def test_a_file_called_objects_is_no_command() -> None:
    assert parse(["-c", "objects", "--test"]).command == "test"


@pytest.mark.parametrize(
    "command", [["pin", "change"], ["pin", "init"], ["pin", "keep"], ["token", "init", "--label", "L"]]
)
def test_words_that_could_be_a_pin_are_not_repeated(command: list[str]) -> None:
    with pytest.raises(PpinuiError) as caught:
        parse([*command, "5", "1234-secret"])
    assert "1234-secret" not in " ".join(caught.value.lines())


def test_a_test_key_always_logs_in() -> None:
    assert parse(["objects", "test-key", "5"]).login


@pytest.mark.parametrize("command", ["slots", "token init 5", "pin change SLOT", "objects SLOT --login"])
def test_commands_in_messages_can_be_pasted(command: str) -> None:
    assert rewrite_commands(f"fix: ppinui {command}") != f"fix: ppinui {command}"
