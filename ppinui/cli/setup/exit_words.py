"""The words that leave a step of a walkthrough, at every prompt: a secret's too, where they are no secret."""

from __future__ import annotations

from typing import Final

KEYS: Final = "? explains, < goes back a step, Ctrl+D or quit leaves; you can go on later where you left."
_LEAVING: Final = (b"quit", b"exit")


class LeftError(Exception):
    """The user leaves."""


class BackError(Exception):
    """The user goes back a step."""


def heed(typed: bytes) -> None:
    """Raises LeftError or BackError if that is what was typed."""
    if typed in _LEAVING:
        raise LeftError
    if typed == b"<":
        raise BackError
