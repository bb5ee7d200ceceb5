"""Signals that end a command as an error does, so that what it has made is cleared away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ppinui.workers.hardening import ignore_signal


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let the first Ctrl+C, SIGTERM or SIGHUP raise an exception, and ignore the next ones.

    So what has been made is cleared away, and a second Ctrl+C does not stop that half way. A signal that is
    ignored, as with nohup, stays so.
    """

    def end(number: int, _: FrameType | None) -> None:
        for handled in before:
            signal.signal(handled, ignore_signal)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
