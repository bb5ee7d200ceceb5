"""A table: each column is declared once, for its head and for its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from rich.cells import cell_len, set_cell_size
from textual.events import Mount
from textual.widgets import Static

from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.virtual_list import Item, ItemList, Piece


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column of a table of such items."""

    title: str
    width: int
    """Cells, without the blank behind; 0 for the last column, which has the rest of the line."""
    cell: Callable[[Item], str | Piece]
    """Its text, or its text and what it is (error, warning, good, faint, strong)."""
    look: str = ""
    """What a text is where the cell does not say it."""
    right: bool = False
    """Whether it is aligned to the right."""
    wide: int | None = None
    """Its width in a wide table, where that is another one."""
    only_wide: bool = False
    """Whether it is left out of a narrow table."""

    def fit(self, text: str, wide: bool) -> str:
        """A text in exactly the cells of the column; where it was cut it ends with an ellipsis."""
        width = self.wide if wide and self.wide is not None else self.width
        if not width:
            return text
        if cell_len(text) > width:
            text = f"{set_cell_size(text, width - 1)}…"
        elif self.right:
            text = f"{text:>{width}}"
        return f"{set_cell_size(text, width)} "


class ColumnTable(ItemList[Item]):
    """A line for each item."""

    def __init__(self, columns: Sequence[Column[Item]], *, id: str, wide_from: int = 0) -> None:
        """``wide_from``: cells from which on the table is wide."""
        super().__init__(id=id)
        self._columns = columns
        self._wide_from = wide_from

    def row(self, index: int, width: int) -> Sequence[Piece]:
        item, wide = self.items[index], self._is_wide(width)
        pieces: list[Piece] = []
        for column in self._shown(wide):
            cell = column.cell(item)
            text, look = (cell, column.look) if isinstance(cell, str) else cell
            pieces.append((column.fit(plain(text), wide), look))
        return pieces

    def head(self, width: int) -> str:
        """The titles of the columns above rows of so many cells."""
        wide = self._is_wide(width)
        return "".join(column.fit(column.title, wide) for column in self._shown(wide))

    def _is_wide(self, width: int) -> bool:
        return width + 1 >= self._wide_from  # with the cell for the cursor's mark

    def _shown(self, wide: bool) -> Iterator[Column[Item]]:
        return (column for column in self._columns if wide or not column.only_wide)


class TableHead(Static):
    """The titles above the columns of a table; it is mounted before the table."""

    DEFAULT_CSS = """
    TableHead { height: 1; background: $panel; text-style: bold; }
    """

    def __init__(self, table: ColumnTable[Item]) -> None:
        super().__init__(markup=False)
        self._head = table.head

    def on_mount(self, _: Mount) -> None:
        self._show(self.app.size.width)

    def on_resize(self) -> None:
        self._show(self.size.width)

    def _show(self, width: int) -> None:
        self.update(f" {self._head(width - 1)}")
