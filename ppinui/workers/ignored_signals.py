"""Signals that come when the end has begun."""

from __future__ import annotations

from types import FrameType


def take_no_notice(number: int, frame: FrameType | None) -> None:
    """A handler that does nothing.

    In the place of SIG_IGN, of which Python says "ignored due to race condition" on stderr, with a traceback,
    where a signal had come just before it was set.
    """
