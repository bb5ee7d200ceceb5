"""The manual page: all that the grammar has, readable by groff and mandoc, and always the same."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from ppinui.cli.argparse_base import add_command
from ppinui.cli.command_grammar import build_parser
from ppinui.cli.man_page import commands, manual_page
from ppinui.errors import ExitCode
from tests.rig.program import CHECKOUT, ppinui


def subcommands(
    parser: argparse.ArgumentParser,
) -> argparse._SubParsersAction[argparse.ArgumentParser] | None:
    found = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return found[0] if found else None


GRAMMAR = build_parser()


@cache
def shown(page: str) -> str:
    """The page as groff shows it, on one line for each paragraph, without overstriking."""
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=9999n"],
        input=page.encode(),
        capture_output=True,
        check=True,
    )
    assert done.stderr.decode() == ""
    return done.stdout.decode()


def section(title: str, page: str) -> str:
    """What stands below this heading (``.SH`` or ``.SS``), spaces made one."""
    _, _, rest = shown(page).partition(f"\n{title}\n")
    assert rest, f"there is no section {title}"
    indent = len(title) - len(title.lstrip())
    end = re.search(rf"^ {{0,{indent}}}\S", rest, re.MULTILINE)
    return " ".join((rest[: end.start()] if end else rest).split())


def told_of(action: argparse.Action) -> list[str]:
    """What a page has to say of an option or argument."""
    if action.help == argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction):
        return []
    names = action.option_strings or [str(action.metavar)]
    return [*names, " ".join((action.help or "").split())]


PAGE = manual_page(GRAMMAR)


@pytest.mark.parametrize("parser", list(commands(GRAMMAR)), ids=lambda parser: parser.prog)
def test_each_command_has_its_description_its_options_and_its_example(
    parser: argparse.ArgumentParser,
) -> None:
    here = section(f"   {parser.prog}", PAGE)
    options = section("OPTIONS", PAGE)

    assert " ".join((parser.description or "").split()) in here
    for group in parser._action_groups:
        # A group that the whole program has is only named.
        place = options if f"see OPTIONS: {group.title}" in here or f", {group.title}" in here else here
        for action in group._group_actions:
            if action.dest != "help":
                assert all(words in place for words in told_of(action)), action
    for example in (parser.epilog or "").splitlines()[1:]:
        assert " ".join(example.split()) in here


def test_the_options_of_the_program_are_there() -> None:
    options = section("OPTIONS", PAGE)

    for action in GRAMMAR._actions:
        if action.dest != "help":
            assert all(words in options for words in told_of(action)), action
    for letter in "laurpx":
        assert f" -{letter} " in options


def test_the_examples_of_the_help_are_there() -> None:
    examples = (GRAMMAR.epilog or "").partition("exit codes:")[0].splitlines()[1:]

    assert [line.split() for line in examples if line]
    for line in examples:
        assert " ".join(line.split()) in section("EXAMPLES", PAGE)


def test_every_exit_code_has_its_meaning() -> None:
    codes = section("EXIT STATUS", PAGE)

    assert re.findall(r"\b\d+\b", codes) == [str(int(code)) for code in ExitCode]


def test_a_command_below_a_command_below_a_command_needs_nothing() -> None:
    parser = build_parser()
    top = subcommands(parser)
    assert top is not None
    deep = add_command(top, "invented", "a command of the test's", "ppinui invented pin")
    for name in ("pin", "change", "at-once"):
        deeper = deep.add_subparsers(dest=name, metavar="ACTION")
        deep = add_command(deeper, name, f"the command {name}", f"ppinui invented {name} --why ever")
    deep.add_argument("--why", metavar="REASON", required=True, help="a reason, 100%% of it (%(default)s)")
    deep.add_argument("pair", nargs=2, metavar=("OLD", "NEW"), help=r".dots, 'quotes' and \slashes")
    deep.add_argument("--hidden", help=argparse.SUPPRESS)

    here = section("   ppinui invented pin change at-once", manual_page(parser))

    assert here.startswith(
        "ppinui invented pin change at-once --why REASON OLD NEW [OPTION ...] The command at-once."
    )
    assert "--why REASON a reason, 100% of it (None)" in here
    assert r"OLD NEW .dots, 'quotes' and \slashes" in here
    assert "--hidden" not in here
    assert here.endswith("Example: ppinui invented at-once --why ever")


def variables_read() -> set[str]:
    """The variables that the source reads, and all those of ours and of the vendor that it names."""
    trees = [ast.parse(path.read_text()) for path in (CHECKOUT / "ppinui").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    constants = {
        target.id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    read: set[str] = set()
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "getenv", value=owner), args=[name, *_]):
                pass
            case ast.Subscript(value=owner, slice=name) | ast.Compare(left=name, comparators=[owner]):
                pass
            case ast.Constant(value=str(text)) if re.fullmatch(r"(PPINUI|SECUROSYS|PRIMUS)_[A-Z0-9_]+", text):
                read.add(text)
                continue
            case _:
                continue
        if ast.unparse(owner).endswith("environ") or ast.unparse(owner) == "os":
            found = constants.get(name.id) if isinstance(name, ast.Name) else getattr(name, "value", None)
            read |= {found} if isinstance(found, str) else set()
    return read


def test_every_environment_variable_that_the_program_reads_is_named() -> None:
    read = variables_read()
    named = section("ENVIRONMENT", PAGE)

    assert {"HOME", "PPINUI_VAULT", "SECUROSYS_SECRETS_CONF", "DBUS_SESSION_BUS_ADDRESS"} <= read
    assert {name for name in read if not re.search(rf"\b{name}\b", named)} == set()


def test_it_is_the_same_wherever_and_whenever_it_is_made() -> None:
    narrow = ppinui("--man", environ={"COLUMNS": "40", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    wide = ppinui("--man", environ={"COLUMNS": "300", "TZ": "UTC", "LC_ALL": "C.UTF-8"})

    assert (narrow.code, narrow.err) == (0, "")
    assert narrow.out == wide.out == PAGE
    assert PAGE.isascii()


def test_mandoc_misses_nothing_but_a_date(tmp_path: Path) -> None:
    page = tmp_path / "ppinui.1"
    page.write_text(PAGE)
    found = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True, check=False).stdout

    assert [line.partition(": ")[2] for line in found.splitlines()] == [
        f'{page}:1:14: WARNING: missing date, using "": TH'
    ]


def test_what_is_copied_from_the_page_are_the_characters_to_type() -> None:
    assert "sudo ppinui run --owner www-data:www-data -- nginx -g 'daemon off;'" in shown(PAGE)
