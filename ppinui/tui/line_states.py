"""The three states of a line of the tree in words: its problems, its secret, its last test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ppinui.config.primus_config import PrimusConfig, Slot
from ppinui.diagnostic import Severity
from ppinui.editing.tree_model import Branch, Line
from ppinui.tui.widgets.config_tree import LineMarks

if TYPE_CHECKING:
    from ppinui.probe.result import SlotResult

Word = tuple[str, str]
"""A word and what it is (error, warning, good, faint), for its colour."""

_NONE: Word = ("–", "faint")
_NO_STATE: Word = ("", "")
_PROBLEMS: Mapping[Severity, tuple[str, str, str]] = {
    Severity.ERROR: ("err!", "error!", "error"),
    Severity.WARNING: ("warn", "warning", "warning"),
    Severity.NOTE: ("note", "note", "faint"),
}


@dataclass(frozen=True)
class SecretState:
    """Where a slot's secrets are, in one word (short and long), and how good that is."""

    short: str
    long: str
    name: str


UNKNOWN = SecretState("?", "?", "faint")


@dataclass
class LineStates:
    """What is known of each path of the tree."""

    problems: Mapping[str, Severity] = field(default_factory=dict)
    secrets: Mapping[str, SecretState] = field(default_factory=dict)
    """By path of slots."""
    secret_lines: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By kind (permanent, proxy, pin) and name: state and age of each secret in words, and what it is."""
    results: Mapping[str, SlotResult] = field(default_factory=dict)
    """The last result of each slot, by its path."""
    running: Mapping[str, str] = field(default_factory=dict)
    """The stage that each slot is in, by its path, while it is tested."""

    def marks(self, line: Line, config: PrimusConfig, wide: bool) -> LineMarks:
        """The states of a line, for the room that there is."""
        severity = self.problems.get(line.path)
        problem = _NONE
        if severity is not None:
            short, long, name = _PROBLEMS[severity]
            problem = (long if wide else short, name)
        if line.branch is Branch.SLOT:
            secret = self.secrets.get(line.path, UNKNOWN)
            return LineMarks(
                (secret.long if wide else secret.short, secret.name), problem, self.test(line.path)
            )
        if line.branch is Branch.HSM:
            hsm = config.hsm(line.title)
            return LineMarks(_NO_STATE, problem, self._of_all(hsm.slots) if hsm is not None else _NONE)
        return LineMarks(_NO_STATE, problem)

    def test(self, path: str) -> Word:
        """The last test of a slot: running at which stage, fine, failed at which stage, skipped, never."""
        if path in self.running:
            return (f"…{self.running[path]}", "warning")
        result = self.results.get(path)
        if result is None:
            return ("never", "faint")
        from ppinui.probe.result import Outcome

        if result.outcome is Outcome.OK:
            return ("fine", "good")
        stage = result.stages[-1].stage.value if result.stages else ""
        if result.outcome is Outcome.SKIPPED:
            return ("skipped", "warning")
        return (f"✗{stage}", "error")

    def _of_all(self, slots: tuple[Slot, ...]) -> Word:
        results = [self.results[slot.path] for slot in slots if slot.path in self.results]
        if any(slot.path in self.running for slot in slots):
            return ("…", "warning")
        if not results:
            return _NONE
        from ppinui.probe.result import Outcome

        bad = sum(result.outcome is not Outcome.OK for result in results)
        return (f"✗{bad} of {len(results)}", "error") if bad else ("fine", "good")
