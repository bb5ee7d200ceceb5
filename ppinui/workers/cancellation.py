"""Cancelling work with a process from another thread, at any moment."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection


class Cancellation:
    """Set once, from any thread; a thread that waits for processes waits for :attr:`connection` too."""

    def __init__(self) -> None:
        self._receiver, self._sender = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()
        self.requested = False

    @property
    def connection(self) -> Connection:
        """Becomes readable when the work has to end."""
        return self._receiver

    def cancel(self) -> None:
        """Ask the work to end; its results so far are kept."""
        with self._lock:
            if not self.requested:
                self.requested = True
                self._sender.send_bytes(b"cancel")

    def close(self) -> None:
        """Release the pipe; no thread waits for it any more."""
        with self._lock:
            self.requested = True
            self._receiver.close()
            self._sender.close()
