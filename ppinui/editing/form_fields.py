"""What a form shows of a group of settings: each documented one, there or not, and each unknown one."""

from __future__ import annotations

from dataclasses import dataclass

from ppinui.config.redaction import is_secret_path
from ppinui.config.settings import Level, SettingSpec, SettingType, level_of, spec_of
from ppinui.config.value_input import KIND_OF, InvalidValueError, as_typed, parse_value
from ppinui.libconfig.document import Document, Kind, Scalar, Setting
from ppinui.libconfig.nodes import path_below


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
        return f"{as_typed(default)} by default"

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
            parts.append(f"default {as_typed(spec.default)}")
        parts.append("required" if spec.required else "optional")
        return f"{self.name} ({self.kind.value}): " + "; ".join(parts)


class NotAllowedError(ValueError):
    """What was typed cannot be the value; ``str()`` says what is allowed."""


def fields_of(document: Document, path: str) -> tuple[Field, ...]:
    """The fields of the group at a path: documented ones in the vendor's order, then those that only the file
    knows. Groups within it have forms of their own."""
    group = document.get(path)
    level = level_of(path)
    specs = level.specs if level else {}
    found = [
        _field(group.get(name) if group is not None else None, path_below(path, name), spec)
        for name, spec in specs.items()
        if spec.type is not SettingType.GROUP
    ]
    for child in group.children if group is not None else ():
        spec = specs.get(child.name or "")
        if spec is None and not (level is Level.GLOBAL and child.name in specs):
            found.append(_field(child, path_below(path, child.name or ""), None))
    return tuple(found)


def absent_field(path: str) -> Field:
    """The field of a documented setting at a path where it is not there yet, such as that of a new slot."""
    return _field(None, path, spec_of(path))


def read_value(field: Field, text: str) -> Scalar | None:
    """What a typed text stands for; None where it takes the setting away.

    Raises :class:`NotAllowedError` with what is allowed instead.
    """
    spec = field.spec
    if not text and (field.kind is not Kind.STRING or spec is not None):
        if spec is not None and spec.required:
            raise NotAllowedError(f"{field.name} is needed: {_allowed(field, 'a text')}")
        return None
    try:
        return parse_value(text, field.kind, spec)
    except InvalidValueError as error:
        if error.flaw is not None:
            raise NotAllowedError(f"{error.flaw.message}; {error.flaw.remedy}") from None
        raise NotAllowedError(f"{field.name} is {_allowed(field, error.expected)}") from None


def _allowed(field: Field, expected: str) -> str:
    """``expected``, with limits and unit where the setting is a number that has some."""
    limits = field.spec.limits if field.spec else ""
    if not limits:
        return expected
    unit = f" {field.spec.unit}" if field.spec and field.spec.unit else ""
    return f"{'a text' if field.kind is Kind.STRING else 'a whole number'}, {limits}{unit}"


def _field(setting: Setting | None, path: str, spec: SettingSpec | None) -> Field:
    name = path.rpartition(".")[2]
    wanted = KIND_OF[spec.type] if spec is not None else None
    if setting is None:
        assert wanted is not None
        return Field(path, name, wanted, False, "", spec, is_secret_path(path), "")
    if not setting.kind.scalar:
        text = f"{setting.kind.value} of {len(setting.children)}"
        why = f"{name} is a {setting.kind.value}: edit it in the file itself"
        return Field(path, name, setting.kind, True, text, spec, False, why)
    secret = is_secret_path(path)
    why = f"{name} comes from {setting.place.file}: edit it there" if setting.read_only else ""
    text = "" if secret else as_typed(setting.value)
    # A value of a wrong type is put right by typing one of the documented type.
    return Field(path, name, wanted or setting.kind, True, text, spec, secret, why)
