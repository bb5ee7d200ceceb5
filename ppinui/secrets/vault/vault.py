"""The vault: passwords in one encrypted file, for machines without a Secret Service."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ppinui.secrets.keyring_errors import KeyringError, VaultPassphraseError
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault_file, vault_format
from ppinui.secrets.vault.vault_file import VaultError
from ppinui.secrets.vault.vault_format import Fault, KdfCost, VaultFormatError, VaultKey

Entries = dict[str, dict[str, str]]
"""Passwords by service and user name."""


_EXPLAINED: Final[dict[Fault, tuple[type[KeyringError], str, str]]] = {
    Fault.NOT_A_VAULT: (
        VaultError,
        "this is no vault",
        "let PPINUI_VAULT say where the vault is, or restore it from a backup",
    ),
    Fault.DAMAGED: (
        VaultError,
        "the vault is damaged: its checksum does not fit",
        "restore it from a backup",
    ),
    Fault.UNKNOWN_VERSION: (VaultError, "the vault was written by a newer ppinui", "update ppinui"),
    Fault.WRONG_PASSPHRASE: (
        VaultPassphraseError,
        "this is not the vault's passphrase",
        "try again: the vault itself is whole",
    ),
    Fault.OTHER_KEY: (
        VaultPassphraseError,
        "the vault's passphrase has been changed meanwhile",
        "unlock it with the new one",
    ),
    Fault.TAMPERED: (
        VaultError,
        "the vault was changed by somebody who does not know its passphrase",
        "restore it from a backup, and find out who can write there",
    ),
}


def create(path: Path, passphrase: Secret, *, make_folder: bool, cost: KdfCost | None = None) -> None:
    """Make an empty vault. The one way in which a vault comes into being.

    ``make_folder`` is for the standard place; elsewhere the folder has to be there, because a mistyped path
    should not become a second vault. Raises :class:`VaultError` if the file exists, whatever it is, if its
    folder is missing or not writable, or if the passphrase is empty.
    """
    _refuse_empty(passphrase, path)
    vault_file.create(
        path, vault_format.seal(b"{}", vault_format.new_key(passphrase, cost)), make_folder=make_folder
    )


class Vault:
    """An existing vault file, locked until :meth:`unlock` was given its passphrase.

    Many processes may use one vault at the same time: readers always find a whole file, writers take turns.
    Nothing decrypted is kept between two calls but the key. Every method but ``locked`` and ``lock`` raises
    :class:`VaultError`; where a passphrase is used, also :class:`VaultPassphraseError`.
    """

    def __init__(self, path: Path, *, lock_timeout: float = 10.0) -> None:
        """``lock_timeout``: seconds to wait for other writers. No file is touched yet."""
        self.path = path
        self._lock_timeout = lock_timeout
        self._key: VaultKey | None = None

    @property
    def locked(self) -> bool:
        return self._key is None

    def lock(self) -> None:
        """Forget the key."""
        if self._key is not None:
            self._key.key.wipe()
        self._key = None

    def check(self) -> None:
        """Raise if there is no usable, undamaged file; the passphrase is not needed for that."""
        with self._explained():
            vault_format.check(vault_file.read(self.path))

    def unlock(self, passphrase: Secret) -> None:
        """Derive the key. Raises :class:`VaultPassphraseError` if it is another one."""
        with self._explained():
            self._key = vault_format.key_of(vault_file.read(self.path), passphrase)

    def get(self, service: str, username: str) -> str | None:
        """The password kept for this pair, or None."""
        return self._entries().get(service, {}).get(username)

    def first_of(self, service: str) -> tuple[str, str] | None:
        """Some user name of a service, with its password; None where the service has none."""
        return next(iter(self._entries().get(service, {}).items()), None)

    def set(self, service: str, username: str, password: str) -> None:
        """Keep a password; once this returns, it is on the disk."""

        def change(entries: Entries) -> bool:
            entries.setdefault(service, {})[username] = password
            return True

        self._change(change)

    def delete(self, service: str, username: str) -> bool:
        """Forget a password; False if there was none (then nothing is written)."""

        def change(entries: Entries) -> bool:
            of_service = entries.get(service, {})
            found = of_service.pop(username, None) is not None
            if not of_service:
                entries.pop(service, None)
            return found

        return self._change(change)

    def change_passphrase(self, new: Secret, *, cost: KdfCost | None = None) -> None:
        """Seal the contents of an unlocked vault with a new passphrase and a new salt.

        Other processes that have the vault open need the new passphrase from then on. Copies of the file made
        before still open with the old one.
        """
        _refuse_empty(new, self.path)
        with vault_file.exclusive(self.path, self._lock_timeout), self._explained():
            contents = vault_format.unseal(vault_file.read(self.path), self._opened())
            fresh = vault_format.new_key(new, cost)
            vault_file.replace(self.path, vault_format.seal(contents, fresh))
            self.lock()
            self._key = fresh

    def _opened(self) -> VaultKey:
        if self._key is None:
            raise VaultError("the vault is locked", str(self.path), "unlock it with its passphrase")
        return self._key

    def _entries(self) -> Entries:
        with self._explained():
            entries: Entries = json.loads(vault_format.unseal(vault_file.read(self.path), self._opened()))
        return entries

    def _change(self, change: Callable[[Entries], bool]) -> bool:
        """Apply ``change`` to what is in the file now; write only if it says True, which is returned."""
        with vault_file.exclusive(self.path, self._lock_timeout), self._explained():
            entries = self._entries()
            if not change(entries):
                return False
            contents = json.dumps(entries).encode("ascii")
            vault_file.replace(self.path, vault_format.seal(contents, self._opened()))
        return True

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what is wrong with the bytes into what the user can do about it."""
        try:
            yield
        except VaultFormatError as error:
            kind, message, remedy = _EXPLAINED[error.fault]
            if error.fault is Fault.OTHER_KEY:
                self.lock()
            raise kind(message, str(self.path), remedy) from None


def _refuse_empty(passphrase: Secret, path: Path) -> None:
    if not passphrase:
        raise VaultError("the passphrase is empty", str(path), "choose a passphrase for the vault")
