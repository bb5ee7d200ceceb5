"""A second reading before a save: our own parser and libconf both have to read what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ppinui.config.document import ConfigSyntaxError, Document, Kind, Setting
from ppinui.config.sources import decode, encode
from ppinui.config.values import wrap

Value = str | int | float | bool | Kind | None
"""A scalar; of groups, arrays and lists the kind; None where there is nothing."""


class MisreadError(Exception):
    """The text says something else than was meant; the message names the setting, never a value."""


class _NoWitness(Exception):  # noqa: N818 - no error: libconf knows less than the C library
    """libconf cannot read a text."""


def confirm(old: Document | None, new: Document) -> tuple[bytes, tuple[str, ...]]:
    """The bytes that the new document is saved as, when they say what it says; and remarks for the user.

    Raises MisreadError. libconf differs from the C library, which the provider uses, in some odd values: what
    it misread in the old document already is not held against the new one, and a text that it could not read
    before is judged by our parser alone, which a remark then says.
    """
    try:
        raw = encode(new.text)
        read = new.with_text(decode(raw), None)
    except UnicodeEncodeError:
        raise MisreadError("it holds half a surrogate pair, which no file can hold") from None
    except ConfigSyntaxError as error:
        raise MisreadError(f"at {error.at}, {error.message}") from None
    if read.text != new.text:
        raise MisreadError("its bytes stand for another text")
    meant, found = _own_values(new), _own_values(read)
    if list(meant.items()) != list(found.items()):
        raise MisreadError(f"our parser reads {_first_difference(meant, found)} differently")
    return raw, _ask_libconf(old, read)


def _ask_libconf(old: Document | None, new: Document) -> tuple[str, ...]:
    before = {setting.path for setting in old.duplicates} if old is not None else set()
    if added := [setting for setting in new.duplicates if setting.path not in before]:
        raise MisreadError(f"{added[0].path} is there twice")
    if new.duplicates:
        twice = new.duplicates[0]
        return (
            f"The provider rejects this file while {twice.path} is there twice (line {twice.place.line}).",
        )
    try:
        heard = _libconf_values(new)
    except _NoWitness:
        if old is None or _readable(old):
            raise MisreadError("libconf cannot read it") from None
        return (
            "libconf could read this file neither before nor now: only ppinui's own parser has checked it.",
        )
    own = _own_settings(new)
    wrong = [path for path in {**own, **heard} if not _agree(own.get(path), heard.get(path))]
    if wrong:
        known = _known_differences(old)
        for path in wrong:
            if (_own_value(own.get(path)), _typed(heard.get(path))) not in known:
                raise MisreadError(f"libconf reads {path} differently")
    return ()


def _known_differences(old: Document | None) -> set[tuple[Value, tuple[type, Value]]]:
    """What our parser and libconf read differently in the old document: (ours, libconf's)."""
    try:
        heard = _libconf_values(old) if old is not None else {}
    except _NoWitness:
        return set()
    own = _own_settings(old) if old is not None else {}
    return {
        (_own_value(own.get(path)), _typed(heard.get(path)))
        for path in {**own, **heard}
        if not _agree(own.get(path), heard.get(path))
    }


def _readable(document: Document) -> bool:
    try:
        _libconf_values(document)
    except _NoWitness:
        return False
    return True


def _agree(setting: Setting | None, heard: Value) -> bool:
    if setting is None:
        return False
    own = _own_value(setting)
    if _typed(own) == _typed(heard):
        return True
    # libconf knows no limits; the C library keeps the lower 32 bits, or 64 behind an L.
    bits = {Kind.INT: 32, Kind.INT64: 64}.get(setting.kind)
    return bits is not None and type(heard) is int and own == wrap(heard, bits)


def _typed(value: Value) -> tuple[type, Value]:
    """1, 1.0 and True are equal to Python."""
    return type(value), value


def _own_value(setting: Setting | None) -> Value:
    if setting is None:
        return None
    return setting.value if setting.kind.scalar else setting.kind


def _own_settings(document: Document) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for path, setting in _walk(document.root, ""):
        found.setdefault(path, setting)
    return found


def _own_values(document: Document) -> dict[tuple[str, int], tuple[Kind, Value]]:
    """Every setting with its kind; the number tells those of one path apart."""
    found: dict[tuple[str, int], tuple[Kind, Value]] = {}
    for path, setting in _walk(document.root, ""):
        number = 0
        while (path, number) in found:
            number += 1
        found[path, number] = (setting.kind, _own_value(setting))
    return found


def _walk(setting: Setting, path: str) -> Iterator[tuple[str, Setting]]:
    todo = [(path, setting)]
    while todo:
        path, setting = todo.pop()
        for index, child in enumerate(setting.children):
            below = _join(path, child.name if child.name is not None else f"[{index}]")
            yield below, child
            todo.append((below, child))


def _libconf_values(document: Document) -> dict[str, Value]:
    """What libconf reads; _NoWitness where it fails, in whatever way.

    It gets the text with the included files put in, since it looks for them elsewhere than the C library.
    """
    import libconf

    try:
        read = libconf.loads(document.flat.text)
        return dict(_flatten(read))
    except (RuntimeError, ValueError, ArithmeticError, OSError):
        # Its errors quote the text, which may be a password: nothing of them is shown.
        raise _NoWitness from None


def _flatten(read: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    todo: list[tuple[str, Any]] = [("", read)]
    while todo:
        path, value = todo.pop()
        if path:
            yield path, _plain(value)
        if isinstance(value, Mapping):
            todo.extend((_join(path, name), child) for name, child in value.items())
        elif isinstance(value, list | tuple):
            todo.extend((_join(path, f"[{index}]"), child) for index, child in enumerate(value))


def _plain(value: Any) -> Value:
    match value:
        case Mapping():
            return Kind.GROUP
        case list():
            return Kind.ARRAY
        case tuple():
            return Kind.LIST
        case bool() | str() | float():
            return value
        case _:
            return int(value)


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _first_difference(
    meant: Mapping[tuple[str, int], tuple[Kind, Value]], found: Mapping[tuple[str, int], tuple[Kind, Value]]
) -> str:
    for key in (*meant, *found):
        if meant.get(key) != found.get(key):
            return key[0]
    return "the order of its settings"
