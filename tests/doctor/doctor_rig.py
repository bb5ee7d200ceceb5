"""Somebody to look for, and picking a finding out of many."""

from __future__ import annotations

from collections.abc import Iterable

from ppinui.doctor.finding import Finding
from ppinui.doctor.host import Account

ALICE = Account(1000, "alice", frozenset({1000}), is_service=False)


def about(subject: str, findings: Iterable[Finding]) -> Finding:
    """The one finding with this subject."""
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found
