"""Picking a finding out of many."""

from __future__ import annotations

from collections.abc import Iterable

from ppinui.doctor.finding import Finding


def about(subject: str, findings: Iterable[Finding]) -> Finding:
    """The one finding with this subject."""
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found
