"""Typed text as the value of a setting: the one reader for the command line and the form.

It accepts what libconfig 1.5 reads and the provider takes (primus-cfg): ``true`` and ``false`` in any case,
integers in decimal or hexadecimal (``0x10``; no ``0b11``, no ``1_0``) within the documented limits, finite
decimal numbers, hosts, ports and partition names as ppinui.config.validators has them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from ppinui.config.settings import SettingSpec, SettingType
from ppinui.config.validators import check_host, check_port, check_text, check_user_name
from ppinui.diagnostic import Diagnostic
from ppinui.libconfig.nodes import Kind, Scalar
from ppinui.libconfig.scalars import INT64_MAX, INT64_MIN

KIND_OF: Final = {
    SettingType.STRING: Kind.STRING,
    SettingType.INT: Kind.INT,
    SettingType.BOOL: Kind.BOOL,
    SettingType.GROUP: Kind.GROUP,
}
"""The kind that a documented setting should have."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,100}|0[xX][0-9a-fA-F]{1,100}")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_VALIDATORS: Final[dict[str, Callable[[str], Diagnostic | None]]] = {
    "host": check_host,
    "port": check_port,
    "user_name": check_user_name,
}
_PATHS: Final = frozenset(("file",))
"""Strings that may have any character in them."""


class InvalidValueError(ValueError):
    """The text is no value for this setting.

    ``expected`` says what is one ("a number, 0–127"), ``flaw`` what is wrong in particular. ``value`` is
    what the file could hold all the same, against the rules of ``ppinui config check``; None where it cannot.
    """

    def __init__(self, expected: str, *, flaw: Diagnostic | None = None, value: Scalar | None = None) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected
        self.flaw = flaw
        self.value = value


def parse_value(text: str, kind: Kind, spec: SettingSpec | None) -> Scalar:
    """The value that a typed text stands for; blanks around numbers, ``true`` and ``false`` do not count.

    ``kind`` is that of a scalar; ``spec`` is None for a setting that is not documented. Raises
    InvalidValueError.
    """
    match kind:
        case Kind.STRING:
            return _parse_string(text, spec)
        case Kind.BOOL:
            return _parse_boolean(text)
        case Kind.FLOAT:
            return _parse_float(text)
        case Kind.INT | Kind.INT64:
            return _parse_integer(text, spec)
        case _:
            raise TypeError(f"a {kind.value} has no scalar value")


def _parse_string(text: str, spec: SettingSpec | None) -> str:
    if "\0" in text:
        raise InvalidValueError("a text without NUL characters")
    if spec is None or spec.name in _PATHS:
        return text
    validate = _VALIDATORS.get(spec.name)
    flaw = (validate(text) if validate else None) or check_text(spec.name, text)
    if flaw is None:
        return text
    if spec.minimum is not None:  # a port
        raise InvalidValueError(f"a number, {spec.limits}", flaw=flaw)
    raise InvalidValueError("a text", flaw=flaw, value=text)


def _parse_boolean(text: str) -> bool:
    match text.strip().lower():
        case "true":
            return True
        case "false":
            return False
    raise InvalidValueError("true or false")


def _parse_integer(text: str, spec: SettingSpec | None) -> int:
    word = text.strip()
    if not _INTEGER.fullmatch(word):
        raise InvalidValueError("a whole number")
    number = int(word, 16 if word[:2] in ("0x", "0X") else 10)
    if spec is not None and spec.minimum is not None:
        if number < spec.minimum or (spec.maximum is not None and number > spec.maximum):
            raise InvalidValueError(f"a number, {spec.limits}")
    elif not INT64_MIN <= number <= INT64_MAX:
        raise InvalidValueError("a whole number of at most 64 bits")
    return number


def _parse_float(text: str) -> float:
    word = text.strip()
    if not _FLOAT.fullmatch(word) or not math.isfinite(number := float(word)):
        raise InvalidValueError("a number")
    return number
