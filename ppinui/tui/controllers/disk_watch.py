"""Noticing that another program changes the file while it is on the screen."""

from __future__ import annotations

from ppinui.editing.file_watch import Glance, OnDisk, glance
from ppinui.tui.background import run_in_thread
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.messages import HeadChanged


class DiskWatch:
    """Looks at the file on request, and notifies where it is not as it was read any more."""

    def __init__(self, context: ControllerContext) -> None:
        self._context = context
        self._seen: Glance | None = None
        self._said = OnDisk.SAME
        self._is_looking = False

    @property
    def state(self) -> OnDisk:
        """How the file compares with what was read, as far as it is known. After a save it is the same."""
        seen = self._seen
        return seen.state if seen is not None and seen.base is self._context.session.base else OnDisk.SAME

    @property
    def is_other(self) -> bool:
        """Whether the file is not as it was read."""
        return self.state is not OnDisk.SAME

    async def look(self) -> None:
        """Look once, away from the screen; nothing where the look before has not come back yet."""
        if self._is_looking:
            return
        self._is_looking = True
        session, before = self._context.session, self._seen
        try:
            base = session.base
            self._seen = await run_in_thread(lambda: glance(session.path, base, before))
        finally:
            self._is_looking = False
        state = self.state
        if state is self._said:
            return
        self._said = state
        self._context.broadcast(HeadChanged)
        if self.is_other:
            text = f"{session.path.name}: {state.value}. c shows what can be done."
            self._context.notify(text, severity="warning")
