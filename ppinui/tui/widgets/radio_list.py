"""A question with a few answers to choose from, as a list in which the cursor chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from ppinui.setup.questions import Question, Value
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.question_row import QuestionRow
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_MOST_SHOWN: Final = 12
"""Lines of the list; more of them scroll."""


class ChoiceList(VirtualList):
    """Answers to choose from: the cursor chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose", show=False, id="choices.choose"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.chosen: str | None = None

    @property
    def count(self) -> int:
        return len(self.question.choices)

    def put(self, question: Question, chosen: str | None) -> None:
        """Show other answers, and which of them it is."""
        self.question = question
        self.chosen = chosen
        self.styles.height = min(self.count, _MOST_SHOWN)
        self.content_changed()
        places = [number for number, one in enumerate(question.choices) if one.value == chosen]
        with self.prevent(VirtualList.Moved):
            self.go_to(places[0] if places else 0)
        self.refresh()

    def choose(self) -> None:
        """Choose what is under the cursor."""
        self.chosen = self.question.choices[self.cursor].value
        self.refresh()

    def row(self, index: int, width: int) -> Sequence[Piece]:  # noqa: ARG002
        choice = self.question.choices[index]
        size = max(len(one.value) for one in self.question.choices) + 2
        mark = "(•) " if choice.value == self.chosen else "( ) "
        return [
            (mark, "strong"),
            (set_cell_size(plain(choice.value), size), "strong"),
            (plain(choice.words), ""),
        ]


class ChoiceRow(QuestionRow):
    """One of several answers."""

    def compose(self) -> ComposeResult:
        yield Static(f"{plain(self.question.words)} (arrows choose):", classes="above", markup=False)
        yield ChoiceList(self.question)
        yield Static(classes="flaw", markup=False)

    @property
    def field(self) -> ChoiceList:
        """The list."""
        return self.query_one(ChoiceList)

    @property
    def changed(self) -> bool:
        """Whether another one is chosen."""
        return self.is_mounted and self.field.chosen != self.asked.value

    def put(self) -> None:
        """Mark the one that is known."""
        value = self.asked.value
        self.field.put(self.question, value if isinstance(value, str) else None)

    def read(self) -> Value | None:
        """The chosen one."""
        return self.question.accept(self.field.chosen)
