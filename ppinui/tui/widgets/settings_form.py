"""The form of a group of settings: a line for each, checked while it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from ppinui.editing.form_fields import Field, NotAllowedError, read_value
from ppinui.libconfig.document import Kind, Scalar
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.masked_entry import MaskedEntry
from ppinui.tui.widgets.text_entry import TextEntry

_BOOLEANS = ("true", "false")


class FieldRow(Horizontal):
    """One setting: its name, its value to type, and what is wrong with it."""

    DEFAULT_CSS = """
    FieldRow { height: 1; width: 1fr; }
    FieldRow .name { width: 18; color: $text-muted; }
    FieldRow .note { width: auto; max-width: 40; padding-left: 1; color: $text-muted; }
    FieldRow TextEntry { width: 1fr; background: $boost; }
    FieldRow TextEntry:focus { background: $primary 30%; }
    FieldRow.-wrong .name { color: $text-error; text-style: bold; }
    FieldRow.-wrong TextEntry { color: $text-error; text-style: underline; }
    """

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.flaw = ""
        """What is wrong with what is typed, with what is allowed; "" where nothing is."""
        self.entry: TextEntry | MaskedEntry = MaskedEntry() if field.secret else TextEntry()
        self._is_shown = False
        """Whether the entry has the text of the field: until then it is empty, and nothing was typed."""

    def compose(self) -> ComposeResult:
        yield Static(classes="name", markup=False)
        yield self.entry
        yield Static(classes="note", markup=False)

    def on_mount(self) -> None:
        self.show(self.field)

    def show(self, field: Field) -> None:
        """Show a field; a text that was not taken stays if it is still the same setting."""
        same = field.path == self.field.path and field.text == self.field.text
        keep = same and (bool(self.flaw) or (self.changed and self.entry.has_focus))
        self.field = field
        spec = field.spec
        star = "*" if spec is not None and spec.required else " "
        self.query_one(".name", Static).update(plain(f"{field.name}{star}"))
        unit = spec.unit if spec is not None and spec.unit else ""
        self.query_one(".note", Static).update(unit if not field.read_only else "read only")
        if isinstance(self.entry, MaskedEntry):
            self.entry.placeholder = "•••• in clear text" if field.present else "none"
            self.entry.disabled = bool(field.read_only)
            self.entry.refresh()
            return
        self.entry.placeholder = field.absent_means
        self.entry.disabled = bool(field.read_only)
        self.entry.choices = _BOOLEANS if field.kind is Kind.BOOL else ()
        if not keep:
            self.entry.put(plain(field.text))
            self._is_shown = True
            self._judge(None)

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not in the configuration."""
        entry = self.entry
        return self._is_shown and isinstance(entry, TextEntry) and entry.value != plain(self.field.text)

    def read(self) -> Scalar | None:
        """What is typed, as a value; NotAllowedError where it cannot be one."""
        assert isinstance(self.entry, TextEntry)
        return read_value(self.field, self.entry.value)

    def check(self) -> None:
        """Look at what is typed."""
        try:
            if self.changed:
                self.read()
        except NotAllowedError as error:
            self._judge(error)
        else:
            self._judge(None)

    def give_up(self) -> None:
        """Back to what the configuration says."""
        if isinstance(self.entry, TextEntry):
            self.entry.put(plain(self.field.text))
        self._judge(None)

    def _judge(self, error: NotAllowedError | None) -> None:
        self.flaw = str(error) if error is not None else ""
        self.set_class(error is not None, "-wrong")


class SettingsForm(VerticalScroll, can_focus=False):
    """The settings of one group. Rows are used again for the next group: moving on costs next to nothing."""

    DEFAULT_CSS = """
    SettingsForm { height: auto; max-height: 1fr; scrollbar-size: 1 1; }
    """

    class Edited(Message):
        """A setting has a new value; None removes it."""

        def __init__(self, field: Field, value: Scalar | None) -> None:
            self.field = field
            self.value = value
            super().__init__()

        def __rich_repr__(self) -> Iterator[str]:
            # Without the value: it may be a password.
            yield self.field.path

    class Explained(Message):
        """What to say about the field under the cursor; ``flaw`` where what is typed is not allowed."""

        def __init__(self, text: str, *, flaw: bool = False) -> None:
            self.text = text
            self.flaw = flaw
            super().__init__()

    class Left(Message):
        """Escape: the focus goes back to where it came from."""

    INHERIT_BINDINGS: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", id="form.up", tooltip="To the field above"),
        Binding("down", "move(1)", "Down", id="form.down", tooltip="To the field below"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fields: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return self._fields

    def rows(self) -> list[FieldRow]:
        """The rows that are seen, from top to bottom."""
        return [row for row in self.query(FieldRow) if row.display]

    async def show(self, fields: tuple[Field, ...]) -> None:
        """Show other fields, or the same ones with other values."""
        self._fields = fields
        plain_rows = [row for row in self.query(FieldRow) if isinstance(row.entry, TextEntry)]
        masked_rows = [row for row in self.query(FieldRow) if isinstance(row.entry, MaskedEntry)]
        used: list[FieldRow] = []
        added: list[Widget] = []
        for field in fields:
            pool = masked_rows if field.secret else plain_rows
            if pool:
                row = pool.pop(0)
                row.show(field)
            else:
                row = FieldRow(field)
                added.append(row)
            used.append(row)
        if added:
            await self.mount(*added)
        for row in (*plain_rows, *masked_rows):
            row.display = False
        for row in used:
            row.display = True
        order = {row: index for index, row in enumerate(used)}
        if [row for row in self.query(FieldRow) if row in order] != used:
            self.sort_children(key=lambda child: order.get(child, len(order)))  # type: ignore[call-overload]

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        row = _row_of(event.input)
        if row is not None:
            row.check()
            self._explain(row)

    def on_text_entry_left(self, event: TextEntry.Left) -> None:
        """Escape: first the text as it was, then out of the form."""
        event.stop()
        row = _row_of(event.entry)
        if row is not None and row.changed:
            row.give_up()
            self._explain(row)
        else:
            self.post_message(self.Left())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        row = _row_of(event.input)
        if row is not None and self._take(row):
            self.screen.focus_next()

    def on_masked_entry_submitted(self, event: MaskedEntry.Submitted) -> None:
        event.stop()
        row = _row_of(event.entry)
        if row is None or event.entry.is_empty:
            return
        secret = event.entry.take()
        # From here on it is part of a text: the user has chosen to have it in the file in clear text.
        clear = secret.reveal_bytes().decode("utf-8", "surrogateescape")
        secret.wipe()
        self.post_message(self.Edited(row.field, clear))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        row = _row_of(event.widget)
        if row is not None:
            self._explain(row)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A field that is left is taken, where it may be."""
        row = _row_of(event.widget)
        if row is not None and row.changed:
            self._take(row)

    def action_move(self, by: int) -> None:
        entries = [row.entry for row in self.rows() if not row.entry.disabled]
        focused = self.screen.focused  # an entry knows only later that it has the focus
        here = next((number for number, entry in enumerate(entries) if entry is focused), None)
        if here is not None:
            entries[max(0, min(here + by, len(entries) - 1))].focus()

    def _take(self, row: FieldRow) -> bool:
        if not row.changed:
            return True
        try:
            value = row.read()
        except NotAllowedError as error:
            row.check()
            self.post_message(self.Explained(f"not taken: {error}", flaw=True))
            return False
        self.post_message(self.Edited(row.field, value))
        return True

    def _explain(self, row: FieldRow) -> None:
        self.post_message(self.Explained(plain(row.flaw or row.field.explanation), flaw=bool(row.flaw)))


def _row_of(widget: Widget | None) -> FieldRow | None:
    parent = widget.parent if widget is not None else None
    return parent if isinstance(parent, FieldRow) else None
