"""What is kept: the kinds of secrets, each with when it came and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ppinui.secrets.secret import Secret


class SecretKind(Enum):
    """The secrets that are kept. A setup password never is."""

    PERMANENT = "permanent"
    """Of a partition: its group of .secrets.cfg, opaque."""
    PROXY = "proxy"
    """Of a service user: the password as typed, and the opaque group once ppin has made one."""
    PIN = "pin"
    """Of a partition: its PKCS#11 PIN."""

    @property
    def label(self) -> str:
        """The word for people."""
        return {"permanent": "permanent secret", "proxy": "proxy password", "pin": "PIN"}[self.value]


@dataclass(frozen=True)
class OpaqueEntry:
    """A group of .secrets.cfg as the vendor's ppin wrote it: never interpreted, kept byte for byte.

    ``group``: its text, from its name to its closing semicolon. ``frame``: the text of the file that it stood
    in, with every such group replaced by a marker, because what is around may belong to it.
    """

    group: Secret
    frame: Secret


@dataclass(frozen=True)
class StoredSecret:
    """One secret with what is known of it.

    ``name``: the partition or service user. A permanent secret has an ``entry``; a proxy has a ``password``
    (UTF-8), an ``entry``, or both; a PIN has a ``password``. ``added``: when it was stored (None: not known,
    it was put there by hand); ``source``: where it came from, in words. ``validated``: an HSM or proxy
    has accepted it when it was stored. ``fingerprint`` identifies what is in the keyring, None for a secret
    that did not come from there.
    """

    kind: SecretKind
    name: str
    password: Secret | None = None
    entry: OpaqueEntry | None = None
    added: datetime | None = None
    source: str = "unknown"
    validated: bool = False
    fingerprint: str | None = None

    def wipe(self) -> None:
        """Overwrite what is secret of it."""
        for secret in (
            self.password,
            self.entry.group if self.entry else None,
            self.entry.frame if self.entry else None,
        ):
            if secret is not None:
                secret.wipe()


@dataclass(frozen=True)
class Rejection:
    """That an HSM or a proxy has rejected a secret: ``when``, and ``by`` whom and how, in words."""

    when: datetime
    by: str
