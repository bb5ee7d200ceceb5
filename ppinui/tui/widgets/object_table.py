"""The table of a token's objects, with what is to be noticed of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rich.cells import set_cell_size

from ppinui.text import shortened
from ppinui.tokens.certificates import Validity
from ppinui.tokens.objects import TokenObject
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_WIDE: Final = 110


def head(width: int) -> str:
    """The words above the columns of the table, which is so wide."""
    label, id_ = _widths(width)
    return f" {'what':12}{'label':{label + 1}}{'id':{id_ + 1}}{'type and size':18}to notice"


def _widths(width: int) -> tuple[int, int]:
    """Of label and id."""
    return (32, 30) if width >= _WIDE else (22, 8)


class ObjectTable(VirtualList):
    """A line for each object."""

    def __init__(self, *, id: str, now: datetime) -> None:
        """``now``: the time by which certificates expire."""
        super().__init__(id=id)
        self.objects: list[TokenObject] = []
        self.now = now

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.objects)

    @property
    def selected(self) -> TokenObject | None:
        """The object of the cursor."""
        return self.objects[self.cursor] if self.cursor < len(self.objects) else None

    def show(self, objects: Iterable[TokenObject]) -> None:
        """Show these."""
        self.objects = list(objects)
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """Class, label, id, type and size, what is to be noticed."""
        one = self.objects[index]
        label, id_ = _widths(width + 1)
        kind = " ".join(filter(None, (one.type, one.size)))
        return [
            (set_cell_size(one.kind, 11) + " ", ""),
            (set_cell_size(plain(one.label), label) + " ", "strong"),
            (set_cell_size(shortened(one.id, id_), id_) + " ", ""),
            (set_cell_size(kind, 17) + " ", ""),
            self._notice(one),
        ]

    def _notice(self, one: TokenObject) -> Piece:
        if one.certificate is None:
            return ("private" if one.private else "", "faint")
        match one.certificate.validity(self.now):
            case Validity.EXPIRES_SOON:
                return (f"! ends in {(one.certificate.not_after - self.now).days} days", "warning")
            case Validity.EXPIRED:
                return ("! EXPIRED", "error")
            case Validity.NOT_YET:
                return ("! not valid yet", "warning")
            case Validity.VALID:
                return ("", "")
