"""The two ways out of the process: data to stdout, talk to stderr; both robust against what may be there."""

from __future__ import annotations

import os
import re
import sys

from ppinui.errors import PpinuiError

TYPE_CHECKING = False  # typing's own takes as long to import as a fifth of ppinui --help
if TYPE_CHECKING:
    from typing import Final, TextIO

_STEERING: Final = r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\udc80-\udcff]"
"""What steers a terminal or is no character to it; line feeds, tabs, and carriage returns of CRLF stay."""


def printable(text: str) -> str:
    """The text on one line, without anything that steers a terminal: ``\\xNN`` for each control character.

    For what a file, a user or an HSM calls something. Bytes that are not UTF-8 (lone surrogates, as
    config.document reads them) are shown in the same way.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def encoded(text: str, encoding: str) -> bytes:
    """The text as bytes; those of a file that were no UTF-8 come out as they were, others as ``\\…``."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


def emit(text: str) -> None:
    """Write data to stdout, all of it at once and flushed; a terminal gets no control characters.

    A reader that went away (``| head -1``) is no error: the rest is dropped, and the exit code stays what the
    command has found. Raises PpinuiError when the text cannot be written for another reason (disk full).
    """
    if sys.stdout is not None and sys.stdout.isatty():
        text = re.sub(_STEERING, lambda found: _escape(found[0]), text)
    try:
        _write(text, sys.stdout)
    except OSError as error:
        raise PpinuiError(
            f"the output cannot be written: {error.strerror}",
            "standard output",
            "make room there, or send the output elsewhere",
        ) from None


def is_on_terminal() -> bool:
    """Whether somebody sits there: what is typed comes from a terminal, and what is shown goes to one."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def say(text: str, end: str = "\n") -> None:
    """Write talk to stderr. Where nobody can hear it, silence: talk is never worth an error."""
    try:  # noqa: SIM105 - contextlib would have to be imported
        _write(text + end, sys.stderr)
    except OSError:
        pass


def say_error(error: PpinuiError, *, config: str | None = None) -> None:
    """The error's three lines on stderr, each really one line; commands in the last one can be pasted.

    ``config`` is the file that was given with ``-c``.
    """
    from ppinui.cli.program_name import rewrite_commands

    message, place, remedy = error.lines()
    say("\n".join(printable(line) for line in (message, place, rewrite_commands(remedy, config))))


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:  # the shell closed it: >&-
        return
    try:
        stream.flush()
        stream.buffer.write(encoded(text, stream.encoding))
        stream.buffer.flush()
    except OSError as error:
        # What is still buffered would fail again, loudly, when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise
