"""A field for a secret: shown as dots, never copied out, never in a message, empty once it is left."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Blur, Focus, Key, Paste
from textual.message import Message
from textual.widget import Widget

from ppinui.secrets.secret import Secret
from ppinui.tui.widgets.key_order import run_own_action

_LONGEST: Final = 4096
"""Characters; far beyond any password."""
_SHOWN: Final = 24
"""So many dots at most: the rest of a long secret is not seen growing."""


class MaskedEntry(Widget, can_focus=True):
    """A line for a secret.

    Not an ``Input``, which puts its text into messages, hands it to the clipboard and lets it be selected.
    What was typed lies here alone, and comes out by :meth:`take`, once.
    """

    DEFAULT_CSS = """
    MaskedEntry { height: 1; width: 1fr; background: $surface; pointer: text; }
    MaskedEntry:focus { background: $block-cursor-background 30%; text-style: bold; }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", show=False, id="masked.submit"),
        Binding("backspace", "delete", "Delete", show=False, id="masked.delete"),
        Binding("ctrl+u,delete", "clear", "Clear", show=False, id="masked.clear"),
    ]

    class Submitted(Message):
        """Enter was pressed; the handler takes the secret."""

        def __init__(self, entry: MaskedEntry) -> None:
            self.entry = entry
            super().__init__()

        @property
        def control(self) -> MaskedEntry:
            return self.entry

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(id=id)
        self.placeholder = placeholder
        self._typed: list[str] = []

    def __bool__(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been typed."""
        return not self._typed

    def take(self) -> Secret:
        """What was typed; the field is empty afterwards."""
        secret = Secret("".join(self._typed))
        self.action_clear()
        return secret

    def render(self) -> Content:
        if not self._typed and not self.has_focus:
            return Content(self.placeholder).stylize("dim")
        cursor = "▏" if self.has_focus else ""
        more = "…" if len(self._typed) > _SHOWN else ""
        return Content(f"{'•' * min(len(self._typed), _SHOWN)}{more}{cursor}")

    async def on_key(self, event: Key) -> None:
        if await run_own_action(self, event):
            return
        if event.character is not None and event.is_printable:
            event.stop()
            event.prevent_default()
            self._type(event.character)

    def on_paste(self, event: Paste) -> None:
        """Accept what is pasted, up to the end of its first line."""
        event.stop()
        self._type(event.text.split("\n")[0].rstrip("\r"))

    def on_focus(self, _: Focus) -> None:
        self.refresh()

    def on_blur(self, _: Blur) -> None:
        """The field is left: what was typed goes."""
        self.action_clear()

    def action_submit(self) -> None:
        self.post_message(self.Submitted(self))

    def action_delete(self) -> None:
        if self._typed:
            self._typed.pop()
        self.refresh()

    def action_clear(self) -> None:
        self._typed.clear()
        self.refresh()

    def _type(self, text: str) -> None:
        self._typed += text[: _LONGEST - len(self._typed)]
        self.refresh()
