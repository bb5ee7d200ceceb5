"""Ending by a signal as by an error, so that nothing is left of what was made."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ppinui.workers.hardening import ignore_signal


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let Ctrl+C, SIGTERM and SIGHUP end what is going on by an exception, and only the first one of them.

    So what has been made is cleared away, and a second Ctrl+C does not stop that half way. A signal that is
    ignored, as with nohup, stays so.
    """

    def end(number: int, _: FrameType | None) -> None:
        for ending in before:
            signal.signal(ending, ignore_signal)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    heard = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
