"""What the steps of a walkthrough look at and act upon: files, environment, keyring, library, ppin, clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ppinui.audit import trace
from ppinui.config.locate import Location, locate, secrets_location
from ppinui.config.primus import PrimusConfig, read
from ppinui.doctor.host import Surroundings as Machine
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, load
from ppinui.secrets.keyring_client import KeyringChoice
from ppinui.secrets.store import SecretStore
from ppinui.state import state_folder

if TYPE_CHECKING:
    from ppinui.secrets.secret import Secret


class Keyrings(Protocol):
    """Whoever opens keyrings; :class:`ppinui.setup.user_keyrings.UserKeyrings` is one."""

    @property
    def named(self) -> KeyringChoice:
        """What the user has said about the keyring before the walkthrough (``--keyring``, environment)."""

    def store(self, name: str | None) -> SecretStore:
        """The store over the keyring of this name (None: the one that ppinui would choose), opened once."""

    def vault_made(self, passphrase: Secret) -> None:
        """A vault was just made with this passphrase: nobody need be asked for it again."""


@dataclass(frozen=True)
class Surroundings:
    """Where a walkthrough works. Tests pass folders of their own.

    ``config`` and ``secrets`` are what ``-c`` and ``-s`` name, ``module`` and ``ppin`` what their options do;
    None: searched in ``machine.environ`` and below ``machine.root``.
    """

    machine: Machine
    keyrings: Keyrings
    config: str | None = None
    secrets: str | None = None
    module: str | None = None
    ppin: str | None = None
    timeout: float = 10.0
    """Seconds for each stage of a connection test."""
    tracer: Callable[[str, Path], None] = field(default=trace, repr=False)

    @property
    def environ(self) -> Mapping[str, str]:
        return self.machine.environ

    @property
    def state(self) -> Path:
        """The folder in which an interrupted walkthrough is kept."""
        return state_folder(self.environ)

    def location(self) -> Location:
        """The primus.cfg that is set up, whether it is there yet or not. Raises PpinuiError."""
        return locate(self.config, environ=self.environ, root=self.machine.root, must_exist=False)

    def secrets_location(self) -> Location:
        """The .secrets.cfg of the applications, whether it is there or not. Raises PpinuiError."""
        return secrets_location(self.secrets, environ=self.environ, root=self.machine.root, must_exist=False)

    def document(self) -> Document | None:
        """The primus.cfg as it is on the disk now; None if there is none. Raises PpinuiError."""
        location = self.location()
        return load(location.path) if location.exists else None

    def present(self) -> PrimusConfig | None:
        """What the primus.cfg says now, for defaults; None if there is none, or none that can be read."""
        try:
            document = self.document()
        except PpinuiError:  # the step that saves says what is the matter with it
            return None
        return None if document is None else read(document)
