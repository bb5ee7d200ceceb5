"""Lanes: slots that are tested one after another, each lane in a process that is watched and replaced."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Literal

from ppinui.errors import PpinuiError
from ppinui.pkcs11.module_worker_pool import WORKERS
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.result import Stage
from ppinui.probe.slot_request import SlotRequest
from ppinui.workers.channel import Message
from ppinui.workers.worker_pool import Worker

START_SECONDS = 30.0
"""For a worker until it is ready: imports on a busy machine, without any call of the module."""

_SERVE = "ppinui.pkcs11.worker:serve"
_PREPARE = "ppinui.probe.slot_worker:prepare"
_PROBE_SLOT = "ppinui.probe.slot_worker:probe_slot"

MakeRequest = Callable[[str], tuple[SlotRequest, list[bytes]]]
"""Makes, of the path of the private log, what to do, and what travels with it: the private configuration,
then the private secrets file and the PIN, if the request says that there are any."""


@dataclass
class WorkerQueue:
    """The slots of one HSM (or of the whole module), and the process that tests one of them."""

    left: int
    """How many slots of this lane have no result yet."""
    ready: list[SlotTest] = field(default_factory=list)
    """Those that are reachable and wait for their turn."""
    current: SlotTest | None = None
    stage: Stage = Stage.LOAD
    """The stage that the current slot is in."""
    worker: Worker | None = None
    log_path: str | None = None
    """Where the worker's module writes its log, a name in the worker; None until the worker is ready."""
    deadline: float | None = None
    """On the clock of ``time.monotonic``: when the current stage is overdue."""
    _request: MakeRequest | None = field(default=None, repr=False)

    def start(
        self,
        test: SlotTest,
        request: MakeRequest,
        environ: Mapping[str, str],
    ) -> None:
        """Start the test of a slot; a worker is started where there is none."""
        self.ready.remove(test)
        self.current = test
        self.stage = Stage.LOAD
        self._request = request
        if self.worker is None:
            self.worker = WORKERS.start(_SERVE, environ)
            self.worker.try_send({"do": _PREPARE})
            self.log_path = None
            self.deadline = time.monotonic() + START_SECONDS
        else:
            self._send_request()

    def _send_request(self) -> None:
        assert self.worker is not None
        assert self.log_path is not None
        assert self._request is not None
        request, attachments = self._request(self.log_path)
        self._request = None
        self.deadline = time.monotonic() + request.timeout
        # A worker that is gone shows it on its end of the pipe, which is looked at anyway.
        self.worker.try_send({"do": _PROBE_SLOT, "request": asdict(request)}, *attachments)

    def receive(self, timeout: float) -> Message | None:
        """The worker's next message, None for what only the lane needs. Raises EOFError when it died."""
        assert self.worker is not None
        message, _ = self.worker.channel.receive()
        if message["kind"] == "ready":
            self.log_path = message["log"]
            self._send_request()
            return None
        if message["kind"] == "started":
            self.stage = Stage(message["stage"])
            self.deadline = time.monotonic() + timeout
        return message

    def finish_current(self, *, keep_worker: bool) -> None:
        """The current slot is over; without ``keep_worker`` the next one gets a fresh process."""
        self.current = None
        self.deadline = None
        self._request = None
        self.left -= 1
        if not keep_worker or not self.left:
            self.end_worker()

    def drop(self, test: SlotTest) -> None:
        """A ready slot is not tested after all."""
        self.ready.remove(test)
        self.left -= 1
        if not self.left:
            self.end_worker()

    def end_worker(self) -> None:
        """Kill the process, if there is one."""
        if self.worker is not None:
            self.worker.end()
            self.worker = None
            self.log_path = None


Lanes = Literal["auto", "hsm", "one"]
"""``hsm``: a lane for each HSM; ``one``: one lane in all; ``auto``: as the library's maker asks for."""


class WorkerQueues:
    """The lanes of a run.

    A Primus provider has a lane for each HSM, as each needs a configuration and so a process of its own. Any
    other module has one lane in all: many tokens allow one application at a time.
    """

    def __init__(
        self, plan: Plan, lanes: Lanes, modules: Mapping[str, Path | PpinuiError], *, likely_primus: bool
    ) -> None:
        """``modules``: the library of each HSM that has one of its own. ``likely_primus``: the library's file
        names Securosys: then no HSM waits until the first one's module has said who made it.
        """
        self._has_private_configurations = plan.configure is not None
        self._lanes = lanes
        self._modules = modules
        self._queues: dict[str, WorkerQueue] = {}
        self._is_split = lanes == "hsm" or (likely_primus and self._may_split)
        self.is_primus: bool | None = None
        """None until the module has said who made it."""
        for test in plan.tests:
            self.of(test).left += 1

    def __iter__(self) -> Iterator[WorkerQueue]:
        return iter(list(self._queues.values()))

    def of(self, test: SlotTest) -> WorkerQueue:
        """The lane of a slot."""
        name = test.hsm if self._is_split else str(self._modules.get(test.hsm, ""))
        return self._queues.setdefault(name, WorkerQueue(left=0))

    def add(self, test: SlotTest) -> None:
        """A slot is reachable; slots of a lane are tested in the order of the configuration."""
        insort(self.of(test).ready, test, key=attrgetter("index"))

    @property
    def initialises_anew(self) -> bool:
        """Whether each slot gets a configuration of its own, and the module is initialised anew for it."""
        return self._has_private_configurations and (self._lanes == "hsm" or self.is_primus is not False)

    def settle(self, open_tests: Iterable[SlotTest], *, is_primus: bool) -> None:
        """The module has said who made it; ``open_tests`` have no result yet."""
        if self.is_primus is None:
            self.is_primus = is_primus
            if is_primus:
                self.split(open_tests)

    @property
    def _may_split(self) -> bool:
        return self._lanes == "auto" and self._has_private_configurations

    def split(self, open_tests: Iterable[SlotTest]) -> None:
        """From one lane in all to a lane for each HSM, unless the user said otherwise."""
        if self._is_split or not self._may_split:
            return
        self._is_split = True
        shared = self._queues.pop("")
        for test in open_tests:
            self.of(test).left += 1
        for test in shared.ready:
            self.of(test).ready.append(test)
        if shared.current is not None:
            # The process goes on with the HSM whose slot it tests.
            ours = self.of(shared.current)
            shared.left, shared.ready = ours.left, ours.ready
            self._queues[shared.current.hsm] = shared
