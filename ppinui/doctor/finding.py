"""What a look at one thing has shown: a line, and what to do where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ppinui.errors import PpinuiError


class State(Enum):
    """How things are."""

    OK = "ok"
    WARNING = "warning"
    """It may be meant so, or something works less well than it could."""
    WRONG = "wrong"
    """Something does not work, or is open to others."""


@dataclass(frozen=True)
class Finding:
    """``subject``: what was looked at; ``words``: what was seen; ``remedy``: None where all is well.

    No field ever holds a secret.
    """

    subject: str
    state: State
    words: str
    remedy: str | None = None


def ok(subject: str, words: str) -> Finding:
    return Finding(subject, State.OK, words)


def warning(subject: str, words: str, remedy: str) -> Finding:
    return Finding(subject, State.WARNING, words, remedy)


def wrong(subject: str, words: str, remedy: str) -> Finding:
    return Finding(subject, State.WRONG, words, remedy)


def of_error(subject: str, error: PpinuiError, state: State = State.WRONG) -> Finding:
    """The finding that a part of the program could not do its work."""
    return Finding(subject, state, f"{error.message} ({error.place})", error.remedy)
