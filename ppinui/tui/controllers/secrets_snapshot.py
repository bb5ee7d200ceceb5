"""What is known of each secret at one moment: where it is, since when, and all that in a word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from ppinui.config.primus_config import PrimusConfig, SecretOwners
from ppinui.errors import SecretUnavailable
from ppinui.secrets.keyring_client import Backend
from ppinui.secrets.keyring_errors import (
    KeyringError,
    KeyringLockedError,
    KeyringMayAskError,
    KeyringTimeoutError,
    NoBackendError,
    UnreadableEntryError,
    VaultPassphraseError,
)
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind
from ppinui.tui.line_states import UNKNOWN, SecretState


class Unseen(Enum):
    """Why it is not known what the keyring has."""

    NOT_YET = UNKNOWN
    LOCKED = SecretState("lock", "locked", "warning")
    NO_KEYRING = SecretState("n/a", "no keyring", "warning")
    NOT_ASKED = SecretState("ask", "not asked", "warning")
    NO_ANSWER = SecretState("mute", "no answer", "warning")
    FAILED = SecretState("fail", "failed", "error")


def why_unseen(error: SecretUnavailable) -> Unseen:
    """What it means for all that may be in the keyring that it cannot be read."""
    match error:
        case KeyringLockedError() | VaultPassphraseError():
            return Unseen.LOCKED
        case NoBackendError():
            return Unseen.NO_KEYRING
        case KeyringMayAskError():
            return Unseen.NOT_ASKED
        case KeyringTimeoutError():
            return Unseen.NO_ANSWER
        case KeyringError():
            return Unseen.FAILED
        case _:
            return Unseen.LOCKED  # the user was asked for its passphrase, and went back


@dataclass(frozen=True)
class SecretRow:
    """What is known of one secret; nothing of the secret itself."""

    kind: SecretKind
    name: str
    in_file: bool = False
    in_config: bool = False
    in_keyring: bool = False
    unseen: Unseen | None = None
    """Why it is not known whether the keyring has it; None where that is known."""
    facts: str = ""
    """Since when it is in the keyring, from where, whether it was validated."""
    rejected: str = ""
    """By whom it was rejected."""
    flaw: str = ""
    """Why the entry of the keyring cannot be used."""

    @property
    def key(self) -> Key:
        return self.kind, self.name

    @property
    def state(self) -> SecretState:
        """In one word."""
        if self.rejected:
            return SecretState("rej!", "rejected", "error")
        if self.flaw:
            return SecretState("bad!", "unreadable", "error")
        if self.in_config:
            return SecretState("clear", "clear text", "warning")
        if self.in_file:
            return SecretState("file", "file", "good")
        if self.in_keyring:
            return SecretState("ring", "keyring", "good")
        if self.unseen is not None:
            return self.unseen.value
        if self.kind is SecretKind.PIN:
            return SecretState("–", "not kept", "faint")
        return SecretState("none", "missing", "error")

    @property
    def words(self) -> str:
        """State and age."""
        more = self.rejected or self.facts or self.flaw
        return f"{self.state.long} ({more})" if more else self.state.long


@dataclass(frozen=True)
class SecretsSnapshot:
    """All secrets at one moment."""

    rows: tuple[SecretRow, ...] = ()
    backend: Backend | None = None
    notes: tuple[str, ...] = ()


def rows_without_keyring(
    needed: SecretOwners, in_file: Collection[Key], unseen: Unseen
) -> tuple[SecretRow, ...]:
    """A row for each secret that there can be, with what the files say of it.

    ``in_file``: who has an entry in the applications' .secrets.cfg.
    """
    there = frozenset(in_file)
    users: list[Key] = [(SecretKind.PERMANENT, name) for name in needed.partitions]
    users += [(SecretKind.PROXY, name) for name in needed.proxies]
    users += [(SecretKind.PIN, name) for name in needed.partitions]
    users += sorted(there - set(users), key=lambda key: (key[0].value, key[1]))
    return tuple(
        SecretRow(
            kind,
            name,
            (kind, name) in there,
            kind is SecretKind.PROXY and name in needed.clear_proxies,
            unseen=unseen,
        )
        for kind, name in users
    )


def with_keyring(row: SecretRow, store: SecretStore) -> SecretRow:
    """The row with what the keyring says of it. Raises KeyringError where it says nothing."""
    row = replace(row, unseen=None)
    try:
        secret = store.get(row.kind, row.name)
        if secret is None:
            return row
        rejection = store.rejection_of(secret)
        secret.wipe()
    except UnreadableEntryError as error:
        return replace(row, in_keyring=True, flaw=error.message)
    since = f", {secret.added:%Y-%m-%d %H:%M} UTC" if secret.added else ""
    facts = f"{secret.source}{since}{'' if secret.validated else ', not validated'}"
    by = f"by {rejection.by}, {rejection.when:%Y-%m-%d %H:%M} UTC" if rejection is not None else ""
    return replace(row, in_keyring=True, facts=facts, rejected=by)


def states_of(config: PrimusConfig, rows: Iterable[SecretRow]) -> Mapping[str, SecretState]:
    """The state of each slot's secrets by its path: the worst of what it needs to connect."""
    partitions: dict[str | None, SecretState] = {}
    proxies: dict[str | None, SecretState] = {}
    for row in rows:
        if row.kind is not SecretKind.PIN:
            (partitions if row.kind is SecretKind.PERMANENT else proxies)[row.name] = row.state
    order = {"error": 0, "warning": 1, "faint": 2, "good": 3}
    found: dict[str, SecretState] = {}
    for slot in config.slots:
        own = partitions.get(slot.user_name or "")
        proxy = proxies.get(slot.proxy_user) if slot.proxy_user else None
        if own is not None and proxy is not None:
            own = min(own, proxy, key=lambda state: order[state.name])
        if (state := own or proxy) is not None:
            found[slot.path] = state
    return found
