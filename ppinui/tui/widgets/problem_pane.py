"""The problems of the configuration, one on each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.containers import Vertical
from textual.widgets import Static

from ppinui.diagnostic import Diagnostic, Severity, count_severities
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import ItemList, Piece

WORDS: Final = {
    Severity.ERROR: ("error", "error"),
    Severity.WARNING: ("warn ", "warning"),
    Severity.NOTE: ("note ", "faint"),
}
"""The word for each severity, five cells wide, and how it is shown."""


class ProblemList(ItemList[Diagnostic]):
    """Problems; enter goes to the place."""

    def row(self, index: int, width: int) -> Sequence[Piece]:  # noqa: ARG002
        problem = self.items[index]
        word, name = WORDS[problem.severity]
        text = f" {problem.place.line:>4}  {plain(problem.message)} – {plain(problem.remedy)}"
        return [(word, name), (text, "")]


class ProblemPane(Vertical):
    """How many problems there are, their list, and while it has the focus all of the one under the cursor."""

    DEFAULT_CSS = """
    ProblemPane #problems-title { height: 1; background: $panel; text-style: bold; }
    ProblemPane #problem { display: none; height: auto; max-height: 4; padding: 0 1; background: $boost; }
    ProblemPane:focus-within #problem { display: block; }
    """

    def __init__(self) -> None:
        self._title = Static(id="problems-title", markup=False)
        self.list = ProblemList(id="problems")
        self._whole = Static(id="problem", markup=False)
        super().__init__(self._title, self.list, self._whole)

    def show(self, problems: tuple[Diagnostic, ...]) -> None:
        self.list.show(problems)
        self._show_whole()
        self._title.update(f"Problems: {count_severities(problems) or 'none'}")

    def on_virtual_list_moved(self) -> None:
        self._show_whole()

    def _show_whole(self) -> None:
        problem = self.list.selected
        text = f"{problem.message}\nfix: {problem.remedy}" if problem is not None else ""
        self._whole.update("\n".join(map(plain, text.split("\n"))))
