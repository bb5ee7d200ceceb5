"""Text from files, users and HSMs as a screen can show it: never markup, never anything that steers it."""

from __future__ import annotations

from ppinui.text import printable


def plain(text: str) -> str:
    """The text on one line, as :func:`ppinui.text.printable`; a tab becomes four blanks."""
    return printable(text.replace("\t", "    "))
