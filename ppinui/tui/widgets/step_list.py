"""The steps of a walkthrough as a list: sign, title and state of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import set_cell_size

from ppinui.setup.walkthrough import Step, StepState
from ppinui.tui.widgets.virtual_list import Piece, VirtualList

_WORD = 10

SIGNS: Mapping[StepState, tuple[str, str]] = {
    StepState.DONE: ("✓", "good"),
    StepState.TO_DO: ("○", "warning"),
    StepState.PROBLEM: ("✗", "error"),
    StepState.NOT_NEEDED: ("–", "faint"),
}
"""The sign of a state, and what it is, for its colour."""


class StepList(VirtualList):
    """A line for each step; Enter goes there."""

    def __init__(self, steps: Sequence[Step], *, id: str) -> None:
        super().__init__(id=id)
        self._steps = steps
        self._states: Mapping[str, StepState] = {}
        self._here = -1

    @property
    def count(self) -> int:
        return len(self._steps)

    def show(self, states: Mapping[str, StepState], here: str) -> None:
        """Show what is known of each step, and at which one is; the cursor goes there when that changes."""
        place = next(number for number, step in enumerate(self._steps) if step.id == here)
        moved, self._here = place != self._here, place
        self._states = dict(states)
        if moved:
            self.go_to(place)
        self.refresh()

    def on_mount(self) -> None:
        self.content_changed()

    def row(self, index: int, width: int) -> Sequence[Piece]:
        step = self._steps[index]
        state = self._states.get(step.id)
        here = index == self._here
        sign, name = SIGNS[state] if state is not None else ("▸" if here else " ", "")
        word = state.value if state is not None else "here" if here else ""
        title = set_cell_size(step.title, max(0, width - _WORD - 6))
        return [
            (f"{index + 1:>2} ", "faint"),
            (f"{sign} ", name),
            (f"{title} ", "strong" if here else ""),
            (set_cell_size(word, _WORD), name),
        ]
