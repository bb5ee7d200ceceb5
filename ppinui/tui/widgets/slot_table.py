"""The table of slots: what is in each, and what is the matter with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.cells import set_cell_size
from textual.binding import Binding, BindingType

from ppinui.pkcs11.token_flags import warnings_of
from ppinui.tokens.slot import TokenSlot
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_WIDE: Final = 100


class SlotTable(VirtualList):
    """A line for each slot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Objects", id="rows.choose", tooltip="The keys and certificates on it"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.slots: list[TokenSlot] = []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.slots)

    @property
    def selected(self) -> TokenSlot | None:
        """The slot of the cursor."""
        return self.slots[self.cursor] if self.cursor < len(self.slots) else None

    def show(self, slots: Iterable[TokenSlot]) -> None:
        """Show these."""
        self.slots = list(slots)
        self.content_changed()

    def go_to_slot(self, slot_id: int) -> None:
        """Put the cursor on a slot, where it is there."""
        self.go_to(next((index for index, one in enumerate(self.slots) if one.id == slot_id), self.cursor))

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """Id, label, model, state."""
        slot = self.slots[index]
        label, model = (slot.token.label, slot.token.model) if slot.token is not None else ("", "")
        wide = width + 1 >= _WIDE
        cells: list[Piece] = [
            (f"{slot.id:>10} ", ""),
            (set_cell_size(plain(label), 32 if wide else 22) + " ", "strong"),
            (set_cell_size(plain(model), 16) + " ", ""),
        ]
        if wide:
            serial = slot.token.serial if slot.token is not None else ""
            cells.append((set_cell_size(plain(serial), 16) + " ", ""))
        return [*cells, state_of(slot)]


def head(width: int) -> str:
    """The words above the columns of the table, which is so wide."""
    wide = width >= _WIDE
    serial = f"{'serial':17}" if wide else ""
    return f" {'slot':>10} {'label':{33 if wide else 23}}{'model':17}{serial}state"


def state_of(slot: TokenSlot) -> Piece:
    """What is the matter with a slot, in a word or two; what it is, for its colour."""
    if slot.failure is not None:
        return (f"✗ {slot.failure.name}", "error")
    if slot.token is None:
        return ("empty", "faint")
    if not slot.token.is_initialised:
        return ("not initialised", "warning")
    if warnings := warnings_of(slot.token.flags):
        return (f"! {warnings[-1]}", "warning")
    special = [words for words in slot.token.words if words not in _USUAL]
    return (f"! {special[0]}", "warning") if special else ("ready", "good")


_USUAL: Final = {"initialised", "user PIN set", "login required"}
