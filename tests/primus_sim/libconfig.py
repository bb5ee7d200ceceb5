"""Writing libconfig text in the form of the C library's config_write()."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Group = dict[str, Any]


def dump(settings: Mapping[str, Any]) -> str:
    """The text of a file with these settings (groups: mappings, arrays and lists: sequences)."""
    return "".join(_settings(settings, ""))


def quoted(text: str) -> str:
    """A string as libconfig writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _settings(settings: Mapping[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            lines += [
                f"{indent}{name} : \n",
                f"{indent}{{\n",
                *_settings(value, indent + "  "),
                f"{indent}}};\n",
            ]
        else:
            lines.append(f"{indent}{name} = {_value(value)};\n")
    return lines


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{ " + " ".join(f"{name} = {_value(item)};" for name, item in value.items()) + " }"
    if isinstance(value, Sequence):
        inner = ", ".join(map(_value, value))
        # Of scalars it is an array, of groups a list.
        return f"[ {inner} ]" if all(not isinstance(item, Mapping) for item in value) else f"( {inner} )"
    raise TypeError(f"libconfig has no {type(value).__name__}")
