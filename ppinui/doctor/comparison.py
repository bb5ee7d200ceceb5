"""Keyring and .secrets.cfg side by side: who has a secret where, and whether the two are the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ppinui.config.primus_config import SecretOwners
from ppinui.diagnostic import Diagnostic, error, from_exception, ok, warning
from ppinui.doctor.file_findings import SecretsFileSeen
from ppinui.secrets import secrets_file
from ppinui.secrets.hints import command_to_replace, command_to_store
from ppinui.secrets.keyring_errors import KeyringError, UnreadableEntryError
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret


def compare(
    users: SecretOwners | None, file: SecretsFileSeen, store: SecretStore | None
) -> Iterator[Diagnostic]:
    """One finding for each user of primus.cfg and of the file, and for each PIN that is kept.

    ``users`` None: primus.cfg cannot be read. ``store`` None: no keyring answers. When the keyring fails on
    the way, that is the last finding.
    """
    partitions, proxies = (users.partitions, users.proxies) if users else ((), ())
    clear = users.clear_proxies if users else frozenset()
    keys: list[Key] = [(SecretKind.PERMANENT, name) for name in partitions]
    keys += [(SecretKind.PROXY, name) for name in proxies]
    keys += [key for key in file.entries or () if key not in keys]
    if store is None:
        yield from (_without_keyring(key, clear, file) for key in keys)
        return
    try:
        for key in keys:
            yield _compared(key, clear, file, store)
        for name in partitions:
            yield from _pin(name, store)
    except KeyringError as exception:
        yield from_exception("keyring", exception)


def _subject(key: Key) -> str:
    kind, name = key
    return f"{kind.label} of '{name}'"


def _compared(key: Key, clear: frozenset[str], file: SecretsFileSeen, store: SecretStore) -> Diagnostic:
    kind, name = key
    try:
        stored = store.get(kind, name)
        rejection = store.rejection_of(stored) if stored is not None else None
    except UnreadableEntryError as exception:
        return from_exception(_subject(key), exception)
    if stored is None:
        return _not_in_keyring(key, clear, file, "in the secrets file alone, not in the keyring")
    try:
        if rejection is not None:
            return error(
                _subject(key),
                f"the one in the keyring was rejected by {rejection.by}, and is not offered again",
                f"replace it: {command_to_replace(kind, name)}",
            )
        return _in_keyring(key, stored, file)
    finally:
        stored.wipe()


def _in_keyring(key: Key, stored: StoredSecret, file: SecretsFileSeen) -> Diagnostic:
    subject = _subject(key)
    if file.path is None or file.entries is None:
        unknown = "; the secrets file cannot be read" if file.entries is None else ""
        return ok(subject, f"in the keyring{unknown}")
    entry = file.entries.get(key)
    if entry is None:
        return warning(
            subject,
            "in the keyring alone: applications that read the secrets file do not have it",
            f"start them with 'ppinui run', or: ppinui secret export {file.path} --replace",
        )
    if stored.entry is None:
        return ok(subject, "in the keyring (as typed) and in the secrets file; the two cannot be compared")
    if secrets_file.same_entry(stored.entry, entry):
        return ok(subject, "the same in the keyring and in the secrets file")
    return _different(key, stored, file.path)


def _different(key: Key, stored: StoredSecret, path: Path) -> Diagnostic:
    since = f"{stored.added.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if stored.added else "a time unknown"
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return error(
        _subject(key),
        f"the one in the keyring (of {since}) differs from the one in the secrets file "
        f"(changed {changed:%Y-%m-%d %H:%M} UTC)",
        f"find out which works: ppinui --test --secrets file, then keyring; then let it replace the other: "
        f"ppinui secret import {path} --replace, or export",
    )


def _not_in_keyring(key: Key, clear: frozenset[str], file: SecretsFileSeen, alone: str) -> Diagnostic:
    kind, name = key
    subject = _subject(key)
    if file.entries is not None and key in file.entries:
        return warning(subject, alone, f"to keep it in the keyring too: ppinui secret import {file.path}")
    if kind is SecretKind.PROXY and name in clear:
        return warning(subject, "in primus.cfg alone, in clear text", "ppinui secret adopt")
    if file.entries is None:
        return warning(
            subject, "not in the keyring; the secrets file cannot be read", "let this account read it"
        )
    return error(
        subject, "MISSING: neither in the keyring nor in a secrets file", command_to_store(kind, name)
    )


def _without_keyring(key: Key, clear: frozenset[str], file: SecretsFileSeen) -> Diagnostic:
    if file.entries is not None and key in file.entries:
        return ok(_subject(key), "in the secrets file; no keyring was there to compare it with")
    return _not_in_keyring(key, clear, file, "")


def _pin(name: str, store: SecretStore) -> Iterator[Diagnostic]:
    """PINs are kept by those who like to; a missing one is not wrong."""
    if store.has(SecretKind.PIN, name):
        nowhere = SecretsFileSeen((), entries={})
        yield _compared((SecretKind.PIN, name), frozenset(), nowhere, store)
