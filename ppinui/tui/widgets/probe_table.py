"""The table of a connection test: a line for each slot, with the stage that it is in or its result."""

from __future__ import annotations

from functools import partial

from ppinui.editing.result_history import Progress, Row
from ppinui.probe.result import Outcome, Stage
from ppinui.tui.widgets.column_table import Column, ColumnTable
from ppinui.tui.widgets.virtual_list import Piece

_WIDE = 110


class ProbeTable(ColumnTable[Row]):
    """A line for each slot of a run."""

    def __init__(self, *, id: str) -> None:
        columns = [
            Column[Row]("HSM", 8, lambda row: row.test.hsm),
            Column[Row]("slot", 7, lambda row: row.test.slot),
            Column[Row]("partition", 18, lambda row: row.test.user),
            Column[Row]("outcome", 16, lambda row: state_of(row, self._is_running)),
            Column[Row]("ms", 9, _total, right=True),
            Column[Row]("fw", 6, lambda row: (row.result.firmware or "") if row.result else ""),
            *(
                Column[Row](stage.value, 7, partial(_time, stage), "faint", right=True, only_wide=True)
                for stage in Stage
            ),
        ]
        super().__init__(columns, id=id, wide_from=_WIDE)
        self._is_running = False

    def show_progress(self, progress: Progress) -> None:
        self._is_running = progress.running
        self.show(progress.rows)


def state_of(row: Row, running: bool) -> Piece:
    """Waiting, the stage that it is in, fine, or where it failed; what it is, for its colour."""
    result = row.result
    if result is None:
        if row.stage is None:
            return ("waits" if running else "not tested", "faint")
        return (f"… {row.stage.value}", "warning")
    if result.outcome is Outcome.OK:
        return ("fine", "good")
    last = result.stages[-1].stage.value if result.stages else ""
    word = "✗" if result.outcome is Outcome.FAILED else "skipped"
    return (f"{word} {last}", "error" if result.outcome is Outcome.FAILED else "warning")


def _total(row: Row) -> str:
    if row.result is not None:
        return f"{sum(stage.milliseconds for stage in row.result.stages):.0f}"
    return f"{row.seconds * 1000:.0f}" if row.stage is not None else ""


def _time(stage: Stage, row: Row) -> str:
    stages = row.result.stages if row.result is not None else ()
    return next((f"{one.milliseconds:.0f}" for one in stages if one.stage is stage), "")
