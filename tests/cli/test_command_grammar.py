"""The grammar of the command line: what is understood, and in how many ways it may be said."""

from __future__ import annotations

import argparse

import pytest

from ppinui.cli.command_grammar import TEST_DEFAULTS, build_parser, parse
from ppinui.cli.config.config_grammar import PROFILES
from ppinui.cli.man_page import commands
from ppinui.config.checks.subject import Profile
from ppinui.errors import ExitCode, PpinuiError
from tests.rig.program import ppinui


def usage_error(*arguments: str) -> PpinuiError:
    with pytest.raises(PpinuiError) as caught:
        parse(arguments)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "F", "-s", "S", "config", "path"],
        ["config", "-c", "F", "path", "-s", "S"],
        ["config", "path", "-c", "F", "-s", "S"],
        ["-c", "F", "-t", "-s", "S"],
        ["--test", "-c", "F", "-s", "S"],
        ["-s", "S", "test", "-c", "F"],
    ],
)
def test_files_are_named_before_or_behind_the_command(arguments: list[str]) -> None:
    found = parse(arguments)

    assert (found.config, found.secrets) == ("F", "S")


def test_files_that_are_not_named_are_none() -> None:
    found = parse(["config", "path"])

    assert (found.config, found.secrets) == (None, None)


@pytest.mark.parametrize("word", ["test", "-t", "--test"])
def test_a_test_is_asked_for_in_three_ways(word: str) -> None:
    found = parse([word, "--user", "U", "--slotid", "0x10", "--login", "--timeout", "2.5"])

    assert found.command == "test"
    assert (found.user, found.slotid, found.login, found.timeout) == ("U", 16, True, 2.5)


def test_options_of_a_test_may_stand_before_it() -> None:
    assert parse(["--hsm", "hsm0", "--test"]).hsm == "hsm0"


@pytest.mark.parametrize("word", ["test", "--test"])
def test_options_that_are_not_given_have_their_defaults(word: str) -> None:
    found = vars(parse([word]))

    assert {name: found[name] for name in TEST_DEFAULTS} == TEST_DEFAULTS


def test_the_value_of_an_option_is_no_command() -> None:
    assert parse(["-c", "config", "--test", "--user", "demo"]).user == "demo"


def test_the_demo_has_a_test_of_its_own() -> None:
    found = parse(["demo", "--test"])

    assert (found.command, found.only_test) == ("demo", True)


def test_a_test_is_no_option_of_another_command() -> None:
    assert "'config'" in usage_error("--test", "config", "path").message


def test_options_of_a_test_without_one_are_an_error() -> None:
    assert "add --test" in usage_error("--user", "U").message


@pytest.mark.parametrize(
    "arguments",
    [
        ["test", "--timeout", "0"],
        ["test", "--timeout", "nan"],
        ["test", "--timeout", "soon"],
        ["test", "--jobs", "0"],
        ["test", "--slotid", "-1"],
        ["test", "--slotid", "x"],
        ["test", "--lanes", "two"],
        ["config", "add-hsm", "--host", "h", "--port", "65536"],
        ["config", "add-hsm", "--host", "h", "--port", "http"],
        ["config", "add-hsm", "--host", "h", "--priority", "128"],
        ["config", "add-slot", "hsm0", "--user-name", "U", "--id", "4294967296"],
        ["config", "check", "--profile", "desktop"],
    ],
)
def test_values_out_of_range_are_usage_errors(arguments: list[str]) -> None:
    error = usage_error(*arguments)

    assert arguments[-2] in error.message


def test_an_error_names_the_command_that_was_meant() -> None:
    for error in (
        usage_error("config", "set"),
        usage_error("config", "set", "a=b", "--unknown"),
        usage_error("config", "set", "--dry-run"),
    ):
        assert error.place == "the command line, at 'ppinui config set'"
        assert error.remedy == "'ppinui config set --help' shows how to use it"


def test_options_are_not_abbreviated() -> None:
    assert "--dry" in usage_error("config", "remove", "hsm0", "--dry").message


def test_the_profiles_are_those_of_the_checks() -> None:
    assert set(PROFILES) == {profile.value for profile in Profile}


GRAMMAR = build_parser()
ALL = [GRAMMAR, *commands(GRAMMAR)]


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: parser.prog)
def test_the_help_of_each_command_has_an_example_that_works(parser: argparse.ArgumentParser) -> None:
    shown = parser.format_help()
    examples = shown[shown.index("example") :].splitlines()[1:]
    examples = [line.split("   ")[0].strip() for line in examples if line.startswith("  ppinui")]

    assert examples
    for example in examples:
        assert example.startswith(parser.prog)
        parse(example.split()[1:])


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: parser.prog)
def test_help_fits_a_terminal_of_80_columns(parser: argparse.ArgumentParser) -> None:
    shown = ppinui(*parser.prog.split()[1:], "--help", environ={"COLUMNS": "80"})

    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80
