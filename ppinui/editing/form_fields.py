"""What a form shows of a group of settings: each documented one, there or not, and each unknown one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ppinui.config.primus import Level, SettingSpec, SettingType
from ppinui.config.validators import Flaw, host_flaw, port_flaw, user_name_flaw
from ppinui.editing.edits import is_secret
from ppinui.libconfig.document import Document, Kind, Scalar, Setting

_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_FLAWS: Final[dict[str, Callable[[str], Flaw | None]]] = {
    "host": host_flaw,
    "port": port_flaw,
    "user_name": user_name_flaw,
}


@dataclass(frozen=True)
class Field:
    """One line of a form.

    ``text`` is what stands in the file, as it would be typed; "" where the setting is absent, and always for
    a password. ``kind`` is the one that the setting has or, by its documentation, should have.
    """

    path: str
    name: str
    kind: Kind
    present: bool
    text: str
    spec: SettingSpec | None
    secret: bool
    read_only: str
    """Why it cannot be edited here, in words; "" where it can."""

    @property
    def absent_means(self) -> str:
        """What holds while the setting is absent, in words."""
        if self.secret:
            return "none"
        default = self.spec.default if self.spec else None
        if default is None:
            return "needed" if self.spec and self.spec.required else "none"
        return f"{_as_typed(default)} by default"

    @property
    def explanation(self) -> str:
        """Meaning, default, limits and unit in one line or two."""
        if self.read_only:
            return self.read_only
        spec = self.spec
        if spec is None:
            return f"{self.name}: no documented setting; kept as it is ({self.kind.value})"
        parts = [f"{spec.meaning}"]
        if spec.limits:
            parts.append(f"{spec.limits}{f' {spec.unit}' if spec.unit else ''}")
        elif spec.unit:
            parts.append(spec.unit)
        if spec.default is not None:
            parts.append(f"default {_as_typed(spec.default)}")
        parts.append("required" if spec.required else "optional")
        return f"{self.name} ({self.kind.value}): " + "; ".join(parts)


class NotAllowedError(ValueError):
    """What was typed cannot be the value; ``str()`` says what is allowed."""


def level_of(path: str) -> Level | None:
    """Which of the documented groups is at a path; None for others."""
    match path.split("."):
        case [""]:
            return Level.FILE
        case ["primus"]:
            return Level.GLOBAL
        case ["primus", "log"]:
            return Level.LOG
        case ["primus", "hsms", _]:
            return Level.HSM
        case ["primus", "hsms", _, "slots", _]:
            return Level.SLOT
        case _:
            return None


def fields_of(document: Document, path: str) -> tuple[Field, ...]:
    """The fields of the group at a path: documented ones in the vendor's order, then those that only the file
    knows. Groups within it have forms of their own."""
    group = document.get(path)
    level = level_of(path)
    specs = level.specs if level else {}
    found = [
        _field(group.get(name) if group is not None else None, _join(path, name), spec)
        for name, spec in specs.items()
        if spec.type is not SettingType.GROUP
    ]
    for child in group.children if group is not None else ():
        spec = specs.get(child.name or "")
        if spec is None and not (level is Level.GLOBAL and child.name in specs):
            found.append(_field(child, _join(path, child.name or ""), None))
    return tuple(found)


def read_value(field: Field, text: str) -> Scalar | None:
    """What a typed text stands for; None where it takes the setting away.

    Raises :class:`NotAllowedError` with what is allowed instead.
    """
    spec = field.spec
    if not text and (field.kind is not Kind.STRING or spec is not None):
        if spec is not None and spec.required:
            raise NotAllowedError(f"{field.name} is needed: {_allowed(field)}")
        return None
    if field.name in _FLAWS and spec is not None:
        flaw = _FLAWS[field.name](text)
        if flaw is not None:
            raise NotAllowedError(f"{flaw.message}. {flaw.remedy}")
    return _READERS[field.kind](field, text)


def _string(_: Field, text: str) -> Scalar:
    if any(character < " " and character != "\t" for character in text):
        raise NotAllowedError("a text without control characters")
    return text


def _integer(field: Field, text: str) -> Scalar:
    if not _INTEGER.fullmatch(text.strip()):
        raise NotAllowedError(f"{field.name} is {_allowed(field)}")
    word = text.strip()
    number = int(word, 16) if "x" in word.lower() else int(word)
    spec = field.spec
    if spec is not None and spec.minimum is not None:
        over = spec.maximum is not None and number > spec.maximum
        if number < spec.minimum or over:
            raise NotAllowedError(f"{field.name} is {_allowed(field)}")
    elif not -(2**63) <= number < 2**63:
        raise NotAllowedError(f"{field.name} is a whole number of at most 64 bits")
    return number


def _float(field: Field, text: str) -> Scalar:
    try:
        return float(text)
    except ValueError:
        raise NotAllowedError(f"{field.name} is a number") from None


def _boolean(field: Field, text: str) -> Scalar:
    try:
        return {"true": True, "false": False}[text.strip().lower()]
    except KeyError:
        raise NotAllowedError(f"{field.name} is true or false") from None


_READERS: Final[dict[Kind, Callable[[Field, str], Scalar]]] = {
    Kind.STRING: _string,
    Kind.INT: _integer,
    Kind.INT64: _integer,
    Kind.FLOAT: _float,
    Kind.BOOL: _boolean,
}
_KINDS: Final = {SettingType.STRING: Kind.STRING, SettingType.INT: Kind.INT, SettingType.BOOL: Kind.BOOL}


def _allowed(field: Field) -> str:
    words = {Kind.STRING: "a text", Kind.BOOL: "true or false"}.get(field.kind, "a whole number")
    limits = field.spec.limits if field.spec else ""
    unit = f" {field.spec.unit}" if field.spec and field.spec.unit else ""
    return f"{words}, {limits}{unit}" if limits else words


def _field(setting: Setting | None, path: str, spec: SettingSpec | None) -> Field:
    name = path.rpartition(".")[2]
    wanted = _KINDS.get(spec.type) if spec is not None else None
    if setting is None:
        assert wanted is not None
        return Field(path, name, wanted, False, "", spec, is_secret(path), "")
    if not setting.kind.scalar:
        text = f"{setting.kind.value} of {len(setting.children)}"
        why = f"{name} is a {setting.kind.value}: edit it in the file itself"
        return Field(path, name, setting.kind, True, text, spec, False, why)
    secret = is_secret(path)
    why = f"{name} comes from {setting.place.file}: edit it there" if setting.read_only else ""
    text = "" if secret else _as_typed(setting.value)
    # A value of a wrong type is put right by typing one of the documented type.
    return Field(path, name, wanted or setting.kind, True, text, spec, secret, why)


def _as_typed(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
