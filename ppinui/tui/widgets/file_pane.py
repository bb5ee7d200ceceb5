"""The file as text, with the setting under the cursor marked; or the change since it was saved."""

from __future__ import annotations

from enum import Enum

from ppinui.config.redaction import mask
from ppinui.editing.session import Session
from ppinui.libconfig.document import Document
from ppinui.tui.widgets.text_view import NumberedTextView, diff_lines
from ppinui.tui.widgets.virtual_list import Piece


class View(Enum):
    """What the pane shows."""

    OFF = "off"
    TEXT = "text"
    CHANGE = "change"


class FilePane(NumberedTextView):
    """The text without its passwords; lines of the setting have a bar before them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view = View.OFF
        self._shown: tuple[Document, Document] | None = None
        """The document, and the one on the disk."""

    def next_view(self) -> View:
        """Text, change, nothing, and around again."""
        order = list(View)
        self.view = order[(order.index(self.view) + 1) % len(order)]
        self.is_numbered = self.view is View.TEXT
        self._shown = None
        return self.view

    def show_document(self, session: Session, path: str) -> None:
        """Show what is being edited and mark the setting at a path."""
        document = session.document
        if self.view is View.OFF:
            return
        if self._shown != (document, session.base):
            self._shown = (document, session.base)
            if self.view is View.CHANGE:
                nothing: list[Piece] = [("Nothing has changed since the file was saved.", "faint")]
                self.show(diff_lines(session.diff()) or nothing)
            else:
                self.show([(line, "") for line in mask(document.text).split("\n")])
        self._mark_setting(document, path)

    def _mark_setting(self, document: Document, path: str) -> None:
        setting = document.get(path) if path and self.view is View.TEXT else None
        if setting is None or setting.place.file != document.origin:
            self.mark_lines(range(0))
        else:
            last = document.place_of(max(setting.start, setting.end - 1)).line
            self.mark_lines(range(setting.place.line, last + 1))
