"""Asking for secrets: without echo on the terminal, or one line of standard input for each."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from collections.abc import Iterator

from ppinui.cli.console import encoded, printable
from ppinui.errors import SecretUnavailable
from ppinui.secrets.secret import Secret

_LONGEST = 4096
"""Bytes; what a terminal takes as one line, and far beyond any password."""


def ask_pin(user: str) -> Secret:
    """The PKCS#11 PIN of a partition, asked for in the words of ppin. Raises SecretUnavailable."""
    return ask_secret(f"Provide PKCS11 password for '{user}': ", f"the PIN of '{user}'")


def ask_secret(prompt: str, what: str, *, twice: bool = False) -> Secret:
    """Ask for a secret; ``what`` it is, for messages.

    Where standard input is a terminal, the prompt is shown and the answer read without echo, both on the
    process's own terminal so that redirections do not get in between; ``twice`` asks for it again. Where it
    is not, the next line of standard input is taken, without a prompt. Raises SecretUnavailable when there is
    nothing, or when the two answers differ.
    """
    if not _is_terminal():
        return _required(_next_line(), what, "give it as a line of standard input, or run on a terminal")
    with _terminal() as terminal:
        secret = _required(_read_hidden(terminal, prompt), what, "start again and type it")
        if twice and _required(_read_hidden(terminal, "Once more: "), what, "start again") != secret:
            raise SecretUnavailable(
                f"the two entries for {what} differ", "the terminal", "start again; nothing was changed"
            )
    return secret


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _required(answer: bytes, what: str, remedy: str) -> Secret:
    if not answer:
        place = "the terminal" if _is_terminal() else "standard input"
        raise SecretUnavailable(f"{what} is needed, and nothing was entered", place, remedy)
    return Secret(answer)


def _next_line() -> bytes:
    if sys.stdin is None:
        return b""
    line: bytes = sys.stdin.buffer.readline(_LONGEST)
    if len(line) == _LONGEST:
        return b""  # part of a secret must not be offered as one
    return line.removesuffix(b"\n").removesuffix(b"\r")


@contextlib.contextmanager
def _terminal() -> Iterator[int]:
    """A descriptor of the terminal that belongs to the process; else of the one that is standard input."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        terminal = os.dup(sys.stdin.fileno())
    try:
        yield terminal
    finally:
        os.close(terminal)


def _read_hidden(terminal: int, prompt: str) -> bytes:
    """One line without its end. The terminal echoes again afterwards, whatever happens (Ctrl+C too)."""
    before = termios.tcgetattr(terminal)
    hidden = termios.tcgetattr(terminal)
    hidden[3] &= ~termios.ECHO
    try:
        # What was typed ahead was typed for somebody else: TCSAFLUSH drops it.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        os.write(terminal, encoded(printable(prompt), "utf-8"))
        # In its line mode a terminal gives a whole line at a time, and nothing at Ctrl+D.
        return os.read(terminal, _LONGEST).removesuffix(b"\n")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        os.write(terminal, b"\n")
