"""A small form over the screen: what has to be known to add, duplicate or rename something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from ppinui.errors import PpinuiError
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.text_entry import TextEntry

Answers = dict[str, str]


@dataclass(frozen=True)
class FormField:
    """A line of the form: its name in the answers, its words, what it begins with, what it is for."""

    name: str
    words: str
    text: str = ""
    hint: str = ""
    check: Callable[[str], str] = lambda _: ""
    """What is wrong with a text, "" for nothing."""
    explanation: str = ""
    """What there is to know of it, shown while it has the focus."""


class FormDialog(ModalScreen[Answers | None]):
    """Returns what was typed, by name; None for escape.

    ``attempt`` gets the answers when they are given; a PpinuiError of it is shown, and the form stays.
    """

    CSS_PATH = "form_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", id="form-dialog.back", tooltip="Leave everything as it is"),
        Binding("f2", "submit", "Take it", id="form-dialog.submit", tooltip="Take what is in the form"),
        Binding("up", "app.focus_previous", "Up", show=False, id="form-dialog.up"),
        Binding("down", "app.focus_next", "Down", show=False, id="form-dialog.down"),
    ]

    def __init__(
        self, title: str, fields: Sequence[FormField], attempt: Callable[[Answers], None] | None = None
    ) -> None:
        super().__init__()
        self.question = title
        self._fields = fields
        self._attempt = attempt

    def compose(self) -> ComposeResult:
        with Vertical(id="form-box"):
            yield Static(plain(self.question), id="form-title", markup=False)
            for one in self._fields:
                with Horizontal(classes="line"):
                    yield Static(one.words, classes="words", markup=False)
                    yield TextEntry(id=f"ask-{one.name}", placeholder=one.hint)
            yield Static("", id="form-flaw", markup=False)
            if any(one.explanation for one in self._fields):
                yield Static("", id="form-explanation", markup=False)
            with Horizontal(id="form-buttons"):
                yield Button("(F2) Take it", id="form-take", compact=True)
                yield Button("(Esc) Back", id="form-back", compact=True)

    def on_mount(self) -> None:
        self.app.clear_notifications()  # they would lie over it
        for one in self._fields:
            self.query_one(f"#ask-{one.name}", TextEntry).put(one.text)
        self.query(TextEntry).first().focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        one = next(one for one in self._fields if f"ask-{one.name}" == event.input.id)
        self._say(one.check(event.value) if event.value else "")

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        one = next((one for one in self._fields if f"ask-{one.name}" == event.widget.id), None)
        for line in self.query("#form-explanation").results(Static):
            line.update(plain(one.explanation if one else ""))

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        event.stop()
        self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next line, and from the last one takes the form."""
        event.stop()
        if event.input is self.query(TextEntry).last():
            self.action_submit()
        else:
            self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "form-take":
            self.action_submit()
        else:
            self.dismiss(None)

    def action_submit(self) -> None:
        answers = {one.name: self.query_one(f"#ask-{one.name}", TextEntry).value for one in self._fields}
        for one in self._fields:
            if flaw := one.check(answers[one.name]):
                self._say(flaw)
                self.query_one(f"#ask-{one.name}", TextEntry).focus()
                return
        try:
            if self._attempt is not None:
                self._attempt(answers)
        except PpinuiError as error:
            self._say(f"{error.message}; {error.remedy}")
            return
        self.dismiss(answers)

    def action_give_up(self) -> None:
        self.dismiss(None)

    def _say(self, flaw: str) -> None:
        self.query_one("#form-flaw", Static).update(plain(flaw))


async def ask_path(
    ask: Callable[[FormDialog], Awaitable[Answers | None]],
    title: str,
    words: str,
    usual: Path | None,
    hint: str = "",
) -> Path | None:
    """Ask for one path, ``~`` expanded; None for escape and for an empty line. ``ask`` opens the dialog."""
    answers = await ask(FormDialog(title, [FormField("path", words, str(usual or ""), hint)]))
    typed = answers["path"].strip() if answers is not None else ""
    return Path(typed).expanduser() if typed else None
