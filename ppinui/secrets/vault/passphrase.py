"""Where the passphrase of the vault comes from: a descriptor, a systemd credential, or a person."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from ppinui.errors import SecretUnavailable
from ppinui.secrets.keyring_errors import KeyringLockedError
from ppinui.secrets.prompt import Asker
from ppinui.secrets.secret import Secret

CREDENTIAL: Final = "ppinui-vault"
"""Name of the systemd credential (``LoadCredentialEncrypted=ppinui-vault``)."""
_TRIES: Final = 3
_SIZE_LIMIT: Final = 64 * 1024


class Passphrases(Protocol):
    """A source of passphrases of vaults; :class:`PassphraseFinder` is one."""

    def candidates(self, vault: str, *, asking: bool = True) -> Iterator[Secret]:
        """Passphrases to try one after another, until one opens the vault at the path ``vault``.

        ``asking`` False: a person is not asked, as if nobody were there.
        """


class PassphraseFinder:
    """Finds the passphrase: ``--vault-passphrase-fd``, then the systemd credential, then a person.

    The first of these that is there is the only one: a wrong passphrase in a credential is an error, not a
    question. A person may try three times. One that is remembered comes before all of these.
    """

    def __init__(
        self, *, descriptor: int | None = None, environ: Mapping[str, str], asker: Asker | None = None
    ) -> None:
        """``asker`` None: nobody is there to be asked."""
        self._descriptor = descriptor
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self._credential = Path(credentials) / CREDENTIAL if credentials else None
        self._asker = asker
        self._remembered: Secret | None = None

    def remember(self, passphrase: Secret) -> None:
        """Keep a copy of the passphrase of a vault that was just made, until :meth:`wipe`."""
        self.wipe()
        self._remembered = Secret(passphrase.reveal_bytes())

    def wipe(self) -> None:
        """Overwrite what is remembered."""
        if self._remembered is not None:
            self._remembered.wipe()
            self._remembered = None

    def candidates(self, vault: str, *, asking: bool = True) -> Iterator[Secret]:
        """Passphrases to try one after another, until one opens the vault at the path ``vault``.

        ``asking`` False: a person is not asked, as if nobody were there. Raises :class:`SecretUnavailable`
        if a source cannot be read, KeyringLockedError if there is none.
        """
        if self._remembered is not None:
            yield Secret(self._remembered.reveal_bytes())
        if self._descriptor is not None:
            yield read_passphrase(self._descriptor)
        elif self._credential is not None and self._credential.exists():
            yield _read_credential(self._credential)
        elif self._asker is not None and asking:
            prompt = f"Passphrase of the vault {vault}: "
            yield self._asker.ask(prompt)
            for _ in range(_TRIES - 1):
                yield self._asker.ask(f"This does not open it. {prompt}")
        else:
            raise KeyringLockedError(
                "the vault is locked, and nobody is there to unlock it",
                vault,
                f"give its passphrase by --vault-passphrase-fd N or the systemd credential {CREDENTIAL}",
            )


def read_passphrase(descriptor: int) -> Secret:
    """All that a descriptor holds, without one line end behind it. Raises :class:`SecretUnavailable`."""
    clear = bytearray()
    try:
        while chunk := os.read(descriptor, _SIZE_LIMIT):
            clear += chunk
            if len(clear) > _SIZE_LIMIT:
                raise SecretUnavailable(
                    "this is too long for a passphrase", f"descriptor {descriptor}", "give one line"
                )
        return Secret(clear.removesuffix(b"\n").removesuffix(b"\r"))
    except OSError as error:
        raise SecretUnavailable(
            f"cannot read the passphrase: {error.strerror}",
            f"descriptor {descriptor}",
            "give a descriptor that is open for reading, such as 3 with 3</run/secret",
        ) from None
    finally:
        clear[:] = bytes(len(clear))


def _read_credential(path: Path) -> Secret:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise SecretUnavailable(
            f"cannot read the systemd credential: {error.strerror}",
            str(path),
            "look at the credentials of the service's unit",
        ) from None
    try:
        return read_passphrase(descriptor)
    finally:
        os.close(descriptor)
