"""Saving from the screen: the change first, then the file; what to do where that cannot be done; quitting."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.config.config_save import SaveRefused, SaveReport
from ppinui.config.library_users import processes_using
from ppinui.config.redaction import is_any_lost, masked_diff
from ppinui.editing.file_watch import OnDisk
from ppinui.editing.session import DiskState, Session
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document
from ppinui.tui.background import off_screen
from ppinui.tui.dialogs.choice_dialog import Answer, Question, error_question
from ppinui.tui.dialogs.form_dialog import Asking, Wanted
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.list_view import Piece
from ppinui.tui.widgets.text_view import diff_lines

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_BACK = Answer("back", "b", "Back")


async def save(app: PpinuiApp) -> bool:
    """Save what is on the screen, after the change was shown; whether all of it is on the disk now."""
    session = app.session
    if not app.main.take_typed():
        return False
    while True:
        disk = await off_screen(session.look_at_disk)
        if disk.state is not OnDisk.SAME:
            await app.disk_watch.look()  # the mark comes before the question
            if not await _settle(app, disk):
                return False
            continue
        if not session.unsaved:
            app.notify("Nothing has changed since the file was read or saved.")
            return True
        answer = await app.push_screen_wait(what_will_be_written(session.path, session.diff()))
        if answer == "copy":
            await save_copy(app)
            return False
        if answer != "save":
            return False
        if await _write(app):
            return True


async def settle(app: PpinuiApp) -> None:
    """Somebody else changed the file: let the user say what is to become of it, before anything is saved."""
    if not app.main.take_typed():
        return
    disk = await off_screen(app.session.look_at_disk)
    if disk.state is OnDisk.SAME:
        app.notify("The file is as it was read.")
    else:
        await _settle(app, disk)
    await app.disk_watch.look()


async def quit_app(app: PpinuiApp, *, message: str | None = None) -> None:
    """Leave, with a last word for the terminal; where something is not saved, ask first."""
    if app.opened is None:
        app.leave(message=message)
        return
    session = app.session
    app.main.take_typed()
    if session.unsaved:
        lines: list[Piece] = [*diff_lines(session.diff())]
        answer = await app.push_screen_wait(
            Question(
                f"{session.path.name} has changes that are not saved",
                lines,
                [
                    Answer("save", "s", "Save and quit"),
                    Answer("discard", "d", "Discard them and quit"),
                    Answer("stay", "b", "Back"),
                ],
            )
        )
        if answer not in ("save", "discard") or (answer == "save" and not await save(app)):
            return
    await off_screen(session.close)
    app.leave(message=message)


async def save_copy(app: PpinuiApp) -> Path | None:
    """Save what is on the screen to another file; its path, None where that did not come about."""
    session = app.session
    document = session.document
    return await ask_and_copy(app, session.path, lambda path: session.save_copy(document, path))


async def ask_and_copy(app: PpinuiApp, original: Path, write: Callable[[Path], SaveReport]) -> Path | None:
    """Ask where to, have it written there, and say how it gets in the place of the original."""
    answers = await app.push_screen_wait(
        Asking(
            "Save a copy",
            [Wanted("path", "to the file", str(Path.home() / f"{original.name}.copy"), "a new file")],
        )
    )
    if answers is None or not answers["path"]:
        return None
    path = Path(answers["path"]).expanduser()
    try:
        await off_screen(lambda: write(path))
    except PpinuiError as error:
        await app.push_screen_wait(error_question(error))
        return None
    command = shlex.join(["sudo", "cp", "--", str(path.absolute()), str(original.absolute())])
    await app.push_screen_wait(
        Question(
            f"Saved a copy: {path}",
            [
                ("It holds what the screen shows, passwords in clear text too. To put it in place,", ""),
                ("keeping owner and mode, somebody with the rights runs:", ""),
                ("", ""),
                (f"  {command}", "strong"),
            ],
            [Answer("ok", "o", "OK")],
        )
    )
    return path


def what_will_be_written(path: Path, diff: str, *, overtaken: bool = False) -> Question:
    """What a save does; ``overtaken``: to a file that somebody else has changed since it was read."""
    target = path.resolve()
    lines: list[Piece] = [
        (f"to     {target}", ""),
        (f"backup {target}.bak", ""),
        ("", ""),
        *diff_lines(diff),
    ]
    title = "Somebody else has changed the file meanwhile. Save this over it?" if overtaken else ""
    return Question(
        title or "Save this change?",
        lines,
        [Answer("save", "s", "Save"), Answer("copy", "c", "Save a copy"), _BACK],
    )


async def _write(app: PpinuiApp, *, anew: bool = False) -> bool:
    session = app.session
    base, document = session.base, session.document
    try:
        report = await off_screen(lambda: session.save(document, anew=anew))
    except SaveRefused as refused:
        answer = await app.push_screen_wait(refusal(refused))
        if answer == "copy":
            await save_copy(app)
        return False
    session.saved(document, report)
    app.main.show_head()
    tell_saved(app, report, is_password_lost=is_any_lost(base.text, document.text))
    return not session.unsaved


def refusal(refused: SaveRefused) -> Question:
    """Why it was not saved, and what can be done instead; the answer may be "copy"."""
    return error_question(refused, [Answer("copy", "c", "Save a copy"), _BACK])


def tell_saved(app: PpinuiApp, report: SaveReport, *, is_password_lost: bool) -> None:
    """Say what was saved, and who does not know of it; ``is_password_lost``: the backup still has one."""
    parts = [f"Saved {plain(str(report.path))}"]
    if report.backup is not None:
        parts.append(f"The file as it was: {plain(str(report.backup))}")
    parts += report.notes
    if report.backup is not None and is_password_lost:
        parts.append(f"That one still holds the old password: shred -u {shlex.quote(str(report.backup))}")
    app.notify("\n".join(parts), markup=False)
    app.in_flow(_name_processes(app), "processes")


async def _name_processes(app: PpinuiApp) -> None:
    """Say who goes on with the old configuration: it is read once, when the library is initialised."""

    def look() -> str:
        try:
            users = processes_using(app.setup.module())
        except PpinuiError:  # no library, no users of it
            return ""
        return ", ".join(f"{process.name} (pid {process.pid})" for process in users.processes)

    if names := await off_screen(look):
        app.notify(f"Until they are restarted, these use the old configuration: {plain(names)}", markup=False)


async def _settle(app: PpinuiApp, disk: DiskState) -> bool:
    """Let the user choose whose it shall be; whether what is on the screen can go to the disk now."""
    session = app.session
    if disk.document is None:
        return await _settle_without_theirs(app, disk)
    theirs = disk.document
    while True:
        answer = await app.push_screen_wait(_whose(session, theirs))
        if answer == "both":
            await app.push_screen_wait(_both(theirs, session.document))
        elif answer == "theirs":
            session.take_theirs(disk)
            app.main.show_document()
            app.notify("The screen has what the disk has. Undo brings back what it had before.")
            return False
        elif answer == "ours":
            notes = session.keep_ours(disk)
            app.main.show_document()
            if notes:
                lines: list[Piece] = [(note, "") for note in notes]
                await app.push_screen_wait(
                    Question("Put on, with something to know", lines, [Answer("ok", "o", "OK")])
                )
            return True
        else:
            return False


async def _settle_without_theirs(app: PpinuiApp, disk: DiskState) -> bool:
    session = app.session
    is_gone = disk.state is OnDisk.GONE
    lines: list[Piece] = [(disk.flaw.message, "error"), (disk.flaw.place, "")] if disk.flaw else []
    lines.append(("Nothing is lost here: the screen has all of it.", ""))
    answers = [Answer("copy", "c", "Save a copy"), _BACK]
    if is_gone:
        answers.insert(0, Answer("again", "p", "Put it there again"))
    what = "is gone" if is_gone else "cannot be read any more"
    answer = await app.push_screen_wait(Question(f"{session.path} {what}", lines, answers))
    if answer == "again":
        return await _write(app, anew=True)
    if answer == "copy":
        await save_copy(app)
    return False


def _whose(session: Session, theirs: Document) -> Question:
    base = session.base
    keep = [Answer("ours", "k", "Keep ours, on top of theirs")] if session.unsaved else []
    both = [Answer("both", "s", "See both")] if session.unsaved else []
    return Question(
        f"{session.path} was changed by somebody else since it was read",
        [("What they changed:", ""), *diff_lines(masked_diff(base.text, theirs.text, base.origin))],
        [*keep, Answer("theirs", "t", "Take theirs"), *both, _BACK],
    )


def _both(theirs: Document, ours: Document) -> Question:
    return Question(
        "From the disk (-) to the screen (+)",
        diff_lines(masked_diff(theirs.text, ours.text, theirs.origin)),
        [Answer("ok", "o", "OK")],
    )
