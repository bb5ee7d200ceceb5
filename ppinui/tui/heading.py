"""The line at the top of the main screen: whether all is saved, what else goes on, and which file it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.text import plural
from ppinui.tui.plain_text import plain

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp


def heading(app: PpinuiApp, path: Path, width: int, *, is_new: bool) -> str:
    """The line for so many cells; ``is_new``: nothing can have happened to the file yet."""
    head = f" [{'saved' if is_new else _state(app)}]{app.activity}  "
    room = max(12, width - len(head))
    name = plain(str(path))
    # The end of a path says more than its beginning.
    return head + (name if len(name) <= room else f"…{name[len(name) - room + 1 :]}")


def _state(app: PpinuiApp) -> str:
    session = app.session
    edits = len(session.edits)
    state = f"UNSAVED: {plural(edits, 'edit')}" if session.unsaved else "saved"
    if app.disk_watch.is_other:
        state += f", {app.disk_watch.state.value.upper()}"
    if session.journal_flaw:
        state += f" (edits are not kept against a crash: {session.journal_flaw})"
    return state
