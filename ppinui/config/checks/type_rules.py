"""Rules on types and on the limits of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ppinui.config.checks.subject import Subject, called, problem
from ppinui.config.primus_config import INTS, KINDS
from ppinui.config.settings import SettingSpec, SettingType
from ppinui.diagnostic import Diagnostic, Severity
from ppinui.libconfig.document import Kind, Setting
from ppinui.libconfig.scalars import exact_integer

_LONGEST_QUOTE: Final = 40  # characters of a value that still fit into a remedy


def types(subject: Subject) -> Iterator[Diagnostic]:
    """wrong-type, port-as-int: the library looks for a value of the documented type, and finds none."""
    for level, group in subject.groups:
        for setting in group.children:
            spec = level.specs.get(setting.name or "")
            if spec is None or setting.kind in KINDS[spec.type]:
                continue
            if spec.name == "port" and setting.kind in INTS:
                yield problem(
                    Severity.ERROR,
                    "port-as-int",
                    setting,
                    f"{called(setting)} is a number: the library looks for a string",
                    f'Write port = "{setting.value}"; in quotes.',
                )
                continue
            yield problem(
                Severity.ERROR,
                "wrong-type",
                setting,
                f"{called(setting)} is {_a(setting.kind.value)}: the library looks for {_a(spec.type.value)}",
                _as_type(setting, spec),
            )


def _a(word: str) -> str:
    return f"an {word}" if word.startswith(("a", "i")) else f"a {word}"


def _as_type(setting: Setting, spec: SettingSpec) -> str:
    """How to write the value, as far as one can guess; a secret is not repeated."""
    general = {
        SettingType.STRING: f'Write {spec.name} = "…"; in quotes.',
        SettingType.INT: f"Write {spec.name} = N; a whole number without quotes.",
        SettingType.BOOL: f"Write {spec.name} = true; or false, without quotes.",
        SettingType.GROUP: f"Write {spec.name} = {{ … }};",
    }[spec.type]
    if spec.secret or not setting.kind.scalar or len(setting.raw) > _LONGEST_QUOTE:
        return general
    text = str(setting.value).strip()
    if spec.type is SettingType.STRING and setting.kind is not Kind.STRING:
        return f'Write {spec.name} = "{setting.raw}"; in quotes.'
    if spec.type is SettingType.INT and re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        return f"Write {spec.name} = {text}; without quotes."
    if spec.type is SettingType.BOOL and text.lower() in ("true", "yes", "on", "1"):
        return f"Write {spec.name} = true; without quotes."
    if spec.type is SettingType.BOOL and text.lower() in ("false", "no", "off", "0"):
        return f"Write {spec.name} = false; without quotes."
    return general


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
                    Severity.ERROR,
                    f"{name}-out-of-range",
                    setting,
                    f"{called(setting)} is {value}: not within {spec.limits}",
                    f"Choose a number within {spec.limits}.",
                )


def wrapping_ints(subject: Subject) -> Iterator[Diagnostic]:
    """int-wraps: libconfig up to 1.5 keeps the last 32 bits of a number without L, newer ones all of it."""
    documented = {
        setting
        for level, group in subject.groups
        for setting in group.children
        if (setting.name or "") in level.specs
    }
    for setting in subject.document.walk():
        if setting.kind is Kind.INT and _wraps(setting):
            yield problem(
                Severity.ERROR if setting in documented else Severity.WARNING,
                "int-wraps",
                setting,
                f"{called(setting)} does not fit into 32 bits: libconfig 1.5 reads {setting.value}",
                "Write a smaller number.",
            )


def _wraps(setting: Setting) -> bool:
    return setting.kind is Kind.INT and exact_integer(setting.raw, bits=None) != setting.value
