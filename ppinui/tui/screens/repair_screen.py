"""The screen for a primus.cfg that cannot be read: its text, what is wrong and where, and the ways out."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from ppinui.config.config_save import SaveRefused
from ppinui.config.redaction import mask
from ppinui.editing.repair import BrokenFile
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.flows.save_flow import ask_and_copy, refusal, tell_saved, what_will_be_written
from ppinui.tui.messages import FileOpened
from ppinui.tui.plain_text import plain
from ppinui.tui.text_editor import edited
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.text_view import NumberedTextView
from ppinui.tui.widgets.virtual_list import Piece


class FlawedText(NumberedTextView):
    """A text with the place of its error marked, and below it what is wrong there."""

    def show_flaw(self, mending: BrokenFile) -> None:
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


class RepairScreen(Screen[None]):
    """Shows one :class:`BrokenFile`; its keys lead out."""

    CSS_PATH = "repair_screen.tcss"
    AUTO_FOCUS = "#repair-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e,enter", "edit", "Edit", id="repair.edit", tooltip="Open the text in your editor ($EDITOR)"
        ),
        Binding("s,f2", "save", "Save", id="repair.save", tooltip="Show the change, then save it"),
        Binding("c", "copy", "Save a copy", id="repair.copy", tooltip="Save the edited text elsewhere"),
        Binding("r,f5", "read", "Read the file again", id="repair.read", tooltip="See what the disk has now"),
        Binding("f12,k", "app.tokens", "Tokens", id="app.tokens", tooltip="Slots, PINs and keys of any HSM"),
        Binding("f10,q,ctrl+q", "leave", "Quit", id="repair.quit", tooltip="Leave the file as it is"),
    ]

    def __init__(self, context: AppContext, mending: BrokenFile) -> None:
        super().__init__()
        self.context = context
        self.mending = mending

    def compose(self) -> ComposeResult:
        yield Static(id="repair-head", markup=False)
        yield Static(id="repair-flaw", markup=False)
        yield FlawedText(id="repair-text")
        yield KeyBar()

    def on_mount(self) -> None:
        self.action_read()

    def show(self) -> None:
        """Show the state of the file."""
        mending = self.mending
        flaw, edited = mending.flaw, "edited, NOT SAVED" if mending.is_edited else ""
        where = f" at line {mending.flaw_line}" if mending.flaw_line else ""
        state = f"cannot be read{where}" if flaw is not None else "can be read now: s saves it"
        words = " – ".join(word for word in (mending.path.name, edited, state) if word)
        self.query_one("#repair-head", Static).update(plain(f" {words}"))
        lines = [] if flaw is None else [flaw.message, f"where: {flaw.place}", f"fix: {flaw.remedy}"]
        self.query_one("#repair-flaw", Static).update("\n".join(map(plain, lines)))
        self.query_one(FlawedText).show_flaw(mending)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        match action:
            case "edit":
                return self.mending.can_be_edited
            case "save" | "copy":
                return self.mending.is_edited and self.mending.flaw is None
            case _:
                return True

    # -- actions -------------------------------------------------------------------------------------------

    def action_read(self) -> None:
        """Read the file again; the main screen opens where it can be read now."""
        self._start(self._read())

    async def _read(self) -> None:
        if not self.mending.is_edited or await self._discard("Read the file, and discard what you edited?"):
            await self._open()

    async def _open(self) -> None:
        opened = await run_in_thread(self.mending.read)
        if opened is not None:
            self.context.request(FileOpened(opened))
        else:
            self.show()

    def action_edit(self) -> None:
        """Open the text in the user's editor; once it parses, ask whether to save it."""
        self._start(self._edit())

    async def _edit(self) -> None:
        mending, environ = self.mending, self.context.options.editor_environ
        line = mending.flaw_line or 1
        new = await edited(self.context.suspend, mending.text, mending.path.name, environ, line)
        if new == mending.text:
            self.context.notify("Nothing was changed.")
            return
        await run_in_thread(lambda: mending.take(new))
        self.show()
        if mending.flaw is None:
            await self._save()

    def action_save(self) -> None:
        """Show the change, save it, and open the main screen."""
        self._start(self._save())

    async def _save(self) -> None:
        mending = self.mending
        overtaken = await run_in_thread(mending.overtaken)
        answer = await self.context.ask(
            what_will_be_written(mending.path, mending.diff(), overtaken=overtaken)
        )
        if answer == "save":
            is_password_lost = mending.is_password_lost
            try:
                report = await run_in_thread(mending.save)
            except SaveRefused as refused:
                answer = await self.context.ask(refusal(refused))
            else:
                tell_saved(self.context, report, is_password_lost=is_password_lost)
                await self._open()
        if answer == "copy":
            await self._copy()

    def action_copy(self) -> None:
        self._start(self._copy())

    async def _copy(self) -> None:
        await ask_and_copy(self.context, self.mending.path, self.mending.save_copy)

    def action_leave(self) -> None:
        """Quit; where something was edited and not saved, ask first."""
        self._start(self._leave())

    async def _leave(self) -> None:
        if not self.mending.is_edited or await self._discard("Quit, and discard what you edited?"):
            self.context.leave()

    def _start(self, flow: Coroutine[Any, Any, None]) -> None:
        self.context.start_flow(flow, "flow")

    async def _discard(self, title: str) -> bool:
        lines: list[Piece] = [("It is not saved anywhere.", "")]
        answers = [DialogChoice("back", "b", "Back"), DialogChoice("discard", "d", "Discard it")]
        return await self.context.choose(title, lines, answers) == "discard"


def _shown_column(line: str, shown: str, column: int) -> int:
    """Where a column (counted from 1) of a line is in the same line without its passwords and tabs.

    Where that is within a password it is the beginning of the line.
    """
    before, behind = line[: column - 1], line[column - 1 :]
    if shown.startswith(before):
        return len(plain(before))
    return len(plain(shown.removesuffix(behind))) if shown.endswith(behind) else 0
