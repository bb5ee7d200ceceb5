"""The secrets of a connection test, slot by slot, as types; services/stored_credentials.py finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Protocol

from ppinui.probe.plan import SlotTest
from ppinui.secrets.secret import Secret
from ppinui.secrets.stored_secret import SecretKind


class SecretSource(Enum):
    """Where a secret comes from; the values are the words of the JSON output."""

    FILE = "file"
    """.secrets.cfg, as the application reads it."""
    KEYRING = "keyring"
    CONFIGURATION = "configuration"
    """In clear text in primus.cfg."""
    ASKED = "asked"
    MISSING = "missing"


_WORDS: Final = {
    SecretSource.FILE: "from .secrets.cfg",
    SecretSource.KEYRING: "from the keyring",
    SecretSource.CONFIGURATION: "in clear text in primus.cfg",
    SecretSource.ASKED: "asked for",
    SecretSource.MISSING: "missing",
}
_ORDER: Final = (SecretKind.PERMANENT, SecretKind.PIN, SecretKind.PROXY)


def sources_in_words(secrets: Mapping[str, str]) -> str:
    """Where a slot's secrets came from; "" where none is known of. ``secrets`` as a result has it."""
    return ", ".join(
        f"{kind.label} {_WORDS[SecretSource(secrets[kind.value])]}"
        for kind in _ORDER
        if kind.value in secrets
    )


@dataclass(frozen=True)
class SlotSecrets:
    """The secrets of one slot's test."""

    sources: Mapping[SecretKind, SecretSource] = field(default_factory=dict)
    secrets_file: bytes | None = field(default=None, repr=False)
    """A .secrets.cfg for this slot alone; None: the module reads the one that the application reads."""
    proxy_password: Secret | None = None
    """To be written into the private primus.cfg, where ppin has made no entry of it."""
    withheld: str | None = None
    """Why the slot must not be tested, such as a secret in the keyring that was rejected before."""


@dataclass(frozen=True)
class Pin:
    """A PIN, or why there is none to offer.

    ``secret`` may be empty: a login without a PIN is one, too.
    """

    secret: Secret | None
    source: SecretSource
    withheld: str | None = None
    """What to say besides the ``condition`` of a PIN that must not be offered; None for one that may."""
    condition: str = "stored-secret-rejected"
    """Which of :data:`ppinui.probe.conditions.CONDITIONS` keeps it back."""


NO_LOGIN = Pin(None, SecretSource.MISSING)
"""The application does not log in to this slot, which is no failure of it."""


class Credentials(Protocol):
    """Where a run gets the secrets of its slots."""

    def secrets_of(self, test: SlotTest, /) -> SlotSecrets:
        """The secrets of this slot's test. Quick: what has to be asked was asked before the run."""

    def pin_of(self, user: str) -> Pin:
        """The PIN of a partition (a test's ``user``); asked once for each, before anything starts."""


class PromptedCredentials:
    """PINs from a prompt; the module reads .secrets.cfg by itself."""

    def __init__(self, ask: Callable[[str], Secret]) -> None:
        self._ask = ask

    def secrets_of(self, _test: SlotTest) -> SlotSecrets:
        return SlotSecrets()

    def pin_of(self, user: str) -> Pin:
        return Pin(self._ask(user), SecretSource.ASKED)


def with_pin_source(secrets: SlotSecrets, source: SecretSource) -> SlotSecrets:
    """The same, and where the PIN came from."""
    return replace(secrets, sources={**secrets.sources, SecretKind.PIN: source})
