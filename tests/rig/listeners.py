"""Loopback TCP listeners in place of HSMs: accepting, resetting, refusing and silent ones."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.rig.patience import patient

LOOPBACK = "127.0.0.1"
UNRESOLVABLE = "no-such-hsm.invalid"
"""A name that no resolver knows (RFC 6761, section 6.4)."""


@dataclass
class Listener:
    """Where a connection test goes, and how many connections came there."""

    host: str
    port: int
    _close: Callable[[], None] = field(repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _seen: int = 0
    _open: int = 0

    @property
    def seen(self) -> int:
        """Connections that were established so far (0 for the refusing and the silent kind)."""
        with self._changed:
            return self._seen

    def wait_for(self, connections: int, *, still_open: int | None = None, seconds: float = 5.0) -> None:
        """Wait until so many connections were seen (and so many are left open), else AssertionError."""

        def reached() -> bool:
            return self._seen >= connections and (still_open is None or self._open == still_open)

        with self._changed:
            if not self._changed.wait_for(reached, patient(seconds)):
                raise AssertionError(
                    f"{self._seen} connections seen, {self._open} open on {self.host}:{self.port}"
                )

    def close(self) -> None:
        """From now on connections are refused, open ones are cut."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _count(self, seen: int, still_open: int) -> None:
        with self._changed:
            self._seen += seen
            self._open += still_open
            self._changed.notify_all()


def accepting(host: str = LOOPBACK, port: int = 0) -> Listener:
    """Takes every connection, reads and drops what comes, and never says a word."""
    return _serve(host, port, reset=False)


def resetting(host: str = LOOPBACK, port: int = 0) -> Listener:
    """Takes every connection and resets it at once (RST, not an orderly end)."""
    return _serve(host, port, reset=True)


def refusing(host: str = LOOPBACK) -> Listener:
    """A port that is taken (nobody else can get it) but not listened on: connecting is refused."""
    taken = _bound(host, 0)
    return Listener(host, _port(taken), taken.close)


def silent(host: str = LOOPBACK) -> Listener:
    """A port where connecting neither succeeds nor fails: the kernel drops every SYN, as a firewall would.

    The accept queue of length 0 holds one connection; while it sits there, Linux answers no further one.
    """
    server = _bound(host, 0)
    server.listen(0)
    filler = socket.create_connection((host, _port(server)))

    def close() -> None:
        filler.close()
        server.close()

    return Listener(host, _port(server), close)


@contextmanager
def listener_factory() -> Iterator[Callable[[Listener], Listener]]:
    """Gives a function that keeps what it is handed and closes all of it at the end."""
    with ExitStack() as stack:
        yield stack.enter_context


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind((host, port))
    return server


def _port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def _serve(host: str, port: int, *, reset: bool) -> Listener:
    server = _bound(host, port)
    server.listen(128)
    wake, waker = socket.socketpair()
    thread: threading.Thread

    def close() -> None:
        waker.close()
        thread.join()

    listener = Listener(host, _port(server), close)
    thread = threading.Thread(target=_loop, args=(server, wake, listener, reset), daemon=True)
    thread.start()
    return listener


def _loop(server: socket.socket, wake: socket.socket, listener: Listener, reset: bool) -> None:
    """Serve until the other end of `wake` is closed."""
    with selectors.DefaultSelector() as selector, server, wake:
        selector.register(server, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        open_sockets: set[socket.socket] = set()
        while True:
            for key, _ in selector.select():
                ready = key.fileobj
                if ready is wake:
                    for connection in open_sockets:
                        connection.close()
                    return
                if ready is server:
                    connection, _ = server.accept()
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        connection.close()
                        listener._count(1, 0)
                    else:
                        selector.register(connection, selectors.EVENT_READ)
                        open_sockets.add(connection)
                        listener._count(1, 1)
                elif isinstance(ready, socket.socket) and not _drain(ready):
                    selector.unregister(ready)
                    open_sockets.discard(ready)
                    ready.close()
                    listener._count(0, -1)


def _drain(connection: socket.socket) -> bool:
    """Read and drop; False at the connection's end."""
    try:
        return bool(connection.recv(65536))
    except ConnectionError:
        return False
