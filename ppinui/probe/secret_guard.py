"""Which slot may be offered a secret next: one at a time until it is accepted, none once it is rejected.

What counts as accepted or rejected is decided in ppinui/probe/rejection.py. What an earlier
run saw rejected is marked in the keyring (ppinui/secrets/store.py) and not offered again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from ppinui.secrets.stored_secret import SecretKind


@dataclass(frozen=True)
class Credential:
    """One secret of one owner (a partition, or a proxy's service user): not the secret itself."""

    kind: SecretKind
    owner: str

    def __str__(self) -> str:
        return f"{self.kind.label} of '{self.owner}'"


class _State(Enum):
    IN_HAND = auto()
    ACCEPTED = auto()
    REJECTED = auto()


class SecretGuard:
    """Keeps the promise that a secret is spent, not tried.

    Redundant HSMs share a partition and its counter of wrong secrets. So the first test that offers a secret
    goes ahead by itself; when the secret was accepted the others follow, when it was rejected they never do.
    A test that ended without either (an HSM that went away) lets the next one try, again by itself.
    """

    def __init__(self) -> None:
        self._states: dict[Credential, _State] = {}

    def is_free(self, credentials: Iterable[Credential]) -> bool:
        """Whether none of these is being offered for the first time just now."""
        return all(self._states.get(credential) is not _State.IN_HAND for credential in credentials)

    def rejected(self, credentials: Iterable[Credential]) -> Credential | None:
        """The first of these that was rejected, or None."""
        for credential in credentials:
            if self._states.get(credential) is _State.REJECTED:
                return credential
        return None

    def accepted(self, credential: Credential) -> bool:
        """Whether an HSM has accepted this one, and none rejected it since."""
        return self._states.get(credential) is _State.ACCEPTED

    def hold(self, credentials: Iterable[Credential]) -> None:
        """A test that offers these begins."""
        for credential in credentials:
            self._states.setdefault(credential, _State.IN_HAND)

    def accept(self, credential: Credential) -> None:
        """An HSM accepted it."""
        self._states[credential] = _State.ACCEPTED

    def reject(self, credential: Credential) -> None:
        """An HSM rejected it, or may have."""
        # A proxy that let one partition through is not the one that refused another.
        if credential.kind is not SecretKind.PROXY or self._states.get(credential) is not _State.ACCEPTED:
            self._states[credential] = _State.REJECTED

    def release(self, credentials: Iterable[Credential]) -> None:
        """A test that took these is over; those that it neither proved nor lost are free again."""
        for credential in credentials:
            if self._states.get(credential) is _State.IN_HAND:
                del self._states[credential]
