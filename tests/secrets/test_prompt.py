"""Secrets that somebody gives: never echoed, never mixed up, never guessed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from ppinui.errors import SecretUnavailable
from ppinui.secrets.prompt import LineAsker
from ppinui.secrets.secret import Secret
from tests.rig.terminal import Terminal


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def given(pipe: tuple[int, int], clear: bytes) -> LineAsker:
    os.write(pipe[1], clear)
    os.close(pipe[1])
    return LineAsker(pipe[0], "--password-fd 3")


def test_each_question_gets_a_line(pipe: tuple[int, int]) -> None:
    asker = given(pipe, b"one\ntwo \r\n\nlast")
    assert asker.ask("1: ") == Secret("one")
    assert asker.ask("2: ") == Secret("two ")
    assert asker.ask("3: ") == Secret("")
    assert asker.ask("4: ") == Secret("last")
    assert asker.ask("5: ") == Secret("")


def test_what_comes_behind_a_line_stays_for_the_next_reader(pipe: tuple[int, int]) -> None:
    given(pipe, b"one\nrest").ask("1: ")
    assert os.read(pipe[0], 100) == b"rest"


def test_a_part_of_a_secret_is_not_offered_as_one(pipe: tuple[int, int]) -> None:
    with pytest.raises(SecretUnavailable, match="longer than 4096 bytes") as caught:
        given(pipe, b"x" * 5000 + b"\n").ask("PIN: ")
    assert "xxx" not in " ".join(caught.value.lines())


def test_a_descriptor_that_is_not_open_is_an_error() -> None:
    with pytest.raises(SecretUnavailable, match="Bad file descriptor") as caught:
        LineAsker(999, "--password-fd 999").ask("Provide proxy password for 'S' : ")
    assert caught.value.place == "Provide proxy password for 'S'"


ASK = """
from ppinui.secrets.prompt import TerminalAsker
print(TerminalAsker().ask("Secret: ").reveal_bytes())
"""


def test_a_person_is_asked_without_echo_whatever_is_redirected() -> None:
    command = ["sh", "-c", 'exec "$@" </dev/null 2>/dev/null', "-", sys.executable, "-c", ASK]
    with Terminal(command) as terminal:
        terminal.answer_secret("Secret: ", "geheim")
        assert terminal.finish().shown == "Secret: \r\nb'geheim'\r\n"


def test_an_interrupted_question_gives_the_echo_back() -> None:
    program = f"try:{ASK.replace(chr(10), chr(10) + ' ')}\nexcept KeyboardInterrupt:\n print('stopped')"
    command = ["bash", "-c", '"$@"; stty -a', "-", sys.executable, "-c", program]
    with Terminal(command) as terminal:
        terminal.expect("Secret: ")
        terminal.interrupt()
        shown = terminal.finish().shown
    assert " echo " in shown
    assert "stopped" in shown


def test_without_a_terminal_nobody_is_asked() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        input=b"geheim\n",
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    assert b"there is no terminal to ask for a secret on" in ended.stderr
    assert b"geheim" not in ended.stdout


def test_what_was_typed_ahead_was_for_somebody_else() -> None:
    ours, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    os.write(ours, b"typed ahead\n")
    program = ASK.replace("TerminalAsker()", f"TerminalAsker({os.ttyname(theirs)!r})")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as asking:
        shown = b""
        while b"Secret: " not in shown:
            shown += os.read(ours, 100)
        os.write(ours, b"right\n")
        assert asking.communicate()[0] == b"b'right'\n"
    assert termios.tcgetattr(theirs) == settings
    os.close(ours)
    os.close(theirs)
