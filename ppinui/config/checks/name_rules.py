"""Rules on names: settings that the library does not know, or not here, and unusual names of groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.config.primus_config import is_entry
from ppinui.config.settings import Level
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting

_HSM_NAME: Final = re.compile(r"hsm\d+")
_SLOT_NAME: Final = re.compile(r"slot\d+")


@rule
def names(subject: Subject) -> Iterator[Diagnostic]:
    """unusual-group-name: the vendor documents hsm0, hsm1, … and slot0, slot1, …, and no others."""
    for hsm in subject.hsms:
        if not _HSM_NAME.fullmatch(hsm.name):
            yield _unusual(subject.at(hsm), "hsm0, hsm1, …")
        for slot in hsm.slots:
            if not _SLOT_NAME.fullmatch(slot.name):
                yield _unusual(subject.at(slot), "slot0, slot1, …")


def _unusual(setting: Setting, documented: str) -> Diagnostic:
    return problem(
        "unusual-group-name",
        Severity.WARNING,
        setting,
        f"the group is called {setting.name}: the vendor documents {documented} alone",
        f"rename it to one of {documented}",
    )


@rule
def unknown_settings(subject: Subject) -> Iterator[Diagnostic]:
    """misplaced-setting, misspelt-setting, unknown-setting: the library does not read them."""
    for level, group in subject.groups:
        for setting in group.children:
            if (setting.name or "") not in level.specs:
                yield _unknown(setting, level)
    places = [(subject.document.get("primus.hsms"), "hsmN")]
    places += ((subject.at(hsm).get("slots"), "slotM") for hsm in subject.hsms)
    for entries, wanted in places:
        for setting in entries.children if entries and entries.kind is Kind.GROUP else ():
            if not is_entry(setting):
                yield _unknown(setting, None, wanted)


def _unknown(setting: Setting, level: Level | None, wanted: str = "") -> Diagnostic:
    """``level`` None: the setting stands among HSMs or slots, where just groups called ``wanted`` belong."""
    name = setting.name or ""
    home = _home(setting)
    if home is not None:
        return problem(
            "misplaced-setting",
            Severity.WARNING,
            setting,
            f"{called(setting)} stands in the wrong group: the library does not read it here",
            f"move it to {home}",
        )
    if level is None:
        return problem(
            "misplaced-setting",
            Severity.WARNING,
            setting,
            f"{called(setting)} stands where only groups {wanted} belong: the library does not read it",
            f"make it a group {wanted}, or remove it",
        )
    if meant := _meant(name, level):
        return problem(
            "misspelt-setting",
            Severity.WARNING,
            setting,
            f"{called(setting)} is no documented setting: the library does not read it",
            f"did you mean {meant}?",
        )
    return problem(
        "unknown-setting",
        Severity.NOTE,
        setting,
        f"{called(setting)} is no documented setting",
        "it is kept as it is; remove it if nothing else reads it",
    )


def _home(setting: Setting) -> str | None:
    """The group that a setting of this name and kind belongs to; None where no such setting is documented."""
    name = setting.name or ""
    if setting.kind is Kind.GROUP and _HSM_NAME.fullmatch(name):
        return "primus.hsms"
    if setting.kind is Kind.GROUP and _SLOT_NAME.fullmatch(name):
        return "primus.hsms.hsmN.slots"
    return next((level.value for level in Level if name in level.specs), None)


def _meant(name: str, level: Level) -> str | None:
    """The documented name that was meant by ``Host``, ``username`` or ``prority``."""
    plain = {_plain(spec): spec for spec in level.specs}
    close = get_close_matches(_plain(name), plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[_*-]", "", name).lower()
