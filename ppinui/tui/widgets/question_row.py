"""One question with its answer: a line to type, or a list in which the cursor chooses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from ppinui.setup.engine import Asked
from ppinui.setup.questions import Question, QuestionType, Unacceptable, Value
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.text_entry import TextEntry
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_YES_NO = ("yes", "no")


class QuestionRow(Vertical):
    """One question with its answer. ``flaw``: what is wrong with it, "" where nothing is."""

    DEFAULT_CSS = """
    QuestionRow { height: auto; width: 1fr; margin-bottom: 1; }
    QuestionRow .line { height: auto; }
    QuestionRow .words { width: 34; padding-right: 1; height: auto; }
    QuestionRow .above { width: 1fr; }
    QuestionRow .flaw { display: none; height: auto; width: 1fr; color: $text-error; text-style: bold; }
    QuestionRow.-wrong .flaw { display: block; }
    QuestionRow TextEntry { width: 1fr; background: $boost; }
    QuestionRow TextEntry:focus { background: $primary 30%; }
    QuestionRow VirtualList { height: auto; background: $boost; }
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__(id=f"question-{asked.question.id}")
        self.asked = asked
        self.flaw = ""

    @property
    def question(self) -> Question:
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
        if flaw:
            self.call_after_refresh(self.scroll_visible, animate=False)

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
        self.put()


class LineRow(QuestionRow):
    """A text, a number, yes or no: a line to type."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            star = "" if self.question.required else " (optional)"
            yield Static(f"{plain(self.question.words)}{star}", classes="words", markup=False)
            yield TextEntry()
        yield Static(classes="flaw", markup=False)

    @property
    def field(self) -> TextEntry:
        return self.query_one(TextEntry)

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
        self.field.choices = _YES_NO if self.question.type is QuestionType.YES_NO else ()
        self.field.placeholder = "yes or no: space changes it" if self.field.choices else ""
        self.field.put(plain(self._known))

    def read(self) -> Value | None:
        return self.question.read(self.field.value)


def row_of(widget: Widget | None) -> QuestionRow | None:
    """The question that a widget belongs to."""
    while widget is not None and not isinstance(widget, QuestionRow):
        parent = widget.parent
        widget = parent if isinstance(parent, Widget) else None
    return widget


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
        return self.question.accept(self.field.chosen)
