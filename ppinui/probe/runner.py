"""Runs a plan: endpoints side by side, slots in their lanes, every process watched by the clock."""

from __future__ import annotations

import os
import time
from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import wait
from operator import attrgetter
from pathlib import Path
from typing import Literal

from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.probe.cancellation import Stop
from ppinui.probe.credentials import NO_LOGIN, AskedSupply, Pin, Source, Supply, with_pin_source
from ppinui.probe.endpoint_queue import Endpoints
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.probe_worker_pool import WORKSHOP
from ppinui.probe.rejection import credentials_of
from ppinui.probe.result import ErrorInfo, Outcome, Report, Stage, StageResult
from ppinui.probe.run_state import Book, Entry, Event, Listener
from ppinui.probe.secret_guard import Credential
from ppinui.probe.slot_request import SlotOrder
from ppinui.probe.stage_errors import explain_condition, stage_result
from ppinui.probe.worker_queue import Lane
from ppinui.provider.library import is_primus
from ppinui.secrets.secret import Secret

__all__ = ["AskPin", "Event", "Options", "run"]

NOT_WANTED = "skipped, as the application does not log in to this slot; crypto was not tried either"

LOAD_FAILURES_IN_A_ROW = 3
"""After so many slots at which the module crashed or hung while loading, HSMs no longer wait in one lane."""


@dataclass(frozen=True)
class Options:
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
    lanes: Literal["auto", "hsm", "one"] = "auto"
    """``hsm``: a lane for each HSM; ``one``: one lane in all; ``auto``: as the library's maker asks for."""
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
    options: Options,
    *,
    pins: AskPin | None = None,
    supply: Supply | None = None,
    on_event: Listener | None = None,
    stop: Stop | None = None,
) -> Report:
    """Test every slot of the plan.

    Secrets come from ``supply``, or as PINs from ``pins``, which is enough where the module reads the rest by
    itself. PINs are fetched once for each partition before anything starts, where ``options.login`` is set,
    and wiped at the end. Ctrl+C ends the run with what is known so far, and ``stop`` does so from another
    thread. No process is left behind.
    """
    supply = supply or AskedSupply(pins or _nobody)
    known: dict[str, Pin] = {}
    try:
        if options.login:
            for user in plan.users:
                known[user] = supply.pin_of(user)
        return _Run(plan, options, supply, known, on_event or (lambda _: None), stop=stop).go()
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


def _nobody(user: str) -> Secret:
    raise SecretUnavailable(
        f"the PIN of '{user}' is needed", "the connection test", "give it one, or test without login"
    )


class _Run:
    def __init__(
        self,
        plan: Plan,
        options: Options,
        supply: Supply,
        pins: dict[str, Pin],
        on_event: Listener,
        *,
        stop: Stop | None,
    ) -> None:
        self._plan = plan
        self._stop = stop
        self._options = options
        self._supply = supply
        self._pins = pins
        self._book = Book(plan.tests, on_event)
        self._endpoints = Endpoints(
            self._book, self._on_reachable, timeout=options.timeout, side_by_side=options.jobs
        )
        self._is_primus: bool | None = None
        """None until the module has said who made it."""
        self._load_failures = 0
        self._lanes: dict[str, Lane] = {}
        self._split_lanes = options.lanes == "hsm"
        for test in plan.tests:
            self._lane_of(test).left += 1

    # -- the whole run -----------------------------------------------------------------------------------

    def go(self) -> Report:
        interrupted = False
        try:
            if self._plan.configure is not None:
                self._endpoints.start(WORKSHOP, self._options.environ)
            else:
                for entry in self._book.entries:
                    entry.stage = Stage.LOAD
                    self._on_reachable(entry)
            self._hand_out()
            while self._book.open and not interrupted:
                self._listen()
                interrupted = self._stop is not None and self._stop.asked
                self._look_at_the_clock()
                self._hand_out()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            self._endpoints.end()
            for lane in self._lanes.values():
                lane.end_worker()
        if interrupted:
            self._book.interrupt()
        modules = {self._options.module_for(test) for test in self._plan.tests}
        module = modules.pop() if len(modules) == 1 else None
        return Report(
            self._plan.origin,
            str(module) if isinstance(module, Path) else None,
            self._book.results(),
            interrupted,
        )

    def _listen(self) -> None:
        """Wait until a process has something to say or a stage is overdue, and hear what it is."""
        speakers = {lane.worker.connection: lane for lane in self._lanes.values() if lane.worker is not None}
        sources = [*speakers]
        if self._stop is not None:
            sources.append(self._stop.connection)
        if self._endpoints.connection is not None:
            sources.append(self._endpoints.connection)
        deadlines = [lane.deadline for lane in self._lanes.values()] + [self._endpoints.deadline]
        pending = [deadline for deadline in deadlines if deadline is not None]
        timeout = max(0.0, min(pending) - time.monotonic()) if pending else None
        for source in wait(sources, timeout):
            if source is self._endpoints.connection:
                self._endpoints.hear()
            elif source in speakers:
                self._hear(speakers[source])

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for lane in list(self._lanes.values()):
            if lane.deadline is not None and lane.deadline <= now:
                self._lose(lane, "module-hung", f"{lane.stage} took longer than {self._options.timeout:g} s")
        self._endpoints.look_at_the_clock(now)

    # -- lanes -------------------------------------------------------------------------------------------

    def _lane_of(self, test: SlotTest) -> Lane:
        name = test.hsm if self._split_lanes else str(self._options.modules.get(test.hsm, ""))
        return self._lanes.setdefault(name, Lane(left=0))

    def _on_reachable(self, entry: Entry) -> None:
        module = self._options.module_for(entry.test)
        if self._plan.configure is None:
            entry.module = module.place if isinstance(module, PpinuiError) else str(module)
        if not isinstance(module, Path):
            self._book.begin_stage(entry, Stage.LOAD)
            self._book.fail(entry, _no_module(module))
        else:
            entry.secrets = self._supply.secrets_of(entry.test)
            insort(self._lane_of(entry.test).ready, entry.test, key=attrgetter("index"))

    def _know_module(self, manufacturer: str) -> None:
        """With the first word of the module itself, the lanes are settled."""
        if self._is_primus is not None:
            return
        self._is_primus = is_primus(manufacturer)
        if self._is_primus:
            self._split()

    def _split(self) -> None:
        """From one lane in all to a lane for each HSM, unless the user said otherwise."""
        if self._split_lanes or self._options.lanes != "auto" or self._plan.configure is None:
            return
        self._split_lanes = True
        shared = self._lanes.pop("")
        for entry in self._book.entries:
            if entry.result is None:
                self._lane_of(entry.test).left += 1
        for test in shared.ready:
            self._lane_of(test).ready.append(test)
        if shared.current is not None:
            # The process goes on with the HSM whose slot it has in hand.
            ours = self._lane_of(shared.current)
            shared.left, shared.ready = ours.left, ours.ready
            self._lanes[shared.current.hsm] = shared

    def _is_private(self) -> bool:
        """Whether each slot gets a configuration of its own, and the module is initialised anew for it."""
        if self._plan.configure is None:
            return False
        return self._options.lanes == "hsm" or self._is_primus is not False

    # -- giving out --------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Give each idle lane its next slot, as far as processes and the gate allow."""
        busy = sum(lane.worker is not None for lane in self._lanes.values())
        for lane in self._lanes.values():
            if lane.current is not None or not lane.ready:
                continue
            if lane.worker is None and busy >= self._options.jobs:
                continue
            entry = self._next_of(lane)
            if entry is not None:
                busy += lane.worker is None
                self._begin(lane, entry)

    def _next_of(self, lane: Lane) -> Entry | None:
        """The first ready slot whose secrets may be offered now; those that never may are finished."""
        for test in list(lane.ready):
            entry = self._book.entries[test.index]
            rejected = self._book.gate.rejected(self._credentials(test, login=False))
            if entry.secrets.withheld is not None:
                lane.drop(test)
                self._skip(entry, Stage.LOAD, "stored-secret-rejected", entry.secrets.withheld)
            elif rejected is not None:
                lane.drop(test)
                self._skip(entry, Stage.LOAD, "secret-rejected-before", str(rejected))
            elif self._book.gate.is_free(self._credentials(test, login=self._options.login)):
                return entry
        return None

    def _skip(self, entry: Entry, stage: Stage, condition: str, detail: str = "") -> None:
        self._book.begin_stage(entry, stage)
        self._book.fail_by_condition(entry, condition, detail, Outcome.SKIPPED)

    def _credentials(self, test: SlotTest, *, login: bool) -> tuple[Credential, ...]:
        return credentials_of(test, connects_with_secrets=self._is_private(), login=login)

    def _begin(self, lane: Lane, entry: Entry) -> None:
        test, options = entry.test, self._options
        wanted = self._credentials(test, login=options.login)
        # Only a PIN can have been rejected here: the slot is tested as far as it needs none.
        pin = self._pins.get(test.user)
        entry.login = pin is not None and pin.secret is not None and self._book.gate.rejected(wanted) is None
        if pin is not None and pin is not NO_LOGIN:
            entry.secrets = with_pin_source(entry.secrets, pin.source)
        entry.offered = self._credentials(test, login=entry.login)
        self._book.gate.take(entry.offered)
        self._book.begin_stage(entry, Stage.LOAD)
        order = SlotOrder(
            module=str(options.module_for(test)),
            slot_id=test.id,
            label=test.user if self._plan.configure is not None else None,
            own_configuration=self._plan.configure is not None,
            own_secrets_file=entry.secrets.secrets_file is not None,
            initialise_anew=self._is_private(),
            login=entry.login,
            crypto=options.crypto,
            spend_final_try=options.spend_final_try,
            spend_one_try=options.spend_one_try or pin is None or pin.source is not Source.CONFIGURATION,
            timeout=options.timeout,
        )
        environ = dict(options.environ)
        if options.secrets_file is not None:
            environ["SECUROSYS_SECRETS_CONF"] = str(options.secrets_file)
        lane.begin(test, partial(self._order_with_secrets, entry, order), WORKSHOP, environ)

    def _order_with_secrets(self, entry: Entry, order: SlotOrder, log: str) -> tuple[SlotOrder, list[bytes]]:
        """An order, and what travels with it."""
        secrets = entry.secrets
        attachments: list[bytes] = []
        if self._plan.configure is not None:
            attachments.append(self._plan.configure(entry.test, log, secrets.proxy_password))
        if secrets.secrets_file is not None:
            attachments.append(secrets.secrets_file)
        if entry.login:
            pin = self._pins[entry.test.user].secret
            assert pin is not None
            attachments.append(pin.reveal_bytes())
        return order, attachments

    # -- hearing -----------------------------------------------------------------------------------------

    def _hear(self, lane: Lane) -> None:
        if lane.worker is None:
            return
        try:
            message = lane.receive(self._options.timeout)
        except (EOFError, ConnectionResetError):
            self._lose(lane, "module-crashed", f"it {lane.worker.epitaph()} at {lane.stage}")
            return
        if message is None or lane.current is None:
            return
        entry = self._book.entries[lane.current.index]
        match message["kind"]:
            case "started":
                self._book.begin_stage(entry, Stage(message["stage"]))
            case "ended":
                self._book.add(entry, stage_result(message, self._book.stakes(entry).describe))
            case "module":
                self._load_failures = 0
                self._know_module(message["manufacturer"])
            case "token":
                entry.firmware, entry.label = message["firmware"], message["label"]
            case "done":
                self._end_slot(lane, entry, reusable=message["reusable"])

    def _end_slot(self, lane: Lane, entry: Entry, *, reusable: bool) -> None:
        lane.let_go(keep_worker=reusable)
        if self._options.login and not entry.login and entry.stages[-1].outcome is Outcome.OK:
            pin = self._pins[entry.test.user]
            if pin is NO_LOGIN:
                self._book.add(entry, StageResult(Stage.LOGIN, Outcome.SKIPPED, 0.0, note=NOT_WANTED))
                self._book.finish(entry)
            elif pin.withheld is not None:
                self._skip(entry, Stage.LOGIN, pin.condition, pin.withheld)
            else:
                rejected = self._book.gate.rejected(self._credentials(entry.test, login=True))
                self._skip(entry, Stage.LOGIN, "secret-rejected-before", str(rejected))
        else:
            self._book.finish(entry)

    def _lose(self, lane: Lane, condition: str, detail: str) -> None:
        """The slot in hand took its process down, or has to."""
        test = lane.current
        if test is None:
            lane.end_worker()
            return
        lane.let_go(keep_worker=False)
        entry = self._book.entries[test.index]
        entry.stage = lane.stage
        self._book.fail_by_condition(entry, condition, detail)
        if lane.stage is Stage.LOAD and self._is_primus is None:
            # What does not get as far as a token cannot harm one: nobody has to wait for the others' sake.
            self._load_failures += 1
            if self._load_failures >= LOAD_FAILURES_IN_A_ROW:
                self._split()
