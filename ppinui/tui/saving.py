"""Saving from the screen: the change first, then the file; what to do where that cannot be done; quitting."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ppinui.config.document import Document
from ppinui.config.masking import is_any_lost, masked_diff
from ppinui.config.running import processes_using
from ppinui.config.saving import SaveRefused, SaveReport
from ppinui.errors import PpinuiError
from ppinui.session.session import DiskState, OnDisk
from ppinui.tui.background import off_screen
from ppinui.tui.plain import plain
from ppinui.tui.screens.asking import Asking, Wanted
from ppinui.tui.screens.question import Answer, Question
from ppinui.tui.widgets.rows import Piece
from ppinui.tui.widgets.textlines import diff_lines

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

_BACK = Answer("back", "b", "Back")


async def save(app: PpinuiApp) -> bool:
    """Save what is on the screen, after the change was shown; whether all of it is on the disk now."""
    session = app.session
    if not app.main.take_typed():
        return False
    while True:
        if not session.unsaved:
            app.notify("Nothing has changed since the file was read or saved.")
            return True
        disk = await off_screen(session.look_at_disk)
        if disk.state is not OnDisk.SAME:
            if not await _settle(app, disk):
                return False
            continue
        answer = await app.push_screen_wait(_what_will_be_written(app))
        if answer == "copy":
            await save_copy(app)
            return False
        if answer != "save":
            return False
        if await _write(app):
            return True


async def quit_app(app: PpinuiApp) -> None:
    """Leave; where something is not saved, ask first."""
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
    app.leave()


async def save_copy(app: PpinuiApp) -> Path | None:
    """Save what is on the screen to another file; its path, None where that did not come about."""
    session = app.session
    document = session.document
    answers = await app.push_screen_wait(
        Asking(
            "Save a copy",
            [Wanted("path", "to the file", str(Path.home() / f"{session.path.name}.copy"), "a new file")],
        )
    )
    if answers is None or not answers["path"]:
        return None
    path = Path(answers["path"]).expanduser()
    try:
        await off_screen(lambda: session.save_copy(document, path))
    except PpinuiError as error:
        await app.push_screen_wait(_refusal(error))
        return None
    command = shlex.join(["sudo", "cp", "--", str(path.absolute()), str(session.path.absolute())])
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


def _what_will_be_written(app: PpinuiApp) -> Question:
    session = app.session
    target = session.path.resolve()
    lines: list[Piece] = [
        (f"to     {target}", ""),
        (f"backup {target}.bak", ""),
        ("", ""),
        *diff_lines(session.diff()),
    ]
    return Question(
        "Save this change?", lines, [Answer("save", "s", "Save"), Answer("copy", "c", "Save a copy"), _BACK]
    )


async def _write(app: PpinuiApp) -> bool:
    session = app.session
    base, document = session.base, session.document
    try:
        report = await off_screen(lambda: session.save(document))
    except SaveRefused as refused:
        answer = await app.push_screen_wait(_refusal(refused, _answers_to(refused)))
        if answer == "copy":
            await save_copy(app)
        return False
    session.saved(document, report)
    app.main.show_head()
    words = _what_was_saved(report)
    if report.backup is not None and is_any_lost(base.text, document.text):
        words += f"\nThat one still holds the old password: shred -u {shlex.quote(str(report.backup))}"
    app.notify(words, markup=False)
    app.in_flow(_name_processes(app), "processes")
    return not session.unsaved


def _answers_to(_: SaveRefused) -> list[Answer]:
    return [Answer("copy", "c", "Save a copy"), _BACK]


def _refusal(error: PpinuiError, answers: list[Answer] | None = None) -> Question:
    from ppinui.tui.screens.question import error_question

    return error_question(error, answers or [Answer("ok", "o", "OK")])


def _what_was_saved(report: SaveReport) -> str:
    parts = [f"Saved {plain(str(report.path))}"]
    if report.backup is not None:
        parts.append(f"The file as it was: {plain(str(report.backup))}")
    return "\n".join([*parts, *report.notes])


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
    """Somebody else changed the file: let the user choose whose it shall be; False for neither."""
    session = app.session
    if disk.document is None:
        what = "is gone" if disk.state is OnDisk.GONE else "was changed, and cannot be read any more"
        flaw = [(disk.flaw.message, "error"), (disk.flaw.place, "")] if disk.flaw else []
        answer = await app.push_screen_wait(
            Question(
                f"{session.path} {what}",
                [*flaw, ("Nothing is lost here: save a copy, or look at the file first.", "")],
                [Answer("copy", "c", "Save a copy"), _BACK],
            )
        )
        if answer == "copy":
            await save_copy(app)
        return False
    theirs = disk.document
    while True:
        answer = await app.push_screen_wait(_whose(session.base, theirs, str(session.path)))
        if answer == "both":
            await app.push_screen_wait(_both(theirs, session.document))
        elif answer == "theirs":
            session.take_theirs(disk)
            app.main.show_document()
            app.notify("The screen has what the disk has. Undo brings your edits back.")
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


def _whose(base: Document, theirs: Document, name: str) -> Question:
    return Question(
        f"{name} was changed by somebody else since it was read",
        [("What they changed:", ""), *diff_lines(masked_diff(base.text, theirs.text, base.origin))],
        [
            Answer("ours", "k", "Keep ours, on top of theirs"),
            Answer("theirs", "t", "Take theirs"),
            Answer("both", "s", "See both"),
            _BACK,
        ],
    )


def _both(theirs: Document, ours: Document) -> Question:
    return Question(
        "From the disk (-) to the screen (+)",
        diff_lines(masked_diff(theirs.text, ours.text, theirs.origin)),
        [Answer("ok", "o", "OK")],
    )
