"""What a rule is, and what rules look at: a document, its typed view, the profile, where all can write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import PurePath
from typing import Final

from ppinui.config.paths import short_path
from ppinui.config.primus_config import Hsm, PrimusConfig, Slot, read
from ppinui.config.settings import Level
from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.libconfig.document import Document, Kind, Setting
from ppinui.libconfig.nodes import Node

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
    before: PrimusConfig | None = None
    """The typed view of the document before an edit."""
    known: Mapping[int, Node] = field(default_factory=dict)
    """The groups of HSMs, by identity, that rules on one HSM or slot need not look at."""

    @cached_property
    def config(self) -> PrimusConfig:
        """The typed view of the whole document."""
        return read(self.document, self.before)

    @cached_property
    def hsms(self) -> tuple[Hsm, ...]:
        """The HSMs for rules that look at one at a time; others take those of ``config``."""
        entries = zip(self.config.hsms, self.config.hsm_settings, strict=True)
        return tuple(hsm for hsm, setting in entries if id(setting.node) not in self.known)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of these HSMs."""
        return tuple(slot for hsm in self.hsms for slot in hsm.slots)

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, for rules that look at one at a time: without those of HSMs that are known."""
        return tuple(self.document.walk(self.known))

    def at(self, entry: Hsm | Slot) -> Setting:
        """The group of an HSM or slot."""
        return self.config.setting_of(entry)

    @cached_property
    def groups(self) -> tuple[tuple[Level, Setting], ...]:
        """Every group for which settings are documented, with its level; HSMs that are known left out."""
        found = [(Level.FILE, self.document.root)]
        for level, path in ((Level.GLOBAL, "primus"), (Level.LOG, "primus.log")):
            group = self.document.get(path)
            if group is not None and group.kind is Kind.GROUP:
                found.append((level, group))
        for hsm in self.hsms:
            found.append((Level.HSM, self.at(hsm)))
            found.extend((Level.SLOT, self.at(slot)) for slot in hsm.slots)
        return tuple(found)

    def where(self, *paths: str) -> Setting:
        """The first of some settings that is there, else the root: the place for what is missing."""
        found = (self.document.get(path) for path in paths)
        return next((setting for setting in found if setting is not None), self.document.root)


def problem(code: str, severity: Severity, at: Setting | Place, message: str, remedy: str) -> Diagnostic:
    """A problem of a setting; for one at a place alone (a comment, the file), there is no path."""
    if isinstance(at, Place):
        return Diagnostic(code, severity, "", message, remedy, at)
    return Diagnostic(code, severity, at.path, message, remedy, at.place)


def called(setting: Setting) -> str:
    """A setting's name for people: ``hsm0.slot0.id``."""
    return short_path(setting.path)
