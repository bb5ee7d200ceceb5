"""What checks, doctor and set-up report: one line for people, how bad it is, and the next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ppinui.errors import PpinuiError
from ppinui.text import plural


class Severity(Enum):
    """How bad something is, the worst first."""

    ERROR = "error"
    """Something does not work, is open to others, or breaks a rule that the vendor documents."""
    WARNING = "warning"
    """It may work, and is probably not what was meant, or not safe."""
    NOTE = "note"
    """Worth knowing."""
    OK = "ok"
    """As it should be."""


PROBLEMS: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
"""The severities of a problem."""


@dataclass(frozen=True)
class Place:
    """Where something stands: a file's name as the user knows it, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE: Final = Place("", 0, 0)
"""The place of what stands in no file."""


@dataclass(frozen=True)
class Diagnostic:
    """One thing that was found. No field ever holds a secret.

    ``code`` is the rule's name in kebab-case ("port-as-int"), "" where no rule found it. ``subject`` is what
    it is about: a setting's path ("primus.hsms.hsm0.port"; "": the file as a whole), or a name for people
    ("permanent secret of 'PAYMENTS'"). ``remedy`` is the next step, "" where all is well.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str = ""
    place: Place = NOWHERE


def ok(subject: str, message: str) -> Diagnostic:
    """Something is as it should be."""
    return Diagnostic("", Severity.OK, subject, message)


def warning(subject: str, message: str, remedy: str) -> Diagnostic:
    """Something may be meant as it is, or works less well than it could."""
    return Diagnostic("", Severity.WARNING, subject, message, remedy)


def error(subject: str, message: str, remedy: str) -> Diagnostic:
    """Something does not work, or is open to others."""
    return Diagnostic("", Severity.ERROR, subject, message, remedy)


def from_exception(subject: str, exception: PpinuiError, severity: Severity = Severity.ERROR) -> Diagnostic:
    """The diagnostic that some part of the program could not do its work."""
    place = f" ({exception.place})" if exception.place else ""
    return Diagnostic("", severity, subject, f"{exception.message}{place}", exception.remedy)


def count_severities(found: Iterable[Diagnostic]) -> str:
    """How many there are of each severity: "2 errors, 1 note"; "" for none."""
    counted = Counter(one.severity for one in found)
    return ", ".join(plural(counted[severity], severity.value) for severity in PROBLEMS if counted[severity])
