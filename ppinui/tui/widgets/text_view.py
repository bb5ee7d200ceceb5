"""Lines of text of any number: a diff, a file, a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.geometry import Region
from textual.reactive import reactive

from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_DIFF = (("+++", "strong"), ("---", "strong"), ("@@", "faint"), ("+", "good"), ("-", "error"))


class TextView(VirtualList):
    """Lines to read; left and right move them where they are longer than the screen is wide."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "shift(-8)", "Left", show=False, id="text.left"),
        Binding("right", "shift(8)", "Right", show=False, id="text.right"),
    ]
    offset_x: reactive[int] = reactive(0)

    def __init__(
        self, lines: Sequence[Piece] = (), *, id: str | None = None, mark: str = ">", wrap: bool = False
    ) -> None:
        """``wrap``: what is longer than the screen is wide goes on in further lines."""
        super().__init__(id=id, mark=mark)
        self.lines = list(lines)
        self._whole = self.lines
        self._wrap = wrap
        self._longest = max((len(text) for text, _ in lines), default=0)

    def on_mount(self) -> None:
        self.content_changed()

    @property
    def count(self) -> int:
        return len(self.lines)

    def on_resize(self, _: Resize) -> None:
        if self._wrap:
            self.show(self._whole)

    def keep_in_sight(self) -> None:
        """What is read stays where it is; a cursor is followed."""
        if self._mark:
            super().keep_in_sight()

    def show(self, lines: Sequence[Piece]) -> None:
        self._whole = list(lines)
        width = self.scrollable_content_region.width - 1
        self.lines = list(wrapped(lines, width)) if self._wrap and width > 10 else self._whole
        self._longest = max((len(text) for text, _ in lines), default=0)
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:  # noqa: ARG002
        text, name = self.lines[index]
        return [(plain(text)[self.offset_x :], name)]

    def action_shift(self, by: int) -> None:
        self.offset_x = max(0, min(self.offset_x + by, self._longest - 8))

    def action_move(self, by: int) -> None:
        """Go up or down; where no cursor is shown the text moves instead."""
        if self._mark:
            super().action_move(by)
        else:
            self.scroll_relative(y=by, animate=False)

    def action_page(self, direction: int) -> None:
        if self._mark:
            super().action_page(direction)
        else:
            self.action_move(direction * max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        if self._mark:
            super().action_first()
        else:
            self.scroll_home(animate=False)

    def action_last(self) -> None:
        if self._mark:
            super().action_last()
        else:
            self.scroll_end(animate=False)

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is seen."""
        return self.count > self.scrollable_content_region.height


class NumberedTextView(TextView):
    """Lines with their numbers; those that are marked have a bar in front."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, mark="")
        self.is_numbered = True
        self.marked = range(0)
        """The numbers of the lines with a bar, counted from 1."""

    def mark_lines(self, lines: range) -> None:
        """Put the bar before these lines, and show the first of them."""
        self.marked = lines
        self.keep_in_sight()
        self.refresh()

    def keep_in_sight(self) -> None:
        """Scroll to the first of the marked lines."""
        if self.marked:
            rows = max(5, min(len(self.marked), self.scrollable_content_region.height))
            self.scroll_to_region(Region(0, self.marked[0] - 1, 1, rows), animate=False, force=True)

    def row(self, index: int, width: int) -> Sequence[Piece]:
        if not self.is_numbered:
            return super().row(index, width)
        ((text, name),) = super().row(index, width)
        number = self.number_of(index)
        if number is None:
            return [(" " * 7, ""), (text, name)]
        here = number in self.marked
        return [(f"{'▌' if here else ' '}{number:>5} ", "faint"), (text, "strong" if here else "")]

    def number_of(self, index: int) -> int | None:
        """The number of a line, counted from 1; None for one that is not of the text."""
        return index + 1


def wrapped(lines: Sequence[Piece], width: int) -> Iterator[Piece]:
    """The lines, each in as many as it needs; those that follow are indented a little more."""
    for text, name in lines:
        indent = text[: len(text) - len(text.lstrip())]
        rest = plain(text)
        while len(rest) > width:
            begun = len(rest) - len(rest.lstrip())
            cut = rest.rfind(" ", begun, width + 1)
            cut = cut if cut > begun else width
            yield rest[:cut], name
            rest = f"{indent}  {rest[cut:].lstrip()}"
        yield rest, name


def diff_lines(diff: str) -> list[Piece]:
    """The lines of a unified diff: what comes and goes is marked by its sign, and by colour too."""
    found: list[Piece] = []
    for line in diff.removesuffix("\n").split("\n") if diff else ():
        name = next((name for sign, name in _DIFF if line.startswith(sign)), "")
        found.append((line, name))
    return found
