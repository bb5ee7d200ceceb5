"""Reading a keyring without its ever asking its user for anything.

Runs in the process that talks to the keyring, as the backends do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyring.backend import KeyringBackend
from keyring.backends import SecretService
from keyring.errors import KeyringLocked

from ppinui.secrets.keyring_errors import KeyringMayAskError
from ppinui.secrets.vault_keyring import VaultKeyring

if TYPE_CHECKING:
    import secretstorage


def quiet(backend: KeyringBackend) -> KeyringBackend:
    """A backend that reads what this one does, and raises KeyringLocked where that one would ask.

    Raises KeyringMayAskError for a backend of which that cannot be said.
    """
    if isinstance(backend, VaultKeyring):  # it is open by now, and asks nobody
        return backend
    if type(backend) is SecretService.Keyring:
        return _QuietSecretService()  # type: ignore[no-untyped-call]
    kind = type(backend)
    raise KeyringMayAskError(
        "this keyring may ask its user when it is read",
        f"{kind.__module__}.{kind.__qualname__}",
        "open the secrets screen: it asks the keyring",
    )


class _QuietSecretService(SecretService.Keyring):
    """The Secret Service, without the questions that unlock it or make its first collection."""

    def get_password(self, service: str, username: str) -> str | None:
        from secretstorage.exceptions import ItemNotFoundException

        try:
            password: str | None = super().get_password(service, username)  # type: ignore[no-untyped-call]
        except ItemNotFoundException:
            return None  # there is no collection yet, so nothing is in it
        return password

    def get_preferred_collection(self) -> secretstorage.Collection:
        import secretstorage

        bus = secretstorage.dbus_init()
        try:
            named = getattr(self, "preferred_collection", None)
            collection = secretstorage.Collection(bus, *([named] if named else []))
            self.unlock(collection)
        except BaseException:
            bus.close()
            raise
        return collection

    def unlock(self, item: secretstorage.Item | secretstorage.Collection) -> None:
        if item.is_locked():
            raise KeyringLocked("nobody is asked to unlock it")
