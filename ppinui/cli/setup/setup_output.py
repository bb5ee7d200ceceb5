"""A walkthrough's texts, as lines for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from ppinui.cli.program_name import rewrite_commands
from ppinui.setup.questions import Question, Row
from ppinui.setup.walkthrough import Block, Finding, StepState, Style
from ppinui.text import printable

WIDTH: Final = 79
STATES: Final = {
    StepState.DONE: "ok",
    StepState.TO_DO: "to do",
    StepState.PROBLEM: "problem",
    StepState.NOT_NEEDED: "-",
}
_STATE_WIDTH: Final = 8


def wrapped(words: str, first: str = "", rest: str | None = None) -> str:
    """A paragraph; ``first`` is put before its first line, ``rest`` (None: as many blanks) before the
    others."""
    return textwrap.fill(
        printable(words),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def blocks(given: Iterable[Block], config: str | None) -> Iterator[str]:
    """The blocks of a step or finding. ``config``: what ``-c`` has named, for commands of ours."""
    for block in given:
        match block.style:
            case Style.TEXT:
                yield f"\n{wrapped(block.text)}"
            case Style.POINT:
                yield wrapped(block.text, "  - ")
            case Style.COMMAND:
                yield "\n".join(
                    f"      {printable(rewrite_commands(line, config))}" for line in block.text.split("\n")
                )
            case Style.VERBATIM:
                lines = block.text.removesuffix("\n").split("\n")
                yield "\n".join(printable(line) for line in lines)


def finding(found: Finding, config: str | None) -> Iterator[str]:
    """A finding with its parts, remedies and commands."""
    yield line(found, config, f"{STATES[found.state]:<{_STATE_WIDTH}}")
    for item in found.items:
        yield line(item, config, f"  {STATES[item.state]:<{_STATE_WIDTH}}")
        yield from blocks(item.blocks, config)
    yield from blocks(found.blocks, config)


def line(found: Finding, config: str | None, first: str) -> str:
    """What was found and its remedy, behind ``first``."""
    subject = f"{found.subject}: " if found.subject else ""
    words = wrapped(f"{subject}{found.message}", first)
    return f"{words}\n{remedy(found.remedy, config, len(first))}" if found.remedy else words


def remedy(words: str, config: str | None, indent: int) -> str:
    """What to do, indented by so many blanks."""
    return wrapped(f"fix: {rewrite_commands(words, config)}", " " * indent)


def row_words(question: Question, row: Row) -> str:
    """One row of a list of HSMs or partitions, on one line."""
    first, *others = question.columns
    words = [str(row.get(first.id, ""))]
    words += [f"{column.words.lower()} {row[column.id]}" for column in others if column.id in row]
    return printable(", ".join(words))
