"""The app in a real terminal: opened, used, ended in every way that there is."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.rig.app_screen import TELL_PID, open_app, pid_of_app
from tests.rig.canary import files_with
from tests.rig.patience import patient
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.screen import Screen
from tests.rig.terminal import Terminal


def test_a_host_is_changed_seen_saved_undone_and_left(example: Path, app_environ: Mapping[str, str]) -> None:
    before = example.read_text()
    with open_app(example, app_environ) as screen:
        screen.wait_until("hsm1 a-api.cloud")
        screen.press("Down", "Down", "Down", "Enter")
        screen.wait_until("host (string)")
        screen.press("C-a", "C-k")
        screen.wait_until("host is needed")
        screen.write("c-api.cloudshsm.com")
        screen.press("Enter")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("F2")
        screen.wait_until('+         host = "c-api.cloudshsm.com";')
        screen.press("s")
        screen.wait_until("[saved]")
        assert example.read_text() == before.replace("a-api", "c-api", 1)
        screen.press("F7")
        screen.wait_until("UNSAVED")
        screen.press("F10")
        screen.wait_until("has changes that are not saved")
        screen.press("d")
        assert screen.finish() == 0
    assert example.read_text() == before.replace("a-api", "c-api", 1)
    assert not list((example.parent / "state").rglob("*.jsonl"))


def edit_host(screen: Screen) -> None:
    """Give hsm1 another host, and leave the screen with that unsaved."""
    screen.wait_until("hsm1 a-api.cloud")
    screen.press("Down", "Down", "Down", "Enter")
    screen.wait_until("host (string)")
    screen.press("C-a", "C-k")
    screen.wait_until("host is needed")
    screen.write("edited.example.com")
    screen.press("Enter")
    screen.wait_until("UNSAVED: 1 edit")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_edits_outlive_a_signal_and_are_offered_again(
    number: signal.Signals, example: Path, app_environ: Mapping[str, str]
) -> None:
    with open_app(example, app_environ) as screen:
        edit_host(screen)
        os.kill(pid_of_app(example), number)
        assert screen.finish() == 128 + number
        if number != signal.SIGKILL:
            assert "Traceback" not in screen.text
    assert "edited.example.com" not in example.read_text()
    with open_app(example, app_environ) as screen:
        screen.wait_until("ended without saving")
        assert 'hsm1.host = "edited.example.com"' in screen.text
        screen.press("p")
        screen.wait_until("UNSAVED: 1 edit")
        screen.press("F2")
        screen.wait_until("Save this change?")
        screen.press("s")
        screen.wait_until("[saved]")
        screen.press("F10")
        assert screen.finish() == 0
    assert "edited.example.com" in example.read_text()


def test_a_lost_terminal_ends_the_app(example: Path, app_environ: Mapping[str, str]) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    app = subprocess.Popen(
        ["setsid", "--ctty", *PPINUI, "-c", example],  # the pty is its controlling terminal
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(app_environ),
    )
    os.close(theirs)
    seen = b""
    while b"Problems" not in seen:
        seen += os.read(ours, 65536)
    os.close(ours)

    # 120 is Python's own: what was left to be written has no terminal to go to
    assert app.wait(timeout=patient(20)) in {128 + signal.SIGHUP, 120}


CRASH = """
import sys
from pathlib import Path
from ppinui.tui.app import PpinuiApp
from ppinui.tui.options import AppOptions

class Crashing(PpinuiApp):
    def action_tokens(self):
        password = "CANARY-IN-A-LOCAL"
        raise RuntimeError(f"the text of an error: {password}")

app = Crashing(AppOptions(Path(sys.argv[1]), state=Path(sys.argv[2])))
app.run()
sys.exit(app.return_code or 0)
"""


def test_a_crash_shows_where_and_nothing_of_the_variables(
    example: Path, app_environ: Mapping[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with Screen(
        [sys.executable, "-c", CRASH, example, state], environ=environment(app_environ), columns=120, rows=40
    ) as screen:
        edit_host(screen)
        screen.press("Escape", "F12")
        assert screen.finish() == 1
        shown = screen.wait_until("builtins.RuntimeError")
        assert "in action_tokens" in shown
        assert "CANARY" not in shown
    assert files_with("CANARY-IN-A-LOCAL", tmp_path) == ()
    assert list(state.rglob("*.jsonl"))


def test_without_a_terminal_it_shows_its_usage_and_fails(
    example: Path, app_environ: Mapping[str, str]
) -> None:
    ran = ppinui("-c", example, environ=app_environ)

    assert ran.code == 2
    assert ran.err.startswith("usage: ppinui ")


def test_a_configuration_that_is_not_there_is_three_lines(
    tmp_path: Path, app_environ: Mapping[str, str]
) -> None:
    with Terminal([*PPINUI, "-c", tmp_path / "none.cfg"], environ=environment(app_environ)) as terminal:
        ended = terminal.finish()

    assert ended.status == 2
    assert "  where: " in ended.shown


def test_the_demo_opens_the_app_tests_everything_and_leaves_nothing(
    tmp_path: Path, app_environ: Mapping[str, str]
) -> None:
    demos = tmp_path / "demos"
    demos.mkdir()
    with Screen(
        [*PPINUI, "demo"], environ=environment({**app_environ, "TMPDIR": str(demos)}), seconds=20
    ) as screen:
        screen.wait_until("2 HSMs, 4 slots")
        screen.press("F5", "c", "a")
        screen.wait_until("done, 4 of 4, 0 failed")
        screen.press("Escape", "F10")
        assert screen.finish() == 0
    assert list(demos.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_clears_the_demo_away(
    number: signal.Signals, tmp_path: Path, app_environ: Mapping[str, str]
) -> None:
    demos = tmp_path / "demos"
    demos.mkdir()
    with Screen(
        ["sh", "-c", TELL_PID, tmp_path / "pid", *PPINUI, "demo"],
        environ=environment({**app_environ, "TMPDIR": str(demos)}),
        seconds=20,
    ) as screen:
        screen.wait_until("2 HSMs, 4 slots")
        os.kill(int((tmp_path / "pid").read_text()), number)
        assert screen.finish() == 128 + number
    assert list(demos.iterdir()) == []
