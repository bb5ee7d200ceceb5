"""``ppinui doctor``: what is set up here, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterable
from typing import Final

from ppinui.cli.command_context import context_of
from ppinui.cli.console import as_json, emit
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.doctor.examination import examine
from ppinui.errors import ExitCode
from ppinui.services.context import Host
from ppinui.text import printable
from ppinui.workers.hardening import harden

_STATES: Final = {Severity.ERROR: "wrong", Severity.WARNING: "warning", Severity.OK: "ok"}


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; NOT_FINE if one of them is wrong."""
    host = Host()  # before this process lowers its limits
    harden()
    with contextlib.closing(context_of(arguments, host=host)) as context:
        context.keyrings.start()  # it is opened while the rest is looked at
        findings = examine(context)
        seen = _as_json(findings) if arguments.format == "json" else _as_text(findings)
    return ExitCode.NOT_FINE if Severity.ERROR in seen else ExitCode.FINE


def _as_text(findings: Iterable[Diagnostic]) -> set[Severity]:
    """One line each, as soon as it is known; a remedy on a line of its own below."""
    seen = set()
    for finding in findings:
        seen.add(finding.severity)
        lines = [f"{_STATES[finding.severity]:<8} {printable(finding.subject)}: {printable(finding.message)}"]
        if finding.remedy:
            lines.append(f"         fix: {printable(finding.remedy)}")
        emit("\n".join(lines) + "\n")
    return seen


def _as_json(findings: Iterable[Diagnostic]) -> set[Severity]:
    found = list(findings)
    emit(
        as_json(
            {
                "findings": [
                    {
                        "subject": finding.subject,
                        "state": _STATES[finding.severity],
                        "words": finding.message,
                        "remedy": finding.remedy or None,
                    }
                    for finding in found
                ],
                "wrong": sum(finding.severity is Severity.ERROR for finding in found),
                "warnings": sum(finding.severity is Severity.WARNING for finding in found),
            }
        )
    )
    return {finding.severity for finding in found}
