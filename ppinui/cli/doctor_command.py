"""``ppinui doctor``: what is set up here, what is not, and what to do about it."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterable

from ppinui.cli.console import emit
from ppinui.cli.json_output import as_json
from ppinui.cli.secret.secret_session import SecretSession
from ppinui.doctor.examination import Named, examine
from ppinui.doctor.finding import Finding, State
from ppinui.doctor.host import surroundings
from ppinui.errors import ExitCode
from ppinui.text import printable


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; NOT_FINE if one of them is wrong."""
    around = surroundings(os.environ)  # before the session lowers this process's limits
    with contextlib.closing(SecretSession(arguments)) as session:
        named = Named(
            arguments.config,
            arguments.secrets,
            arguments.module,
            arguments.ppin,
            keyring=session.named_keyring,
        )
        findings = examine(named, session.store, around)
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
