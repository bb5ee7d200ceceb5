"""A question over the screen: a title, something to read, and a few answers, each with a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ppinui.errors import PpinuiError
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.text_view import TextView, wrapped
from ppinui.tui.widgets.virtual_list import Piece

_WIDTH: Final = 70
"""Cells of a text that is broken into lines, so that it fits at 80 columns."""


@dataclass(frozen=True)
class DialogChoice:
    """An answer: what it is for the program, its key (a letter), its words."""

    value: str
    key: str
    words: str


class ChoiceDialog(ModalScreen[str]):
    """Returns the value of the answer; "" for escape."""

    CSS_PATH = "choice_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", id="choice-dialog.back", tooltip="Leave everything as it is"),
        Binding("left", "app.focus_previous", "Previous answer", show=False, id="choice-dialog.previous"),
        Binding("right", "app.focus_next", "Next answer", show=False, id="choice-dialog.next"),
        Binding("up", "scroll(-1)", "Up", show=False, id="choice-dialog.up"),
        Binding("down", "scroll(1)", "Down", show=False, id="choice-dialog.down"),
        Binding("pageup", "scroll(-8)", "Page up", show=False, id="choice-dialog.page-up"),
        Binding("pagedown", "scroll(8)", "Page down", show=False, id="choice-dialog.page-down"),
    ]

    def __init__(self, title: str, lines: Sequence[Piece], answers: Sequence[DialogChoice] = ()) -> None:
        """The first answer has the focus; without answers there is OK alone."""
        super().__init__()
        self.question = title
        self.lines = lines
        self._answers = answers or [DialogChoice("ok", "o", "OK")]

    def compose(self) -> ComposeResult:
        with Vertical(id="choice-box"):
            yield Static(plain(self.question), id="choice-title", markup=False)
            text = TextView(self.lines, id="choice-text", mark="")
            text.can_focus = False
            yield text
            with Horizontal(id="choice-buttons"):
                for answer in self._answers:
                    yield Button(f"({answer.key}) {answer.words}", id=f"answer-{answer.value}", compact=True)

    def on_mount(self) -> None:
        """As high as the text, as far as there is room; answers that do not fit in one line have one each."""
        self.app.clear_notifications()  # they would lie over it
        stacked = not self._fit_in_one_line()
        self.query_one("#choice-buttons").set_class(stacked, "-stacked")
        more = len(self._answers) - 1 if stacked else 0
        text = self.query_one(TextView)
        text.display = bool(text.count)
        text.styles.height = max(1, min(text.count, self.app.size.height - 8 - more))
        self.query(Button).first().focus()

    def _fit_in_one_line(self) -> bool:
        box = self.query_one("#choice-box").styles.width
        room = min(box.value if box is not None else 0, self.app.size.width) - 4
        # before the words their letter, around them a blank on each side, and two behind
        return sum(len(answer.words) + 8 for answer in self._answers) <= room

    def on_key(self, event: Key) -> None:
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self.dismiss(answer.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss((event.button.id or "").removeprefix("answer-"))

    def action_give_up(self) -> None:
        self.dismiss("")

    def action_scroll(self, by: int) -> None:
        text = self.query_one(TextView)
        text.scroll_relative(y=by, animate=False)


def error_dialog(error: PpinuiError, answers: Sequence[DialogChoice] = ()) -> ChoiceDialog:
    """An error of three lines, to be read."""
    lines: list[Piece] = [(f"where: {error.place}", ""), (f"fix: {error.remedy}", "")]
    return ChoiceDialog(error.message, [*wrapped(lines, _WIDTH)], answers)
