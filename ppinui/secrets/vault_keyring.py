"""The vault as a backend of ``keyring``: an entry point that keyring's own tools find too.

It is never chosen by keyring itself (its priority is below that of no backend at all), so that no other
program of the user begins to ask for the vault's passphrase: name it, with
``keyring --keyring-backend ppinui.secrets.vault_keyring.VaultKeyring`` or ``PYTHON_KEYRING_BACKEND``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keyring import errors
from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.credentials import Credential, SimpleCredential

from ppinui.errors import SecretUnavailable
from ppinui.secrets.keyring_errors import KeyringError, VaultPassphraseError
from ppinui.secrets.prompt import TerminalAsker
from ppinui.secrets.vault import vault_file
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.secrets.vault.vault import Vault
from ppinui.secrets.vault.vault_file import VaultError


class VaultKeyring(KeyringBackend):
    """keyring's contract over :class:`~ppinui.secrets.vault.vault.Vault`.

    Properties, also from ``KEYRING_PROPERTY_…`` variables: ``path`` (of the vault, instead of the usual
    place) and ``passphrase_fd`` (a descriptor to read the passphrase from).
    """

    path: str | None = None
    passphrase_fd: int | str | None = None

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.vault = Vault(Path(self.path) if self.path else vault_file.vault_path(os.environ))

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - a property of the class, as keyring has it
        try:
            vault_file.read(vault_file.vault_path(os.environ))
        except VaultError as error:
            raise RuntimeError(f"{error.message} ({error.place}): {error.remedy}") from None
        return -1

    def get_password(self, service: str, username: str) -> str | None:
        with _as_keyring_has_it(errors.KeyringError):
            return self._unlocked().get(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        with _as_keyring_has_it(errors.PasswordSetError):
            self._unlocked().set(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        with _as_keyring_has_it(errors.PasswordDeleteError):
            found = self._unlocked().delete(service, username)
        if not found:
            raise errors.PasswordDeleteError("there is no such password in the vault")

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        if username is not None:
            return super().get_credential(service, username)
        with _as_keyring_has_it(errors.KeyringError):
            first = self._unlocked().first_of(service)
        return SimpleCredential(*first) if first else None

    def _unlocked(self) -> Vault:
        """The vault; unlocked with its passphrase, unless that was done before."""
        if not self.vault.locked:
            return self.vault
        self.vault.check()
        descriptor = None if self.passphrase_fd is None else int(self.passphrase_fd)
        finder = PassphraseFinder(descriptor=descriptor, environ=os.environ, asker=TerminalAsker())
        unlock(self.vault, finder)
        return self.vault


def unlock(vault: Vault, finder: PassphraseFinder) -> None:
    """Try what ``finder`` finds until one opens it. Raises the last refusal when nothing more is found."""
    refusal: KeyringError = VaultError("the vault is locked", str(vault.path), "give its passphrase")
    for passphrase in finder.candidates(str(vault.path)):
        try:
            vault.unlock(passphrase)
            return
        except VaultPassphraseError as error:
            refusal = error
        finally:
            passphrase.wipe()
    raise refusal


@contextlib.contextmanager
def _as_keyring_has_it(kind: type[errors.KeyringError]) -> Iterator[None]:
    try:
        yield
    except VaultPassphraseError as error:
        raise errors.KeyringLocked(f"{error.message} ({error.place})") from error
    except SecretUnavailable as error:
        raise kind(f"{error.message} ({error.place}): {error.remedy}") from error
