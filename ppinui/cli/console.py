"""Standard output for data, standard error for messages, whatever they are connected to."""

from __future__ import annotations

import os
import sys

from ppinui.errors import PpinuiError

TYPE_CHECKING = False  # typing's own takes as long to import as a fifth of ppinui --help
if TYPE_CHECKING:
    from typing import Any, TextIO


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
        from ppinui.text import printable_lines

        text = printable_lines(text)
    try:
        _write(text, sys.stdout)
    except OSError as error:
        raise PpinuiError(
            f"the output cannot be written: {error.strerror}",
            "standard output",
            "make room there, or send the output elsewhere",
        ) from None


def as_json(data: dict[str, Any]) -> str:
    """The object as indented JSON with a newline at its end.

    Bytes that are not UTF-8, which JSON cannot hold, become ``\\xNN`` each. Characters beyond ASCII are
    written as they are where stdout is UTF-8.
    """
    import json
    import re

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    unicode = encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(_decoded(data), ensure_ascii=not unicode, indent=2) + "\n"
    # JSON itself escapes what lies below; these steer a terminal as well.
    return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _decoded(data: Any) -> Any:
    match data:
        case str():
            return data.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case dict():
            return {key: _decoded(value) for key, value in data.items()}
        case list() | tuple():
            return [_decoded(value) for value in data]
        case _:
            return data


def is_on_terminal() -> bool:
    """Whether standard input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def say(text: str, end: str = "\n") -> None:
    """Write a message to stderr. Not an error where that fails."""
    try:  # noqa: SIM105 - contextlib would have to be imported
        _write(text + end, sys.stderr)
    except OSError:
        pass


class ProgressLine:
    """One line on a terminal's stderr that says how far an action is; elsewhere nothing at all."""

    def __init__(self) -> None:
        self._is_terminal = (
            sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        )
        self._is_shown = False

    def __call__(self, text: str) -> None:
        """Show the text instead of the one before, as far as it fits."""
        if not self._is_terminal:
            return
        from ppinui.text import printable

        try:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            columns = 80
        say(f"\r{printable(text)[: max(columns - 1, 10)]}\x1b[K", end="")
        self._is_shown = True

    def clear(self) -> None:
        """Remove the line, before anything else is written."""
        if self._is_shown:
            say("\r\x1b[K", end="")
            self._is_shown = False


def say_error(error: PpinuiError, *, config: str | None = None) -> None:
    """The error's three lines on stderr, each really one line; commands in the last one can be pasted.

    ``config`` is the file that was given with ``-c``.
    """
    from ppinui.cli.program_name import rewrite_commands
    from ppinui.text import printable

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
