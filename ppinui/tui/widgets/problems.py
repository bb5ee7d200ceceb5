"""The problems of the configuration, one on each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ppinui.config.problem import Problem, Severity
from ppinui.tui.plain import plain
from ppinui.tui.widgets.rows import Piece, Rows

WORDS: Final = {
    Severity.ERROR: ("error", "error"),
    Severity.WARNING: ("warn ", "warning"),
    Severity.NOTE: ("note ", "faint"),
}
"""The word for each severity, five cells wide, and how it is shown."""


class ProblemList(Rows):
    """Problems; enter goes to the place."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.problems: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.problems)

    def show(self, problems: tuple[Problem, ...]) -> None:
        """Show other problems."""
        self.problems = problems
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:  # noqa: ARG002
        """Severity, line, message, remedy."""
        problem = self.problems[index]
        word, name = WORDS[problem.severity]
        text = f" {problem.place.line:>4}  {plain(problem.message)} – {plain(problem.remedy)}"
        return [(word, name), (text, "")]
