"""A connection test within a walkthrough: how far it is, and what it has shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ppinui.errors import ExitCode
from ppinui.probe.plan import Plan
from ppinui.probe.result import Outcome, Report, SlotResult, Stage
from ppinui.probe.run_state import Listener, ProbeEvent
from ppinui.setup.walkthrough import Finding, Running, State
from ppinui.text import plural

WayBack = Callable[[SlotResult, Stage], str | None]
"""The step in which a slot that failed at a stage can be mended."""


def hearing(plan: Plan, running: Running) -> Listener:
    """Says how far the test is, in one line for each event, and lets those hear it who watch."""
    watching = running.watch(plan) if running.watch is not None else None

    def hear(event: ProbeEvent) -> None:
        test = event.test
        stage = event.stage.value if event.stage else "done"
        running.say(
            f"{event.done} of {event.total} slots tested, {test.hsm}.{test.slot} {test.user}: {stage}"
        )
        if watching is not None:
            watching(event)

    return hear


def finding_of(report: Report, back_to: WayBack) -> Finding:
    """What a test has shown; a failure comes with the step in which it can be mended."""
    failures = _failures(report, back_to)
    total = report.partitions
    if report.interrupted:
        return Finding(
            State.TO_DO,
            "the test was interrupted",
            items=failures,
            exit_code=ExitCode.INTERRUPTED,
        )
    if not report.failures:
        return Finding(State.DONE, f"all {total} slots are fine" if total > 1 else "the slot is fine")
    return Finding(
        State.PROBLEM,
        f"{report.failures} of {plural(total, 'slot')} are not fine",
        items=failures,
        back_to=next((item.back_to for item in failures if item.back_to), None),
    )


def _failures(report: Report, back_to: WayBack) -> tuple[Finding, ...]:
    """One for each reason, with the slots that have it."""
    found: dict[Finding, list[str]] = {}
    for result in report.results:
        if result.outcome is not Outcome.OK:
            found.setdefault(_failure(result, back_to), []).append(f"{result.hsm}.{result.slot}")
    return tuple(replace(finding, subject=", ".join(slots)) for finding, slots in found.items())


def _failure(result: SlotResult, back_to: WayBack) -> Finding:
    stage = result.stages[-1] if result.stages else None
    error = stage.error if stage else None
    if stage is None or error is None:
        return Finding(State.PROBLEM, "was not tested", "test again")
    code = f" ({error.hex})" if error.hex else ""
    words = f"{stage.stage.value} {stage.outcome.value}: {error.name}{code}. {error.message}"
    return Finding(State.PROBLEM, words, error.remedy, back_to=back_to(result, stage.stage))
