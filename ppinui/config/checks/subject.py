"""What the rules look at: a document, its typed view, the profile, and where all can write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import PurePath
from typing import Final

from ppinui.config.paths import short_path
from ppinui.config.primus_config import PrimusConfig, read
from ppinui.config.settings import Level
from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.libconfig.document import Document, Kind, Setting

_FOLDERS_OF_ALL: Final = frozenset(("/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/var/lock"))  # noqa: S108 - names to warn of


Rule = Callable[["Subject"], Iterator[Diagnostic]]
RULES: Final[dict[str, list[Rule]]] = {}
"""The rules by the module that they stand in, each in the order of its text."""


def rule(function: Rule) -> Rule:
    """Register a function as a rule of every check; its docstring begins with the codes of what it finds."""
    RULES.setdefault(function.__module__, []).append(function)
    return function


def is_usually_writable_by_all(folder: PurePath) -> bool:
    """Whether everybody can write in a folder of this name on any usual system (``%PUBLIC%``: Windows)."""
    return str(folder) in _FOLDERS_OF_ALL or str(folder).upper().startswith("%PUBLIC%")


class Profile(Enum):
    """A deployment with rules of its own."""

    FORTIGATE = "fortigate"
    KUBERNETES = "kubernetes"
    CLOUDHSM = "cloudhsm"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Subject:
    """A primus.cfg under examination.

    ``complete`` is False for the part of a file before a syntax error, of which nobody can say what is
    missing.
    """

    document: Document
    profile: Profile | None = None
    complete: bool = True
    writable_by_all: Callable[[PurePath], bool] = field(default=is_usually_writable_by_all)

    @cached_property
    def config(self) -> PrimusConfig:
        """The typed view."""
        return read(self.document)

    @cached_property
    def groups(self) -> tuple[tuple[Level, Setting], ...]:
        """Every group for which settings are documented, with its level."""
        found = [(Level.FILE, self.document.root)]
        for level, path in ((Level.GLOBAL, "primus"), (Level.LOG, "primus.log")):
            group = self.document.get(path)
            if group is not None and group.kind is Kind.GROUP:
                found.append((level, group))
        for hsm in self.config.hsms:
            found.append((Level.HSM, hsm.setting))
            found.extend((Level.SLOT, slot.setting) for slot in hsm.slots)
        return tuple(found)

    def where(self, *paths: str) -> Setting:
        """The first of some settings that is there, else the root: the place for what is missing."""
        found = (self.document.get(path) for path in paths)
        return next((setting for setting in found if setting is not None), self.document.root)


def problem(severity: Severity, code: str, at: Setting | Place, message: str, remedy: str) -> Diagnostic:
    """A problem of a setting; for one at a place alone (a comment, the file), there is no path."""
    if isinstance(at, Place):
        return Diagnostic(code, severity, "", message, remedy, at)
    return Diagnostic(code, severity, at.path, message, remedy, at.place)


def called(setting: Setting) -> str:
    """A setting's name for people: ``hsm0.slot0.id``."""
    return short_path(setting.path)
