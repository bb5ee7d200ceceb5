"""The test screen: what to test, a live table of it, and what there is to know of each slot."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from ppinui.editing.result_history import Progress, Row
from ppinui.editing.tree_model import Branch
from ppinui.errors import PpinuiError
from ppinui.probe.result import Outcome, SlotResult, Stage
from ppinui.tui.background import run_in_thread
from ppinui.tui.controllers.probe_controller import ProbeRequest
from ppinui.tui.dialogs.form_dialog import FormDialog, FormField
from ppinui.tui.messages import ProgressChanged
from ppinui.tui.overview import result_lines
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

if TYPE_CHECKING:
    from ppinui.tui.app_context import AppContext

_WIDE = 110


class ProbeTable(VirtualList):
    """A line for each slot of a run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.progress: Progress | None = None

    @property
    def count(self) -> int:
        """How many slots there are."""
        return self.progress.total if self.progress is not None else 0

    def show(self, progress: Progress) -> None:
        """Show the state of a run."""
        self.progress = progress
        self.content_changed()

    @property
    def selected(self) -> Row | None:
        """The slot of the cursor."""
        if self.progress is None or self.cursor >= self.count:
            return None
        return self.progress.rows[self.cursor]

    def row(self, index: int, width: int) -> Sequence[Piece]:
        """HSM, slot, partition, stage or outcome, times, firmware."""
        assert self.progress is not None
        row = self.progress.rows[index]
        word, name = state_of(row, self.progress.running)
        cells: list[Piece] = [
            (set_cell_size(plain(row.test.hsm), 8) + " ", ""),
            (set_cell_size(plain(row.test.slot), 7) + " ", ""),
            (set_cell_size(plain(row.test.user), 18) + " ", ""),
            (set_cell_size(word, 16) + " ", name),
            (f"{_total(row):>9} ", ""),
            (set_cell_size(_firmware(row.result), 6), ""),
        ]
        if width >= _WIDE:
            cells += [(f"{_time(row.result, stage):>8}", "faint") for stage in Stage]
        return cells


def head(width: int) -> str:
    """The words above the columns of the table."""
    text = f" {'HSM':8} {'slot':7} {'partition':18} {'outcome':16} {'ms':>9} {'fw':6}"
    return text + "".join(f"{stage.value:>8}" for stage in Stage) if width >= _WIDE else text


def state_of(row: Row, running: bool) -> Piece:
    """Waiting, the stage that it is in, fine, or where it failed; what it is, for its colour."""
    result = row.result
    if result is None:
        if row.stage is None:
            return ("waits" if running else "not tested", "faint")
        return (f"… {row.stage.value}", "warning")
    if result.outcome is Outcome.OK:
        return ("fine", "good")
    last = result.stages[-1].stage.value if result.stages else ""
    word = "✗" if result.outcome is Outcome.FAILED else "skipped"
    return (f"{word} {last}", "error" if result.outcome is Outcome.FAILED else "warning")


def _total(row: Row) -> str:
    if row.result is not None:
        return f"{sum(stage.milliseconds for stage in row.result.stages):.0f}"
    return f"{row.seconds * 1000:.0f}" if row.stage is not None else ""


def _time(result: SlotResult | None, stage: Stage) -> str:
    found = [one for one in result.stages if one.stage is stage] if result is not None else []
    return f"{found[0].milliseconds:.0f}" if found else ""


def _firmware(result: SlotResult | None) -> str:
    return plain(result.firmware or "") if result is not None else ""


class ProbeScreen(Screen[None]):
    """Choose what to test, watch it, look at what came of it. Leaving does not end the test."""

    CSS_PATH = "probe_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5", "app.pop_screen", "Back", id="test.back", tooltip="Back; the test goes on"),
        Binding("s", "start('slot')", "This slot", id="test.slot", tooltip="Test the slot of the tree"),
        Binding("h", "start('hsm')", "This HSM", id="test.hsm", tooltip="Test the HSM of the tree"),
        Binding("a", "start('all')", "All", id="test.all", tooltip="Test every slot of every HSM"),
        Binding("f", "start('failed')", "Failed", id="test.failed", tooltip="Test what was not fine"),
        Binding("l", "login", "PIN login", id="test.login", tooltip="Log in with the PIN, or not"),
        Binding("c", "crypto", "Crypto", id="test.crypto", tooltip="Log in, and use a key"),
        Binding("x", "cancel", "Cancel", id="test.cancel", tooltip="End the test; what is known stays"),
        Binding("y", "copy", "Copy JSON", id="test.copy", tooltip="The result to the clipboard, as JSON"),
        Binding("w", "write", "Save JSON", id="test.write", tooltip="The result to a file, as JSON"),
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.login = False
        self.crypto = False

    def compose(self) -> ComposeResult:
        """What is tested, how far it is, the table, the details, the keys."""
        yield Static(id="probe-what", markup=False)
        yield Static(id="probe-next", markup=False)
        yield ProgressBar(id="probe-bar", show_eta=False)
        yield Static(id="probe-head", markup=False)
        yield ProbeTable(id="probe-table")
        with Vertical(id="probe-details"):
            yield TextView(id="probe-lines", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the run that is on, or the last one."""
        self.query_one("#probe-table").focus()
        progress = self.context.probes.progress()
        if progress is not None:
            self.show(progress)
        self._say_what()

    def on_resize(self) -> None:
        """There may be room for more columns."""
        self.query_one("#probe-head", Static).update(head(self.size.width))

    def show(self, progress: Progress) -> None:
        """Show the state of a run."""
        if not self.query(ProbeTable):
            return  # the screen is just being made, or taken away
        self.query_one("#probe-table", ProbeTable).show(progress)
        bar = self.query_one("#probe-bar", ProgressBar)
        bar.display = progress.running  # without a total it would move all the time, and say nothing
        bar.update(total=progress.total, progress=progress.done)
        self._say_what()
        self._show_details()

    def _say_what(self) -> None:
        probes = self.context.probes
        progress = probes.progress()
        if progress is None:
            words = "What shall be tested? s this slot, h this HSM, a everything"
        else:
            state = "running" if progress.running else "done"
            words = (
                f"{state}, {progress.done} of {progress.total}, {progress.failed} failed, "
                f"{progress.seconds:.1f} s: {probes.subject}"
            )
        login = "with crypto" if self.crypto else "with PIN login" if self.login else "without login"
        self.query_one("#probe-what", Static).update(plain(f" {words}"))
        self.query_one("#probe-next", Static).update(f" The next test: {login}")

    def _show_details(self) -> None:
        row = self.query_one("#probe-table", ProbeTable).selected
        lines: list[Piece] = []
        if row is not None and row.result is not None:
            lines = [(f"{row.test.hsm}.{row.test.slot} {row.test.user}", "strong")]
            reasons = [piece for piece in result_lines(row.result) if row.result.error or piece[1] != "faint"]
            lines += reasons
        self.query_one("#probe-lines", TextView).show(lines)

    def on_progress_changed(self, event: ProgressChanged) -> None:
        self.show(event.progress)

    def on_virtual_list_moved(self, event: VirtualList.Moved) -> None:
        """Details follow the cursor."""
        if isinstance(event.list, ProbeTable):
            self._show_details()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        """Enter goes to the slot in the tree."""
        if isinstance(event.list, ProbeTable) and (row := event.list.selected) is not None:
            self.app.pop_screen()
            self.context.view.go_to(row.path)

    # -- actions -------------------------------------------------------------------------------------------

    def action_start(self, what: str) -> None:
        """Begin a test."""
        try:
            request = self._request(what)
        except PpinuiError as error:
            self.context.show_error(error)
            return
        self.context.start_flow(self.context.probes.run(request), "test")

    def _request(self, what: str) -> ProbeRequest:
        line = self.context.view.selected
        options = {"login": self.login, "crypto": self.crypto}
        hsm = line.path.partition(".slots.")[0]
        match what:
            case "slot" if line.branch is Branch.SLOT:
                name = f"{hsm.rpartition('.')[2]}.{line.title}"
                return ProbeRequest(frozenset((line.path,)), name, **options)
            case "hsm" if line.branch in (Branch.HSM, Branch.SLOT):
                return ProbeRequest(frozenset((hsm,)), hsm.rpartition(".")[2], **options)
            case "failed":
                return self.context.probes.request_failed(**options)
            case "all":
                return ProbeRequest(None, "everything", **options)
            case _:
                raise PpinuiError(
                    f"no {'slot' if what == 'slot' else 'HSM'} is selected in the tree",
                    "the main screen",
                    "go back and select one, or test everything (a)",
                )

    def action_login(self) -> None:
        """With the PIN, or without."""
        self.login = not self.login
        self.crypto = self.crypto and self.login
        self._say_what()

    def action_crypto(self) -> None:
        """With a key too, or without."""
        self.crypto = not self.crypto
        self.login = self.login or self.crypto
        self._say_what()

    def action_cancel(self) -> None:
        """End the run."""
        self.context.probes.cancel()

    def _json(self) -> str | None:
        progress = self.context.probes.progress()
        if progress is None or progress.report is None:
            self.notify("There is no result yet.")
            return None
        return json.dumps(progress.report.as_json(), indent=2, ensure_ascii=True) + "\n"

    def action_copy(self) -> None:
        """The result to the terminal's clipboard."""
        text = self._json()
        if text is not None:
            self.app.copy_to_clipboard(text)
            self.notify("Copied, where the terminal allows it (OSC 52).")

    def action_write(self) -> None:
        """The result to a file."""
        text = self._json()
        if text is not None:
            self.context.start_flow(self._write(text), "flow")

    async def _write(self, text: str) -> None:
        answers = await self.context.ask(
            FormDialog(
                "Save the result", [FormField("path", "to the file", str(Path.home() / "ppinui-test.json"))]
            )
        )
        if answers is None or not answers["path"]:
            return
        path = Path(answers["path"]).expanduser()

        def write() -> None:
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
                with open(descriptor, "w", encoding="ascii") as stream:
                    stream.write(text)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise PpinuiError(
                    f"the result cannot be saved: {reason}", str(path), "name another file"
                ) from None

        await run_in_thread(write)
        self.context.notify(f"Saved {path}")
