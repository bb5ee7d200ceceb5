"""The app with 4,000 slots: first screen and memory beside an empty app's, keys and edits beside 10 slots."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from ppinui.diagnostic import Diagnostic
from ppinui.editing.tree_model import Branch
from ppinui.tui.app import PpinuiApp
from ppinui.tui.options import AppOptions
from ppinui.tui.screens.main_screen import MainScreen

FIRST_SCREEN_LIMIT = 1.25
MEMORY_LIMIT = 1.5
KEY_LIMIT = 1.3
EDIT_LIMIT = 2.0
ROUNDS = 7
SETTLED = 2.0
"""Seconds after the first screen until memory is measured: all of the main screen is there by then."""
KEYS = 60
EDITS = 15

EMPTY = """
import sys
from pathlib import Path
from textual.app import App
from textual.widgets import Static
from ppinui.libconfig.document import load
from ppinui.config.primus_config import read
read(load(Path(sys.argv[1])))
class Empty(App):
    def compose(self):
        yield Static("FIRST-SCREEN")
Empty().run()
"""
OURS = """
import sys
from pathlib import Path
from ppinui.tui.start import AppOptions, run_app
run_app(AppOptions(Path(sys.argv[1]), state=Path(sys.argv[2]), keyring=None))
"""


def configuration(hsms: int, slots: int) -> str:
    """A primus.cfg of so many HSMs with so many slots each."""
    parts = ['version = "1.0";\nprimus:\n{\n  hsms:\n  {\n']
    for hsm in range(hsms):
        parts.append(f'    hsm{hsm}:\n    {{\n      host = "hsm{hsm}.example.com";\n      port = "2310";\n')
        parts.append("      slots:\n      {\n")
        for slot in range(slots):
            number = hsm * slots + slot
            parts.append(f'        slot{slot}: {{ user_name = "P{number}"; id = {number}; }};\n')
        parts.append("      };\n    };\n")
    parts.append("  };\n};\n")
    return "".join(parts)


def first_screen(code: str, file: Path, state: Path, wanted: bytes) -> tuple[float, float]:
    """Seconds from the start of the process until the terminal has got this text; peak memory in MiB."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm-256color"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, file, state], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    )
    os.close(theirs)
    seen = b""
    while wanted not in seen:
        seen += os.read(ours, 65536)
    took = time.perf_counter() - begun
    while (left := begun + took + SETTLED - time.perf_counter()) > 0:
        if select.select([ours], [], [], left)[0]:
            os.read(ours, 65536)
    memory = peak_memory(process.pid)
    process.kill()
    process.wait()
    os.close(ours)
    return took, memory


def peak_memory(pid: int) -> float:
    """The most that a process had in memory so far, in MiB (VmHWM of proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def key_press(file: Path, state: Path) -> float:
    """Milliseconds from a key that goes to the next HSM until all is drawn: the median of many."""

    async def measure() -> float:
        app = PpinuiApp(AppOptions(file, state=state, keyring=None))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            main = app.context.view
            assert isinstance(main, MainScreen)
            while not main.is_whole.is_set():
                await pilot.pause()
            await pilot.press("down", "down", "down")
            await pilot.pause(1.0)  # the checks of the whole file are over by then
            lines = main.outline.lines
            hsms = [index for index, line in enumerate(lines) if line.branch is Branch.HSM]
            places = hsms[len(hsms) // 2 :][:2]
            times = []
            for number in range(KEYS):
                begun = time.perf_counter()
                main.outline.go_to(places[number % 2])
                await main._show_form()
                app.screen._compositor.render_strips()
                times.append((time.perf_counter() - begun) * 1000)
                await pilot.pause()
            return statistics.median(times)

    return asyncio.run(measure())


def edit(file: Path, state: Path, hsm: str) -> float:
    """Milliseconds from the key that takes what is typed in a field until all is drawn, its problems too."""

    async def measure() -> float:
        app = PpinuiApp(AppOptions(file, state=state, keyring=None))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            main = app.context.view
            assert isinstance(main, MainScreen)
            while not main.is_whole.is_set():
                await pilot.pause()
            await pilot.pause(1.0)
            main.go_to(hsm)
            await pilot.press("enter")
            await pilot.pause(0.5)
            checked = asyncio.Event()
            show_problems = main.show_problems

            def problems_shown(problems: tuple[Diagnostic, ...]) -> None:
                show_problems(problems)
                checked.set()

            main.show_problems = problems_shown  # type: ignore[method-assign]
            times = []
            for number in range(EDITS):
                host = next(row for row in main.form.rows() if row.field.name == "host")
                host.entry.focus()
                await pilot.pause()
                host.entry.value = f"other{number}.example.com"
                await pilot.pause(0.1)
                checked.clear()
                begun = time.perf_counter()
                await pilot.press("enter")
                await checked.wait()
                await pilot.pause()
                app.screen._compositor.render_strips()
                times.append((time.perf_counter() - begun) * 1000)
                await pilot.pause(0.1)
            return statistics.median(times)

    return asyncio.run(measure())


def main() -> int:
    """Measure all; the medians count."""
    with tempfile.TemporaryDirectory() as folder:
        state, large, small = (Path(folder, name) for name in ("state", "large.cfg", "small.cfg"))
        large.write_text(configuration(1000, 4))
        small.write_text(configuration(5, 2))
        runs: dict[str, list[tuple[float, float]]] = {"ours": [], "empty": []}
        for number in range(ROUNDS + 1):
            ours_run = first_screen(OURS, large, state, b"hsm5")
            empty_run = first_screen(EMPTY, large, state, b"FIRST-SCREEN")
            if number:  # the first run writes the byte code
                runs["ours"].append(ours_run)
                runs["empty"].append(empty_run)
        ours, empty = (statistics.median(took for took, _ in runs[name]) for name in ("ours", "empty"))
        ours_peak, empty_peak = (
            statistics.median(peak for _, peak in runs[name]) for name in ("ours", "empty")
        )
        keys_large, keys_small = (
            statistics.median(key_press(file, state) for _ in range(3)) for file in (large, small)
        )
        edit_large, edit_small = (
            statistics.median(edit(file, state, hsm) for _ in range(3))
            for file, hsm in ((large, "primus.hsms.hsm500"), (small, "primus.hsms.hsm2"))
        )
    first, keys, edits = ours / empty, keys_large / keys_small, edit_large / edit_small
    memory = ours_peak / empty_peak
    print(
        f"first screen: ppinui {ours * 1000:.0f} ms, an empty Textual app that reads the file"
        f" {empty * 1000:.0f} ms, ratio {first:.2f} (limit {FIRST_SCREEN_LIMIT})"
    )
    print(
        f"peak memory: ppinui {ours_peak:.0f} MiB, the empty app {empty_peak:.0f} MiB,"
        f" ratio {memory:.2f} (limit {MEMORY_LIMIT})"
    )
    print(
        f"key press on the tree: 4,000 slots {keys_large:.1f} ms, 10 slots {keys_small:.1f} ms,"
        f" ratio {keys:.2f} (limit {KEY_LIMIT})"
    )
    print(
        f"edit in the form: 4,000 slots {edit_large:.0f} ms, 10 slots {edit_small:.0f} ms,"
        f" ratio {edits:.2f} (limit {EDIT_LIMIT})"
    )
    return int(first > FIRST_SCREEN_LIMIT or memory > MEMORY_LIMIT or keys > KEY_LIMIT or edits > EDIT_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
