"""A field of one line for what is no secret."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Blur, Focus, Key
from textual.message import Message
from textual.widgets import Input

from ppinui.tui.widgets.key_order import run_own_action


class TextEntry(Input):
    """A line to type. ``choices`` makes the space bar go through these words instead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", id="entry.take", tooltip="Take what was typed"),
        Binding("space", "next_choice", "Change", id="entry.choice", tooltip="The other one of its values"),
        Binding("escape", "give_up", "Back", id="entry.give-up", tooltip="Back to what was there"),
    ]

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True, select_on_focus=False)
        self.choices: tuple[str, ...] = ()

    async def on_key(self, event: Key) -> None:
        await run_own_action(self, event)

    def on_focus(self, _: Focus) -> None:
        """What is typed goes behind what is there."""
        self.cursor_position = len(self.value)

    def on_blur(self, _: Blur) -> None:
        """A field that is too narrow shows the beginning of its text."""
        self.cursor_position = 0

    def put(self, text: str) -> None:
        """Show this text, without a message."""
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text) if self.has_focus else 0

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is typed here: a blank is not, where there are choices."""
        return not (self.choices and key == "space") and super().check_consume_key(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A field of one line does not scroll: up, down and their like are for what is around it."""
        if action == "next_choice":
            return bool(self.choices)
        return not action.startswith("scroll_") and super().check_action(action, parameters)

    def action_next_choice(self) -> None:
        here = self.choices.index(self.value) if self.value in self.choices else -1
        self.value = self.choices[(here + 1) % len(self.choices)]
        self.cursor_position = len(self.value)

    def action_give_up(self) -> None:
        """The parent decides what escape means."""
        self.post_message(self.Left(self))

    class Left(Message):
        """Escape was pressed in the field."""

        def __init__(self, entry: TextEntry) -> None:
            self.entry = entry
            super().__init__()
