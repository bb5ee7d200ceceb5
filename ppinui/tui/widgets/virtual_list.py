"""A list of any length of which only what is seen is drawn: the base of tree, problems, tables and texts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

Item = TypeVar("Item")

Piece = tuple[str, str]
"""A piece of a row: its text, and what it is (error, warning, good, faint, strong, or "" for plain)."""


class VirtualList(ScrollView, can_focus=True):
    """Rows with a cursor. A subclass says how many there are and what each of them says.

    The row of the cursor has ``>`` in front of it, so that it is found without colours too.
    """

    DEFAULT_CSS = """
    VirtualList {
        height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; background: $surface;
        & > .virtual-list--cursor { background: $primary 30%; }
        &:focus > .virtual-list--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        & > .virtual-list--error { color: $text-error; text-style: bold; }
        & > .virtual-list--warning { color: $text-warning; }
        & > .virtual-list--good { color: $text-success; }
        & > .virtual-list--faint { text-style: dim; }
        & > .virtual-list--strong { text-style: bold; }
    }
    """  # noqa: E501
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-list--cursor",
        "virtual-list--error",
        "virtual-list--warning",
        "virtual-list--good",
        "virtual-list--faint",
        "virtual-list--strong",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="rows.up"),
        Binding("down", "move(1)", "Down", show=False, id="rows.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="rows.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="rows.page-down"),
        Binding("home", "first", "First", show=False, id="rows.first"),
        Binding("end", "last", "Last", show=False, id="rows.last"),
        Binding("enter", "choose", "Choose", show=False, id="rows.choose"),
    ]
    cursor: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor went to another row."""

        def __init__(self, list: VirtualList, index: int) -> None:
            self.list = list
            self.index = index
            super().__init__()

        @property
        def control(self) -> VirtualList:
            return self.list

    class Chosen(Moved):
        """Enter was pressed on a row."""

    def __init__(self, *, id: str | None = None, mark: str = ">") -> None:
        """``mark``: what is before the row of the cursor; "" for lists without one."""
        super().__init__(id=id)
        self._mark = mark

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def row(self, index: int, width: int) -> Sequence[Piece]:
        """The pieces of a row, which has room for ``width`` cells."""

    def content_changed(self) -> None:
        """The list has other rows now."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.count)
        self.cursor = max(0, min(self.cursor, self.count - 1))
        last = max(0, self.count - self.scrollable_content_region.height)
        if self.scroll_offset.y > last:
            self.scroll_to(y=last, animate=False, force=True)
        self.refresh()

    def go_to(self, index: int) -> None:
        """Put the cursor on a row and show it."""
        self.cursor = max(0, min(index, self.count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        if self.size.height:
            self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)
        self.post_message(self.Moved(self, new))

    def on_resize(self, _: Resize) -> None:
        """Rows are as wide as the list. Textual calls this besides what a subclass does then."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.count)
        self.keep_in_sight()

    def keep_in_sight(self) -> None:
        """Scroll to what people look at: the cursor."""
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if index >= self.count:
            return Strip.blank(width, base)
        here = index == self.cursor and bool(self._mark)
        over = self.get_component_rich_style("virtual-list--cursor") if here else None
        mark = (self._mark if here else " ") if self._mark else ""
        segments = [Segment(mark, over or base)] if mark else []
        for text, name in self.row(index, width - len(mark)):
            segments.append(Segment(text, self._style_of(name, base, over)))
        return Strip(segments).adjust_cell_length(width, over or base)

    def _style_of(self, name: str, base: Style, over: Style | None) -> Style:
        if over is not None:
            # Under the cursor all is of one colour, which fits its background.
            return over
        return base + self.get_component_rich_style(f"virtual-list--{name}", partial=True) if name else base

    def on_click(self, event: Click) -> None:
        """The mouse puts the cursor where it is; a second click chooses."""
        index = event.y + self.scroll_offset.y
        if index < self.count:
            chosen = index == self.cursor and event.chain > 1
            self.go_to(index)
            if chosen:
                self.action_choose()

    def action_move(self, by: int) -> None:
        self.go_to(self.cursor + by)

    def action_page(self, direction: int) -> None:
        self.go_to(self.cursor + direction * max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(self.count - 1)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self, self.cursor))


class ItemList(VirtualList, Generic[Item]):
    """Rows that each show an item."""

    def __init__(self, items: Iterable[Item] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: Sequence[Item] = tuple(items)

    def on_mount(self) -> None:
        self.content_changed()

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def selected(self) -> Item | None:
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def show(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        self.content_changed()

    def go_to_first(self, is_wanted: Callable[[Item], bool]) -> None:
        """Put the cursor on the first item that is wanted; it stays where there is none."""
        self.go_to(next((index for index, item in enumerate(self.items) if is_wanted(item)), self.cursor))
