"""A question whose answer is a table: HSMs, partitions; rows are added, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from ppinui.setup.questions import Question, Row, Value
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.question_row import QuestionRow
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_MOST_SHOWN: Final = 12
"""Lines of the table; more of them scroll."""


class RowEditor(VirtualList):
    """HSMs, partitions: a line for each, with keys to add, change and remove."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,insert", "add", "Add", id="rows.add", tooltip="Add one more"),
        Binding("enter", "choose", "Change", id="rows.change", tooltip="Change this one"),
        Binding("x,delete", "remove", "Remove", id="rows.remove", tooltip="Take this one out of the list"),
    ]

    class EditRequested(Message):
        """A row is to be typed: the one with this number, a new one for None."""

        def __init__(self, editor: RowEditor, number: int | None) -> None:
            self.editor = editor
            self.number = number
            super().__init__()

    class Removed(Message):
        """A row was taken out."""

        def __init__(self, editor: RowEditor) -> None:
            self.editor = editor
            super().__init__()

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.rows: tuple[Row, ...] = ()

    @property
    def count(self) -> int:
        """One line at least, which says how to add."""
        return max(1, len(self.rows))

    def put(self, question: Question, rows: tuple[Row, ...]) -> None:
        self.question, self.rows = question, rows
        self.styles.height = min(self.count, _MOST_SHOWN)
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        if not self.rows:
            return [("none yet: a adds one", "faint")]
        return [(text, "") for text in _cells(self.question, self.rows[index], width)]

    def head(self, width: int) -> str:
        """The words above the columns."""
        return "".join(_cells(self.question, {one.id: one.words for one in self.question.columns}, width))

    def action_add(self) -> None:
        self.post_message(self.EditRequested(self, None))

    def action_choose(self) -> None:
        self.post_message(self.EditRequested(self, self.cursor if self.rows else None))

    def action_remove(self) -> None:
        if self.rows:
            self.rows = (*self.rows[: self.cursor], *self.rows[self.cursor + 1 :])
            self.put(self.question, self.rows)
            self.post_message(self.Removed(self))


def _cells(question: Question, row: Mapping[str, object], width: int) -> Iterator[str]:
    others = len(question.columns) - 1
    size = max(10, min(16, (width - 24) // max(1, others)))
    for number, column in enumerate(question.columns):
        cells = size if number else max(20, width - others * size)
        yield set_cell_size(plain(str(row.get(column.id, ""))), cells - 1) + " "


class TableRow(QuestionRow):
    """A list of rows with the same columns."""

    def compose(self) -> ComposeResult:
        yield Static(f"{plain(self.question.words)}:", classes="above", markup=False)
        yield Static(classes="above heads", markup=False)
        yield RowEditor(self.question)
        yield Static(classes="flaw", markup=False)

    @property
    def field(self) -> RowEditor:
        return self.query_one(RowEditor)

    @property
    def _known(self) -> tuple[Row, ...]:
        value = self.asked.value
        return value if isinstance(value, tuple) else ()

    @property
    def changed(self) -> bool:
        """Whether there are other rows."""
        return self.is_mounted and self.field.rows != self._known

    def put(self) -> None:
        self.field.put(self.question, self._known)

    def read(self) -> Value | None:
        return self.question.accept(self.field.rows)

    def with_row(self, number: int | None, typed: Mapping[str, str]) -> tuple[Row, ...]:
        """The rows with one more (None), or with another one at this place. Raises Unacceptable."""
        row: dict[str, str | int] = {}
        for column in self.question.columns:
            if (value := column.read(typed[column.id])) is not None:
                assert isinstance(value, str | int)
                row[column.id] = value
        rows = list(self.field.rows)
        if number is None:
            rows.append(row)
        else:
            rows[number] = row
        accepted = self.question.accept(rows)
        assert isinstance(accepted, tuple)
        return accepted

    def take(self, rows: tuple[Row, ...]) -> None:
        """Show these rows, as typed."""
        self.field.put(self.question, rows)

    def on_resize(self) -> None:
        self.query_one(".heads", Static).update(f" {self.field.head(self.size.width - 2)}")
