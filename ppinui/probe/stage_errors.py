"""From what a worker reports to an error that says what happened and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from ppinui.pkcs11.return_codes import ErrorEntry, describe
from ppinui.probe.conditions import CONDITIONS
from ppinui.probe.result import ErrorInfo, Outcome, Stage, StageResult
from ppinui.workers.channel import Message

Describe = Callable[[int], ErrorEntry]
"""Gives the entry of a return value."""


def explain_condition(name: str, detail: str = "") -> ErrorInfo:
    """The error of a condition that ppinui found by itself; ``detail`` is added to its meaning."""
    condition = CONDITIONS[name]
    message = f"{condition.meaning}: {detail}" if detail else condition.meaning
    return ErrorInfo(condition.code, condition.name, message, condition.remedy, found_by_us=True)


def explain_answer(
    answered: int, logged: int | None, logged_by: str | None, describe: Describe = describe
) -> ErrorInfo:
    """The error of a return value, or of the vendor's code behind it, if the private log has one.

    ``describe`` knows what a code says of this slot. The library's functions answer with PKCS#11's own,
    general values; the cause stands in its log only.
    """
    if logged is None or logged == answered:
        entry = describe(answered)
        return ErrorInfo(answered, entry.name, entry.meaning, entry.remedy)
    entry = describe(logged)
    by = f" by {logged_by}" if logged_by else ""
    message = f"{entry.meaning} (from the provider's log{by}; the library answered {describe(answered).name})"
    return ErrorInfo(logged, entry.name, message, entry.remedy)


def explain(report: Message, describe: Describe = describe) -> ErrorInfo | None:
    """The error of a worker's ``ended`` message, None for a stage that passed."""
    if report.get("answered") is not None:
        return explain_answer(report["answered"], report.get("logged"), report.get("logged_by"), describe)
    if report.get("condition") is not None:
        return explain_condition(report["condition"], report.get("detail") or "")
    return None


def stage_result(report: Message, describe: Describe = describe) -> StageResult:
    """A worker's ``ended`` message as the result of a stage."""
    return StageResult(
        stage=Stage(report["stage"]),
        outcome=Outcome(report["outcome"]),
        milliseconds=report["milliseconds"],
        error=explain(report, describe),
        # a login also fails where the connection breaks
        login_refused=report.get("failed_login", False) and report.get("errno") is None,
        note=report.get("note"),
    )
