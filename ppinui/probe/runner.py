"""Runs a plan: endpoints side by side, slots in their lanes, every process watched by the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from ppinui.config.locate import SECRETS_VARIABLE
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.pkcs11.return_codes import ErrorEntry
from ppinui.probe.conditions import explain_condition
from ppinui.probe.credentials import (
    NO_LOGIN,
    Credentials,
    Pin,
    PromptedCredentials,
    SecretSource,
    with_pin_source,
)
from ppinui.probe.endpoint_queue import EndpointQueue
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.rejection import credentials_of
from ppinui.probe.result import ErrorInfo, Outcome, Report, Stage, StageResult
from ppinui.probe.run_state import Listener, ProbeEvent, RunState, SlotState
from ppinui.probe.secret_guard import Credential
from ppinui.probe.slot_request import SlotRequest
from ppinui.probe.stage_errors import stage_result
from ppinui.probe.worker_queue import Lanes, WorkerQueue, WorkerQueues
from ppinui.provider.library import is_primus, mentions_primus
from ppinui.secrets.secret import Secret
from ppinui.workers.cancellation import Cancellation

__all__ = ["AskPin", "ProbeEvent", "ProbeOptions", "run"]

NOT_WANTED = "skipped, as the application does not log in to this slot; crypto was not tried either"

LOAD_FAILURES_IN_A_ROW = 3
"""After so many slots at which the module crashed or hung while loading, HSMs no longer wait in one lane."""


@dataclass(frozen=True)
class ProbeOptions:
    """How to test."""

    module: Path | None
    """The PKCS#11 library; None if none was found: then only the network stages run."""
    module_error: PpinuiError | None = None
    """Why there is no module: the error of each slot's ``load`` stage."""
    login: bool = False
    crypto: bool = False
    """Needs ``login``."""
    timeout: float = 10.0
    """Seconds for each stage of each slot."""
    jobs: int = 32
    """The number of HSMs that are tested side by side."""
    lanes: Lanes = "auto"
    spend_final_try: bool = False
    """Offer a PIN even where the token says that one more wrong one locks it."""
    spend_one_try: bool = False
    """Offer a configuration's PIN even where the token says that a wrong one was offered since the last right
    one; one that somebody has typed, or that the keyring holds, is offered in any case."""
    modules: Mapping[str, Path | PpinuiError] = field(default_factory=dict)
    """The library of each HSM that has another than ``module``, or why there is none."""
    secrets_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    def module_for(self, test: SlotTest) -> Path | PpinuiError | None:
        """The library to test a slot with, or why there is none, where that is known."""
        return self.modules.get(test.hsm, self.module or self.module_error)


AskPin = Callable[[str], Secret]


def run(
    plan: Plan,
    options: ProbeOptions,
    *,
    pins: AskPin | None = None,
    credentials: Credentials | None = None,
    on_event: Listener | None = None,
    stop: Cancellation | None = None,
) -> Report:
    """Test every slot of the plan.

    Secrets come from ``credentials``, or as PINs from ``pins``, which is enough where the module reads the
    rest by itself. PINs are fetched once for each partition before anything starts, where ``options.login``
    is set, and wiped at the end. Ctrl+C ends the run with what is known so far, and ``stop`` does so from
    another thread. No process is left behind.
    """
    credentials = credentials or PromptedCredentials(pins or _no_pin)
    known: dict[str, Pin] = {}
    try:
        if options.login:
            for user in plan.users:
                known[user] = credentials.pin_of(user)
        return _Run(plan, options, credentials, known, on_event or (lambda _: None), stop=stop).go()
    finally:
        for pin in known.values():
            if pin.secret is not None:
                pin.secret.wipe()


def _no_module(error: PpinuiError | None) -> ErrorInfo:
    missing = explain_condition("module-missing")
    if error is None:
        return missing
    # What a stage reports has no place of its own.
    return replace(missing, message=f"{error.message} (looked at {error.place})", remedy=error.remedy)


def _no_pin(user: str) -> Secret:
    raise SecretUnavailable(
        f"the PIN of '{user}' is needed", "the connection test", "give it one, or test without login"
    )


class _Run:
    def __init__(
        self,
        plan: Plan,
        options: ProbeOptions,
        credentials: Credentials,
        pins: dict[str, Pin],
        on_event: Listener,
        *,
        stop: Cancellation | None,
    ) -> None:
        self._plan = plan
        self._stop = stop
        self._options = options
        self._source = credentials
        self._pins = pins
        self._state = RunState(plan.tests, on_event)
        self._endpoints = EndpointQueue(
            self._state, self._on_reachable, timeout=options.timeout, side_by_side=options.jobs
        )
        likely_primus = options.module is not None and mentions_primus(options.module)
        self._lanes = WorkerQueues(plan, options.lanes, options.modules, likely_primus=likely_primus)
        self._load_failures = 0

    # -- the whole run -----------------------------------------------------------------------------------

    def go(self) -> Report:
        interrupted = False
        try:
            if self._plan.configure is not None:
                self._endpoints.start(self._options.environ)
            else:
                for slot in self._state.slots:
                    slot.stage = Stage.LOAD
                    self._on_reachable(slot)
            self._start_slots()
            while self._state.open and not interrupted:
                self._wait_for_messages()
                interrupted = self._stop is not None and self._stop.requested
                self._check_deadlines()
                self._start_slots()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            self._endpoints.end()
            for lane in self._lanes:
                lane.end_worker()
        if interrupted:
            self._state.interrupt()
        modules = {self._options.module_for(test) for test in self._plan.tests}
        module = modules.pop() if len(modules) == 1 else None
        return Report(
            self._plan.origin,
            str(module) if isinstance(module, Path) else None,
            self._state.results(),
            interrupted,
        )

    def _wait_for_messages(self) -> None:
        """Wait until a process sends a message or a stage is overdue, and handle the messages."""
        workers = {lane.worker.connection: lane for lane in self._lanes if lane.worker is not None}
        sources = [*workers]
        if self._stop is not None:
            sources.append(self._stop.connection)
        if self._endpoints.connection is not None:
            sources.append(self._endpoints.connection)
        deadlines = [lane.deadline for lane in self._lanes] + [self._endpoints.deadline]
        pending = [deadline for deadline in deadlines if deadline is not None]
        timeout = max(0.0, min(pending) - time.monotonic()) if pending else None
        for source in wait(sources, timeout):
            if source is self._endpoints.connection:
                self._endpoints.receive()
            elif source in workers:
                self._receive(workers[source])

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        for lane in self._lanes:
            if lane.deadline is not None and lane.deadline <= now:
                self._fail_current(
                    lane, "module-hung", f"{lane.stage} took longer than {self._options.timeout:g} s"
                )
        self._endpoints.check_deadlines(now)

    def _on_reachable(self, slot: SlotState) -> None:
        module = self._options.module_for(slot.test)
        if self._plan.configure is None:
            slot.module = module.place if isinstance(module, PpinuiError) else str(module)
        if not isinstance(module, Path):
            self._state.begin_stage(slot, Stage.LOAD)
            self._state.fail(slot, _no_module(module))
        else:
            slot.secrets = self._source.secrets_of(slot.test)
            self._lanes.add(slot.test)

    # -- starting slots ----------------------------------------------------------------------------------

    def _start_slots(self) -> None:
        """Give each idle lane its next slot, as far as processes and the secret guard allow."""
        busy = sum(lane.worker is not None for lane in self._lanes)
        for lane in self._lanes:
            if lane.current is not None or not lane.ready:
                continue
            if lane.worker is None and busy >= self._options.jobs:
                continue
            slot = self._next_of(lane)
            if slot is not None:
                busy += lane.worker is None
                self._start(lane, slot)

    def _next_of(self, lane: WorkerQueue) -> SlotState | None:
        """The first ready slot whose secrets may be offered now; those that never may are finished."""
        for test in list(lane.ready):
            slot = self._state.slots[test.index]
            rejected = self._state.guard.rejected(self._credentials(test, login=False))
            if slot.secrets.withheld is not None:
                lane.drop(test)
                self._skip(slot, Stage.LOAD, "stored-secret-rejected", slot.secrets.withheld)
            elif rejected is not None:
                lane.drop(test)
                self._skip(slot, Stage.LOAD, "secret-rejected-before", str(rejected))
            elif self._state.guard.is_free(self._credentials(test, login=self._options.login)):
                return slot
        return None

    def _skip(self, slot: SlotState, stage: Stage, condition: str, detail: str = "") -> None:
        self._state.begin_stage(slot, stage)
        self._state.fail_by_condition(slot, condition, detail, Outcome.SKIPPED)

    def _credentials(self, test: SlotTest, *, login: bool) -> tuple[Credential, ...]:
        return credentials_of(test, connects_with_secrets=self._lanes.initialises_anew, login=login)

    def _start(self, lane: WorkerQueue, slot: SlotState) -> None:
        test, options = slot.test, self._options
        wanted = self._credentials(test, login=options.login)
        # Only a PIN can have been rejected here: the slot is tested as far as it needs none.
        pin = self._pins.get(test.user)
        slot.login = pin is not None and pin.secret is not None and self._state.guard.rejected(wanted) is None
        if pin is not None and pin is not NO_LOGIN:
            slot.secrets = with_pin_source(slot.secrets, pin.source)
        slot.offered = self._credentials(test, login=slot.login)
        self._state.guard.hold(slot.offered)
        self._state.begin_stage(slot, Stage.LOAD)
        request = SlotRequest(
            module=str(options.module_for(test)),
            slot_id=test.id,
            label=test.user if self._plan.configure is not None else None,
            own_configuration=self._plan.configure is not None,
            own_secrets_file=slot.secrets.secrets_file is not None,
            initialise_anew=self._lanes.initialises_anew,
            login=slot.login,
            crypto=options.crypto,
            spend_final_try=options.spend_final_try,
            spend_one_try=options.spend_one_try
            or pin is None
            or pin.source is not SecretSource.CONFIGURATION,
            timeout=options.timeout,
        )
        environ = dict(options.environ)
        if options.secrets_file is not None:
            environ[SECRETS_VARIABLE] = str(options.secrets_file)
        lane.start(test, partial(self._request_with_secrets, slot, request), environ)

    def _request_with_secrets(
        self, slot: SlotState, request: SlotRequest, log: str
    ) -> tuple[SlotRequest, list[bytes]]:
        """A request, and what travels with it."""
        secrets = slot.secrets
        attachments: list[bytes] = []
        if self._plan.configure is not None:
            attachments.append(self._plan.configure(slot.test, log, secrets.proxy_password))
        if secrets.secrets_file is not None:
            attachments.append(secrets.secrets_file)
        if slot.login:
            pin = self._pins[slot.test.user].secret
            assert pin is not None
            attachments.append(pin.reveal_bytes())
        return request, attachments

    # -- messages ----------------------------------------------------------------------------------------

    def _receive(self, lane: WorkerQueue) -> None:
        if lane.worker is None:
            return
        try:
            message = lane.receive(self._options.timeout)
        except (EOFError, ConnectionResetError):
            self._fail_current(lane, "module-crashed", f"it {lane.worker.exit_description()} at {lane.stage}")
            return
        if message is None or lane.current is None:
            return
        slot = self._state.slots[lane.current.index]
        match message["kind"]:
            case "started":
                self._state.begin_stage(slot, Stage(message["stage"]))
            case "ended":
                self._state.add(slot, stage_result(message, partial(self._describe, slot)))
            case "module":
                self._load_failures = 0
                slot.is_primus = is_primus(message["manufacturer"])
                self._lanes.settle(self._state.open_tests(), is_primus=slot.is_primus)
            case "token":
                slot.firmware, slot.label = message["firmware"], message["label"]
            case "done":
                self._end_slot(lane, slot, reusable=message["reusable"])

    def _describe(self, slot: SlotState, code: int) -> ErrorEntry:
        if slot.is_primus is None:  # it failed before it could say who made it
            module = self._options.module_for(slot.test)
            slot.is_primus = isinstance(module, Path) and mentions_primus(module)
        return self._state.offered_secrets(slot).describe(code, is_primus=slot.is_primus)

    def _end_slot(self, lane: WorkerQueue, slot: SlotState, *, reusable: bool) -> None:
        lane.finish_current(keep_worker=reusable)
        if self._options.login and not slot.login and slot.stages[-1].outcome is Outcome.OK:
            pin = self._pins[slot.test.user]
            if pin is NO_LOGIN:
                self._state.add(slot, StageResult(Stage.LOGIN, Outcome.SKIPPED, 0.0, note=NOT_WANTED))
                self._state.finish(slot)
            elif pin.withheld is not None:
                self._skip(slot, Stage.LOGIN, pin.condition, pin.withheld)
            else:
                rejected = self._state.guard.rejected(self._credentials(slot.test, login=True))
                self._skip(slot, Stage.LOGIN, "secret-rejected-before", str(rejected))
        else:
            self._state.finish(slot)

    def _fail_current(self, lane: WorkerQueue, condition: str, detail: str) -> None:
        """The slot in hand took its process down, or has to."""
        test = lane.current
        if test is None:
            lane.end_worker()
            return
        lane.finish_current(keep_worker=False)
        slot = self._state.slots[test.index]
        slot.stage = lane.stage
        self._state.fail_by_condition(slot, condition, detail)
        if lane.stage is Stage.LOAD and self._lanes.is_primus is None:
            # What does not get as far as a token cannot harm one: nobody has to wait for the others' sake.
            self._load_failures += 1
            if self._load_failures >= LOAD_FAILURES_IN_A_ROW:
                self._lanes.split(self._state.open_tests())
