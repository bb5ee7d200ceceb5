"""Ending a run from another thread, at any moment."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection


class Stop:
    """Says once, from any thread, that a run shall end; whoever waits for processes waits for this too."""

    def __init__(self) -> None:
        self._heard, self._said = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()
        self.asked = False

    @property
    def connection(self) -> Connection:
        """What becomes readable when the run shall end."""
        return self._heard

    def stop(self) -> None:
        """The run shall end; what is known by then stays."""
        with self._lock:
            if not self.asked:
                self.asked = True
                self._said.send_bytes(b"stop")

    def close(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self.asked = True
            self._heard.close()
            self._said.close()
