"""Saving from the screen: the change first, then the file; what to do where that cannot be done; quitting."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from ppinui.config.config_save import SaveRefused, SaveReport
from ppinui.config.redaction import is_any_lost, masked_diff
from ppinui.editing.file_watch import OnDisk
from ppinui.editing.journal import UnsavedEdits
from ppinui.editing.session import DiskState, Session
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document
from ppinui.provider.library import processes_using
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.dialogs.choice_dialog import ChoiceDialog, DialogChoice, error_dialog
from ppinui.tui.dialogs.form_dialog import ask_path
from ppinui.tui.messages import HeadChanged
from ppinui.tui.plain_text import plain
from ppinui.tui.widgets.text_view import diff_lines
from ppinui.tui.widgets.virtual_list import Piece

_BACK = DialogChoice("back", "b", "Back")


async def save(context: AppContext) -> bool:
    """Save what is on the screen, after the change was shown; whether all of it is on the disk now."""
    session = context.session
    if not context.view.take_typed():
        return False
    while True:
        disk = await run_in_thread(session.look_at_disk)
        if disk.state is not OnDisk.SAME:
            await context.disk_watch.look()  # the mark comes before the question
            if not await _settle(context, disk):
                return False
            continue
        if not session.unsaved:
            context.notify("Nothing has changed since the file was read or saved.")
            return True
        answer = await context.ask(what_will_be_written(session.path, session.diff()))
        if answer == "copy":
            await save_copy(context)
            return False
        if answer != "save":
            return False
        if await _write(context):
            return True


async def settle(context: AppContext) -> None:
    """Another program changed the file: ask the user whose change to keep, before anything is saved."""
    if not context.view.take_typed():
        return
    disk = await run_in_thread(context.session.look_at_disk)
    if disk.state is OnDisk.SAME:
        context.notify("The file is as it was read.")
    else:
        await _settle(context, disk)
    await context.disk_watch.look()


async def offer_unsaved(context: AppContext, left: UnsavedEdits) -> None:
    """Offer to restore the edits of a session that ended without saving."""
    lines: list[Piece] = [(f"  {edit.words}", "") for edit in left.edits]
    answer = await context.choose(
        "A session before this one ended without saving. Put its edits on the file again?",
        lines,
        [
            DialogChoice("restore", "p", "Put them on"),
            DialogChoice("discard", "d", "Discard them"),
            DialogChoice("later", "l", "Later"),
        ],
    )
    if answer == "restore":
        notes = context.session.restore(left)
        context.view.show_document()
        await _show_notes(context, notes)
    elif answer == "discard":
        context.session.discard(left)


async def _show_notes(context: AppContext, notes: Sequence[str]) -> None:
    """What is to be known of edits that were put on another text than the one they were made on."""
    if notes:
        lines: list[Piece] = [(note, "") for note in notes]
        await context.choose("Put on, with something to know", lines)


async def quit_app(context: AppContext, *, message: str | None = None) -> None:
    """Leave, with a last word for the terminal; where something is not saved, ask first."""
    if context.opened is None:
        context.leave(message=message)
        return
    session = context.session
    context.view.take_typed()
    if session.unsaved:
        lines: list[Piece] = [*diff_lines(session.diff())]
        answer = await context.choose(
            f"{session.path.name} has changes that are not saved",
            lines,
            [
                DialogChoice("save", "s", "Save and quit"),
                DialogChoice("discard", "d", "Discard them and quit"),
                DialogChoice("stay", "b", "Back"),
            ],
        )
        if answer not in ("save", "discard") or (answer == "save" and not await save(context)):
            return
    await run_in_thread(session.close)
    context.leave(message=message)


async def save_copy(context: AppContext) -> Path | None:
    """Save what is on the screen to another file; its path, None where that did not come about."""
    session = context.session
    document = session.document
    return await ask_and_copy(context, session.path, lambda path: session.save_copy(document, path))


async def ask_and_copy(
    context: AppContext, original: Path, write: Callable[[Path], SaveReport]
) -> Path | None:
    """Ask where to, have it written there, and say how it gets in the place of the original."""
    usual = Path.home() / f"{original.name}.copy"
    path = await ask_path(context.ask, "Save a copy", "to the file", usual, "a new file")
    if path is None:
        return None
    try:
        await run_in_thread(lambda: write(path))
    except PpinuiError as error:
        await context.ask(error_dialog(error))
        return None
    command = shlex.join(["sudo", "cp", "--", str(path.absolute()), str(original.absolute())])
    await context.choose(
        f"Saved a copy: {path}",
        [
            ("It holds what the screen shows, passwords in clear text too. To put it in place,", ""),
            ("keeping owner and mode, somebody with the rights runs:", ""),
            ("", ""),
            (f"  {command}", "strong"),
        ],
    )
    return path


def what_will_be_written(path: Path, diff: str, *, overtaken: bool = False) -> ChoiceDialog:
    """What a save does; ``overtaken``: to a file that was changed by others since it was read."""
    target = path.resolve()
    lines: list[Piece] = [(f"to     {target}", ""), (f"backup {target}.bak", ""), ("", ""), *diff_lines(diff)]
    title = "Somebody else has changed the file meanwhile. Save this over it?" if overtaken else ""
    return ChoiceDialog(
        title or "Save this change?",
        lines,
        [DialogChoice("save", "s", "Save"), DialogChoice("copy", "c", "Save a copy"), _BACK],
    )


async def _write(context: AppContext, *, anew: bool = False) -> bool:
    session = context.session
    base, document = session.base, session.document
    try:
        report = await run_in_thread(lambda: session.save(document, anew=anew))
    except SaveRefused as refused:
        answer = await context.ask(refusal(refused))
        if answer == "copy":
            await save_copy(context)
        return False
    session.saved(document, report)
    context.broadcast(HeadChanged)
    tell_saved(context, report, is_password_lost=is_any_lost(base.text, document.text))
    return not session.unsaved


def refusal(refused: SaveRefused) -> ChoiceDialog:
    """Why it was not saved, and what can be done instead; the answer may be "copy"."""
    return error_dialog(refused, [DialogChoice("copy", "c", "Save a copy"), _BACK])


def tell_saved(context: AppContext, report: SaveReport, *, is_password_lost: bool) -> None:
    """Say what was saved, and who does not know of it; ``is_password_lost``: the backup still has one."""
    parts = [f"Saved {plain(str(report.path))}"]
    if report.backup is not None:
        parts.append(f"The file as it was: {plain(str(report.backup))}")
    parts += report.notes
    if report.backup is not None and is_password_lost:
        parts.append(f"That one still holds the old password: shred -u {shlex.quote(str(report.backup))}")
    context.notify("\n".join(parts))
    context.start_flow(_name_processes(context), "processes")


async def _name_processes(context: AppContext) -> None:
    """Say who goes on with the old configuration: it is read once, when the library is initialised."""

    def look() -> str:
        try:
            users = processes_using(context.options.find_module())
        except PpinuiError:  # no library, no users of it
            return ""
        return ", ".join(f"{process.name} (pid {process.pid})" for process in users.processes)

    if names := await run_in_thread(look):
        context.notify(f"Until they are restarted, these use the old configuration: {plain(names)}")


async def _settle(context: AppContext, disk: DiskState) -> bool:
    """Let the user choose whose it shall be; whether what is on the screen can go to the disk now."""
    session = context.session
    if disk.document is None:
        return await _settle_without_theirs(context, disk)
    theirs = disk.document
    while True:
        answer = await context.ask(_whose(session, theirs))
        if answer == "both":
            await context.ask(_both(theirs, session.document))
        elif answer == "theirs":
            session.take_theirs(disk)
            context.view.show_document()
            context.notify("The screen has what the disk has. Undo brings back what it had before.")
            return False
        elif answer == "ours":
            notes = session.keep_ours(disk)
            context.view.show_document()
            await _show_notes(context, notes)
            return True
        else:
            return False


async def _settle_without_theirs(context: AppContext, disk: DiskState) -> bool:
    session = context.session
    is_gone = disk.state is OnDisk.GONE
    lines: list[Piece] = [(disk.flaw.message, "error"), (disk.flaw.place, "")] if disk.flaw else []
    lines.append(("Nothing is lost here: the screen has all of it.", ""))
    answers = [DialogChoice("copy", "c", "Save a copy"), _BACK]
    if is_gone:
        answers.insert(0, DialogChoice("again", "p", "Put it there again"))
    what = "is gone" if is_gone else "cannot be read any more"
    answer = await context.choose(f"{session.path} {what}", lines, answers)
    if answer == "again":
        return await _write(context, anew=True)
    if answer == "copy":
        await save_copy(context)
    return False


def _whose(session: Session, theirs: Document) -> ChoiceDialog:
    base = session.base
    keep = [DialogChoice("ours", "k", "Keep ours, on top of theirs")] if session.unsaved else []
    both = [DialogChoice("both", "s", "See both")] if session.unsaved else []
    return ChoiceDialog(
        f"{session.path} was changed by somebody else since it was read",
        [("What they changed:", ""), *diff_lines(masked_diff(base.text, theirs.text, base.origin))],
        [*keep, DialogChoice("theirs", "t", "Take theirs"), *both, _BACK],
    )


def _both(theirs: Document, ours: Document) -> ChoiceDialog:
    return ChoiceDialog(
        "From the disk (-) to the screen (+)", diff_lines(masked_diff(theirs.text, ours.text, theirs.origin))
    )
