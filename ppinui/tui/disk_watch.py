"""Noticing that somebody else changes the file while it is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ppinui.editing.file_watch import Glance, OnDisk, glance
from ppinui.tui.background import off_screen

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp


class DiskWatch:
    """Looks at the file when it is told to, and has the app say so when it is not as it was read any more."""

    def __init__(self, app: PpinuiApp) -> None:
        self._app = app
        self._seen: Glance | None = None
        self._said = OnDisk.SAME
        self._is_looking = False

    @property
    def state(self) -> OnDisk:
        """How the file stands to what was read, as far as it is known. After a save it is the same again."""
        seen = self._seen
        return seen.state if seen is not None and seen.base is self._app.session.base else OnDisk.SAME

    @property
    def is_other(self) -> bool:
        """Whether the file is not as it was read."""
        return self.state is not OnDisk.SAME

    async def look(self) -> None:
        """Look once, away from the screen; nothing where the look before has not come back yet."""
        if self._is_looking:
            return
        self._is_looking = True
        session, before = self._app.session, self._seen
        try:
            base = session.base
            self._seen = await off_screen(lambda: glance(session.path, base, before))
        finally:
            self._is_looking = False
        state = self.state
        if state is self._said:
            return
        self._said = state
        self._app.main.show_head()
        self._app.main.refresh_bindings()
        if self.is_other:
            self._app.notify(
                f"{session.path.name}: {state.value}. c shows what can be done.",
                severity="warning",
                markup=False,
            )
