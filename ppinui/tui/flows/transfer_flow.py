"""Import, export and adopting clear text: secrets on their way between files and the keyring."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ppinui.config.locate import secrets_location
from ppinui.config.primus import read
from ppinui.editing.edits import Remove, patch_between
from ppinui.provider.ppin_binary import PpinNotFound
from ppinui.secrets import transfer
from ppinui.secrets.fetcher import Fetcher
from ppinui.secrets.secret_operations import PreparedAnswers, SecretOperations
from ppinui.secrets.transfer import AlreadyThereError, ExportReport, ImportReport
from ppinui.services.clear_text_adoption import (
    ClearPin,
    ClearProxy,
    ClearSecrets,
    files_with,
    find_clear_secrets,
    partitions_waiting,
    spend,
    without_clear_secrets,
)
from ppinui.text import plural
from ppinui.tui.background import off_screen
from ppinui.tui.dialogs.choice_dialog import Answer, Question
from ppinui.tui.dialogs.form_dialog import Asking, Wanted

if TYPE_CHECKING:
    from ppinui.tui.app import PpinuiApp

Result = TypeVar("Result")


async def import_secrets(app: PpinuiApp) -> str:
    """Take what a .secrets.cfg has into the keyring; what was done in words, "" for nothing."""
    path = await _ask_for_path(app, "Import secrets", "from the file")
    if path is None:
        return ""

    def work(operations: SecretOperations, replacing: bool) -> ImportReport:
        return transfer.import_file(operations, path, replacing=replacing)

    report = await _unless_in_the_way(app, "Put those of the file in their place", work)
    if report is None:
        return ""
    for _, name in report.stored:
        app.tester.memory.forget_secrets_of(name)
    return f"Imported {len(report.stored)}, {len(report.unchanged)} were there; the file stays"


async def export_secrets(app: PpinuiApp) -> str:
    """Write a .secrets.cfg of what the keyring has; what was done in words, "" for nothing."""
    title = "Export secrets: whoever can read the file can use them"
    path = await _ask_for_path(app, title, "to the file")
    if path is None:
        return ""
    like = app.session.path

    def work(operations: SecretOperations, replacing: bool) -> ExportReport:
        content, report = transfer.export(operations)
        transfer.write_secrets_file(path, content, like=like, replacing=replacing)
        return report

    report = await _unless_in_the_way(app, "Replace it", work)
    if report is None:
        return ""
    app.setup.tracer("export secrets", path.absolute())
    left_out = [f"left out {name}: {why}" for (_, name), why in report.left_out]
    return "\n".join([f"Exported {len(report.written)} to {path}", *left_out])


async def _ask_for_path(app: PpinuiApp, title: str, words: str) -> Path | None:
    setup = app.setup
    usual = secrets_location(setup.secrets_file, environ=setup.keyring_environ, must_exist=False).path
    answers = await app.push_screen_wait(Asking(title, [Wanted("path", words, str(usual))]))
    return Path(answers["path"]).expanduser() if answers is not None and answers["path"] else None


async def _unless_in_the_way(
    app: PpinuiApp, words: str, work: Callable[[SecretOperations, bool], Result]
) -> Result | None:
    """What ``work`` gives, which is told to replace what is in its way only if the user says so."""
    try:
        return await app.keeper.do(lambda operations: work(operations, False))
    except AlreadyThereError as error:
        answers = [Answer("back", "b", "Back"), Answer("replace", "r", words)]
        answer = await app.push_screen_wait(Question(error.message, [(error.place, "")], answers))
    return await app.keeper.do(lambda operations: work(operations, True)) if answer == "replace" else None


# -- adopting ----------------------------------------------------------------------------------------------


async def adopt(app: PpinuiApp) -> str:
    """Move the clear-text passwords of the configuration on the screen into the keyring.

    A proxy password is kept; a setup password is spent for the permanent secret of a partition, whose PIN is
    asked for. The settings go out of the document as edits, which are to be tested and saved. What was done
    in words, "" for nothing. Raises PpinuiError; what was kept by then is out of the document.
    """
    if not app.main.take_typed():
        app.notify("A field of the form has something that is not allowed: go back and correct it.")
        return ""
    found = find_clear_secrets(app.main.config)
    if not found:
        app.notify("The configuration holds no password in clear text.")
        return ""
    owners: dict[str, str] = {}
    for pin in found.pins:
        owner = await _ask_for_owner(app, pin, owners.values())
        if owner is None:
            return ""
        owners[pin.hsm] = owner
    # ppin gets a configuration without the passwords: it has to take them from where they will be.
    without = read(without_clear_secrets(found))
    fetcher = await off_screen(partial(_fetcher, app, needed=any(owners.values())))
    proxies: list[ClearProxy] = []
    pins: list[ClearPin] = []
    try:
        for proxy in found.proxies:
            await app.keeper.do(partial(_keep_proxy, proxy, fetcher), without)
            proxies.append(proxy)
        for pin in found.pins:
            if owner := owners[pin.hsm]:
                await app.keeper.do(partial(_spend, app, pin, owner, fetcher), without)
                app.tester.memory.forget_secrets_of(owner)
            pins.append(pin)
    finally:
        _take_out(app, replace(found, proxies=tuple(proxies), pins=tuple(pins)))
    said = []
    if proxies:
        said.append(f"Kept {plural(len(proxies), 'proxy password')}.")
    if fetched := [owner for owner in owners.values() if owner]:
        said.append(f"Fetched the permanent secret of {', '.join(fetched)}.")
    said.append("The passwords are out of what is on the screen: test it (F5), then save it (F2).")
    copies = await off_screen(lambda: files_with(found.secrets(), app.session.path))
    return "\n".join([*said, *(f"{copy} still holds one of them." for copy in copies)])


async def _ask_for_owner(app: PpinuiApp, pin: ClearPin, served: Collection[str]) -> str | None:
    """Which partition a setup password is of; "" where it is of no use any more, None where nobody says.

    ``served``: partitions that another setup password is for.
    """
    kept_of_none = await app.keeper.do(lambda operations: partitions_waiting(pin, operations.store))
    waiting = [name for name in kept_of_none if name not in served]
    if not waiting:
        return ""

    def check(name: str) -> str:
        return "" if name in waiting else f"It has to be one of {', '.join(waiting)}."

    answers = await app.push_screen_wait(
        Asking(
            f"A setup password is spent once. Which partition is that of {pin.hsm} for?",
            [Wanted("partition", "partition", waiting[0], ", ".join(waiting), check)],
        )
    )
    return answers["partition"] if answers is not None else None


def _fetcher(app: PpinuiApp, *, needed: bool) -> Fetcher | None:
    try:
        return app.keeper.fetcher()
    except PpinNotFound:
        if needed:
            raise
        return None


def _keep_proxy(proxy: ClearProxy, fetcher: Fetcher | None, operations: SecretOperations) -> None:
    operations.add_proxy(proxy.user, PreparedAnswers(proxy.password), fetcher)


def _spend(
    app: PpinuiApp, pin: ClearPin, partition: str, fetcher: Fetcher | None, operations: SecretOperations
) -> None:
    assert fetcher is not None
    spend(operations, pin, partition, app.keeper, fetcher)


def _take_out(app: PpinuiApp, adopted: ClearSecrets) -> None:
    """Take what was adopted out of the document, and its copies out of the comments."""
    for path in adopted.paths():
        app.session.do(Remove(path))
    text = app.session.document.text
    clean = without_clear_secrets(adopted).text
    if text != clean:
        app.session.do(patch_between(text, clean, "blank copies of passwords in comments"))
    app.main.show_document()
