"""All of the configuration as text in the user's own editor: one edit, which undo takes back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ppinui.editing.edits import patch_between
from ppinui.libconfig.document import ConfigSyntaxError
from ppinui.tui.background import off_screen
from ppinui.tui.dialogs.choice_dialog import Answer, error_question
from ppinui.tui.text_editor import edited

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_ANSWERS = [Answer("again", "e", "Edit it again"), Answer("discard", "d", "Discard it")]


async def edit_text(app: PpinuiApp) -> None:
    """Open what is on the screen, saved or not, at the place of the cursor; nothing is saved by this."""
    if not app.main.take_typed():
        return
    document = app.session.document
    setting = document.get(app.main.place) or document.root
    text, line = document.text, setting.place.line if setting.place.file == document.origin else 1
    while True:
        text = await edited(app, text, app.session.path.name, app.setup.editor_environ, line)
        if text == document.text:
            app.notify("Nothing was changed.")
            return
        try:
            await off_screen(partial(document.with_text, text))
        except ConfigSyntaxError as flaw:
            line = flaw.at.line
            answer = ""
            while not answer:  # what was edited is not given up by a slip
                answer = await app.push_screen_wait(error_question(flaw, _ANSWERS))
            if answer == "discard":
                return
        else:
            app.main.do(patch_between(document.text, text, "edited as text"))
            return
