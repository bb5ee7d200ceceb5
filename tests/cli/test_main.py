"""The way in and out of the program: usage, errors of three lines, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ppinui as package
from ppinui.cli.main import main
from ppinui.cli.program_name import program_name
from tests.rig.patience import patient
from tests.rig.program import PPINUI, environment, ppinui
from tests.rig.terminal import Terminal


def test_without_a_command_it_shows_its_usage_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("usage: ppinui ")


def test_help_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-h"]) == 0

    shown = capsys.readouterr()
    assert shown.out.startswith("usage: ppinui ")
    assert shown.err == ""


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"ppinui {package.__version__}\n"


def test_wrong_use_is_three_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "get"]) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "ppinui: the following arguments are required: PATH",
        "  where: the command line, at 'ppinui config get'",
        f"  fix: '{program_name(Path(sys.argv[0]))} config get --help' shows how to use it",
    ]


def test_a_file_that_is_not_there_is_three_lines_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-c", str(tmp_path / "none.cfg"), "config", "show"]) == 2

    message, where, remedy = capsys.readouterr().err.splitlines()
    assert message.startswith("ppinui: ")
    assert where == f"  where: {tmp_path / 'none.cfg'}"
    assert remedy.startswith("  fix: ")


def test_a_syntax_error_is_three_lines_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "primus.cfg"
    broken.write_text('version = "1.0";\nprimus: { wait_delay = ; };\n')

    assert main(["-c", str(broken), "config", "show"]) == 2
    message, where, _ = capsys.readouterr().err.splitlines()
    assert message.startswith("ppinui: found ")
    assert where == f"  where: {broken}:2:24"


def test_names_in_errors_steer_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(tmp_path / "a\x1b[2J\nb"), "config", "show"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("command", [["--help"], ["config", "show"]])
def test_a_reader_that_has_enough_is_no_error(command: list[str], config: Path) -> None:
    line = " ".join(["set -o pipefail;", '"$0" -m ppinui -c "$1"', *command, "| head -n 1"])
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, config],
        capture_output=True,
        env=environment(),
        check=False,
        timeout=patient(30),
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1


def test_a_full_disk_is_an_error(config: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PPINUI, "-c", config, "config", "show"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "ppinui: the output cannot be written: No space left on device",
        "  where: standard output",
        "  fix: make room there, or send the output elsewhere",
    ]


def test_ctrl_c_ends_it_with_130(config: Path) -> None:
    with Terminal([*PPINUI, "-c", config, "config", "set", "hsm0.pin"], environ=environment()) as terminal:
        terminal.expect("Provide setup password")
        terminal.interrupt()
        ended = terminal.finish()

    assert ended.status == 130
    assert "ppinui: interrupted" in ended.shown
    assert "Traceback" not in ended.shown


def test_the_installed_script_is_the_module(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("ppinui")  # make test has installed it

    assert ppinui("--version", command=[str(script)], folder=tmp_path) == ppinui("--version")


def test_it_reads_names_that_are_not_utf8(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.cfg")
    (tmp_path / odd).write_text("primus: { wait_delay = 7; };")
    done = ppinui("-c", odd, "config", "get", "wait_delay", folder=tmp_path)

    assert (done.code, done.out) == (0, "7\n")


def test_a_signal_that_nobody_handles_still_ends_it(config: Path) -> None:
    process = subprocess.Popen(
        [*PPINUI, "-c", config, "config", "set", "hsm0.pin"], stdin=subprocess.PIPE, env=environment()
    )
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=patient(10)) == -signal.SIGTERM
    assert process.stdin is not None
    process.stdin.close()
