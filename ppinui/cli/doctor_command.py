"""``ppinui doctor``: what is set up here, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterable

from ppinui.cli.command_context import context_of
from ppinui.cli.console import as_json, emit
from ppinui.doctor.examination import examine
from ppinui.doctor.finding import Finding, State
from ppinui.errors import ExitCode
from ppinui.services.context import Host
from ppinui.text import printable
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; NOT_FINE if one of them is wrong."""
    host = Host()  # before this process lowers its limits
    harden()
    with contextlib.closing(context_of(arguments, host=host)) as context:
        context.keyrings.start()  # it is opened while the rest is looked at
        findings = examine(context)
        seen = _as_json(findings) if arguments.format == "json" else _as_text(findings)
    return ExitCode.NOT_FINE if State.WRONG in seen else ExitCode.FINE


def _as_text(findings: Iterable[Finding]) -> set[State]:
    """One line each, as soon as it is known; a remedy on a line of its own below."""
    seen = set()
    for finding in findings:
        seen.add(finding.state)
        lines = [f"{finding.state.value:<8} {printable(finding.subject)}: {printable(finding.words)}"]
        if finding.remedy is not None:
            lines.append(f"         do: {printable(finding.remedy)}")
        emit("\n".join(lines) + "\n")
    return seen


def _as_json(findings: Iterable[Finding]) -> set[State]:
    found = list(findings)
    emit(
        as_json(
            {
                "findings": [
                    {
                        "subject": finding.subject,
                        "state": finding.state.value,
                        "words": finding.words,
                        "remedy": finding.remedy,
                    }
                    for finding in found
                ],
                "wrong": sum(finding.state is State.WRONG for finding in found),
                "warnings": sum(finding.state is State.WARNING for finding in found),
            }
        )
    )
    return {finding.state for finding in found}
