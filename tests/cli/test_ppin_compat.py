"""ppin's own way of writing a command line, and what it means to ppinui."""

from __future__ import annotations

import pytest

from ppinui.cli.command_grammar import parse
from ppinui.cli.ppin_compat import LONG_WITH_VALUE
from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_client import DEADLINE


@pytest.mark.parametrize(
    ("words", "action", "user", "passwords"),
    [
        ("-l", "list", None, ()),
        ("-a -e U", "add", "U", ()),
        ("-ae U", "add", "U", ()),
        ("-aeU", "add", "U", ()),
        ("-e U -a", "add", "U", ()),
        ("-ae U setup pin", "add", "U", ("setup", "pin")),
        ("-u -e U setup pin", "update", "U", ("setup", "pin")),
        ("-r -e U", "remove", "U", ()),
        ("-p -e U pw", "add-proxy", "U", ("pw",)),
        ("-pe U", "add-proxy", "U", ()),
        ("-xe U", "remove-proxy", "U", ()),
        ("-c F -s S -a -e U", "add", "U", ()),
        ("-ae U -c F -s S", "add", "U", ()),
        ("--ppin P -ae U -cF -sS", "add", "U", ()),
        ("-ae -odd", "add", "-odd", ()),
        ("-ae --odd", "add", "--odd", ()),
    ],
)
def test_what_ppin_understands_is_understood(
    words: str, action: str, user: str | None, passwords: tuple[str, ...]
) -> None:
    found = parse(words.split())
    assert (found.command, found.action, found.passwords) == ("secret", action, passwords)
    assert getattr(found, "named", None) == user
    if "-c" in words:
        assert (found.config, found.secrets) == ("F", "S")


@pytest.mark.parametrize("words", ["-t", "--test", "config path", "demo --test", "-c F config path", "-tc F"])
def test_other_commands_are_left_alone(words: str) -> None:
    assert parse(words.split()).command in {"test", "config", "demo"}


@pytest.mark.parametrize(
    "words", ["-a", "-e", "-e U", "-a -r -e U", "-l -e U", "-l x", "-ae U one", "-r -e U one", "-pe U 1 2"]
)
def test_what_makes_no_sense_is_an_error(words: str) -> None:
    with pytest.raises(PpinuiError) as caught:
        parse(words.split())
    assert caught.value.place == "the command line"


def test_the_grammar_agrees_with_what_it_may_not_import() -> None:
    assert parse(["-l"]).keyring_timeout == DEADLINE


def test_the_word_behind_an_option_is_no_password() -> None:
    for option in LONG_WITH_VALUE - {"--module", "--password-fd", "--ppin"}:
        assert parse(["-l", option, "1"]).action == "list"
