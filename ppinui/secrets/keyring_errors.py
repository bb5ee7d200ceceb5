"""What can go wrong with a keyring, as errors for the user. None of them holds a secret."""

from __future__ import annotations

from ppinui.errors import SecretUnavailable


class KeyringError(SecretUnavailable):
    """The keyring could not do what it was asked for."""


class KeyringTimeoutError(KeyringError):
    """The keyring did not answer in time; the process that was talking to it has been killed."""


class KeyringLockedError(KeyringError):
    """The keyring is locked, and was not unlocked."""


class KeyringMayAskError(KeyringError):
    """This keyring cannot be read without its possibly asking its user, which was not wanted."""


class UnreadableEntryError(KeyringError):
    """An entry of the keyring is none that this version can read; the keyring itself works."""


class BackendRefusedError(KeyringError):
    """The backend that was named is none that secrets are entrusted to."""


class NoBackendError(KeyringError):
    """No backend that we accept works here."""


class VaultPassphraseError(KeyringError):
    """The vault is whole, the passphrase is not its own."""


def named(name: str) -> type[KeyringError]:
    """The class of this name: errors come as names from the process that talks to the keyring."""
    known = {kind.__name__: kind for kind in KeyringError.__subclasses__()}
    return known.get(name, KeyringError)
