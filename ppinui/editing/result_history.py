"""Connection tests from a screen: how far each slot is, and what is known of it from before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ppinui.config.primus_config import PrimusConfig
from ppinui.probe.plan import Plan, SlotTest, slot_test
from ppinui.probe.rejection import accepted_by, credentials_of, rejected_by
from ppinui.probe.result import Outcome, Report, SlotResult, Stage
from ppinui.probe.run_state import ProbeEvent
from ppinui.probe.secret_guard import Credential


@dataclass(frozen=True)
class Row:
    """How far one slot is. ``seconds`` is the time that its current stage has taken so far."""

    test: SlotTest
    stage: Stage | None
    """The stage that it is in; None before it begins, and when it is done."""
    result: SlotResult | None
    seconds: float = 0.0

    @property
    def path(self) -> str:
        """The slot's path."""
        return self.test.path


@dataclass(frozen=True)
class Progress:
    """All of a run at one moment."""

    rows: tuple[Row, ...]
    done: int
    failed: int
    running: bool
    seconds: float
    report: Report | None = None

    @property
    def total(self) -> int:
        """How many slots are tested."""
        return len(self.rows)


class Board:
    """Takes the events of a run in one thread, and gives its state to another."""

    def __init__(self, plan: Plan, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._rows = [Row(test, None, None) for test in plan.tests]
        self._begun = clock()
        self._since: dict[int, float] = {}
        self._ended: float | None = None
        self._report: Report | None = None
        self.version = 0
        """Counts the events, so that a screen sees whether there is something new."""

    def __call__(self, event: ProbeEvent) -> None:
        """Take an event of the run."""
        with self._lock:
            index = event.test.index
            self._rows[index] = Row(event.test, event.stage, event.result)
            if event.stage is None:
                self._since.pop(index, None)
            else:
                self._since[index] = self._clock()
            self.version += 1

    def end(self, report: Report | None) -> None:
        """The run is over."""
        with self._lock:
            self._report = report
            self._ended = self._clock()
            self.version += 1

    def progress(self) -> Progress:
        """The state now."""
        with self._lock:
            now = self._clock() if self._ended is None else self._ended
            rows = tuple(
                replace(row, seconds=now - self._since[row.test.index])
                if row.stage is not None and row.test.index in self._since
                else row
                for row in self._rows
            )
            results = [row.result for row in rows if row.result is not None]
            failed = sum(result.outcome is not Outcome.OK for result in results)
            running = self._ended is None
            return Progress(rows, len(results), failed, running, now - self._begun, self._report)


@dataclass
class Memory:
    """What this session's tests have shown of each slot and each secret."""

    results: dict[str, tuple[str, SlotResult]] = field(default_factory=dict)
    """By the slot's path: what was tested (:func:`subject_of`), and what came of it."""
    rejected: dict[Credential, str] = field(default_factory=dict)
    """Secrets that were rejected, and how, in words; until they are accepted again or replaced."""
    near_lock: set[str] = field(default_factory=set)
    """Partitions whose token says that one more wrong PIN locks it."""

    def learn(self, tested: Iterable[tuple[SlotTest, SlotResult]], *, primus: bool, login: bool) -> None:
        """Take what a run has shown.

        A secret that one slot was let in with is a good one, whatever another slot of the same run says.
        """
        rejected: dict[Credential, str] = {}
        good: set[Credential] = set()
        for test, result in tested:
            self.results[test.path] = (subject_of(test), result)
            offered = credentials_of(test, connects_with_secrets=primus, login=login)
            if result.outcome is Outcome.OK:
                self.near_lock.discard(test.user)
            for stage in result.stages:
                good |= {credential for credential in offered if credential.kind in accepted_by(stage)}
                if stage.error is None:
                    continue
                if stage.error.name == "PIN_FINAL_TRY":
                    # Nothing was offered: it was the token's warning that kept the PIN back.
                    self.near_lock.add(test.user)
                    continue
                kinds = rejected_by(stage)
                how = f"{stage.error.name} on {test.hsm}"
                rejected |= {credential: how for credential in offered if credential.kind in kinds}
        self.rejected |= rejected
        for credential in good:
            self.rejected.pop(credential, None)

    def forget_secrets_of(self, owner: str) -> None:
        """A secret of a partition or service user was replaced: what was known of it holds no more."""
        for credential in [one for one in self.rejected if one.owner == owner]:
            del self.rejected[credential]

    def results_for(self, config: PrimusConfig) -> Mapping[str, SlotResult]:
        """The results that still hold: those of slots whose address, partition and id are what was tested."""
        return {
            slot.path: known[1]
            for hsm in config.hsms
            for slot in hsm.slots
            if (known := self.results.get(slot.path)) is not None
            and known[0] == subject_of(slot_test(0, hsm, slot))
        }

    def failed(self, config: PrimusConfig) -> tuple[str, ...]:
        """The paths of the slots that were not fine the last time."""
        return tuple(
            path for path, result in self.results_for(config).items() if result.outcome is not Outcome.OK
        )

    def doubts(self, plan: Plan, *, primus: bool, login: bool) -> dict[Credential, str]:
        """The secrets that a run would offer though they were rejected before, and how they were."""
        return {
            credential: self.rejected[credential]
            for test in plan.tests
            for credential in credentials_of(test, connects_with_secrets=primus, login=login)
            if credential in self.rejected
        }


def subject_of(test: SlotTest) -> str:
    """What a test was about, so that a result is not taken for that of another slot."""
    return "\0".join((test.host, test.port, test.user, str(test.id), test.proxy or ""))
