"""Asking for one secret over the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from ppinui.errors import SecretUnavailable
from ppinui.secrets.secret import Secret
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.masked_entry import MaskedEntry


class SecretDialog(ModalScreen[Secret | None]):
    """Returns the secret; None for escape."""

    CSS_PATH = "secret_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Back", id="secret-dialog.back", tooltip="Give nothing"),
    ]

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__()
        self.question = title
        self.hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(id="secret-box"):
            yield Static(plain(self.question), id="secret-title", markup=False)
            yield MaskedEntry(id="secret-entry")
            yield Static(plain(self.hint), id="secret-hint", markup=False)
            yield Static("Enter takes it, Esc goes back", id="secret-keys", markup=False)

    def on_masked_entry_submitted(self, event: MaskedEntry.Submitted) -> None:
        event.stop()
        if not event.entry.is_empty:
            self.dismiss(event.entry.take())

    def action_give_up(self) -> None:
        self.dismiss(None)


AskSecret = Callable[[SecretDialog], Awaitable[Secret | None]]
"""Opens the dialog, and waits for its answer."""


async def ask_twice(ask: AskSecret, title: str, hint: str = "") -> Secret | None:
    """Ask for a new secret twice; None for escape. Raises SecretUnavailable where the two differ."""
    first = await ask(SecretDialog(title, hint))
    if first is None:
        return None
    second = await ask(SecretDialog(title, "The same again"))
    differ = second is not None and first != second
    if second is None or differ:
        first.wipe()
    if second is not None:
        second.wipe()
    if differ:
        raise SecretUnavailable("the two entries differ", title, "begin again; nothing was changed")
    return first if second is not None else None
