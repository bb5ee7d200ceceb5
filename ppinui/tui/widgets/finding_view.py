"""What a step says and what was found there, as widgets whose text can be selected and copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from textual.content import Content
from textual.widgets import Static

from ppinui.setup.walkthrough import Block, Finding, StepState, Style
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.step_list import SIGNS
from ppinui.tui.widgets.text_view import diff_lines

Called = Callable[[str], str]
"""Rewrites a message so that its commands of this program can be pasted."""

_COLOURS = {"good": "$text-success", "error": "$text-error bold", "strong": "bold", "faint": "$text-muted"}


class Commands(Static, can_focus=True):
    """Lines for a shell, which a key copies."""

    def __init__(self, text: str) -> None:
        shown = "\n".join(plain(line) for line in text.split("\n"))
        super().__init__(Content(shown), classes="commands", markup=False)
        self.commands = text

    def explain(self) -> str:
        """What can be done with it."""
        return "Commands for a shell. F6 copies them, where the terminal allows it (OSC 52)."


def block_widgets(blocks: Iterable[Block], called: Called) -> Iterator[Static]:
    """A widget for each block."""
    for block in blocks:
        match block.style:
            case Style.TEXT:
                yield Static(Content(plain(called(block.text))), classes="text", markup=False)
            case Style.POINT:
                yield Static(Content(f"- {plain(called(block.text))}"), classes="point", markup=False)
            case Style.COMMAND:
                yield Commands(called(block.text))
            case Style.VERBATIM:
                lines = [
                    Content.styled(plain(line), _COLOURS.get(name, ""))
                    for line, name in diff_lines(block.text)
                ]
                yield Static(Content("\n").join(lines), classes="verbatim", markup=False)


def finding_widgets(found: Finding, called: Called, *, level: int = 0) -> Iterator[Static]:
    """The finding in a line, its remedy, and its parts with theirs and their blocks."""
    if found.message:
        sign, _ = SIGNS[found.state]
        words = f"{found.subject}: {found.message}" if found.subject else found.message
        state = found.state.name.lower().replace("_", "-")
        line = f"{sign} {found.state.value}: {plain(words)}" if not level else f"{sign} {plain(words)}"
        yield Static(Content(line), classes=f"found -{state} -level-{level}", markup=False)
    if found.remedy:
        yield Static(
            Content(f"fix: {plain(called(found.remedy))}"), classes=f"remedy -level-{level}", markup=False
        )
    for item in found.items:
        yield from finding_widgets(item, called, level=level + 1)
        yield from block_widgets(item.blocks, called)


def repair_steps_of(found: Finding | None) -> tuple[str, ...]:
    """The ids of the steps in which its problems can be mended, each once."""
    if found is None or found.state is not StepState.PROBLEM:
        return ()
    steps = [one.back_to for one in (found, *found.items) if one.back_to]
    return tuple(dict.fromkeys(steps))
