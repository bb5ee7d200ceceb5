"""The registry of commands: what an entry says is there."""

from __future__ import annotations

import inspect

import pytest

from ppinui.cli.command_grammar import build_parser, parse
from ppinui.cli.command_registry import BY_NAME, COMMANDS, Command, load
from ppinui.errors import PpinuiError


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_functions_of_an_entry_are_there(command: Command) -> None:
    assert list(inspect.signature(load(command.grammar)).parameters) != []
    assert "arguments" in inspect.signature(load(command.run)).parameters
    assert command.warm_up is None or callable(load(command.warm_up))


def test_a_name_and_a_place_in_the_help_exist_once() -> None:
    places = [place for command in COMMANDS for place, *_ in command.shown]

    assert len(BY_NAME) == len(COMMANDS)
    assert sorted(places) == list(range(1, len(places) + 1))


@pytest.mark.parametrize(
    "words", [[command.name] for command in COMMANDS] + [["-c", "config", "demo"], ["kms", "test"]]
)
def test_a_grammar_of_some_commands_understands_what_the_whole_one_does(words: list[str]) -> None:
    def understood(parser_words: list[str] | None) -> object:
        try:
            return vars(build_parser(parser_words).parse_known_args(words)[0])
        except PpinuiError as error:
            return error.lines()

    assert understood(words) == understood(None)


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.secret_arguments], ids=lambda command: command.name
)
def test_what_may_be_a_secret_is_not_repeated(command: Command) -> None:
    actions = {"secret": "list", "kms": "show", "token": "init", "pin": "keep"}
    words = [command.name, *([actions[command.name]] if command.name in actions else [])]
    with pytest.raises(PpinuiError) as caught:
        parse([*words, "--label", "L", "0", "0", "S3CRET", "--", "x", "S3CRET"])

    assert "S3CRET" not in "".join(caught.value.lines())
