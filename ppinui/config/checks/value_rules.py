"""Rules on values: types, limits of numbers, and characters that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem, rule
from ppinui.config.primus_config import INTS, KINDS
from ppinui.config.secret_detection import is_secret_name
from ppinui.config.settings import SettingSpec, SettingType
from ppinui.config.validators import check_text
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting
from ppinui.libconfig.scalars import exact_integer

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
