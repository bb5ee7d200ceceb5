"""What the checks of a primus.cfg report: a problem with its place, how bad it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ppinui.libconfig.document import Place


class Severity(Enum):
    """How bad a problem is."""

    ERROR = "error"
    """Something does not work, or breaks a rule that the vendor documents."""
    WARNING = "warning"
    """It may work, and is probably not what was meant, or not safe."""
    NOTE = "note"
    """Worth knowing."""


class Profile(Enum):
    """A deployment with rules of its own."""

    FORTIGATE = "fortigate"
    KUBERNETES = "kubernetes"
    CLOUDHSM = "cloudhsm"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Problem:
    """One finding.

    ``check`` is the rule's name in kebab-case, ``path`` the setting that it is about, or the group that lacks
    one (None: the file as a whole, or a comment). No field ever holds a password.
    """

    severity: Severity
    message: str
    remedy: str
    place: Place
    path: str | None
    check: str
