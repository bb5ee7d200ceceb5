"""What is known of each slot while a run goes on, and what follows from it for secrets and listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ppinui.probe.conditions import explain_condition
from ppinui.probe.credentials import SlotSecrets
from ppinui.probe.plan import SlotTest
from ppinui.probe.rejection import accepted_by, possibly_rejected_by
from ppinui.probe.result import ErrorInfo, Outcome, SlotResult, Stage, StageResult
from ppinui.probe.secret_guard import Credential, SecretGuard
from ppinui.probe.stage_errors import OfferedSecrets


@dataclass(frozen=True)
class ProbeEvent:
    """Something that happened to a slot, for progress on a screen."""

    test: SlotTest
    stage: Stage | None
    """The stage that began; None when the slot is done."""
    result: SlotResult | None
    done: int
    total: int


Listener = Callable[[ProbeEvent], None]

_ORDER = tuple(Stage)


@dataclass
class SlotState:
    """What is known of one slot."""

    test: SlotTest
    stages: list[StageResult] = field(default_factory=list)
    stage: Stage = Stage.RESOLVE
    """The stage that it is in."""
    firmware: str | None = None
    label: str | None = None
    """The label of the token that was found."""
    is_primus: bool | None = None
    """Whether its module is the Primus provider; None until the module has said who made it."""
    module: str | None = None
    """The library of a slot that is named by its id alone."""
    offered: tuple[Credential, ...] = ()
    """The secrets that its test offers."""
    login: bool = False
    """Whether its test goes on to the login stage."""
    secrets: SlotSecrets = field(default_factory=SlotSecrets)
    """The secrets of its test, and where they come from."""
    result: SlotResult | None = None

    def close(self) -> SlotResult:
        """The result, once the last stage has ended."""
        # A crypto stage that policy forbids leaves a slot that works, and so does a login that nobody wants.
        decisive = [stage.outcome for stage in self.stages if stage.error and stage.stage is not Stage.CRYPTO]
        if any(stage.outcome is Outcome.FAILED for stage in self.stages):
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.SKIPPED if Outcome.SKIPPED in decisive else Outcome.OK
        test = self.test
        self.result = SlotResult(
            hsm=test.hsm,
            host=test.host,
            port=test.port,
            slot=test.slot,
            id=test.id,
            user=test.user if self.module is None else self.label or "",
            proxy=test.proxy,
            outcome=outcome,
            stages=tuple(self.stages),
            secrets={kind.value: source.value for kind, source in self.secrets.sources.items()},
            firmware=self.firmware,
            module=self.module,
        )
        return self.result


class RunState:
    """All slots of a run, by their index in the plan."""

    def __init__(self, tests: Sequence[SlotTest], on_event: Listener) -> None:
        self.slots = [SlotState(test) for test in tests]
        self.guard = SecretGuard()
        self.open = len(self.slots)
        """How many slots have no result yet."""
        self._on_event = on_event

    def results(self) -> tuple[SlotResult, ...]:
        """The results so far, in the order of the plan."""
        return tuple(slot.result for slot in self.slots if slot.result is not None)

    def open_tests(self) -> list[SlotTest]:
        """The tests without a result yet."""
        return [slot.test for slot in self.slots if slot.result is None]

    def offered_secrets(self, slot: SlotState) -> OfferedSecrets:
        """What a return value of this slot's test may speak of."""
        open_ones = tuple(one for one in slot.offered if not self.guard.accepted(one))
        return OfferedSecrets(slot.test.path, open_ones, slot.secrets.sources)

    def begin_stage(self, slot: SlotState, stage: Stage) -> None:
        """A slot enters a stage."""
        slot.stage = stage
        self._notify(slot)

    def add(self, slot: SlotState, stage: StageResult) -> None:
        """A stage of a slot has ended; the guard learns what it says of the secrets that were offered."""
        slot.stages.append(stage)
        accepted, suspected = accepted_by(stage), possibly_rejected_by(stage)
        for credential in slot.offered:
            if credential.kind in accepted:
                self.guard.accept(credential)
            elif credential.kind in suspected:
                self.guard.reject(credential)

    def finish(self, slot: SlotState) -> None:
        """A slot's last stage has ended."""
        slot.close()
        self.guard.release(slot.offered)
        self.open -= 1
        self._notify(slot)

    def fail(self, slot: SlotState, error: ErrorInfo, outcome: Outcome = Outcome.FAILED) -> None:
        """A slot ends in the stage that it is in, for a reason that was found outside of it."""
        if slot.stages and slot.stages[-1].stage is slot.stage:
            # that stage has ended: it is the next one that does not come about
            slot.stage = _ORDER[_ORDER.index(slot.stage) + 1]
        self.add(slot, StageResult(slot.stage, outcome, 0.0, error))
        self.finish(slot)

    def fail_by_condition(
        self, slot: SlotState, condition: str, detail: str = "", outcome: Outcome = Outcome.FAILED
    ) -> None:
        """The same for one of :data:`ppinui.probe.conditions.CONDITIONS`."""
        self.fail(slot, explain_condition(condition, detail), outcome)

    def interrupt(self) -> None:
        """Give every slot without a result one that says that the run was interrupted."""
        for slot in self.slots:
            if slot.result is None:
                self.fail_by_condition(slot, "interrupted", outcome=Outcome.SKIPPED)

    def _notify(self, slot: SlotState) -> None:
        total = len(self.slots)
        stage = slot.stage if slot.result is None else None
        self._on_event(ProbeEvent(slot.test, stage, slot.result, total - self.open, total))
