"""The file as text, with the setting under the cursor marked; or the change since it was saved."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from textual.geometry import Region

from ppinui.config.document import Document
from ppinui.config.masking import mask
from ppinui.tui.plain import plain
from ppinui.tui.widgets.rows import Piece
from ppinui.tui.widgets.textlines import TextLines, diff_lines


class View(Enum):
    """What the pane shows."""

    OFF = "off"
    TEXT = "text"
    CHANGE = "change"


class FilePane(TextLines):
    """The text without its passwords; lines of the setting have a bar before them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, mark="")
        self.view = View.OFF
        self._document: Document | None = None
        self._first = self._last = 0
        """The lines of the marked setting, counted from 1; 0 for none."""

    def next_view(self) -> View:
        """Text, change, nothing, and around again."""
        order = list(View)
        self.view = order[(order.index(self.view) + 1) % len(order)]
        self._document = None
        return self.view

    def show_document(self, document: Document, diff: str, path: str) -> None:
        """Show a document and mark the setting at a path."""
        if self.view is View.OFF:
            return
        if document is not self._document:
            self._document = document
            if self.view is View.CHANGE:
                self.show(diff_lines(diff) or [("Nothing has changed since the file was saved.", "faint")])
            else:
                self.show([(line, "") for line in mask(document.text).split("\n")])
        self._mark_setting(document, path)

    def _mark_setting(self, document: Document, path: str) -> None:
        setting = document.get(path) if path else None
        if setting is None or self.view is not View.TEXT or setting.place.file != document.origin:
            self._first = self._last = 0
        else:
            self._first = setting.place.line
            self._last = document.place_of(max(setting.start, setting.end - 1)).line
            self.scroll_to_region(Region(0, self._first - 1, 1, 3), animate=False, force=True)
        self.refresh()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """A line with its number, and a bar where it is the setting's."""
        if self.view is not View.TEXT:
            return super().row(index, width)
        here = self._first <= index + 1 <= self._last
        text = plain(self.lines[index][0])[self.offset_x :]
        return [(f"{'▌' if here else ' '}{index + 1:>5} ", "faint"), (text, "strong" if here else "")]
