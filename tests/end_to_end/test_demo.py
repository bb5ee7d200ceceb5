"""``ppinui demo``: what a newcomer sees, and that nothing is left when it ends, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.patience import patient
from tests.rig.processes import MarkedProcesses
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.terminal import Terminal


@pytest.fixture
def environ(tmp_path: Path, marked: MarkedProcesses) -> dict[str, str]:
    """Temporary files go to a folder of the test's, and no process may be left."""
    return {"TMPDIR": str(tmp_path), **marked.environ}


def test_it_shows_what_it_made_a_test_an_edit_and_what_to_try_next(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    ran = ppinui("demo", environ=environ)

    assert ran.code == 0, ran.err
    parts = ["a private folder", "$ ppinui -c ", "Load config file: ", ": OK", "Number of failures: 0"]
    parts += ["config set hsm1.host=", '-      host = "127.0.0.1";', '+      host = "hsm1.example.com";']
    parts += ["What to try next", "--test --login"]
    found = [ran.out.find(part) for part in parts]
    assert -1 not in found, parts[found.index(-1)]
    assert found == sorted(found)
    assert ran.out.count(": OK\n") == 4


def test_a_newcomer_is_told_of_no_peculiarity(environ: dict[str, str]) -> None:
    assert ppinui("demo", environ=environ).err == ""


def test_on_a_terminal_of_80_columns_words_stay_whole(environ: dict[str, str]) -> None:
    out = ppinui("demo", environ=environ | {"COLUMNS": "80", "TMPDIR": "/tmp"}).out
    introduction, _, rest = out.partition("$ ppinui ")
    command, _, _ = rest.partition("Load config file")
    _, _, hints = out.partition("What to try next")

    lines = [*introduction.splitlines(), *command.splitlines()]
    lines += [line for line in hints.splitlines() if "ppinui " not in line]
    assert max(map(len, lines)) <= 80


def test_its_help_has_no_files_to_choose() -> None:
    assert "-c" not in ppinui("demo", "-h").out.split()


def test_its_edit_keeps_the_comment_beside_the_value(environ: dict[str, str]) -> None:
    assert "+      priority = 5; // the smaller is tried first\n" in ppinui("demo", environ=environ).out


def test_the_test_alone_is_the_test_alone(environ: dict[str, str]) -> None:
    ran = ppinui("demo", "--test", environ=environ)

    assert ran.code == 0
    assert ran.out.startswith("Load config file: '")
    assert ran.out.endswith("\nNumber of failures: 0\n")
    assert ran.out.count(": OK\n") == 4


def test_nothing_is_left_of_it(tmp_path: Path, environ: dict[str, str]) -> None:
    ppinui("demo", environ=environ)

    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_user_s_is_looked_at(tmp_path: Path, environ: dict[str, str]) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    trap = theirs / "primus.cfg"
    os.mkfifo(trap)  # who opens it waits for ever
    variables = ("SECUROSYS_PKCS11_CONF", "SECUROSYS_SECRETS_CONF", "SOFTHSM2_CONF", "PPINUI_MODULE")
    changes = dict.fromkeys(variables, str(trap)) | {"PYTHON_KEYRING_BACKEND": "no.such.Keyring"}
    ran = ppinui("demo", environ=environ | changes)

    assert ran.code == 0, ran.err
    assert str(theirs) not in ran.out + ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_file_and_no_process(
    number: signal.Signals, tmp_path: Path, environ: dict[str, str]
) -> None:
    process = subprocess.Popen(
        [*PPINUI, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(environ)
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, talk = process.communicate(timeout=patient(20))

    assert process.returncode == 128 + number
    assert b"Traceback" not in talk
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_twice_on_a_terminal_leaves_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    with Terminal([*PPINUI, "demo", "--test"], environ=environment(environ)) as terminal:
        terminal.expect("slots tested")
        terminal.interrupt()
        terminal.interrupt()
        ended = terminal.finish()

    assert ended.status == 130
    assert "Traceback" not in ended.shown
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_enough_does_not_keep_it_from_clearing_away(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m ppinui demo | head -n 1', sys.executable],
        capture_output=True,
        check=False,
        env=environment(environ),
        timeout=patient(60),
    )

    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)
    assert list(tmp_path.iterdir()) == []


def test_the_commands_to_try_can_be_copied(tmp_path: Path) -> None:
    ran = ppinui("demo", folder=tmp_path)
    commands = re.findall(r"^  (.*config path)(?: +#.*)?$", ran.out, flags=re.MULTILINE)

    assert len(commands) == 1
    tried = subprocess.run(
        [*commands[0].split(), "-c", "/dev/null"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert (tried.returncode, tried.stdout) == (0, "/dev/null\n")
