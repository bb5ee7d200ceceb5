"""The manual page ppinui(1), made of the grammar, so that it cannot disagree with ``--help``.

A command needs nothing for it: its description, its options and its examples are taken from its parser,
however deep it lies. What the grammar does not know is in man_page.txt beside this module: sections behind
``#``, paragraphs, and items, whose text is indented.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ppinui import __version__
from ppinui.cli.ppin_compat import ACTIONS
from ppinui.cli.roff import Page, bold, escape, usage

_Shown = tuple[str, str]
"""How an option or argument is written, and its help."""

_EXIT_CODE: Final = re.compile(r"(\d+) (.+?)(?: {3,}|$)")
_UNTITLED: Final = frozenset({"options", "optional arguments", "positional arguments"})
"""What argparse itself calls the groups of what is in no group."""


def manual_page(parser: argparse.ArgumentParser) -> str:
    """The roff source of the page, for the parser of the whole program."""
    texts = _texts()
    page = Page(parser.prog, 1, f"{parser.prog} {__version__}", "User Commands")
    page.section("NAME")
    page.lines([f"{escape(parser.prog)} \\- {escape(texts['NAME'][0])}"])
    page.section("SYNOPSIS")
    page.lines(usage(line.strip()) for line in (parser.usage or parser.prog).splitlines())
    page.section("DESCRIPTION")
    for paragraph in (parser.description or "", *texts["DESCRIPTION"]):
        page.paragraph(paragraph)
    common = _groups(parser)
    page.section("OPTIONS")
    for title, shown in common.items():
        if title:
            page.subsection(title.capitalize())
        _add_items(page, shown)
    _add_ppin_style(page, parser)
    page.section("COMMANDS")
    for one in commands(parser):
        _add_command(page, one, common)
    ends = _sections(parser.epilog)
    page.section("EXAMPLES")
    for line in ends["examples"]:
        command, _, words = line.partition("  ")
        page.item(bold(command), words)
    page.section("EXIT STATUS")
    for line in ends["exit codes"]:
        for code, meaning in _EXIT_CODE.findall(line):
            page.item(bold(code), meaning)
    page.section("ENVIRONMENT")
    for item in texts["ENVIRONMENT"]:
        names, text = item.split("\n    ", 1)
        page.item(", ".join(map(bold, re.split(r",\s+", names))), text)
    page.section("FILES")
    for item in texts["FILES"]:
        files, text = item.split("\n    ", 1)
        page.item(escape(files), text)
    for title in ("SECURITY", "SEE ALSO"):
        page.section(title)
        for paragraph in texts[title]:
            page.paragraph(paragraph)
    return str(page)


def _texts() -> dict[str, list[str]]:
    """The paragraphs and items of man_page.txt by their sections."""
    sections = Path(__file__).with_name("man_page.txt").read_text(encoding="utf-8").split("# ")[1:]
    parts = [section.strip().split("\n\n") for section in sections]
    return {title: texts for title, *texts in parts}


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command below this one, each before those below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from commands(command)


def _add_command(page: Page, command: argparse.ArgumentParser, common: dict[str, list[_Shown]]) -> None:
    """``common``: the groups of options that the whole program has; a command that takes one names it."""
    page.subsection(command.prog)
    page.lines([usage(command.usage or _synopsis(command))])
    page.paragraph(command.description or "")
    elsewhere = []
    for title, shown in _groups(command).items():
        if title and common.get(title) == shown:
            elsewhere.append(title)
        else:
            _add_items(page, shown)
    if elsewhere:
        page.paragraph(f"It takes these options too, see OPTIONS: {', '.join(elsewhere)}.")
    for title, lines in _sections(command.epilog).items():
        if title:
            page.example(f"{title.capitalize()}:", lines)
        else:
            page.paragraph(" ".join(lines))


def _synopsis(command: argparse.ArgumentParser) -> str:
    """What must be on its line. (argparse's own usage has every option, and the terminal's width.)"""
    words = [command.prog]
    has_options = False
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            return " ".join([*words, str(action.metavar), "..."])
        if not action.option_strings:
            words.append(_values(action))
        elif action.required:
            words.append(f"{action.option_strings[-1]} {_values(action)}")
        else:
            has_options = has_options or _is_shown(action)
    return " ".join(words + ["[OPTION ...]"] * has_options)


def _is_shown(action: argparse.Action) -> bool:
    """Whether the page has an item for it: --help is everywhere, and commands have headings."""
    return (
        action.help != argparse.SUPPRESS
        and action.dest != "help"
        and not isinstance(action, argparse._SubParsersAction)
    )


def _groups(parser: argparse.ArgumentParser) -> dict[str, list[_Shown]]:
    """The options and arguments by the title of their group; "" for those in none."""
    groups: dict[str, list[_Shown]] = {}
    for group in parser._action_groups:
        if shown := [
            (_invocation(one), _help(one, parser)) for one in group._group_actions if _is_shown(one)
        ]:
            title = group.title or ""
            groups.setdefault("" if title in _UNTITLED else title, []).extend(shown)
    return groups


def _add_items(page: Page, shown: list[_Shown]) -> None:
    for invocation, text in shown:
        page.item(usage(invocation), text)


def _invocation(action: argparse.Action) -> str:
    """``-t, --test``, ``--format {text,json}``, ``PATH``."""
    if not action.option_strings:
        return _name(action)
    values = _values(action)
    return ", ".join(action.option_strings) + (f" {values}" if values else "")


def _name(action: argparse.Action) -> str:
    """The word for one value."""
    if action.metavar is None:
        return f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper()
    return action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar)


def _values(action: argparse.Action) -> str:
    """The words for all values of an option or argument; empty for a flag."""
    name = _name(action)
    match action.nargs:
        case None:
            return name
        case "?":
            return f"[{name}]"
        case "+":
            return f"{name} [{name} ...]"
        case int(number):
            return " ".join([name] * number) if isinstance(action.metavar, str | None) else name
        case _:
            return f"[{name} ...]"


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def _sections(epilog: str | None) -> dict[str, list[str]]:
    """The end of a help page: the lines below each line ``title:`` ("": those without a title)."""
    sections: dict[str, list[str]] = {}
    title = ""
    for line in (epilog or "").splitlines():
        if line.endswith(":") and not line.startswith(" "):
            title = line.removesuffix(":")
        elif line.strip():
            sections.setdefault(title, []).append(line.removeprefix("  "))
    return sections


def _add_ppin_style(page: Page, parser: argparse.ArgumentParser) -> None:
    """The vendor's way of asking for things, which argparse does not read."""
    page.subsection("As ppin has it")
    names = {command.prog: command for command in commands(parser)}
    for letter, action in ACTIONS.items():
        command = f"{parser.prog} secret {action}"
        users = [_values(one).strip("[]") for one in names[command]._actions if one.dest == "user"]
        words = " ".join([f"-{letter}", *(f"-e {user}" for user in users)])
        page.item(usage(words), f"The same as {command}.")
