"""README's marked blocks: commands to run and what they are to show, read from its text.

An HTML comment on the line before a fence marks a block (nobody sees it on a rendered page)::

    <!-- runs -->

Commands stand behind ``$ ``, and what each shows stands below it. Where no line begins with ``$ ``, every
line is a command, and what it shows is not compared. Settings have a line each::

    <!-- runs
    before: cp /etc/primus/primus.cfg primus.cfg
    at "PIN of PAYMENTS:" type {PIN of PAYMENTS}
    exit: 1 0
    scene: hsm1 refuses connections
    undone
    -->

``before``: a command that runs first, unseen, and has to end with 0; there may be several. ``at … type``:
what is typed at a prompt, in the order of the prompts; in braces stands a secret that the test knows by name,
and which must not be echoed. ``exit``: the exit codes of the commands, where they are not 0. ``scene``: what
is the matter with the HSMs meanwhile. ``undone``: what is done to files and variables is taken back in the
end. ``output of: COMMAND``: the whole block is what this command shows.

``<!-- file: NAME -->`` writes the block to a file of this name, in the folder where the commands run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

PROMPT: Final = "$ "
_MARKER: Final = re.compile(r"<!-- *(runs|file)\b")
_REPLY: Final = re.compile(r'at "(?P<prompt>.+)" type *(?P<text>.*)')


class MarkerError(ValueError):
    """A marker that cannot be understood, with its line."""


@dataclass(frozen=True)
class Reply:
    """What is typed (``{name}``: a secret) where this prompt stands."""

    prompt: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line for a shell, and what it is to show: None if README does not say."""

    words: str
    shown: tuple[str, ...] | None


@dataclass(frozen=True)
class Block:
    """A marked block. ``line`` is that of its fence, counted from 1."""

    line: int
    heading: str
    commands: tuple[Command, ...] = ()
    before: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    exits: tuple[int, ...] = ()
    scene: str | None = None
    undone: bool = False
    file: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Fenced:
    """A block of code: its fence's line, the heading above it, its marker ("" if it has none), its lines."""

    line: int
    heading: str
    marker: str
    lines: tuple[str, ...]


def fenced_blocks(readme: str) -> Iterator[Fenced]:
    """Every block of code of the text, in order. Raises MarkerError for a marker that is on none."""
    heading, marker, marked_at = "", "", 0
    # A last line that is no fence, for a marker that has none.
    lines = enumerate([*readme.splitlines(), ""], start=1)
    for number, line in lines:
        if marker and not line.startswith("```"):
            raise MarkerError(f"line {marked_at}: a marker stands on the line before a fence")
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif _MARKER.match(line):
            marker, marked_at = line, number
            while not marker.endswith("-->"):
                marker += "\n" + next(lines, (0, "-->"))[1]
        elif line.startswith("```"):
            inside = []
            for _, text in lines:
                if text.startswith("```"):
                    break
                inside.append(text)
            yield Fenced(number, heading, marker, tuple(inside))
            marker = ""


def marked_blocks(readme: str) -> list[Block]:
    """What is to be run, in order. Raises MarkerError."""
    return [_block(fenced) for fenced in fenced_blocks(readme) if fenced.marker]


def command_lines(lines: Sequence[str]) -> tuple[Command, ...]:
    """The commands of a block, those that go on behind a backslash in one piece."""
    is_transcript = any(line.startswith(PROMPT) for line in lines)
    commands: list[Command] = []
    words: str | None = None
    for line in lines:
        if words is not None:
            words += "\n" + line
        elif not is_transcript or line.startswith(PROMPT):
            words = line.removeprefix(PROMPT) if is_transcript else line
        elif commands:
            last = commands[-1]
            commands[-1] = Command(last.words, (*(last.shown or ()), line))
        if words is not None and not words.endswith("\\"):
            if words.strip():
                commands.append(Command(words, () if is_transcript else None))
            words = None
    return tuple(commands)


def _block(fenced: Fenced) -> Block:
    kind, *settings = fenced.marker.removesuffix("-->").removeprefix("<!--").strip().split("\n")
    word, _, rest = kind.partition(" ")
    if word == "file:" and rest and not settings:
        return Block(
            fenced.line, fenced.heading, file=rest, text="".join(f"{line}\n" for line in fenced.lines)
        )
    if word != "runs":
        raise MarkerError(f"line {fenced.line - 1}: {kind!r} is no marker")
    commands = command_lines(fenced.lines)
    before: list[str] = []
    replies: list[Reply] = []
    others: dict[str, str] = {}
    for setting in filter(None, [rest.strip(), *map(str.strip, settings)]):
        if typed := _REPLY.fullmatch(setting):
            replies.append(Reply(**typed.groupdict()))
            continue
        name, _, value = (part.strip() for part in setting.partition(":"))
        if name == "before":
            before.append(value)
        elif name in {"exit", "scene", "undone", "output of"} and name not in others:
            others[name] = value
        else:
            raise MarkerError(f"line {fenced.line - 1}: {setting!r} is no setting of a marker")
    if "output of" in others:
        commands = (Command(others["output of"], fenced.lines),)
    return Block(
        fenced.line,
        fenced.heading,
        commands,
        tuple(before),
        tuple(replies),
        tuple(map(int, others.get("exit", "").split())),
        others.get("scene"),
        "undone" in others,
    )
