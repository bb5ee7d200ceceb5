"""The network stages of a run: the process that connects, watched by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from ppinui.pkcs11.module_worker_pool import WORKERS
from ppinui.probe.result import Outcome, Stage
from ppinui.probe.run_state import RunState, SlotState
from ppinui.probe.stage_errors import stage_result
from ppinui.workers.worker_pool import Worker

_PROBE_ENDPOINTS = "ppinui.probe.network_probe:probe_endpoints"
_SLACK = 1.0
"""Seconds on top of the time-out that the process itself keeps while it connects."""


class EndpointQueue:
    """Resolves and connects for every slot of a run, side by side."""

    def __init__(
        self, state: RunState, on_reachable: Callable[[SlotState], None], *, timeout: float, side_by_side: int
    ) -> None:
        """``on_reachable`` is called for each slot that passed both stages."""
        self._state = state
        self._on_reachable = on_reachable
        self._timeout = timeout
        self._side_by_side = side_by_side
        self._worker: Worker | None = None
        self._open: dict[int, SlotState] = {}
        self._deadlines: dict[int, float] = {}

    def start(self, environ: Mapping[str, str]) -> None:
        """Start for every slot that has a usable host and port; the others fail at once."""
        targets: list[tuple[int, str, int]] = []
        for slot in self._state.slots:
            port = slot.test.port
            if slot.test.host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
                targets.append((slot.test.index, slot.test.host, int(port)))
                self._open[slot.test.index] = slot
            else:
                self._state.fail_by_condition(slot, "address-missing")
        if targets:
            self._worker = WORKERS.start(_PROBE_ENDPOINTS, environ)
            request = {"targets": targets, "timeout": self._timeout, "threads": self._side_by_side}
            self._worker.try_send(request)

    @property
    def connection(self) -> Connection | None:
        """Becomes readable when there is something to :meth:`receive`; None when all is known."""
        return self._worker.connection if self._worker is not None else None

    @property
    def deadline(self) -> float | None:
        """On the clock of ``time.monotonic``: when the next stage is overdue."""
        return min(self._deadlines.values(), default=None)

    def receive(self) -> None:
        """Handle one message of the process."""
        assert self._worker is not None
        try:
            message, _ = self._worker.channel.receive()
        except (EOFError, ConnectionResetError):
            how = self._worker.exit_description()
            for lost in list(self._open.values()):
                self._fail(lost, "connect-failed", f"the process that connects {how}")
            self.end()
            return
        slot = self._open.get(message["index"])
        if slot is None:
            return
        stage = Stage(message["stage"])
        if message["kind"] == "started":
            slack = _SLACK if stage is Stage.CONNECT else 0.0
            self._deadlines[slot.test.index] = time.monotonic() + self._timeout + slack
            self._state.begin_stage(slot, stage)
            return
        self._deadlines.pop(slot.test.index, None)
        self._state.add(slot, stage_result(message))
        if message["outcome"] != Outcome.OK:
            del self._open[slot.test.index]
            self._state.finish(slot)
        elif stage is Stage.CONNECT:
            del self._open[slot.test.index]
            self._on_reachable(slot)
        if not self._open:
            self.end()

    def check_deadlines(self, now: float) -> None:
        """Fail what is overdue, such as a name server that cannot be interrupted."""
        for index in [index for index, deadline in self._deadlines.items() if deadline <= now]:
            slot = self._open[index]
            condition = "resolve-timeout" if slot.stage is Stage.RESOLVE else "connect-timeout"
            self._fail(slot, condition, f"no answer in {self._timeout:g} s")
        if not self._open:
            self.end()

    def _fail(self, slot: SlotState, condition: str, detail: str) -> None:
        del self._open[slot.test.index]
        self._deadlines.pop(slot.test.index, None)
        self._state.fail_by_condition(slot, condition, detail)

    def end(self) -> None:
        """Kill the process, if there is one."""
        self._deadlines.clear()
        if self._worker is not None:
            self._worker.end()
            self._worker = None
