"""The tree of a configuration with the states of its lines, and above it the line that filters it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from ppinui.editing.tree_model import Branch, Line
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

if TYPE_CHECKING:
    from ppinui.tui.widgets.text_entry import TextEntry


@dataclass(frozen=True)
class LineMarks:
    """The three states of a line, each as a word (short and long) and what it is, for its colour."""

    secret: tuple[str, str] = ("", "")
    problem: tuple[str, str] = ("", "")
    test: tuple[str, str] = ("", "")


_WIDTHS = (5, 4, 8)
_WIDE_WIDTHS = (10, 8, 14)
_WIDE = 76
"""Cells from which on the states have room for long words."""

StatesOf = Callable[[Line, bool], LineMarks]


class ConfigTree(VirtualList):
    """The tree. What it shows is given to it (:meth:`show`); the states are asked for as lines are drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "fold", "Fold", show=False, id="tree.fold", tooltip="Hide the HSM's slots"),
        Binding("right", "unfold", "Unfold", show=False, id="tree.unfold", tooltip="Show the HSM's slots"),
        Binding(
            "space", "fold_or_unfold", "Fold", show=False, id="tree.toggle", tooltip="Hide or show the slots"
        ),
    ]

    class Folded(Message):
        """Slots of HSMs are to be shown or not."""

        def __init__(self, path: str, is_open: bool) -> None:
            self.path = path
            self.is_open = is_open
            super().__init__()

    def __init__(self, states_of: StatesOf, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._states_of = states_of

    @property
    def count(self) -> int:
        return len(self._lines)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is in the tree now."""
        return self._lines

    @property
    def selected(self) -> Line | None:
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    def show(self, lines: tuple[Line, ...], selected: str | None = None) -> None:
        """Show other lines; the cursor goes to the path ``selected``, or to what is around it."""
        self._lines = lines
        wanted = selected
        places = {line.path: index for index, line in enumerate(lines)} if wanted else {}
        while wanted:
            if wanted in places:
                self.cursor = places[wanted]
                break
            wanted = wanted.rpartition(".")[0]
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """Indentation, name and details on the left, the states on the right.

        What is cut off where there is little room is the end of the details, never a state. Only slots have
        a secret: its column is the first, so that the other lines have its room for their text.
        """
        line = self._lines[index]
        wide = width >= _WIDE
        marks = self._states_of(line, wide)
        sign = {None: " ", True: "▾", False: "▸"}[line.open]
        states: list[Piece] = []
        for (word, name), size in zip(
            (marks.secret, marks.problem, marks.test), _WIDE_WIDTHS if wide else _WIDTHS, strict=True
        ):
            if word or states:
                states.append((f" {set_cell_size(word, size)}", name))
        room = width - sum(cell_len(text) for text, _ in states)
        title = f"{' ' * line.depth}{sign} {plain(line.title)} "
        detail = plain(line.detail)
        pieces = [(title, "strong"), (detail, "")]
        return [*_fitted(pieces, room), *states]

    def path_beside(self, path: str) -> str:
        """The path of the line that gets the cursor when the one with this path is deleted."""
        below = (one.path for one in self._lines[self.cursor + 1 :] if not one.path.startswith(f"{path}."))
        return next(below, self._lines[self.cursor - 1].path)

    def action_fold(self) -> None:
        """Hide the slots of the HSM, from a slot too."""
        line = self.selected
        if line is None:
            return
        if line.branch is Branch.SLOT:
            hsm = line.path.rpartition(".slots.")[0]
            self.go_to(next(index for index, one in enumerate(self._lines) if one.path == hsm))
        elif line.open:
            self.post_message(self.Folded(line.path, False))

    def action_unfold(self) -> None:
        line = self.selected
        if line is not None and line.open is False:
            self.post_message(self.Folded(line.path, True))

    def action_fold_or_unfold(self) -> None:
        line = self.selected
        if line is not None and line.open is not None:
            self.post_message(self.Folded(line.path, not line.open))


def _fitted(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """The pieces in exactly so many cells; what is cut off shows as an ellipsis."""
    found: list[Piece] = []
    for number, (text, name) in enumerate(pieces):
        size, shown = cell_len(text), text
        if size > room:
            shown = f"{set_cell_size(text, room - 1)}…" if room > 0 else ""
            size = room
        elif number == len(pieces) - 1:
            shown, size = set_cell_size(text, room), room
        room = max(0, room - size)
        found.append((shown, name))
    return found


class TreePane(Vertical):
    """The tree with its filter, which hides nothing itself: it sends a message."""

    DEFAULT_CSS = """
    TreePane #filter { background: $boost; height: 1; }
    TreePane #tree { background: $background; }
    """

    class Filtered(Message):
        """Other lines are wanted now."""

    def __init__(self, states_of: StatesOf, *, id: str) -> None:
        self.config_tree = ConfigTree(states_of, id="tree")
        self.wanted = ""
        """What is typed in the filter, without blanks around it."""
        super().__init__(self.config_tree, id=id)

    @cached_property
    def _entry(self) -> TextEntry:
        from ppinui.tui.widgets.text_entry import TextEntry  # not waited for by the first screen

        entry = TextEntry(id="filter", placeholder="filter: part of a name, host, id or partition")
        self.mount(entry, before=0)
        return entry

    def ask(self) -> None:
        """Let the user type what to look for."""
        self._entry.display = True
        self._entry.focus()

    def show_all(self) -> None:
        """Show all lines again, without a message."""
        self.wanted = ""
        if "_entry" in self.__dict__:
            self._entry.display = False
            self._entry.put("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.wanted = event.value.strip()
        self.post_message(self.Filtered())

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        """Escape in the filter: all lines again."""
        event.stop()
        self.show_all()
        self.post_message(self.Filtered())
        self.config_tree.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.wanted:
            self._entry.display = False
        self.config_tree.focus()
