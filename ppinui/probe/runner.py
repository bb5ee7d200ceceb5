"""Runs a plan: endpoints side by side, slots in their lanes, every process watched by the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Literal

from ppinui.errors import PpinuiError
from ppinui.probe.explain import explain, explain_condition
from ppinui.probe.gate import Credential, Gate
from ppinui.probe.lane import Lane
from ppinui.probe.order import SlotOrder
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.result import ErrorInfo, Outcome, Report, SlotResult, Stage, StageResult
from ppinui.probe.spending import accepted_by, credentials_of, rejected_by
from ppinui.provider.isolation import Message, Worker, Workshop
from ppinui.secrets.secret import Secret

LOAD_FAILURES_IN_A_ROW = 3
"""After so many slots for which the one lane's module crashed or hung while loading, the rest is given up."""

_TEST_ENDPOINTS = "ppinui.probe.network:test_endpoints"
_WARM = ("ppinui.probe.worker", "ppinui.probe.network")
_SLACK = 1.0
"""Seconds that a process that watches the time itself gets on top."""

_workshop = Workshop(_WARM)


@dataclass(frozen=True)
class Options:
    """How to test."""

    module: Path | None
    """The PKCS#11 library; None if none was found: then the network stages run, and ``module_error`` is told."""
    module_error: PpinuiError | None = None
    login: bool = False
    crypto: bool = False
    """Needs ``login``."""
    timeout: float = 10.0
    """Seconds for each stage of each slot."""
    jobs: int = 32
    """The number of HSMs that are tested side by side."""
    lanes: Literal["auto", "hsm", "one"] = "auto"
    """``hsm``: a lane for each HSM; ``one``: one lane in all; ``auto``: as the library's maker asks for."""
    spend_final_try: bool = False
    """Offer a PIN even where the token says that one more wrong one locks it."""
    secrets_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


@dataclass(frozen=True)
class Event:
    """Something that happened to a slot, for progress on a screen."""

    test: SlotTest
    stage: Stage | None
    """The stage that began; None when the slot is done."""
    result: SlotResult | None
    done: int
    total: int


AskPin = Callable[[str], Secret]


def warm_up() -> None:
    """Start the process that workers are forked from, while the caller reads files and asks for PINs."""
    _workshop.warm_up()


def run(
    plan: Plan,
    options: Options,
    *,
    pins: AskPin | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """Test every slot of the plan.

    ``pins`` is asked once for each partition before anything starts, where ``options.login`` is set; the
    secrets are wiped at the end. Ctrl+C ends the run with what is known so far. No process is left behind.
    """
    known: dict[str, Secret] = {}
    try:
        if options.login:
            assert pins is not None
            for user in plan.users:
                known[user] = pins(user)
        return _Run(plan, options, known, on_event or (lambda _: None)).go()
    finally:
        for pin in known.values():
            pin.wipe()


@dataclass
class _Progress:
    """What is known of one slot so far."""

    test: SlotTest
    stages: list[StageResult] = field(default_factory=list)
    stage: Stage | None = None
    deadline: float | None = None
    reachable: bool = False
    firmware: str | None = None
    taken: tuple[Credential, ...] = ()
    login: bool = False
    result: SlotResult | None = None


class _Run:
    def __init__(
        self, plan: Plan, options: Options, pins: dict[str, Secret], on_event: Callable[[Event], None]
    ) -> None:
        self._plan = plan
        self._options = options
        self._pins = pins
        self._on_event = on_event
        self._slots = [_Progress(test, login=options.login) for test in plan.tests]
        self._done = 0
        self._gate = Gate()
        self._network: Worker | None = None
        self._is_primus: bool | None = None
        self._load_failures = 0
        one_lane = options.lanes != "hsm"
        self._lanes = [Lane(list(plan.tests))] if one_lane else self._lane_for_each_hsm(plan.tests)

    # -- the whole run -----------------------------------------------------------------------------------

    def go(self) -> Report:
        interrupted = False
        with ExitStack() as stack:
            stack.callback(self._end_all)
            try:
                self._start_network()
                while self._done < len(self._slots):
                    self._hand_out()
                    self._listen()
                    self._look_at_the_clock()
            except KeyboardInterrupt:
                interrupted = True
                self._stop()
        results = tuple(slot.result for slot in self._slots if slot.result is not None)
        module = str(self._options.module) if self._options.module else None
        return Report(self._plan.config.document.origin, module, results, interrupted)

    def _end_all(self) -> None:
        for lane in self._lanes:
            lane.end_worker()
        self._end_network()

    def _stop(self) -> None:
        for slot in self._slots:
            if slot.result is None:
                stage = slot.stage or Stage.RESOLVE
                self._add(slot, StageResult(stage, Outcome.SKIPPED, 0.0, explain_condition("interrupted")))
                self._finish(slot)

    def _listen(self) -> None:
        """Wait until a process has something to say or a stage is overdue, and hear what it is."""
        speakers = {lane.worker.connection: lane for lane in self._lanes if lane.worker is not None}
        sources = list(speakers)
        if self._network is not None:
            sources.append(self._network.connection)
        deadlines = [lane.deadline for lane in self._lanes] + [slot.deadline for slot in self._slots]
        pending = [deadline for deadline in deadlines if deadline is not None]
        timeout = max(0.0, min(pending) - time.monotonic()) if pending else None
        for source in wait(sources, timeout) if sources or pending else ():
            lane = speakers.get(source)  # type: ignore[call-overload]
            if lane is None:
                self._hear_network()
            elif lane.worker is not None:
                self._hear_lane(lane)

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for lane in self._lanes:
            if lane.deadline is not None and lane.deadline <= now:
                self._lose(lane, "module-hung", f"{lane.stage} took longer than {self._options.timeout:g} s")
        for slot in self._slots:
            if slot.deadline is not None and slot.deadline <= now:
                self._fail_network(
                    slot, "resolve-timeout" if slot.stage is Stage.RESOLVE else "connect-timeout"
                )

    # -- one slot ----------------------------------------------------------------------------------------

    def _begin_stage(self, slot: _Progress, stage: Stage) -> None:
        slot.stage = stage
        self._on_event(Event(slot.test, stage, None, self._done, len(self._slots)))

    def _add(self, slot: _Progress, stage: StageResult) -> None:
        slot.stages.append(stage)
        for credential in slot.taken:
            if credential.kind in accepted_by(stage):
                self._gate.accept(credential)
            elif credential.kind in rejected_by(stage):
                self._gate.reject(credential)

    def _fail(
        self, slot: _Progress, stage: Stage, error: ErrorInfo, outcome: Outcome = Outcome.FAILED
    ) -> None:
        self._add(slot, StageResult(stage, outcome, 0.0, error))
        self._finish(slot)

    def _finish(self, slot: _Progress) -> None:
        outcomes = [stage.outcome for stage in slot.stages if stage.stage is not Stage.CRYPTO]
        crypto_failed = slot.stages[-1].stage is Stage.CRYPTO and slot.stages[-1].outcome is Outcome.FAILED
        if Outcome.FAILED in outcomes or crypto_failed:
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.SKIPPED if Outcome.SKIPPED in outcomes else Outcome.OK
        test = slot.test
        slot.result = SlotResult(
            hsm=test.hsm.name,
            host=test.host,
            port=test.port,
            slot=test.slot.name,
            id=test.slot.id,
            user=test.user,
            proxy=test.slot.proxy_user,
            outcome=outcome,
            stages=tuple(slot.stages),
            firmware=slot.firmware,
        )
        slot.deadline = None
        self._gate.release(slot.taken)
        self._done += 1
        self._on_event(Event(test, None, slot.result, self._done, len(self._slots)))
        for lane in self._lanes:
            if test in lane.waiting:
                lane.waiting.remove(test)

    # -- the network stages ------------------------------------------------------------------------------

    def _start_network(self) -> None:
        targets: list[tuple[int, str, int]] = []
        for slot in self._slots:
            port = slot.test.port
            if slot.test.host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
                targets.append((slot.test.index, slot.test.host, int(port)))
            else:
                self._fail(slot, Stage.RESOLVE, explain_condition("address-missing"))
        if targets:
            self._network = _workshop.start(_TEST_ENDPOINTS, self._options.environ)
            order = {"targets": targets, "timeout": self._options.timeout, "threads": self._options.jobs}
            self._network.try_send(order)

    def _end_network(self) -> None:
        if self._network is not None:
            self._network.end()
            self._network = None

    def _hear_network(self) -> None:
        assert self._network is not None
        try:
            message, _ = self._network.channel.receive()
        except (EOFError, ConnectionResetError):
            epitaph = self._network.epitaph()
            self._end_network()
            for slot in self._slots:
                if slot.result is None and not slot.reachable:
                    self._fail_network(slot, "connect-failed", f"the process that connects {epitaph}")
            return
        slot = self._slots[message["index"]]
        if slot.result is not None:
            return
        stage = Stage(message["stage"])
        if message["kind"] == "started":
            slot.deadline = time.monotonic() + self._options.timeout
            if stage is Stage.CONNECT:
                slot.deadline += _SLACK
            self._begin_stage(slot, stage)
            return
        slot.deadline = None
        self._add(slot, _stage_result(message))
        if message["outcome"] != Outcome.OK:
            self._finish(slot)
        elif stage is Stage.CONNECT:
            slot.reachable = True
            if self._options.module is None:
                self._fail(slot, Stage.LOAD, self._module_error())
        if all(other.reachable or other.result is not None for other in self._slots):
            self._end_network()

    def _fail_network(self, slot: _Progress, condition: str, detail: str = "") -> None:
        self._fail(slot, slot.stage or Stage.RESOLVE, explain_condition(condition, detail))

    def _module_error(self) -> ErrorInfo:
        error = self._options.module_error
        if error is None:
            return explain_condition("module-missing")
        return ErrorInfo(None, explain_condition("module-missing").name, error.message, error.remedy)

    # -- the module's stages -----------------------------------------------------------------------------

    def _lane_for_each_hsm(self, tests: tuple[SlotTest, ...]) -> list[Lane]:
        lanes: dict[str, list[SlotTest]] = {}
        for test in tests:
            lanes.setdefault(test.hsm.name, []).append(test)
        return [Lane(waiting) for waiting in lanes.values()]

    def _private(self) -> bool:
        """Whether each slot gets a configuration of its own, and the module is initialised anew for it."""
        return self._options.lanes == "hsm" or self._is_primus is not False

    def _hand_out(self) -> None:
        """Give each idle lane its next slot, as far as processes and the gate allow."""
        busy = sum(lane.worker is not None for lane in self._lanes)
        for lane in self._lanes:
            if not lane.idle:
                continue
            if lane.worker is None and busy >= self._options.jobs:
                continue
            test = self._next_of(lane)
            if test is not None:
                busy += lane.worker is None
                self._begin(lane, self._slots[test.index])
            elif lane.finished:
                lane.end_worker()

    def _next_of(self, lane: Lane) -> SlotTest | None:
        """The first slot of a lane that may be tested now; those that must not be offered are finished."""
        for test in list(lane.waiting):
            slot = self._slots[test.index]
            if not slot.reachable:
                continue
            connecting = credentials_of(test, connects_with_secrets=self._private(), login=False)
            rejected = self._gate.rejected(connecting)
            if rejected is not None:
                detail = str(rejected)
                error = explain_condition("secret-rejected-before", detail)
                self._fail(slot, Stage.LOAD, error, Outcome.SKIPPED)
                continue
            if self._gate.is_free(self._credentials(slot)):
                return test
        return None

    def _credentials(self, slot: _Progress) -> tuple[Credential, ...]:
        return credentials_of(slot.test, connects_with_secrets=self._private(), login=self._options.login)

    def _begin(self, lane: Lane, slot: _Progress) -> None:
        credentials = self._credentials(slot)
        slot.login = self._options.login and self._gate.rejected(credentials) is None
        slot.taken = credentials
        self._gate.take(credentials)
        test, options, private = slot.test, self._options, self._private()

        def order(log_path: str) -> tuple[SlotOrder, bytes, Secret | None]:
            return (
                SlotOrder(
                    module=str(options.module),
                    slot_id=test.slot.id,
                    user=test.user,
                    initialise_anew=private,
                    login=slot.login,
                    crypto=options.crypto,
                    spend_final_try=options.spend_final_try,
                    timeout=options.timeout,
                ),
                self._plan.configuration(test, log_path),
                self._pins[test.user] if slot.login else None,
            )

        environ = dict(options.environ)
        if options.secrets_file is not None:
            environ["SECUROSYS_SECRETS_CONF"] = str(options.secrets_file)
        lane.begin(test, order, _workshop, environ)

    def _hear_lane(self, lane: Lane) -> None:
        try:
            message = lane.receive(self._options.timeout)
        except (EOFError, ConnectionResetError):
            assert lane.worker is not None
            self._lose(lane, "module-crashed", f"it {lane.worker.epitaph()} at {lane.stage}")
            return
        if message is None or lane.current is None:
            return
        slot = self._slots[lane.current.index]
        match message["kind"]:
            case "started":
                self._begin_stage(slot, Stage(message["stage"]))
            case "ended":
                self._add(slot, _stage_result(message))
            case "module":
                self._load_failures = 0
                self._know_module(lane, message["manufacturer"])
            case "token":
                slot.firmware = message["firmware"]
            case "done":
                self._end_slot(lane, slot, reusable=message["reusable"])

    def _end_slot(self, lane: Lane, slot: _Progress, *, reusable: bool) -> None:
        if self._options.login and not slot.login and slot.stages[-1].outcome is Outcome.OK:
            rejected = self._gate.rejected(self._credentials(slot))
            error = explain_condition("secret-rejected-before", str(rejected))
            self._add(slot, StageResult(Stage.LOGIN, Outcome.SKIPPED, 0.0, error))
        self._finish(slot)
        lane.let_go(keep_worker=reusable)

    def _know_module(self, lane: Lane, manufacturer: str) -> None:
        """With the first word of the module itself, the lanes are settled."""
        if self._is_primus is not None:
            return
        self._is_primus = manufacturer.startswith("Securosys")
        if self._is_primus and self._options.lanes == "auto":
            assert lane.current is not None
            ours = lane.current.hsm.name
            others = [test for test in lane.waiting if test.hsm.name != ours]
            lane.waiting = [test for test in lane.waiting if test.hsm.name == ours]
            self._lanes += self._lane_for_each_hsm(tuple(others))

    def _lose(self, lane: Lane, condition: str, detail: str) -> None:
        """The slot in hand took its process down, or has to."""
        lane.end_worker()
        if lane.current is None:
            return
        slot = self._slots[lane.current.index]
        lane.let_go(keep_worker=False)
        self._fail(slot, lane.stage, explain_condition(condition, detail))
        if lane.stage is Stage.LOAD and self._is_primus is None and self._options.lanes != "hsm":
            self._load_failures += 1
            if self._load_failures >= LOAD_FAILURES_IN_A_ROW:
                self._give_up(lane)

    def _give_up(self, lane: Lane) -> None:
        for test in list(lane.waiting):
            slot = self._slots[test.index]
            if slot.reachable:
                self._fail(slot, Stage.LOAD, explain_condition("module-given-up"), Outcome.SKIPPED)


def _stage_result(message: Message) -> StageResult:
    outcome = Outcome(message["outcome"])
    return StageResult(
        stage=Stage(message["stage"]),
        outcome=outcome,
        milliseconds=message["milliseconds"],
        error=explain(message),
        note=message.get("note"),
    )
