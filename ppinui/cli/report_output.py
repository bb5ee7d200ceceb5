"""The report of a connection test: ppin's text, the reasons behind it, and a line of progress."""

from __future__ import annotations

from itertools import groupby

from ppinui.cli.console import ProgressLine, as_json, emit, say
from ppinui.errors import ExitCode
from ppinui.probe.credentials import Credentials
from ppinui.probe.plan import Plan
from ppinui.probe.result import Outcome, Report, SlotResult, StageResult
from ppinui.probe.run_state import ProbeEvent
from ppinui.probe.runner import AskPin, ProbeOptions
from ppinui.probe.runner import run as run_test
from ppinui.text import printable

_UNKNOWN = "unknown"
"""Shown for a firmware that could not be read, since the HSM was not reached."""


def run_with_progress(
    plan: Plan, options: ProbeOptions, *, pins: AskPin | None = None, credentials: Credentials | None = None
) -> Report:
    """The connection test, with a line of progress on a terminal; parameters as for runner.run."""
    progress = ProgressLine()

    def show(event: ProbeEvent) -> None:
        # No event is left out: the last one may stay on the screen for long.
        test = event.test
        where = f"{test.hsm}.{test.slot} {test.user}: {event.stage.value if event.stage else 'done'}"
        progress(f"{event.done} of {event.total} slots tested  {where}")

    try:
        return run_test(plan, options, pins=pins, credentials=credentials, on_event=show)
    finally:
        progress.clear()


def show_report(report: Report, output_format: str = "text") -> int:
    """The report on stdout, the reasons behind it on stderr; returns the exit code."""
    emit(as_json(report.as_json()) if output_format == "json" else render_text(report))
    if reasons := render_reasons(report):
        say(reasons)
    if report.interrupted:
        say("ppinui: interrupted; this is what was known")
        return ExitCode.INTERRUPTED
    return ExitCode.NOT_FINE if report.failures else ExitCode.FINE


def render_text(report: Report) -> str:
    """The report in ppin's format (its documentation shows every word, space and blank line).

    Where ppin's firmware name cannot be known, the token's own is shown. A slot that was left out for a
    reason without a name shows as SKIPPED.
    """
    lines = [f"Load config file: '{printable(report.config)}'"]
    for hsm, group in groupby(report.results, key=lambda result: result.hsm):
        slots = list(group)
        firmware = next((slot.firmware for slot in slots if slot.firmware), _UNKNOWN)
        lines.append("")
        # ppin writes a space behind the firmware too
        lines.append(f"{printable(hsm)}: {_way(slots[0])}, firmware: {printable(firmware)} ")
        lines += (_slot_line(slot) for slot in slots)
    lines += [
        "",
        f"Number of tested HSMs: {report.tested_hsms} (number of partitions: {report.partitions})",
        f"Number of failures: {report.failures}",
    ]
    return "\n".join(lines) + "\n"


def _way(slot: SlotResult) -> str:
    if slot.module is not None:
        return f"Load '{printable(slot.module)}'"
    return f"Connect to '{printable(slot.host)}' on port {printable(slot.port)}"


def _slot_line(slot: SlotResult) -> str:
    number = "?" if slot.id is None else slot.id
    # A slot that is named by its id alone has no user until its token was read.
    user = slot.user if slot.user or slot.module is None else _UNKNOWN
    return f"    {printable(slot.slot)} (id={number}), user={printable(user)}: {_verdict(slot)}"


def _verdict(slot: SlotResult) -> str:
    if slot.outcome is Outcome.OK:
        return "OK"
    if slot.error is not None:
        return printable(slot.error.name)
    return slot.outcome.value.upper()


def render_reasons(report: Report) -> str:
    """Why slots failed, and other notes: stage, code, meaning, next step.

    Slots for which all of it is the same share one entry. Empty when there is nothing to say.
    """
    slots_of: dict[tuple[str, ...], list[str]] = {}
    for slot in report.results:
        for reason in _reasons(slot):
            slots_of.setdefault(reason, []).append(f"{slot.hsm}.{slot.slot}")
    entries = []
    for (head, *rest), slots in slots_of.items():
        entries.append(
            "\n".join([f"{printable(', '.join(slots))}: {head}", *(f"    {line}" for line in rest)])
        )
    return "\n".join(entries)


def _reasons(slot: SlotResult) -> list[tuple[str, ...]]:
    found = [reason for stage in slot.stages if (reason := _reason(stage))]
    if slot.outcome is Outcome.FAILED and slot.scope == "endpoint":
        proxy = f"behind the service proxy of '{printable(slot.proxy or '')}'"
        found.append((f"{proxy}: the result is the endpoint's, not one HSM's",))
    return found


def _reason(stage: StageResult) -> tuple[str, ...] | None:
    error = stage.error
    if error is not None:
        code = f" ({error.hex})" if error.hex else ""
        head = f"{stage.stage.value} {stage.outcome.value}: {printable(error.name)}{code}"
        return (head, printable(error.message), f"fix: {printable(error.remedy)}")
    return (f"{stage.stage.value}: {printable(stage.note)}",) if stage.note else None
