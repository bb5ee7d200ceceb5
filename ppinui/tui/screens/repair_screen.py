"""The screen for a primus.cfg that cannot be read: its text, what is wrong and where, and the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from ppinui.config.redaction import mask
from ppinui.editing.repair import Mending
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.tui.flows import repair_flow as flow
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.list_view import Piece
from ppinui.tui.widgets.text_view import NumberedLines

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp


class FlawedText(NumberedLines):
    """A text with the place of its error marked, and below it what is wrong there."""

    def show_flaw(self, mending: Mending) -> None:
        """Show the text in hand without its passwords."""
        lines: list[Piece] = [(line, "") for line in mask(mending.text).split("\n")]
        number, flaw = mending.flaw_line, mending.flaw
        self.offset_x = 0
        marked = range(0)
        if number is not None and isinstance(flaw, ConfigSyntaxError):
            marked = range(number, number + 1)
            line = mending.text.split("\n")[number - 1]
            at = _shown_column(line, lines[number - 1][0], flaw.at.column)
            lines.insert(number, (f"{' ' * at}^ {flaw.message}", "error"))
            self.offset_x = max(0, at - self.app.size.width // 2)
        self.show(lines if mending.text else [])
        self.mark_lines(marked)

    def number_of(self, index: int) -> int | None:
        """The remark behind the marked line has none, and does not count."""
        flawed = self.marked[0] if self.marked else self.count
        return index + 1 if index < flawed else index if index > flawed else None


class MendingScreen(Screen[None]):
    """Shows one :class:`Mending`; its keys lead out."""

    CSS_PATH = "repair_screen.tcss"
    AUTO_FOCUS = "#mending-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e,enter", "edit", "Edit", id="mending.edit", tooltip="Open the text in your editor ($EDITOR)"
        ),
        Binding("s,f2", "save", "Save", id="mending.save", tooltip="Show the change, then save it"),
        Binding("c", "copy", "Save a copy", id="mending.copy", tooltip="Save the edited text elsewhere"),
        Binding(
            "r,f5", "read", "Read the file again", id="mending.read", tooltip="See what the disk has now"
        ),
        Binding("f12,k", "app.tokens", "Tokens", id="app.tokens", tooltip="Slots, PINs and keys of any HSM"),
        Binding("f10,q,ctrl+q", "leave", "Quit", id="mending.quit", tooltip="Leave the file as it is"),
    ]

    def __init__(self, desk: PpinuiApp, mending: Mending) -> None:
        super().__init__()
        self.desk = desk
        self.mending = mending

    def compose(self) -> ComposeResult:
        """What is wrong, the text, the keys."""
        yield Static(id="mending-head", markup=False)
        yield Static(id="mending-flaw", markup=False)
        yield FlawedText(id="mending-text")
        yield KeyBar()

    def on_mount(self) -> None:
        """Look at the file."""
        self.action_read()

    def show(self) -> None:
        """Show how it stands."""
        mending = self.mending
        flaw, edited = mending.flaw, "edited, NOT SAVED" if mending.is_edited else ""
        where = f" at line {mending.flaw_line}" if mending.flaw_line else ""
        state = f"cannot be read{where}" if flaw is not None else "can be read now: s saves it"
        words = " – ".join(word for word in (mending.path.name, edited, state) if word)
        self.query_one("#mending-head", Static).update(plain(f" {words}"))
        lines = [] if flaw is None else [flaw.message, f"where: {flaw.place}", f"fix: {flaw.remedy}"]
        self.query_one("#mending-flaw", Static).update("\n".join(map(plain, lines)))
        self.query_one(FlawedText).show_flaw(mending)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what makes sense now is offered."""
        match action:
            case "edit":
                return self.mending.can_be_edited
            case "save" | "copy":
                return self.mending.is_edited and self.mending.flaw is None
            case _:
                return True

    def action_edit(self) -> None:
        """Open the text in the user's editor."""
        self.desk.in_flow(flow.edit(self.desk, self), "flow")

    def action_save(self) -> None:
        """Save what was edited."""
        self.desk.in_flow(flow.save(self.desk, self), "flow")

    def action_copy(self) -> None:
        """Save what was edited to another file."""
        self.desk.in_flow(flow.save_copy(self.desk, self), "flow")

    def action_read(self) -> None:
        """Read the file again."""
        self.desk.in_flow(flow.read(self.desk, self), "flow")

    def action_leave(self) -> None:
        """Quit."""
        self.desk.in_flow(flow.leave(self.desk, self), "flow")


def _shown_column(line: str, shown: str, column: int) -> int:
    """Where a column (counted from 1) of a line is in the same line without its passwords and tabs.

    Where that is within a password it is the beginning of the line.
    """
    before, behind = line[: column - 1], line[column - 1 :]
    if shown.startswith(before):
        return len(plain(before))
    return len(plain(shown.removesuffix(behind))) if shown.endswith(behind) else 0
