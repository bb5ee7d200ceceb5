"""The rig holds what it promises: what other tests stand on is tested here."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rig.canary import files_with, processes_showing
from tests.rig.listeners import Listener, accepting, refusing, resetting, silent
from tests.rig.processes import MarkedProcesses
from tests.rig.screen import Screen
from tests.rig.softhsm import SoftHsm, Token
from tests.rig.terminal import Terminal
from tests.rig.unloadable import Unloadable

Keep = Callable[[Listener], Listener]


def test_tokens_have_the_labels_and_pins_asked_for(make_tokens: Callable[..., SoftHsm]) -> None:
    hsm = make_tokens("ALPHA", Token("BETA WITH SPACE", pin="8642"))

    for token in hsm.tokens:
        at = ["pkcs11-tool", "--module", str(hsm.module), "--slot", str(token.slot_id)]
        login = subprocess.run(
            [*at, "--login", "--pin", token.pin, "--list-objects", "--list-token-slots"],
            env=os.environ | hsm.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"token label        : {token.label}\n" in login.stdout


def test_an_accepting_listener_counts_connections_and_their_ends(listening: Keep) -> None:
    hsm = listening(accepting())
    first = socket.create_connection((hsm.host, hsm.port))
    second = socket.create_connection((hsm.host, hsm.port))
    hsm.wait_for(2, still_open=2)
    first.close()
    second.close()
    hsm.wait_for(2, still_open=0)


def test_a_refusing_port_refuses(listening: Keep) -> None:
    hsm = listening(refusing())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((hsm.host, hsm.port))


def test_a_resetting_listener_resets(listening: Keep) -> None:
    hsm = listening(resetting())
    with socket.create_connection((hsm.host, hsm.port)) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_silent_listener_lets_every_connect_hang(listening: Keep) -> None:
    hsm = listening(silent())
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            socket.create_connection((hsm.host, hsm.port), timeout=0.3)
        assert time.monotonic() - began >= 0.3


def test_a_closed_listener_refuses(listening: Keep) -> None:
    hsm = listening(accepting())
    hsm.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((hsm.host, hsm.port))


def load(library: Path) -> subprocess.CompletedProcess[str]:
    program = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], os.RTLD_NOW).C_GetFunctionList"
    return subprocess.run(
        [sys.executable, "-c", program, str(library)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing", "No such file"),
        ("text", "invalid ELF header"),
        ("empty", "file too short"),
        ("other_architecture", "cannot open shared object file"),
        ("without_function_list", "undefined symbol: C_GetFunctionList"),
        ("undefined_symbol", "undefined symbol: nobody_defines_this"),
    ],
)
def test_a_file_that_is_no_module_does_not_load(unloadable: Unloadable, name: str, complaint: str) -> None:
    done = load(getattr(unloadable, name))
    assert done.returncode == 1
    assert complaint in done.stderr


def test_a_library_cut_short_kills_whoever_loads_it(unloadable: Unloadable) -> None:
    assert load(unloadable.cut_short).returncode == -signal.SIGBUS


def test_a_terminal_answers_prompts_without_echo(tmp_path: Path) -> None:
    program = (
        "import getpass, sys\n"
        "print('Name: ', end='', file=sys.stderr, flush=True)\n"
        "print(input(), len(getpass.getpass('PIN: ')))\n"
        "sys.exit('talk')\n"
    )
    data = tmp_path / "data"
    with Terminal([sys.executable, "-c", program], stdout=data) as terminal:
        terminal.answer("Name: ", "alice")
        terminal.answer_secret("PIN: ", "canary-4711")
        ended = terminal.finish()
    assert (ended.status, ended.killed_by) == (1, None)
    assert data.read_text() == "alice 11\n"
    assert "canary-4711" not in ended.shown
    assert ended.shown.endswith("talk\r\n")


def test_ctrl_c_on_a_terminal_signals_the_command() -> None:
    with Terminal(["sh", "-c", "echo ready; read never"]) as terminal:
        terminal.expect("ready")
        terminal.interrupt()
        assert terminal.finish().killed_by == signal.SIGINT


def test_a_screen_shows_what_is_left_to_see() -> None:
    script = "printf 'progress 1/2'; read x; printf '\\r\\033[Kdone\\n'; read x; exit 7"
    with Screen(["sh", "-c", script], columns=60, rows=5) as screen:
        screen.wait_until("progress 1/2")
        screen.press("Enter")
        assert screen.wait_until("done").splitlines()[:2] == ["progress 1/2", "done"]
        screen.write("more")
        screen.press("Enter")
        assert screen.finish() == 7
        assert "more" in screen.text


def test_a_process_left_behind_is_named_and_ended() -> None:
    orphan = "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)"

    def leave_it_behind(marked: MarkedProcesses) -> None:
        with marked:
            subprocess.run([sys.executable, "-c", orphan], env=os.environ | marked.environ, check=True)
            assert [process.command_line for process in marked.running] == [("sleep", "60")]

    marked = MarkedProcesses(patience=0.1)
    with pytest.raises(AssertionError, match="'sleep', '60'"):
        leave_it_behind(marked)
    assert marked.running == ()


def test_canaries_are_found_in_files_command_lines_and_environments(
    tmp_path: Path, marked: MarkedProcesses
) -> None:
    canary = "K4n/4r!-v0gel"
    (tmp_path / "plain").write_text(f"pin = {canary};")
    (tmp_path / "hexadecimal").write_text(canary.encode().hex())
    (tmp_path / "deeper").mkdir()
    for before in range(4):
        (tmp_path / "deeper" / str(before)).write_bytes(
            base64.b64encode(b"x" * before + canary.encode() + b"yz")
        )
    (tmp_path / "innocent").write_text("K4n, v0gel")
    os.mkfifo(tmp_path / "pipe")
    found = {path.name for path in files_with(canary, tmp_path)}
    assert found == {"plain", "hexadecimal", "0", "1", "2", "3"}

    shown = {**os.environ, **marked.environ, "PIN": canary}
    with subprocess.Popen(["cat"], env=shown, stdin=subprocess.PIPE) as leaking:
        assert [p.pid for p in processes_showing(canary, marked.running)] == [leaking.pid]
