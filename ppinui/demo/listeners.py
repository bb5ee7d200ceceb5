"""Loopback listeners in place of HSMs: they take connections and say nothing, all that a test needs."""

from __future__ import annotations

import contextlib
import selectors
import signal
import socket
import threading
from types import TracebackType
from typing import Final, Self

LOOPBACK: Final = "127.0.0.1"


class Listeners:
    """Listening sockets on loopback, on ports that were free, served by one thread until the ``with`` ends.

    The thread belongs to the process and goes with it, however it ends.
    """

    def __init__(self, number: int) -> None:
        """Open so many sockets; connections wait in their queues from here on."""
        self._wake, self._waker = socket.socketpair()
        self._sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(number)]
        self.ports: Final = tuple(int(listener.getsockname()[1]) for listener in self._sockets)
        self._thread = threading.Thread(target=self._serve, name="demo listeners", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waker.close()
        self._thread.join()

    def _serve(self) -> None:
        # Signals are the main thread's. While it holds them back, as at the start of a worker, the kernel
        # would hand them to any other thread that takes them, and Python would tell the main thread at once.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
            for listener in self._sockets:
                stack.enter_context(listener)
                listener.setblocking(False)
                selector.register(listener, selectors.EVENT_READ)
            stack.enter_context(self._wake)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake:
                        return
                    # A client may be gone again before it is accepted.
                    with contextlib.suppress(OSError):
                        connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                        connection.close()
