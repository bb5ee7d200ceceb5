"""``ppinui secret import``, ``export`` and ``adopt``: secrets between files and the keyring."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Collection
from pathlib import Path

from ppinui.audit import trace
from ppinui.cli.command_context import say_whose_keyring
from ppinui.cli.console import emit, say
from ppinui.cli.secret.secret_session import SecretSession
from ppinui.config.config_save import identify, save
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.errors import ExitCode, PpinuiError
from ppinui.provider.library import processes_using
from ppinui.provider.ppin import Ppin
from ppinui.provider.ppin_binary import PpinNotFound
from ppinui.secrets import transfer
from ppinui.secrets.prompt import Asker
from ppinui.secrets.secret_operations import PreparedAnswers, SecretOperations
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.stored_secret import SecretKind
from ppinui.services.clear_text_adoption import (
    ClearPin,
    files_with,
    find_clear_secrets,
    partitions_waiting,
    spend,
    without_clear_secrets,
)
from ppinui.services.keyring_verification import prove
from ppinui.text import printable


def run(session: SecretSession, arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    say_whose_keyring(session.context)
    return {"import": _import, "export": _export, "adopt": _adopt}[arguments.action](session, arguments)


def _import(session: SecretSession, arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    report = transfer.import_file(session.operations, path, replacing=arguments.replace)
    for key in report.stored:
        emit(f"imported {_user(key)}\n")
    for key in report.unchanged:
        emit(f"already there: {_user(key)}\n")
    if not arguments.delete:
        say(f"{printable(str(path))} is still there; --delete removes it once the keyring is tested")
        return ExitCode.FINE
    partitions = [name for kind, name in (*report.stored, *report.unchanged) if kind is SecretKind.PERMANENT]
    _prove(session, session.config, partitions, arguments)
    _name_applications(session)
    try:
        path.unlink()
    except OSError as error:
        raise PpinuiError(
            f"the secrets are in the keyring, but the file cannot be deleted: {error.strerror}",
            str(path),
            f"sudo rm {path}",
        ) from None
    trace("delete secrets file", path.absolute())
    say(f"deleted {printable(str(path))}")
    return ExitCode.FINE


def _export(session: SecretSession, arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    content, report = transfer.export(session.operations)
    transfer.write_secrets_file(
        path, content, like=session.context.location().path, replacing=arguments.replace
    )
    trace("export secrets", path.absolute())
    for key in report.written:
        emit(f"exported {_user(key)}\n")
    for key, reason in report.left_out:
        say(f"left out {_user(key)}: {printable(reason)}")
    say("its secrets are blinded, not encrypted: anyone who can read the file can use them")
    return ExitCode.FINE


def _adopt(session: SecretSession, arguments: argparse.Namespace) -> int:
    path = session.context.location().path
    read_from = identify(path)
    found = find_clear_secrets(session.config)
    if not found:
        emit("nothing to adopt: primus.cfg has no clear-text password\n")
        return ExitCode.FINE
    new = without_clear_secrets(found)
    new_config = read(new)
    # ppin gets a configuration without the passwords: it has to take them from where they will be.
    operations = SecretOperations(session.store, new_config.credentials())
    fetcher = _fetcher(session, needed=bool(found.pins))
    for proxy in found.proxies:
        operations.add_proxy(proxy.user, PreparedAnswers(proxy.password), fetcher)
        emit(f"kept the password of the service user '{printable(proxy.user)}'\n")
    for pin in found.pins:
        _spend(operations, pin, arguments.user, session.asker(), fetcher)
    concerned = {
        name for pin in found.pins for name in pin.partitions if session.store.has(SecretKind.PERMANENT, name)
    }
    users = {proxy.user for proxy in found.proxies}
    concerned |= {slot.user_name or "" for slot in new_config.credentials().slots if slot.proxy_user in users}
    _prove(session, new_config, concerned, arguments)
    _name_applications(session)
    report = save(path, found.document, new, read_from=read_from, edit=("secret", "adopt"))
    if report.backup is not None:
        report.backup.unlink(missing_ok=True)
    say(f"saved {printable(str(report.path))} without clear-text passwords, and without a backup of them")
    for copy in files_with(found.secrets(), report.path):
        say(f"warning: {printable(str(copy))} still holds one of them")
    return ExitCode.FINE


def _spend(
    operations: SecretOperations, pin: ClearPin, user: str | None, person: Asker, fetcher: Ppin | None
) -> None:
    """Spend a setup password once, for the permanent secret of the one partition that has none."""
    waiting = partitions_waiting(pin, operations.store)
    if user is not None and user in waiting:
        waiting = (user,)
    if not waiting:
        emit(
            f"{printable(pin.hsm)}: every partition has its permanent secret, the setup password is removed\n"
        )
        return
    if len(waiting) > 1:
        raise PpinuiError(
            f"a setup password is of one partition, and {', '.join(waiting)} have no permanent secret",
            pin.path,
            f"say which one it is of: ppinui secret adopt --user {waiting[0]}",
        )
    assert fetcher is not None
    spend(operations, pin, waiting[0], person, fetcher)
    emit(f"fetched the permanent secret of '{printable(waiting[0])}'\n")


def _fetcher(session: SecretSession, *, needed: bool) -> Ppin | None:
    try:
        return session.context.find_ppin()
    except PpinNotFound:
        if needed:
            raise
        return None


def _prove(
    session: SecretSession, config: PrimusConfig, partitions: Collection[str], arguments: argparse.Namespace
) -> None:
    """Test with the keyring's secrets, unless --no-test is given."""
    if arguments.no_test:
        return
    count = prove(config, session.store, partitions, session.context)
    say(f"tested with the secrets of the keyring: {count} slots are fine")


def _name_applications(session: SecretSession) -> None:
    """Say which processes use the provider now, and will need its secrets from ``ppinui run``."""
    library: Path | None = None
    with contextlib.suppress(PpinuiError):  # applications may have the provider from elsewhere
        library = session.context.find_module()
    users = processes_using(library)
    for process in users.processes:
        say(f"start it with 'ppinui run' from now on: {printable(process.name)} (pid {process.pid})")
    if users.unseen:
        say(f"{users.unseen} processes of other users could not be looked at; run as root to see all")


def _user(key: Key) -> str:
    kind, name = key
    return f"{kind.label} of '{printable(name)}'"
