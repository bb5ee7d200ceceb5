"""The test screen: what to test, a live table of it, and what there is to know of each slot."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from ppinui.editing.result_history import Progress
from ppinui.editing.tree_model import Branch
from ppinui.errors import PpinuiError
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.controllers.probe_controller import ProbeRequest
from ppinui.tui.dialogs.form_dialog import ask_path
from ppinui.tui.messages import ProgressChanged
from ppinui.tui.overview import result_lines
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.column_table import TableHead
from ppinui.tui.widgets.key_bar import KeyBar
from ppinui.tui.widgets.probe_table import ProbeTable
from ppinui.tui.widgets.text_view import TextView
from ppinui.tui.widgets.virtual_list import Piece, VirtualList


class ProbeScreen(Screen[None]):
    """Choose what to test, watch it, look at what came of it. Leaving does not end the test."""

    CSS_PATH = "probe_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5", "app.pop_screen", "Back", id="probe.back", tooltip="Back; the test goes on"),
        Binding("s", "start('slot')", "This slot", id="probe.slot", tooltip="Test the slot of the tree"),
        Binding("h", "start('hsm')", "This HSM", id="probe.hsm", tooltip="Test the HSM of the tree"),
        Binding("a", "start('all')", "All", id="probe.all", tooltip="Test every slot of every HSM"),
        Binding("f", "start('failed')", "Failed", id="probe.failed", tooltip="Test what was not fine"),
        Binding("l", "login", "PIN login", id="probe.login", tooltip="Log in with the PIN, or not"),
        Binding("c", "crypto", "Crypto", id="probe.crypto", tooltip="Log in, and use a key"),
        Binding("x", "cancel", "Cancel", id="probe.cancel", tooltip="End the test; what is known stays"),
        Binding("y", "copy", "Copy JSON", id="probe.copy", tooltip="The result to the clipboard, as JSON"),
        Binding("w", "write", "Save JSON", id="probe.write", tooltip="The result to a file, as JSON"),
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.login = False
        self.crypto = False

    def compose(self) -> ComposeResult:
        yield Static(id="probe-what", markup=False)
        yield Static(id="probe-next", markup=False)
        yield ProgressBar(id="probe-bar", show_eta=False)
        table = ProbeTable(id="probe-table")
        yield TableHead(table)
        yield table
        with Vertical(id="probe-details"):
            yield TextView(id="probe-lines", mark="", wrap=True)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#probe-table").focus()
        progress = self.context.probes.progress()
        if progress is not None:
            self.show(progress)
        self._say_what()

    def show(self, progress: Progress) -> None:
        if not self.query(ProbeTable):
            return  # the screen is just being made, or taken away
        self.query_one(ProbeTable).show_progress(progress)
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
        if isinstance(event.list, ProbeTable):
            self._show_details()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        if isinstance(event.list, ProbeTable) and (row := event.list.selected) is not None:
            self.app.pop_screen()
            self.context.view.go_to(row.path)

    # -- actions -------------------------------------------------------------------------------------------

    def action_start(self, what: str) -> None:
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
        self.login = not self.login
        self.crypto = self.crypto and self.login
        self._say_what()

    def action_crypto(self) -> None:
        self.crypto = not self.crypto
        self.login = self.login or self.crypto
        self._say_what()

    def action_cancel(self) -> None:
        self.context.probes.cancel()

    def _json(self) -> str | None:
        progress = self.context.probes.progress()
        if progress is None or progress.report is None:
            self.notify("There is no result yet.")
            return None
        return json.dumps(progress.report.as_json(), indent=2, ensure_ascii=True) + "\n"

    def action_copy(self) -> None:
        text = self._json()
        if text is not None:
            self.app.copy_to_clipboard(text)
            self.notify("Copied, where the terminal allows it (OSC 52).")

    def action_write(self) -> None:
        text = self._json()
        if text is not None:
            self.context.start_flow(self._write(text), "flow")

    async def _write(self, text: str) -> None:
        usual = Path.home() / "ppinui-test.json"
        path = await ask_path(self.context.ask, "Save the result", "to the file", usual)
        if path is None:
            return

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
