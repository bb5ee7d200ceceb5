"""Data and talk: what comes out of the process, whatever there is at the other end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ppinui.cli.console import as_json, emit, encoded, say
from tests.rig.patience import patient
from tests.rig.program import environment, ppinui
from tests.rig.terminal import Terminal


def run_python(
    code: str, shell: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The code with ``emit`` and ``say`` at hand; ``shell`` is what stands behind it on a shell's line."""
    imports = "from ppinui.cli.console import emit, say; from ppinui.errors import PpinuiError; "
    return subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {shell}', sys.executable, imports + code],
        capture_output=True,
        check=False,
        env=environment(environ),
        timeout=patient(30),
    )


def test_bytes_that_are_not_utf8_come_out_as_they_were() -> None:
    assert encoded("caf\udce9 ü", "utf-8") == b"caf\xe9 \xc3\xbc"


def test_characters_that_the_terminal_does_not_have_are_escaped() -> None:
    assert encoded("••", "latin-1") == rb"\u2022\u2022"


def test_data_goes_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    emit("data\n")
    say("talk")

    assert capsys.readouterr() == ("data\n", "talk\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = run_python(
        "emit('x' * 1_000_000); emit('y'); raise SystemExit(1)", "| head -c 1; exit ${PIPESTATUS[0]}"
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, b"x", b"")


def test_a_full_disk_is_an_error_of_three_lines() -> None:
    done = run_python(
        "\ntry: emit('x' * 100_000)\nexcept PpinuiError as error: say('|'.join(error.lines()))",
        "> /dev/full",
    )

    assert done.returncode == 0
    assert b"the output cannot be written: No space left on device|" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_outputs_swallow_what_is_meant_for_them_alone(closed: str) -> None:
    done = run_python("emit('data\\n'); say('talk')", closed)

    assert done.returncode == 0
    assert done.stdout == (b"" if ">&- " in closed + " " and not closed.startswith("2") else b"data\n")
    assert done.stderr == (b"" if "2>&-" in closed else b"talk\n")


def test_talk_to_a_full_disk_is_lost_without_an_error() -> None:
    done = run_python("say('talk'); emit('data\\n')", "2> /dev/full")

    assert (done.returncode, done.stdout) == (0, b"data\n")


def test_a_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    code = r"from ppinui.cli.console import emit; emit('a\x1b[31mb\tc\r\nd\re\n')"
    with Terminal([sys.executable, "-c", code], environ=environment()) as terminal:
        ended = terminal.finish()

    assert ended.shown.replace("\r\r\n", "\r\n") == "a\\x1b[31mb\tc\r\nd\\re\r\n"


def test_a_pipe_gets_every_byte() -> None:
    done = run_python(r"emit('a\x1b[31mb\tc\r\nd\re\n')")

    assert done.stdout == b"a\x1b[31mb\tc\r\nd\re\n"


def test_the_encoding_of_the_terminal_is_no_obstacle() -> None:
    done = run_python("emit('••••\\n'); say('••••')", environ={"PYTHONIOENCODING": "ascii"})

    assert done.stdout == rb"\u2022\u2022\u2022\u2022" + os.linesep.encode()
    assert done.returncode == 0


def test_json_is_read_back_as_it_was() -> None:
    data = {"a": [1, 2.5, None, True], "b": {"ü": "••••"}, "c": ("x",)}

    assert json.loads(as_json(data)) == {**data, "c": ["x"]}


def test_json_ends_with_a_newline() -> None:
    assert as_json({}).endswith("}\n")


def test_json_bytes_that_are_not_utf8_can_be_told_from_one_another() -> None:
    text = as_json({"name": ["caf\udce9"]})

    assert json.loads(text.encode("utf-8")) == {"name": ["caf\\xe9"]}


def test_control_characters_in_json_are_escaped() -> None:
    text = as_json({"name": "\x1b[2J\x9b31m\x7f"})

    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"name": "\x1b[2J\x9b31m\x7f"}


def test_where_stdout_is_not_utf8_json_is_ascii(config: Path) -> None:
    ran = ppinui("-c", config, "config", "show", "--format", "json", environ={"PYTHONIOENCODING": "latin-1"})

    assert ran.out.isascii()
    assert json.loads(ran.out)["hsms"][0]["pin"] == "••••"
