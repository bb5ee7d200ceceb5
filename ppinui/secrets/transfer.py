"""Secrets from a .secrets.cfg into the keyring, and back into one for applications that need a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.files.atomic_write import sync_folder, written_beside
from ppinui.secrets import secrets_file
from ppinui.secrets.secret_operations import SecretOperations
from ppinui.secrets.secrets_file import FileEntry, Key
from ppinui.secrets.stored_secret import SecretKind, StoredSecret

_MODE: Final = 0o640
"""Users of the provider library read it by their group (ppin.md: for the group primus and no one else)."""


class AlreadyThereError(PpinuiError):
    """What is there stays, unless the user says that it is to be replaced."""


@dataclass(frozen=True)
class ImportReport:
    """``stored`` and ``unchanged``: users of the file by kind and name; all are in the keyring now."""

    stored: tuple[Key, ...]
    unchanged: tuple[Key, ...]


@dataclass(frozen=True)
class ExportReport:
    """What a file was made of: ``written``; ``left_out``: user and reason."""

    written: tuple[Key, ...]
    left_out: tuple[tuple[Key, str], ...]


def import_file(operations: SecretOperations, path: Path, *, replacing: bool = False) -> ImportReport:
    """Take all users and proxies of a file into the keyring, each read back; the file stays as it is.

    A user of whom the keyring has another secret is an error before anything is stored, unless ``replacing``:
    nobody can see which of the two is the newer one. Raises AlreadyThereError, PpinuiError.
    """
    entries = secrets_file.read_entries(path, operations.owners)
    if not entries:
        raise PpinuiError("no user was found in the secrets file", str(path), "check that it is ppin's")
    new, unchanged = [], []
    different = []
    for entry in entries:
        present = operations.store.get(entry.kind, entry.name)
        if present is not None and present.entry and secrets_file.same_secret(present.entry, entry.opaque):
            unchanged.append((entry.kind, entry.name))
            continue
        if present is not None and (present.entry is not None or entry.kind is SecretKind.PERMANENT):
            different.append(entry.name)
        new.append(_imported(entry, present, path))
    if different and not replacing:
        raise AlreadyThereError(
            f"the keyring has other secrets of {', '.join(different)}",
            str(path),
            "to put those of the file in their place, add --replace",
        )
    for secret in new:
        operations.put(secret)
    return ImportReport(tuple((secret.kind, secret.name) for secret in new), tuple(unchanged))


def _imported(entry: FileEntry, present: StoredSecret | None, path: Path) -> StoredSecret:
    imported = StoredSecret(entry.kind, entry.name, entry=entry.opaque, source=f"imported from {path}")
    if present is not None and present.entry is None:
        # The password of a proxy goes on being known; that the entry is of this password, ppin will find out.
        return replace(imported, password=present.password)
    return imported


def export(operations: SecretOperations) -> tuple[bytes, ExportReport]:
    """The .secrets.cfg with all users that primus.cfg has, and those that were imported with them.

    What was imported from one file comes back as it was, byte for byte. Left out is what was rejected, and
    proxies whose password ppin has not seen. Raises PpinuiError.
    """
    store = operations.store
    waiting: list[Key] = [(SecretKind.PERMANENT, name) for name in operations.owners.partitions]
    waiting += [(SecretKind.PROXY, name) for name in operations.owners.proxies]
    written: dict[Key, StoredSecret] = {}
    left_out: dict[Key, str] = {}
    while waiting:
        key = waiting.pop(0)
        if key in written or key in left_out:
            continue
        secret = store.get(*key)
        if secret is None:
            left_out[key] = "none is stored"
        elif rejection := store.rejection_of(secret):
            left_out[key] = f"it was rejected by {rejection.by}"
        elif secret.entry is None:
            left_out[key] = "only ppin can write it into a file: ppinui -p with ppin installed"
        else:
            written[key] = secret
            waiting += secrets_file.users_around(secret.entry)
    if not written:
        raise PpinuiError(
            "there is nothing to export: no secret of these users is stored",
            operations.owners.origin,
            "see what is there: ppinui secret list",
        )
    content = secrets_file.compose(tuple(written.values()))
    return content, ExportReport(tuple(written), tuple(left_out.items()))


def write_secrets_file(path: Path, content: bytes, *, like: Path, replacing: bool = False) -> None:
    """Write an exported file: 0640, with the group of ``like`` (primus.cfg); whole, or not at all.

    A file that is there is an error unless ``replacing``. Raises AlreadyThereError, PpinuiError.
    """
    if os.path.lexists(path) and not replacing:
        raise AlreadyThereError(
            "there is a file already", str(path), "export to another name, or add --replace to replace it"
        )
    try:
        with written_beside(path, content) as (temporary, descriptor):
            group = like.stat().st_gid if like.exists() else -1
            if group not in {-1, os.fstat(descriptor).st_gid}:
                os.fchown(descriptor, -1, group)
            os.fchmod(descriptor, _MODE)  # for that group, and never for another one
            if replacing:
                temporary.replace(path)
            else:
                os.link(temporary, path)
        sync_folder(path.parent)
    except PermissionError:
        raise PpinuiError(
            "the secrets file cannot be written, or not be given the group of primus.cfg",
            str(path),
            "do it as a member of that group who may write there, or as root",
        ) from None
    except OSError as error:
        raise PpinuiError(
            f"the secrets file cannot be written: {error.strerror}", str(path), "export to another folder"
        ) from None
