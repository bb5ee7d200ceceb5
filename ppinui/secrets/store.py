"""The memory for secrets: what is kept in the keyring, under which name and how, and what was rejected.

An entry of the keyring is one line of JSON, so that it changes all at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.secrets.hints import command_to_replace
from ppinui.secrets.keyring_client import Backend
from ppinui.secrets.keyring_errors import KeyringError, UnreadableEntryError
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import OpaqueEntry, Rejection, SecretKind, StoredSecret

SERVICE: Final = "ppinui"
_VERSION: Final = 1
"""Of the JSON."""
_KEYSPACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SecretRejectedError(SecretUnavailable):
    """The stored secret was rejected before; it is not offered again."""


class Keyring(Protocol):
    """What the store needs of a keyring; :class:`~ppinui.secrets.keyring_client.KeyringProcess` is one."""

    def backend(self) -> Backend: ...

    def get(self, service: str, username: str) -> Secret | None: ...

    def set(self, service: str, username: str, password: Secret) -> None: ...

    def delete(self, service: str, username: str) -> bool: ...


class SecretStore:
    """Secrets in the keyring.

    A person finds an entry with ``keyring get SERVICE USERNAME``. SERVICE is ``ppinui``, or
    ``ppinui/NAME`` for the keyspace NAME. USERNAME is kind and name: ``permanent:PARTITION``,
    ``proxy:SERVICE_USER``, ``pin:PARTITION``; ``rejected:`` before it is the mark of a rejected secret. An
    entry is one line of JSON; a proxy or PIN entry may also hold a plain password, put there by hand.

    Every method raises :class:`~ppinui.secrets.keyring_errors.KeyringError` when the keyring fails.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        keyspace: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``keyspace`` separates, say, test from production. Raises PpinuiError for a name it cannot have."""
        if keyspace is not None and not _KEYSPACE.fullmatch(keyspace):
            raise PpinuiError(
                f"a keyspace cannot be called {keyspace!r}",
                "--keyspace",
                "use up to 64 letters, digits, '.', '_' and '-'",
            )
        self._keyring = keyring
        self._now = now
        self.service = SERVICE if keyspace is None else f"{SERVICE}/{keyspace}"

    def backend(self) -> Backend:
        """The keyring in use."""
        return self._keyring.backend()

    def get(self, kind: SecretKind, name: str) -> StoredSecret | None:
        """What is stored, rejected or not: for showing and exporting. To use a secret, :meth:`offer` it."""
        entry = self._keyring.get(self.service, _username(kind, name))
        if entry is None:
            return None
        try:
            return decode_entry(kind, name, entry, f"{self.service}, {_username(kind, name)}")
        finally:
            entry.wipe()

    def has(self, kind: SecretKind, name: str) -> bool:
        """Whether something is stored, whatever it is."""
        entry = self._keyring.get(self.service, _username(kind, name))
        return entry is not None

    def offer(self, kind: SecretKind, name: str) -> StoredSecret | None:
        """The secret for use with an HSM, or None.

        Raises :class:`SecretRejectedError` if it was rejected, by whichever process, since it was stored.
        """
        secret = self.get(kind, name)
        if secret is None or (rejection := self.rejection_of(secret)) is None:
            return secret
        secret.wipe()
        raise SecretRejectedError(
            f"the {kind.label} of '{name}' was rejected by {rejection.by} at {rejection.when:%c %Z}",
            f"{self.service}, {_username(kind, name)}",
            f"replace it: {command_to_replace(kind, name)}; "
            "this one is offered no more, for each wrong one counts",
        )

    def put(self, secret: StoredSecret) -> StoredSecret:
        """Store a secret in the place of the one before, and read it back.

        It gets the time and its ``fingerprint``, and is no longer marked as rejected. After an error the
        secret before is still there, as far as the keyring lets us.
        """
        username = _username(secret.kind, secret.name)
        stamped = replace(secret, added=self._now())
        entry = encode_entry(stamped)
        before = self._keyring.get(self.service, username)
        try:
            self._set_and_read_back(username, entry)
        except KeyringError as error:
            self._restore(username, before, error)
            raise
        with contextlib.suppress(KeyringError):  # the mark holds for the old secret alone, it may stay
            self._keyring.delete(self.service, _mark(secret.kind, secret.name))
        return decode_entry(secret.kind, secret.name, entry, username)

    def remove(self, kind: SecretKind, name: str) -> bool:
        """Forget a secret, and its mark; False if there was none."""
        found = self._keyring.delete(self.service, _username(kind, name))
        self._keyring.delete(self.service, _mark(kind, name))
        return found

    def mark_rejected(self, secret: StoredSecret, by: str) -> None:
        """Note that ``by`` (an HSM or proxy, and its code, in words) has rejected a secret of this store.

        The secret itself is not touched: one that has replaced it meanwhile is not marked, nor lost.
        """
        if secret.fingerprint is None:
            raise ValueError("only a secret that came from the keyring can be marked there")
        mark = _encode_rejection(Rejection(self._now(), by), secret.fingerprint)
        self._keyring.set(self.service, _mark(secret.kind, secret.name), mark)

    def rejection_of(self, secret: StoredSecret) -> Rejection | None:
        """When and by whom a stored secret was rejected, or None."""
        mark = self._keyring.get(self.service, _mark(secret.kind, secret.name))
        return None if mark is None else _decode_rejection(mark, secret.fingerprint)

    def prove_writable(self) -> None:
        """Write something, read it, remove it: before a secret is fetched that could not be kept."""
        username = f"write-test:{secrets.token_hex(8)}"
        try:
            self._set_and_read_back(username, Secret(secrets.token_hex(16)))
        finally:
            with contextlib.suppress(KeyringError):
                self._keyring.delete(self.service, username)

    def _set_and_read_back(self, username: str, entry: Secret) -> None:
        self._keyring.set(self.service, username, entry)
        if self._keyring.get(self.service, username) != entry:
            raise KeyringError(
                "the keyring does not give back what was stored in it",
                self._keyring.backend().name,
                "choose another keyring with --keyring",
            )

    def _restore(self, username: str, before: Secret | None, error: KeyringError) -> None:
        """Put back what was there; where that fails too, say so in the error that is on its way."""
        try:
            if self._keyring.get(self.service, username) == before:
                return
            if before is None:
                self._keyring.delete(self.service, username)
            else:
                self._set_and_read_back(username, before)
        except KeyringError as failure:
            error.message += f"; what is stored for {username} now is unknown ({failure.message})"


def _username(kind: SecretKind, name: str) -> str:
    return f"{kind.value}:{name}"


def _mark(kind: SecretKind, name: str) -> str:
    return f"rejected:{_username(kind, name)}"


def encode_entry(secret: StoredSecret) -> Secret:
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


def decode_entry(kind: SecretKind, name: str, entry: Secret, place: str) -> StoredSecret:
    """What an entry holds.

    An entry that was made by hand, with keyring's own tools, holds a plain password or PIN.
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


def _encode_rejection(rejection: Rejection, fingerprint: str) -> Secret:
    """The mark beside an entry: it holds for what was in the entry then, and for nothing that replaces it."""
    fields = {"ppinui": _VERSION, "of": fingerprint, "when": rejection.when.isoformat(), "by": rejection.by}
    return Secret(json.dumps(fields))


def _decode_rejection(mark: Secret, fingerprint: str | None) -> Rejection | None:
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
