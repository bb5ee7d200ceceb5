"""Import, export and adopting clear text: secrets on their way between files and the keyring."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from ppinui.config.primus_config import read
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
from ppinui.tui.app_context import AppContext
from ppinui.tui.background import run_in_thread
from ppinui.tui.dialogs.choice_dialog import DialogChoice
from ppinui.tui.dialogs.form_dialog import FormDialog, FormField, ask_path

Result = TypeVar("Result")


async def import_secrets(context: AppContext) -> str:
    """Copy what a .secrets.cfg has into the keyring; returns what was done in words, "" for nothing."""
    path = await _ask_for_path(context, "Import secrets", "from the file")
    if path is None:
        return ""

    def work(operations: SecretOperations, replacing: bool) -> ImportReport:
        return transfer.import_file(operations, path, replacing=replacing)

    report = await _unless_in_the_way(context, "Put those of the file in their place", work)
    if report is None:
        return ""
    for _, name in report.stored:
        context.probes.memory.forget_secrets_of(name)
    return f"Imported {len(report.stored)}, {len(report.unchanged)} were there; the file stays"


async def export_secrets(context: AppContext) -> str:
    """Write a .secrets.cfg of what the keyring has; what was done in words, "" for nothing."""
    title = "Export secrets: whoever can read the file can use them"
    path = await _ask_for_path(context, title, "to the file")
    if path is None:
        return ""
    like = context.session.path

    def work(operations: SecretOperations, replacing: bool) -> ExportReport:
        content, report = transfer.export(operations)
        transfer.write_secrets_file(path, content, like=like, replacing=replacing)
        return report

    report = await _unless_in_the_way(context, "Replace it", work)
    if report is None:
        return ""
    context.options.context.audit("export secrets", path.absolute())
    left_out = [f"left out {name}: {why}" for (_, name), why in report.left_out]
    return "\n".join([f"Exported {len(report.written)} to {path}", *left_out])


async def _ask_for_path(context: AppContext, title: str, words: str) -> Path | None:
    usual = context.options.context.secrets_location().path
    return await ask_path(context.ask, title, words, usual)


async def _unless_in_the_way(
    context: AppContext, words: str, work: Callable[[SecretOperations, bool], Result]
) -> Result | None:
    """What ``work`` returns; it replaces what is in its way only if the user says so."""
    try:
        return await context.secrets.do(lambda operations: work(operations, False))
    except AlreadyThereError as error:
        answers = [DialogChoice("back", "b", "Back"), DialogChoice("replace", "r", words)]
        answer = await context.choose(error.message, [(error.place, "")], answers)
    return (
        await context.secrets.do(lambda operations: work(operations, True)) if answer == "replace" else None
    )


# -- adopting ----------------------------------------------------------------------------------------------


async def adopt(context: AppContext) -> str:
    """Move the clear-text passwords of the configuration on the screen into the keyring.

    A proxy password is kept; a setup password is spent for the permanent secret of a partition, whose PIN is
    asked for. The settings go out of the document as edits, which are to be tested and saved. What was done
    in words, "" for nothing. Raises PpinuiError; what was kept by then is out of the document.
    """
    if not context.view.take_typed():
        context.notify("A field of the form has something that is not allowed: go back and correct it.")
        return ""
    found = find_clear_secrets(context.config)
    if not found:
        context.notify("The configuration holds no password in clear text.")
        return ""
    owners: dict[str, str] = {}
    for pin in found.pins:
        owner = await _ask_for_owner(context, pin, owners.values())
        if owner is None:
            return ""
        owners[pin.hsm] = owner
    # ppin gets a configuration without the passwords: it has to take them from where they will be.
    without = read(without_clear_secrets(found))
    fetcher = await run_in_thread(partial(_fetcher, context, needed=any(owners.values())))
    proxies: list[ClearProxy] = []
    pins: list[ClearPin] = []
    try:
        for proxy in found.proxies:
            await context.secrets.do(partial(_keep_proxy, proxy, fetcher), without)
            proxies.append(proxy)
        for pin in found.pins:
            if owner := owners[pin.hsm]:
                await context.secrets.do(partial(_spend, context, pin, owner, fetcher), without)
                context.probes.memory.forget_secrets_of(owner)
            pins.append(pin)
    finally:
        _take_out(context, replace(found, proxies=tuple(proxies), pins=tuple(pins)))
    said = []
    if proxies:
        said.append(f"Kept {plural(len(proxies), 'proxy password')}.")
    if fetched := [owner for owner in owners.values() if owner]:
        said.append(f"Fetched the permanent secret of {', '.join(fetched)}.")
    said.append("The passwords are out of what is on the screen: test it (F5), then save it (F2).")
    copies = await run_in_thread(lambda: files_with(found.secrets(), context.session.path))
    return "\n".join([*said, *(f"{copy} still holds one of them." for copy in copies)])


async def _ask_for_owner(context: AppContext, pin: ClearPin, served: Collection[str]) -> str | None:
    """Which partition a setup password is of; "" where it is of no use, None where the user goes back.

    ``served``: partitions that another setup password is for.
    """
    kept_of_none = await context.secrets.do(lambda operations: partitions_waiting(pin, operations.store))
    waiting = [name for name in kept_of_none if name not in served]
    if not waiting:
        return ""

    def check(name: str) -> str:
        return "" if name in waiting else f"It has to be one of {', '.join(waiting)}."

    answers = await context.ask(
        FormDialog(
            f"A setup password is spent once. Which partition is that of {pin.hsm} for?",
            [FormField("partition", "partition", waiting[0], ", ".join(waiting), check)],
        )
    )
    return answers["partition"] if answers is not None else None


def _fetcher(context: AppContext, *, needed: bool) -> Fetcher | None:
    try:
        return context.secrets.fetcher()
    except PpinNotFound:
        if needed:
            raise
        return None


def _keep_proxy(proxy: ClearProxy, fetcher: Fetcher | None, operations: SecretOperations) -> None:
    operations.add_proxy(proxy.user, PreparedAnswers(proxy.password), fetcher)


def _spend(
    context: AppContext, pin: ClearPin, partition: str, fetcher: Fetcher | None, operations: SecretOperations
) -> None:
    assert fetcher is not None
    spend(operations, pin, partition, context.secrets.keyring, fetcher)


def _take_out(context: AppContext, adopted: ClearSecrets) -> None:
    """Remove what was adopted from the document, and its copies from the comments."""
    for path in adopted.paths():
        context.session.apply(Remove(path))
    text = context.session.document.text
    clean = without_clear_secrets(adopted).text
    if text != clean:
        context.session.apply(patch_between(text, clean, "blank copies of passwords in comments"))
    context.view.show_document()
