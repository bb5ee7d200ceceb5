"""The HSMs of a kms.toml as typed data: each password is a secret from here on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.errors import PpinuiError
from ppinui.kms.hsm_models import Model
from ppinui.secrets.secret import Secret

DEFAULT_ADMIN = "admin"
"""Who may create keys in an HSM where ``hsm_admin`` does not say it, by the KMS's documentation."""

NO_LOGIN = "<NO_LOGIN>"
"""As a password: the KMS does not log in to the slot."""

SETTINGS = ("hsm_model", "hsm_admin", "hsm_slot", "hsm_password")
INSTANCES = "hsm_instances"


class Login(Enum):
    """How the KMS logs in to a slot; the values are the words of the JSON output."""

    PIN = "pin"
    EMPTY = "empty"
    """With an empty PIN: C_Login gets a null pointer."""
    NONE = "none"
    ELSEWHERE = "elsewhere"
    """With a PIN that the KMS fetches from a secret backend (``secret://…``)."""
    PLACEHOLDER = "placeholder"
    """With what a template has in the place of a PIN: it would be a wrong one."""
    MISSING = "missing"
    """Not at all: the KMS leaves out slots without a password."""


@dataclass(frozen=True)
class KmsSlot:
    """One entry of ``hsm_slot`` with the entry of ``hsm_password`` that belongs to it."""

    id: int | None
    """None where the file has no number."""
    login: Login
    pin: Secret | None
    """With Login.PIN and no other."""
    place: Place
    pin_place: Place

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"slot{'?' if self.id is None else self.id}"


@dataclass(frozen=True)
class Instance:
    """One HSM of a KMS: a table of ``[[hsm_instances]]``, or the flat settings."""

    number: int
    """Counted from 0; the flat settings come last."""
    path: str
    """``hsm_instances[0]``; empty for the flat settings."""
    model: Model | None
    """None where it is missing, or none that is known."""
    admins: tuple[str, ...]
    slots: tuple[KmsSlot, ...]
    place: Place

    @property
    def name(self) -> str:
        """What messages and results call it."""
        return f"hsm{self.number}"

    def path_of(self, setting: str) -> str:
        """A setting's path in full."""
        return f"{self.path}.{setting}" if self.path else setting


@dataclass(frozen=True)
class KmsFile:
    """A whole kms.toml, as far as HSMs go."""

    origin: str
    """The file's name, as the user knows it."""
    text: str = field(repr=False)
    """May hold secrets."""
    instances: tuple[Instance, ...]
    problems: tuple[Diagnostic, ...]
    """What was found while reading; each is an error if the KMS, or a test, cannot do with it."""

    def require_sound(self, so: str, mended: Collection[str] = ()) -> None:
        """Raises PpinuiError for an error that is not ``mended``; ``so``: what is not done because of it."""
        for problem in self.problems:
            if problem.severity is Severity.ERROR and problem.code not in mended:
                raise PpinuiError(
                    f"the file has errors, so {so}: {problem.message}",
                    str(problem.place),
                    f"{problem.remedy}; ppinui kms check lists every problem",
                )

    def wipe(self) -> None:
        """Overwrite the PINs."""
        for instance in self.instances:
            for slot in instance.slots:
                if slot.pin is not None:
                    slot.pin.wipe()
