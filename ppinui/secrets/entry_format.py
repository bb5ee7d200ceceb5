"""How a secret is written into its keyring entry: one line of JSON, so that it changes all at once."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from ppinui.secrets.keyring_errors import UnreadableEntryError
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import OpaqueEntry, Rejection, SecretKind, StoredSecret

_VERSION: Final = 1


def encode(secret: StoredSecret) -> Secret:
    """The entry for a secret. ASCII: bytes that are not UTF-8 become escaped surrogates."""
    fields: dict[str, Any] = {
        "ppinui": _VERSION,
        "added": secret.added.isoformat() if secret.added else None,
        "source": secret.source,
        "validated": secret.validated,
    }
    if secret.password is not None:
        fields["password"] = _text(secret.password)
    if secret.entry is not None:
        fields["entry"] = {"group": _text(secret.entry.group), "frame": _text(secret.entry.frame)}
    return Secret(json.dumps(fields))


def decode(kind: SecretKind, name: str, entry: Secret, place: str) -> StoredSecret:
    """What an entry holds.

    An entry that somebody has put there by hand, with keyring's own tools, holds a plain password or PIN.
    Raises UnreadableEntryError for one that can be neither; ``place`` names it.
    """
    clear = entry.reveal_bytes()
    fingerprint = hashlib.sha256(clear).hexdigest()
    fields = _fields(clear)
    if fields is None:
        if kind is SecretKind.PERMANENT or not entry:
            raise _not_ours(place)
        return StoredSecret(kind, name, password=Secret(clear), fingerprint=fingerprint, source="by hand")
    if fields["ppinui"] != _VERSION:
        raise UnreadableEntryError("the keyring entry was written by a newer ppinui", place, "update ppinui")
    try:
        opaque = fields.get("entry")
        return StoredSecret(
            kind,
            name,
            password=Secret(fields["password"]) if "password" in fields else None,
            entry=OpaqueEntry(Secret(opaque["group"]), Secret(opaque["frame"])) if opaque else None,
            added=datetime.fromisoformat(fields["added"]) if fields["added"] else None,
            source=str(fields["source"]),
            validated=bool(fields["validated"]),
            fingerprint=fingerprint,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _not_ours(place) from None


def encode_rejection(rejection: Rejection, fingerprint: str) -> Secret:
    """The mark beside an entry: it holds for what was in the entry then, and for nothing that replaces it."""
    fields = {"ppinui": _VERSION, "of": fingerprint, "when": rejection.when.isoformat(), "by": rejection.by}
    return Secret(json.dumps(fields))


def decode_rejection(mark: Secret, fingerprint: str | None) -> Rejection | None:
    """The rejection, if the mark is about the secret with this fingerprint."""
    fields = _fields(mark.reveal_bytes())
    if fields is None or fields.get("of") != fingerprint:
        return None
    return Rejection(datetime.fromisoformat(fields["when"]), str(fields["by"]))


def _fields(clear: bytes) -> dict[str, Any] | None:
    """The JSON object of an entry of ours; None for anything else."""
    try:
        fields = json.loads(clear)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and "ppinui" in fields else None


def _text(secret: Secret) -> str:
    return secret.reveal_bytes().decode("utf-8", "surrogateescape")


def _not_ours(place: str) -> UnreadableEntryError:
    return UnreadableEntryError(
        "the keyring entry is not one that ppinui wrote", place, "remove it, then add the secret again"
    )
