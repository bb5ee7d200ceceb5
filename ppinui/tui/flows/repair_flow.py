"""The ways out of a primus.cfg that cannot be read: edit it, read it again, save it, leave it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.config.config_save import SaveRefused
from ppinui.tui.background import off_screen
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.flows.save_flow import ask_and_copy, refusal, tell_saved, what_will_be_written
from ppinui.tui.text_editor import edited
from ppinui.tui.widgets.list_view import Piece

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp
    from ppinui.tui.screens.repair_screen import MendingScreen


async def read(app: PpinuiApp, screen: MendingScreen) -> None:
    """Read the file; the main screen opens where it can be read now."""
    mending = screen.mending
    if mending.is_edited and not await _give_up(app, "Read the file, and discard what you edited?"):
        return
    await _open(app, screen)


async def _open(app: PpinuiApp, screen: MendingScreen) -> None:
    opened = await off_screen(screen.mending.read)
    if opened is not None:
        app.open(opened)
    else:
        screen.show()


async def edit(app: PpinuiApp, screen: MendingScreen) -> None:
    """Let the user edit the text; once it parses, ask whether to save it."""
    mending = screen.mending
    new = await edited(app, mending.text, mending.path.name, app.setup.editor_environ, mending.flaw_line or 1)
    if new == mending.text:
        app.notify("Nothing was changed.")
        return
    await off_screen(lambda: mending.take(new))
    screen.show()
    if mending.flaw is None:
        await save(app, screen)


async def save(app: PpinuiApp, screen: MendingScreen) -> None:
    """Show the change, save it, and open the main screen."""
    mending = screen.mending
    overtaken = await off_screen(mending.overtaken)
    answer = await app.push_screen_wait(
        what_will_be_written(mending.path, mending.diff(), overtaken=overtaken)
    )
    if answer == "save":
        is_password_lost = mending.is_password_lost
        try:
            report = await off_screen(mending.save)
        except SaveRefused as refused:
            answer = await app.push_screen_wait(refusal(refused))
        else:
            tell_saved(app, report, is_password_lost=is_password_lost)
            await _open(app, screen)
    if answer == "copy":
        await save_copy(app, screen)


async def save_copy(app: PpinuiApp, screen: MendingScreen) -> Path | None:
    """Save the text to another file; its path, None where that did not come about."""
    mending = screen.mending
    return await ask_and_copy(app, mending.path, mending.save_copy)


async def leave(app: PpinuiApp, screen: MendingScreen) -> None:
    """Quit; where something was edited and not saved, ask first."""
    if not screen.mending.is_edited or await _give_up(app, "Quit, and discard what you edited?"):
        app.leave()


async def _give_up(app: PpinuiApp, title: str) -> bool:
    lines: list[Piece] = [("It is not saved anywhere.", "")]
    answers = [Answer("back", "b", "Back"), Answer("discard", "d", "Discard it")]
    return await app.push_screen_wait(Question(title, lines, answers)) == "discard"
