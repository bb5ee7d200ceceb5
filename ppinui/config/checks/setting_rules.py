"""Rules on settings: which are there, their names, types and limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.config.primus_config import INTS, KINDS, is_entry
from ppinui.config.redaction import is_secret_name
from ppinui.config.settings import Level, SettingSpec, SettingType
from ppinui.config.value_input import check_text
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting
from ppinui.libconfig.scalars import exact_integer
from ppinui.text import quoted


@rule
def missing_groups(subject: Subject) -> Iterator[Diagnostic]:
    """no-primus, no-hsm, no-slot: without them the library has nothing to connect to."""
    if not subject.complete:
        return
    config = subject.config
    if subject.document.get("primus") is None:
        yield problem(
            "no-primus",
            Severity.ERROR,
            subject.document.root,
            "the group primus is missing: the library finds no HSM",
            "begin with an HSM: ppinui config add-hsm --host HOST",
        )
    elif not config.hsms:
        yield problem(
            "no-hsm",
            Severity.ERROR,
            subject.where("primus.hsms", "primus"),
            "there is no HSM in primus.hsms",
            "add one: ppinui config add-hsm --host HOST",
        )
    for hsm in config.hsms:
        if not hsm.slots:
            yield problem(
                "no-slot",
                Severity.WARNING if config.slots else Severity.ERROR,
                subject.at(hsm),
                f"{hsm.name} has no slots: nothing on it can be used",
                f"add one: ppinui config add-slot {hsm.name} --user-name PARTITION --id N",
            )


@rule
def duplicates(subject: Subject) -> Iterator[Diagnostic]:
    """duplicate-hsm-name, duplicate-slot-name, duplicate-setting: libconfig rejects the whole file."""
    for second in subject.document.duplicates:
        group = second.parent
        first = group.get(second.name or "") if group else None
        line = f"; the first is in line {first.place.line}" if first else ""
        check, remedy = "duplicate-setting", "remove one of the two"
        if group is not None and group.path == "primus.hsms":
            check, remedy = "duplicate-hsm-name", "give it the next free name hsmN"
        elif group is not None and group.name == "slots":
            check, remedy = "duplicate-slot-name", "give it the next free name slotM"
        message = f"{called(second)} is there twice{line}: the library rejects the whole file"
        yield problem(check, Severity.ERROR, second, message, remedy)


@rule
def version(subject: Subject) -> Iterator[Diagnostic]:
    """missing-version, unknown-version: the vendor's files say version = "1.0"."""
    setting = subject.document.get("version")
    if setting is None and not subject.complete:
        return
    if setting is None:
        yield problem(
            "missing-version",
            Severity.NOTE,
            subject.document.root,
            "the file does not say its version",
            'the vendor\'s files begin with version = "1.0";',
        )
    elif setting.kind is Kind.STRING and setting.value != "1.0":
        yield problem(
            "unknown-version",
            Severity.WARNING,
            setting,
            f"version {quoted(setting.value)} is not the documented 1.0",
            'write version = "1.0"; unless your provider asks for another',
        )


_LONGEST_QUOTE: Final = 40  # characters of a value that still fit into a remedy


@rule
def types(subject: Subject) -> Iterator[Diagnostic]:
    """wrong-type, port-as-int: the library looks for a value of the documented type, and finds none."""
    for level, group in subject.groups:
        for setting in group.children:
            spec = level.specs.get(setting.name or "")
            if spec is None or setting.kind in KINDS[spec.type]:
                continue
            if spec.name == "port" and setting.kind in INTS:
                yield problem(
                    "port-as-int",
                    Severity.ERROR,
                    setting,
                    f"{called(setting)} is a number: the library looks for a string",
                    f'write port = "{setting.value}"; in quotes',
                )
                continue
            yield problem(
                "wrong-type",
                Severity.ERROR,
                setting,
                f"{called(setting)} is {_a(setting.kind.value)}: the library looks for {_a(spec.type.value)}",
                _as_type(setting, spec),
            )


def _a(word: str) -> str:
    return f"an {word}" if word.startswith(("a", "i")) else f"a {word}"


def _as_type(setting: Setting, spec: SettingSpec) -> str:
    """How to write the value, as far as one can guess; a secret is not repeated."""
    general = {
        SettingType.STRING: f'write {spec.name} = "…"; in quotes',
        SettingType.INT: f"write {spec.name} = N; a whole number without quotes",
        SettingType.BOOL: f"write {spec.name} = true; or false, without quotes",
        SettingType.GROUP: f"write {spec.name} = {{ … }};",
    }[spec.type]
    if spec.secret or not setting.kind.scalar or len(setting.raw) > _LONGEST_QUOTE:
        return general
    text = str(setting.value).strip()
    if spec.type is SettingType.STRING and setting.kind is not Kind.STRING:
        return f'write {spec.name} = "{setting.raw}"; in quotes'
    if spec.type is SettingType.INT and re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        return f"write {spec.name} = {text}; without quotes"
    if spec.type is SettingType.BOOL and text.lower() in ("true", "yes", "on", "1"):
        return f"write {spec.name} = true; without quotes"
    if spec.type is SettingType.BOOL and text.lower() in ("false", "no", "off", "0"):
        return f"write {spec.name} = false; without quotes"
    return general


@rule
def limits(subject: Subject) -> Iterator[Diagnostic]:
    """priority-out-of-range, id-out-of-range, trace-level-out-of-range, value-out-of-range."""
    for level, group in subject.groups:
        for setting in group.children:
            spec = level.specs.get(setting.name or "")
            if spec is None or spec.minimum is None or spec.type is not SettingType.INT:
                continue
            if setting.kind not in INTS or _wraps(setting):
                continue
            value = int(setting.value)
            if value < spec.minimum or (spec.maximum is not None and value > spec.maximum):
                name = (
                    spec.name.replace("_", "-") if spec.name in ("priority", "id", "trace_level") else "value"
                )
                yield problem(
                    f"{name}-out-of-range",
                    Severity.ERROR,
                    setting,
                    f"{called(setting)} is {value}: not within {spec.limits}",
                    f"choose a number within {spec.limits}",
                )


@rule
def wrapping_ints(subject: Subject) -> Iterator[Diagnostic]:
    """int-wraps: libconfig up to 1.5 keeps the last 32 bits of a number without L, newer ones all of it."""
    documented = {
        setting
        for level, group in subject.groups
        for setting in group.children
        if (setting.name or "") in level.specs
    }
    for setting in subject.settings:
        if setting.kind is Kind.INT and _wraps(setting):
            yield problem(
                "int-wraps",
                Severity.ERROR if setting in documented else Severity.WARNING,
                setting,
                f"{called(setting)} does not fit into 32 bits: libconfig 1.5 reads {setting.value}",
                "write a smaller number",
            )


def _wraps(setting: Setting) -> bool:
    return setting.kind is Kind.INT and exact_integer(setting.raw, bits=None) != setting.value


# \a, \b and \v are two characters to libconfig 1.5 and one to newer versions; \x with two digits is one to
# all.
_ESCAPE: Final = re.compile(r"\\(?:\\|([abfnrtv]|[xX][0-9A-Fa-f]{2})|.)", re.DOTALL)
_PATH: Final = re.compile(r'"?\s*(?:[A-Za-z]:\\|%\w+%\\|\\\\|\.{1,2}\\)')
_JUDGED_ELSEWHERE: Final = frozenset(("host", "port"))


@rule
def escapes_in_paths(subject: Subject) -> Iterator[Diagnostic]:
    """escape-in-path: ``"C:\\temp"`` holds a tab."""
    for setting in subject.settings:
        if setting.kind is Kind.STRING and "\\" in setting.raw and not is_secret_name(setting.name or ""):
            escapes = [found[0] for found in _ESCAPE.finditer(setting.raw) if found[1]]
            if escapes and _is_path(setting):
                yield problem(
                    "escape-in-path",
                    Severity.WARNING,
                    setting,
                    f"{called(setting)} looks like a path, but {escapes[0]} in it is a control character, "
                    "not a backslash and a letter",
                    "write each backslash of a path twice, or use / instead",
                )


def _is_path(setting: Setting) -> bool:
    return setting.path == "primus.log.file" or bool(_PATH.match(setting.raw))


@rule
def control_characters(subject: Subject) -> Iterator[Diagnostic]:
    """control-character: a tab or a line break in a name is never seen, and never matches."""
    for level, group in subject.groups:
        for setting in group.children:
            name = setting.name or ""
            if name not in level.specs or name in _JUDGED_ELSEWHERE or is_secret_name(name):
                continue
            if setting.kind is not Kind.STRING or _is_path(setting):
                continue
            if flaw := check_text(called(setting), str(setting.value)):
                yield problem(flaw.code, Severity.ERROR, setting, flaw.message, flaw.remedy)


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
