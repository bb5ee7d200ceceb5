"""The questions of a step as a form: a line, a list to choose from, or a table of rows for each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from ppinui.setup.questions import Question, Row, Sort, Unacceptable, Value
from ppinui.setup.walk import Asked
from ppinui.tui.plain import plain
from ppinui.tui.widgets.entry import Entry
from ppinui.tui.widgets.rows import Piece, Rows

_YES_NO = ("yes", "no")
_MOST_SHOWN = 12
"""Lines of a list to choose from; more of them scroll."""


class QuestionRow(Vertical):
    """One question with its answer. ``flaw``: what is wrong with it, "" where nothing is."""

    DEFAULT_CSS = """
    QuestionRow { height: auto; width: 1fr; margin-bottom: 1; }
    QuestionRow .line { height: 1; }
    QuestionRow .words { width: 26; height: auto; }
    QuestionRow .above { width: 1fr; }
    QuestionRow .flaw { display: none; height: auto; width: 1fr; color: $text-error; text-style: bold; }
    QuestionRow.-wrong .flaw { display: block; }
    QuestionRow Entry { width: 1fr; background: $boost; }
    QuestionRow Entry:focus { background: $primary 30%; }
    QuestionRow Rows { height: auto; background: $boost; }
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__(id=f"question-{asked.question.id}")
        self.asked = asked
        self.flaw = ""

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.asked.question

    @property
    @abstractmethod
    def changed(self) -> bool:
        """Whether there is something that the walk does not know yet."""

    @abstractmethod
    def read(self) -> Value | None:
        """What is answered. Raises Unacceptable."""

    @abstractmethod
    def put(self) -> None:
        """Show the answer that the walk knows."""

    @property
    @abstractmethod
    def field(self) -> Widget:
        """What gets the focus."""

    def show(self, asked: Asked) -> None:
        """The walk has this question and answer now; what is typed and not taken yet stays."""
        keep = self.changed and (bool(self.flaw) or self.field.has_focus)
        self.asked = asked
        if not keep:
            self.put()
            self.judge("")

    def judge(self, flaw: str) -> None:
        """Say what is wrong, "" for nothing."""
        self.flaw = flaw
        self.set_class(bool(flaw), "-wrong")
        for static in self.query(".flaw").results(Static):
            static.update(plain(flaw))

    def check(self) -> None:
        """Look at what is typed."""
        try:
            if self.changed:
                self.read()
        except Unacceptable as flaw:
            self.judge(str(flaw))
        else:
            self.judge("")

    def explain(self) -> str:
        """What there is to know of it."""
        return self.question.hint or self.question.words

    def on_mount(self) -> None:
        """Show the answer."""
        self.put()


class LineRow(QuestionRow):
    """A text, a number, yes or no: a line to type."""

    def compose(self) -> ComposeResult:
        """Words and entry in a line, the flaw below."""
        with Horizontal(classes="line"):
            star = "" if self.question.required else " (optional)"
            yield Static(f"{plain(self.question.words)}{star}", classes="words", markup=False)
            yield Entry()
        yield Static(classes="flaw", markup=False)

    @property
    def field(self) -> Entry:
        """The entry."""
        return self.query_one(Entry)

    @property
    def _known(self) -> str:
        value = self.asked.value
        if isinstance(value, bool):
            return _YES_NO[0 if value else 1]
        return "" if value is None else str(value)

    @property
    def changed(self) -> bool:
        """Whether something else is typed."""
        return self.is_mounted and self.field.value != plain(self._known)

    def put(self) -> None:
        """The answer as a text."""
        self.field.choices = _YES_NO if self.question.sort is Sort.YES_NO else ()
        self.field.placeholder = "yes or no: space changes it" if self.field.choices else ""
        self.field.put(plain(self._known))

    def read(self) -> Value | None:
        """What is typed."""
        return self.question.read(self.field.value)


class ChoiceList(Rows):
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
        """How many answers there are."""
        return len(self.question.choices)

    def put(self, question: Question, chosen: str | None) -> None:
        """Show other answers, and which of them it is."""
        self.question = question
        self.chosen = chosen
        self.styles.height = min(self.count, _MOST_SHOWN)
        self.content_changed()
        places = [number for number, one in enumerate(question.choices) if one.value == chosen]
        with self.prevent(Rows.Moved):
            self.go_to(places[0] if places else 0)
        self.refresh()

    def choose(self) -> None:
        """Choose what is under the cursor."""
        self.chosen = self.question.choices[self.cursor].value
        self.refresh()

    def row(self, index: int, width: int) -> Sequence[Piece]:  # noqa: ARG002
        """A mark, the value, what it means."""
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
        """Words above the list."""
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


class RowsTable(Rows):
    """HSMs, partitions: a line for each, with keys to add, change and remove."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,insert", "add", "Add", id="rows.add", tooltip="Add one more"),
        Binding("enter", "choose", "Change", id="rows.change", tooltip="Change this one"),
        Binding("x,delete", "remove", "Remove", id="rows.remove", tooltip="Take this one out of the list"),
    ]

    class Wanted(Message):
        """A row is to be typed: the one with this number, a new one for None."""

        def __init__(self, table: RowsTable, number: int | None) -> None:
            self.table = table
            self.number = number
            super().__init__()

    class Removed(Message):
        """A row was taken out."""

        def __init__(self, table: RowsTable) -> None:
            self.table = table
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
        """Show other rows."""
        self.question, self.rows = question, rows
        self.styles.height = min(self.count, _MOST_SHOWN)
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """The columns, the first one wide."""
        if not self.rows:
            return [("none yet: a adds one", "faint")]
        return [(text, "") for text in _cells(self.question, self.rows[index], width)]

    def head(self, width: int) -> str:
        """The words above the columns."""
        return "".join(_cells(self.question, {one.id: one.words for one in self.question.columns}, width))

    def action_add(self) -> None:
        """One more."""
        self.post_message(self.Wanted(self, None))

    def action_choose(self) -> None:
        """Change the one under the cursor."""
        self.post_message(self.Wanted(self, self.cursor if self.rows else None))

    def action_remove(self) -> None:
        """Take out the one under the cursor."""
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
        """Words, heads of the columns, the table."""
        yield Static(f"{plain(self.question.words)}:", classes="above", markup=False)
        yield Static(classes="above heads", markup=False)
        yield RowsTable(self.question)
        yield Static(classes="flaw", markup=False)

    @property
    def field(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @property
    def _known(self) -> tuple[Row, ...]:
        value = self.asked.value
        return value if isinstance(value, tuple) else ()

    @property
    def changed(self) -> bool:
        """Whether there are other rows."""
        return self.is_mounted and self.field.rows != self._known

    def put(self) -> None:
        """The rows that are known."""
        self.field.put(self.question, self._known)

    def read(self) -> Value | None:
        """The rows."""
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
        """The columns have another width."""
        self.query_one(".heads", Static).update(f" {self.field.head(self.size.width - 2)}")


class AnswerForm(Vertical):
    """All questions of a step."""

    DEFAULT_CSS = """
    AnswerForm { height: auto; width: 1fr; }
    """

    class Answered(Message):
        """Something was typed or chosen that the walk does not know yet."""

    class Completed(Message):
        """Enter in the last question."""

    class Explained(Message):
        """What to say of the question with the focus."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def rows(self) -> list[QuestionRow]:
        """From top to bottom."""
        return [row for row in self.children if isinstance(row, QuestionRow)]

    async def show(self, asked: Sequence[Asked]) -> None:
        """Show these questions; rows of those that are there already stay, with what is typed in them."""
        known = {row.question.id: row for row in self.rows()}
        wanted = {one.question.id for one in asked}
        gone = [row for id, row in known.items() if id not in wanted]
        if gone:
            await self.remove_children(gone)
        before: QuestionRow | None = None
        for one in asked:
            row = known.get(one.question.id)
            if row is not None:
                row.show(one)
            else:
                row = _row_for(one)
                await self.mount(row, after=before) if before else await self.mount(row, before=0)
            before = row

    async def clear(self) -> None:
        """Another step: nothing of this one stays."""
        await self.remove_children()

    def typed(self) -> tuple[dict[str, Value | None], bool]:
        """Answers that the walk does not know yet, and whether all of them are acceptable."""
        given: dict[str, Value | None] = {}
        fine = True
        for row in self.rows():
            if not row.changed:
                continue
            try:
                given[row.question.id] = row.read()
            except Unacceptable as flaw:
                row.judge(str(flaw))
                fine = False
        return given, fine

    def show_flaws(self, flaws: Mapping[str, str]) -> None:
        """What the walk has refused."""
        for row in self.rows():
            if row.question.id in flaws:
                row.judge(flaws[row.question.id])

    def focus_on(self, id: str | None = None) -> bool:
        """Put the focus on a question, or on the first that has a flaw or no answer, else on the first."""
        rows = self.rows()
        wanted = [row for row in rows if row.question.id == id]
        wanted += [row for row in rows if row.flaw or row.asked.value is None]
        for row in (*wanted, *rows):
            row.field.focus()
            return True
        return False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check while typing."""
        event.stop()
        if (row := row_of(event.input)) is not None:
            row.check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes it and goes on."""
        event.stop()
        self._go_on(row_of(event.input))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """The cursor of a list chooses, once somebody moves it."""
        if isinstance(event.rows, ChoiceList):
            event.stop()
            if event.rows.has_focus:
                event.rows.choose()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Enter in a list takes it and goes on."""
        if isinstance(event.rows, ChoiceList):
            event.stop()
            event.rows.choose()
            self._go_on(row_of(event.rows))

    def on_rows_table_removed(self, event: RowsTable.Removed) -> None:
        """A row is gone: the walk shall know."""
        event.stop()
        if (row := row_of(event.table)) is not None:
            row.check()
        self.post_message(self.Answered())

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Explain the question."""
        if (row := row_of(event.widget)) is not None:
            self.post_message(self.Explained(row.explain()))

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A question that is left is answered."""
        if (row := row_of(event.widget)) is not None and row.changed:
            self.post_message(self.Answered())

    def _go_on(self, row: QuestionRow | None) -> None:
        rows = self.rows()
        if row is None:
            return
        row.check()
        if row.flaw:
            return
        if row is rows[-1]:
            self.post_message(self.Completed())
        else:
            rows[rows.index(row) + 1].field.focus()


def _row_for(asked: Asked) -> QuestionRow:
    match asked.question.sort:
        case Sort.CHOICE:
            return ChoiceRow(asked)
        case Sort.ROWS:
            return TableRow(asked)
        case _:
            return LineRow(asked)


def row_of(widget: Widget | None) -> QuestionRow | None:
    """The question that a widget belongs to."""
    while widget is not None and not isinstance(widget, QuestionRow):
        parent = widget.parent
        widget = parent if isinstance(parent, Widget) else None
    return widget
