"""The steps of a walkthrough: their list, and as text to select and copy what a step says and found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich.cells import set_cell_size
from textual.content import Content
from textual.widgets import Static

from ppinui.setup.walkthrough import Block, Finding, Step, StepState, Style
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.text_view import diff_lines
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_WORD = 10

SIGNS: Mapping[StepState, tuple[str, str]] = {
    StepState.DONE: ("✓", "good"),
    StepState.TO_DO: ("○", "warning"),
    StepState.PROBLEM: ("✗", "error"),
    StepState.NOT_NEEDED: ("–", "faint"),
}
"""The sign of a state, and what it is, for its colour."""


class StepList(VirtualList):
    """A line for each step; Enter goes there."""

    def __init__(self, steps: Sequence[Step], *, id: str) -> None:
        super().__init__(id=id)
        self._steps = steps
        self._states: Mapping[str, StepState] = {}
        self._here = -1

    @property
    def count(self) -> int:
        return len(self._steps)

    def show(self, states: Mapping[str, StepState], here: str) -> None:
        """Show what is known of each step, and at which one is; the cursor goes there when that changes."""
        place = next(number for number, step in enumerate(self._steps) if step.id == here)
        moved, self._here = place != self._here, place
        self._states = dict(states)
        if moved:
            self.go_to(place)
        self.refresh()

    def on_mount(self) -> None:
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        step = self._steps[index]
        state = self._states.get(step.id)
        here = index == self._here
        sign, name = SIGNS[state] if state is not None else ("▸" if here else " ", "")
        word = state.value if state is not None else "here" if here else ""
        title = set_cell_size(step.title, max(0, width - _WORD - 6))
        return [
            (f"{index + 1:>2} ", "faint"),
            (f"{sign} ", name),
            (f"{title} ", "strong" if here else ""),
            (set_cell_size(word, _WORD), name),
        ]


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
        return "Commands for a shell. F6 copies them, where the terminal allows it (OSC 52)."


def block_widgets(blocks: Iterable[Block], called: Called) -> Iterator[Static]:
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
