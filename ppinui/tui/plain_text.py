"""Text from files, users and HSMs as a screen can show it: never markup, never anything that steers it."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text on one line: tabs become blanks, what else is not printable its escape.

    Bytes that were no UTF-8 (lone surrogates) are escaped too: a terminal's encoding cannot hold them.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else "    " if character == "\t" else _escaped(character)
        for character in text
    )


def shortened(text: str, width: int) -> str:
    """At most so many characters; what is missing at the end shows as an ellipsis."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
