"""Text from files, users and HSMs as it may be printed: nothing in it steers a terminal or is a secret."""

from __future__ import annotations

import re

MASK = "••••"
"""What is shown in the place of a secret; always the same, so that it does not tell the length."""
_STEERING = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\udc80-\udcff]")
"""What steers a terminal or is no character to it; line feeds, tabs, and carriage returns of CRLF stay."""
_LONE = re.compile(r"\\(?:\\|udc([89a-f][0-9a-f]))")
"""What repr makes of a backslash, and of a byte that is not UTF-8."""


def printable(text: str) -> str:
    """The text on one line: ``\\xNN`` or ``\\n`` for each character that is not printable.

    For what a file, a user or an HSM calls something. Bytes that are not UTF-8 (lone surrogates, as
    libconfig.includes.decode reads them) are shown as ``\\xNN`` too: no terminal's encoding can hold them.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def printable_lines(text: str) -> str:
    """The text with its lines and tabs, without anything else that steers a terminal."""
    return _STEERING.sub(lambda found: _escape(found[0]), text)


def quoted(text: object) -> str:
    """A value in quotes, for messages; a byte that is not UTF-8 shows as ``\\xNN``."""
    return _LONE.sub(lambda found: f"\\x{found[1]}" if found[1] else found[0], repr(text))


def shortened(text: str, width: int) -> str:
    """At most so many characters; what is missing at the end shows as an ellipsis."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def plural(number: int, noun: str) -> str:
    """A number of things: "1 slot", "2 slots"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
