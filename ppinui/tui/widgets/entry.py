"""A field of one line for what is no secret."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from ppinui.tui.widgets.inorder import act_at_once


class Entry(Input):
    """A line to type. ``choices`` makes the space bar go through these words instead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", id="entry.take", tooltip="Take what was typed"),
        Binding("escape", "give_up", "Back", id="entry.give-up", tooltip="Back to what was there"),
    ]

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True, select_on_focus=False)
        self.choices: tuple[str, ...] = ()

    async def on_key(self, event: Key) -> None:
        """Space goes to the next choice."""
        if await act_at_once(self, event):
            return
        if event.key == "space" and self.choices:
            event.prevent_default()
            event.stop()
            here = self.choices.index(self.value) if self.value in self.choices else -1
            self.value = self.choices[(here + 1) % len(self.choices)]
            self.cursor_position = len(self.value)

    def put(self, text: str) -> None:
        """Show this text; nobody is told."""
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text) if self.has_focus else 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A field of one line does not scroll: up, down and their like are for what is around it."""
        return not action.startswith("scroll_") and super().check_action(action, parameters)

    def action_give_up(self) -> None:
        """Let whoever is around decide what escape means."""
        self.post_message(self.GivenUp(self))

    class GivenUp(Message):
        """Escape was pressed in the field."""

        def __init__(self, entry: Entry) -> None:
            self.entry = entry
            super().__init__()
