"""Undo and redo without limit: every state of the document, and which of them the file on the disk has."""

from __future__ import annotations

from dataclasses import dataclass, field

from ppinui.editing.edits import Edit
from ppinui.libconfig.document import Document


@dataclass(frozen=True)
class State:
    """A state of the document: what led to it, and the setting or group that it was about."""

    document: Document = field(repr=False)
    words: str
    path: str
    edit: Edit | None = None
    """None where it came from elsewhere: the disk."""


class History:
    """States in the order in which they came about; documents share what is equal, so they cost little."""

    def __init__(self, document: Document) -> None:
        self._states = [State(document, "", "")]
        self._now = 0

    @property
    def now(self) -> State:
        """The state that is on the screen."""
        return self._states[self._now]

    @property
    def undoable(self) -> str | None:
        """What ``undo`` would take back, in words; None at the beginning."""
        return self.now.words if self._now else None

    @property
    def redoable(self) -> str | None:
        """What ``redo`` would do again; None at the end."""
        return self._states[self._now + 1].words if self._now + 1 < len(self._states) else None

    def add(self, state: State) -> None:
        """A new state behind this one; what was undone is forgotten."""
        del self._states[self._now + 1 :]
        self._states.append(state)
        self._now += 1

    def undo(self) -> State | None:
        """Go back by one state; the state that was left, or None at the beginning."""
        if not self._now:
            return None
        left = self.now
        self._now -= 1
        return left

    def redo(self) -> State | None:
        """Go forward by one state, and give it; None at the end."""
        if self._now + 1 == len(self._states):
            return None
        self._now += 1
        return self.now
