"""PINs of any tokens in the keyring. They are kept as those of partitions are, under the token's label."""

from __future__ import annotations

from pathlib import Path

from ppinui.audit import trace
from ppinui.errors import PpinuiError
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretRejectedError, SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret


def keep_pin(store: SecretStore, label: str, pin: Secret, *, source: str, validated: bool) -> None:
    """Store the user PIN of the token with this label, in the place of the one before.

    ``source``: where it came from, in words; ``validated``: the token has accepted it. Tokens with the same
    label share one PIN. Raises KeyringError, and PpinuiError for a token without a label.
    """
    if not label:
        raise PpinuiError(
            "a token without a label has no name under which its PIN could be kept",
            "the keyring",
            "initialise the token with a label: ppinui token init SLOT --label L",
        )
    store.put(StoredSecret(SecretKind.PIN, label, password=pin, source=source, validated=validated))
    trace("store pin secret", Path(f"{store.backend().name}: {store.service}, pin:{label}"))


def offer_pin(store: SecretStore, label: str) -> StoredSecret | None:
    """The kept PIN of the token with this label, if there is one.

    Raises KeyringError, and SecretRejectedError for one that a token has rejected.
    """
    try:
        return store.offer(SecretKind.PIN, label) if label else None
    except SecretRejectedError as error:
        remedy = "replace it: ppinui pin keep SLOT; this one is offered no more, for each wrong one counts"
        raise SecretRejectedError(error.message, error.place, remedy) from None
