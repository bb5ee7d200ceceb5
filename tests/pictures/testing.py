"""Connection tests by a script: what each slot's stages find and how long they take, without an HSM.

The run's own state makes results and events of it, so that the app is told what it would be told by HSMs.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ppinui.probe.plan import Plan
from ppinui.probe.result import ErrorInfo, Outcome, Report, Stage, StageResult
from ppinui.probe.run_state import Listener, RunState, SlotState
from ppinui.probe.runner import ProbeOptions
from ppinui.workers.cancellation import Cancellation


@dataclass(frozen=True)
class Step:
    """A stage of a slot: how many milliseconds it takes, and why it fails; ``held``: it never ends."""

    stage: Stage
    milliseconds: float
    error: ErrorInfo | None = None
    held: bool = False


Course = Sequence[Step]
"""What a slot goes through."""

FINE: Course = (
    Step(Stage.RESOLVE, 1.8),
    Step(Stage.CONNECT, 11.6),
    Step(Stage.LOAD, 24.3),
    Step(Stage.SLOT, 0.4),
    Step(Stage.TOKEN, 96.2),
    Step(Stage.SESSION, 12.9),
)


def until(last: Step) -> Course:
    """As :data:`FINE`, up to this one."""
    return (*FINE[: [step.stage for step in FINE].index(last.stage)], last)


@dataclass(frozen=True)
class Script:
    """The course of every slot, and of those that differ by HSM and partition: {("hsm2", "ARCHIVE"): …}."""

    usual: Course
    others: Mapping[tuple[str, str], Course] = field(default_factory=dict)

    def course_of(self, slot: SlotState) -> Course:
        return self.others.get((slot.test.hsm, slot.test.user), self.usual)


class Play:
    """Tests by one script, and the clock that they take their time from."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._seconds = 0.0
        self._over = threading.Event()

    def clock(self) -> float:
        return self._seconds

    def end(self) -> None:
        """Let go of what is held."""
        self._over.set()

    def run(
        self, plan: Plan, options: ProbeOptions, *, on_event: Listener, stop: Cancellation, **_: Any
    ) -> Report:
        """Test as the script says, one slot after another; nothing is offered to anybody."""
        state = RunState(plan.tests, on_event)
        held = [slot for slot in state.slots if not self._go_through(state, slot)]
        if held:
            self._over.wait()
            state.interrupt()
        module = None if options.module is None else str(options.module)
        return Report(plan.origin, module, state.results(), interrupted=bool(held))

    def _go_through(self, state: RunState, slot: SlotState) -> bool:
        """Whether the slot comes to its end."""
        pace = 1 + 0.13 * slot.test.index  # no two take the same time
        for step in self._script.course_of(slot):
            milliseconds = step.milliseconds * pace
            state.begin_stage(slot, step.stage)
            self._seconds += milliseconds / 1000
            if step.held:
                return False
            outcome = Outcome.FAILED if step.error else Outcome.OK
            state.add(slot, StageResult(step.stage, outcome, milliseconds, step.error))
        if slot.stages[-1].error is None:
            slot.firmware = "3.2"
        state.finish(slot)
        return True
