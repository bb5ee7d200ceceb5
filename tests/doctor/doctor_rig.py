"""Picking a finding out of many."""

from __future__ import annotations

from collections.abc import Iterable

from ppinui.diagnostic import Diagnostic


def about(subject: str, findings: Iterable[Diagnostic]) -> Diagnostic:
    """The one finding with this subject."""
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found
