"""Secrets that are entered: typed without echo, or as lines of standard input or of a descriptor."""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator
from typing import Final, Protocol

from ppinui.errors import SecretUnavailable
from ppinui.secrets.secret import Secret

_LINE_LIMIT: Final = 4096
"""Bytes of one secret, as many as a terminal's line can have."""


class Asker(Protocol):
    """Answers questions for secrets: a person, or a file."""

    def ask(self, prompt: str) -> Secret:
        """The answer to ``prompt`` without its line end; empty when nothing is given.

        Raises :class:`SecretUnavailable` when nobody can be asked.
        """


class TerminalAsker:
    """Asks a person on the controlling terminal, so that redirections do not get in between, without echo.

    Unlike ``getpass`` it never falls back to reading with echo: no terminal is an error.
    """

    def __init__(self, terminal: str = "/dev/tty") -> None:
        self._terminal = terminal

    def ask(self, prompt: str) -> Secret:
        answer = self.ask_or_end(prompt)
        return Secret("") if answer is None else answer

    def ask_or_end(self, prompt: str) -> Secret | None:
        """As :meth:`ask`; None for Ctrl+D: a line without an end is no answer of a person."""
        descriptor = self._open()
        if descriptor is None:
            raise SecretUnavailable(
                "there is no terminal to ask for a secret on",
                _question(prompt),
                "start ppinui from a terminal, or give the secret by standard input or --password-fd",
            )
        try:
            with _without_echo(descriptor):
                os.write(descriptor, prompt.encode("utf-8", "surrogateescape"))
                answer, ended = _read_line(descriptor, _question(prompt))
                return answer if ended else None
        finally:
            os.write(descriptor, b"\n")
            os.close(descriptor)

    def available(self) -> bool:
        """Whether there is a terminal."""
        descriptor = self._open()
        if descriptor is None:
            return False
        os.close(descriptor)
        return True

    def _open(self) -> int | None:
        """The terminal that belongs to the process, else the one that is standard input."""
        try:
            return os.open(self._terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return os.dup(0) if os.isatty(0) else None


class LineAsker:
    """Takes the next line of a descriptor for each question; the prompt is not shown."""

    def __init__(self, descriptor: int, name: str) -> None:
        """``name`` is what errors call the descriptor ("standard input", "--password-fd 7")."""
        self._descriptor = descriptor
        self._name = name

    def ask(self, prompt: str) -> Secret:
        try:
            return _read_line(self._descriptor, f"{self._name} ({_question(prompt)})")[0]
        except OSError as error:
            raise SecretUnavailable(
                f"cannot read from {self._name}: {error.strerror}",
                _question(prompt),
                "give a descriptor that is open for reading, such as 3 with 3</run/secret",
            ) from None


def _question(prompt: str) -> str:
    """A prompt as the place of an error: without the colon at its end."""
    return prompt.strip().rstrip(":").rstrip()


def _read_line(descriptor: int, place: str) -> tuple[Secret, bool]:
    """One line, byte by byte, and whether it has a line end: what comes behind it stays for the
    next reader."""
    line = bytearray()
    try:
        while (byte := os.read(descriptor, 1)) not in {b"", b"\n"}:
            line += byte
            if len(line) > _LINE_LIMIT:  # a part of a secret must not be offered as one
                raise SecretUnavailable(
                    f"the secret is longer than {_LINE_LIMIT} bytes", place, "give one line for each secret"
                )
        return Secret(line.removesuffix(b"\r")), byte == b"\n"
    finally:
        line[:] = bytes(len(line))


@contextlib.contextmanager
def _without_echo(descriptor: int) -> Iterator[None]:
    """Echo off, and back as it was, also when the question is interrupted.

    What was typed ahead was meant for another program: it is dropped.
    """
    before = termios.tcgetattr(descriptor)
    silent = list(before)
    silent[3] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
