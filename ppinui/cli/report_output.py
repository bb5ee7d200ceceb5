"""What a connection test found, for people: ppin's text, the reasons behind it, and a line of progress."""

from __future__ import annotations

import os
import sys
from itertools import groupby

from ppinui.cli.console import as_json, emit, say
from ppinui.errors import ExitCode
from ppinui.probe.result import Outcome, Report, SlotResult, StageResult
from ppinui.probe.run_state import ProbeEvent
from ppinui.text import printable

_UNKNOWN = "unknown"
"""In the place of a firmware that nobody could read, since the HSM was not reached."""


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
    """The report as ppin words it (its documentation shows every word, space and blank line).

    Where ppin's firmware name cannot be known stands what the token says. A slot that was left out for a
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
    """Why slots are not fine and what else is worth knowing: stage, code, meaning, next step.

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
        return (head, printable(error.message), f"do: {printable(error.remedy)}")
    return (f"{stage.stage.value}: {printable(stage.note)}",) if stage.note else None


class Progress:
    """One line on a terminal's stderr that says how far a test has come; elsewhere nothing at all."""

    def __init__(self) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._dirty = False

    def __call__(self, event: ProbeEvent) -> None:
        """Take the next event of the run. None is left out: the last one shown may have to stand for long."""
        if not self._shown:
            return
        test = event.test
        where = f"{test.hsm}.{test.slot} {test.user}: {event.stage.value if event.stage else 'done'}"
        line = printable(f"{event.done} of {event.total} slots tested  {where}")
        try:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            columns = 80
        say(f"\r{line[: max(columns - 1, 10)]}\x1b[K", end="")
        self._dirty = True

    def clear(self) -> None:
        """Take the line away, before anything else is written."""
        if self._dirty:
            say("\r\x1b[K", end="")
            self._dirty = False
