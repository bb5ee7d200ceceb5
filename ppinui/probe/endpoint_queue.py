"""The network stages of a run: the process that connects, watched by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from ppinui.probe.result import Outcome, Stage
from ppinui.probe.run_state import Book, Entry
from ppinui.probe.stage_errors import stage_result
from ppinui.workers.worker_pool import Worker, Workshop

_TEST_ENDPOINTS = "ppinui.probe.network_probe:test_endpoints"
_SLACK = 1.0
"""Seconds on top of the time-out that the process itself keeps while it connects."""


class Endpoints:
    """Resolves and connects for every slot of a book, side by side."""

    def __init__(
        self, book: Book, on_reachable: Callable[[Entry], None], *, timeout: float, side_by_side: int
    ) -> None:
        """``on_reachable`` is told of each slot that passed both stages."""
        self._book = book
        self._on_reachable = on_reachable
        self._timeout = timeout
        self._side_by_side = side_by_side
        self._worker: Worker | None = None
        self._open: dict[int, Entry] = {}
        self._deadlines: dict[int, float] = {}

    def start(self, workshop: Workshop, environ: Mapping[str, str]) -> None:
        """Set out for every slot that has a usable host and port; the others fail at once."""
        targets: list[tuple[int, str, int]] = []
        for entry in self._book.entries:
            port = entry.test.port
            if entry.test.host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
                targets.append((entry.test.index, entry.test.host, int(port)))
                self._open[entry.test.index] = entry
            else:
                self._book.fail_by_condition(entry, "address-missing")
        if targets:
            self._worker = workshop.start(_TEST_ENDPOINTS, environ)
            order = {"targets": targets, "timeout": self._timeout, "threads": self._side_by_side}
            self._worker.try_send(order)

    @property
    def connection(self) -> Connection | None:
        """What becomes readable when there is something to :meth:`hear`; None when all is known."""
        return self._worker.connection if self._worker is not None else None

    @property
    def deadline(self) -> float | None:
        """On the clock of ``time.monotonic``: when the next stage is overdue."""
        return min(self._deadlines.values(), default=None)

    def hear(self) -> None:
        """Take one message of the process into the book."""
        assert self._worker is not None
        try:
            message, _ = self._worker.channel.receive()
        except (EOFError, ConnectionResetError):
            epitaph = self._worker.epitaph()
            for lost in list(self._open.values()):
                self._fail(lost, "connect-failed", f"the process that connects {epitaph}")
            self.end()
            return
        entry = self._open.get(message["index"])
        if entry is None:
            return
        stage = Stage(message["stage"])
        if message["kind"] == "started":
            slack = _SLACK if stage is Stage.CONNECT else 0.0
            self._deadlines[entry.test.index] = time.monotonic() + self._timeout + slack
            self._book.begin_stage(entry, stage)
            return
        self._deadlines.pop(entry.test.index, None)
        self._book.add(entry, stage_result(message))
        if message["outcome"] != Outcome.OK:
            del self._open[entry.test.index]
            self._book.finish(entry)
        elif stage is Stage.CONNECT:
            del self._open[entry.test.index]
            self._on_reachable(entry)
        if not self._open:
            self.end()

    def look_at_the_clock(self, now: float) -> None:
        """Fail what is overdue, such as a name server that cannot be interrupted."""
        for index in [index for index, deadline in self._deadlines.items() if deadline <= now]:
            entry = self._open[index]
            condition = "resolve-timeout" if entry.stage is Stage.RESOLVE else "connect-timeout"
            self._fail(entry, condition, f"no answer in {self._timeout:g} s")
        if not self._open:
            self.end()

    def _fail(self, entry: Entry, condition: str, detail: str) -> None:
        del self._open[entry.test.index]
        self._deadlines.pop(entry.test.index, None)
        self._book.fail_by_condition(entry, condition, detail)

    def end(self) -> None:
        """Kill the process, if there is one."""
        self._deadlines.clear()
        if self._worker is not None:
            self._worker.end()
            self._worker = None
