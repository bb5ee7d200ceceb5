"""What the keyring has to offer for some slots: secrets that may be used, and why others may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ppinui.secrets import secrets_file
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretRejectedError, SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret


@dataclass(frozen=True)
class Offered:
    """Secrets to hand to the provider for a while; :meth:`wipe` them afterwards.

    ``secrets``: by kind and name; ``withheld``: users whose secret was rejected, and the error that says so;
    ``missing``: users of whom nothing is stored.
    """

    secrets: Mapping[Key, StoredSecret] = field(repr=False)
    withheld: Mapping[Key, SecretRejectedError]
    missing: tuple[Key, ...]

    def secrets_file(self) -> bytes:
        """A .secrets.cfg with all that have an entry. SecretsFileError if one file cannot have them."""
        return secrets_file.compose(tuple(self.secrets.values()))

    def proxy_passwords(self) -> dict[str, Secret]:
        """Passwords of service users that ppin has made no entry of: they can be in primus.cfg only."""
        return {
            name: secret.password
            for (kind, name), secret in self.secrets.items()
            if kind is SecretKind.PROXY and secret.entry is None and secret.password is not None
        }

    def wipe(self) -> None:
        for secret in self.secrets.values():
            secret.wipe()


def offer_all(store: SecretStore, users: Iterable[Key]) -> Offered:
    """Ask the keyring for the secrets of these users, once for each. Raises KeyringError."""
    secrets: dict[Key, StoredSecret] = {}
    withheld: dict[Key, SecretRejectedError] = {}
    missing: list[Key] = []
    for key in dict.fromkeys(users):
        try:
            secret = store.offer(*key)
        except SecretRejectedError as error:
            withheld[key] = error
            continue
        if secret is None:
            missing.append(key)
        else:
            secrets[key] = secret
    return Offered(secrets, withheld, tuple(missing))
