"""The left half of the main screen: the tree, and above it the line in which one types what to look for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from ppinui.tui.widgets.config_tree import ConfigTree, StatesOf

if TYPE_CHECKING:
    from ppinui.tui.widgets.text_entry import TextEntry


class TreePane(Vertical):
    """The tree with its filter, which hides nothing itself: it sends a message."""

    DEFAULT_CSS = """
    TreePane #filter { background: $boost; height: 1; }
    TreePane #tree { background: $background; }
    """

    class Filtered(Message):
        """Other lines are wanted now."""

    def __init__(self, states_of: StatesOf, *, id: str) -> None:
        self.config_tree = ConfigTree(states_of, id="tree")
        self.wanted = ""
        """What is typed in the filter, without blanks around it."""
        super().__init__(self.config_tree, id=id)

    @cached_property
    def _entry(self) -> TextEntry:
        from ppinui.tui.widgets.text_entry import TextEntry  # not waited for by the first screen

        entry = TextEntry(id="filter", placeholder="filter: part of a name, host, id or partition")
        self.mount(entry, before=0)
        return entry

    def ask(self) -> None:
        """Let the user type what to look for."""
        self._entry.display = True
        self._entry.focus()

    def show_all(self) -> None:
        """Show all lines again, without a message."""
        self.wanted = ""
        if "_entry" in self.__dict__:
            self._entry.display = False
            self._entry.put("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.wanted = event.value.strip()
        self.post_message(self.Filtered())

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        """Escape in the filter: all lines again."""
        event.stop()
        self.show_all()
        self.post_message(self.Filtered())
        self.config_tree.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.wanted:
            self._entry.display = False
        self.config_tree.focus()
