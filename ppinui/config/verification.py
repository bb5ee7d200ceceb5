"""A second reading before a save: our own parser and libconf both have to read what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from ppinui.libconfig.document import ConfigSyntaxError, Document, Kind, Setting
from ppinui.libconfig.includes import decode, encode
from ppinui.libconfig.scalars import exact_integer

Value = str | int | float | bool | Kind
"""A scalar; of groups, arrays and lists the kind."""

_INTEGERS: Final = (Kind.INT, Kind.INT64)
_LEADING_ZERO: Final = re.compile(r"([-+]?)0+(?=[0-9])")
_ESCAPED_BACKSLASH: Final = re.compile(r"\\\\")
_ODD_ESCAPE: Final = re.compile(r'\\(?![nrtf"]|x(?!00)[0-7][0-9A-Fa-f])|\0')
_NO_DIGITS: Final = re.compile(r"[-+]?\.(?![0-9])")


class MisreadError(Exception):
    """The text says something else than was meant; the message names the setting, never a value."""


class _UnreadableError(Exception):
    """libconf rejects the text."""


class _TooDeepError(Exception):
    """Groups in groups beyond what libconf can follow."""


def libconf_reads(text: str) -> Mapping[str, Any]:
    """What libconf makes of a text."""
    import libconf

    return libconf.loads(text)  # type: ignore[no-any-return]


def confirm(
    old: Document | None, new: Document, *, second: Callable[[str], Mapping[str, Any]] = libconf_reads
) -> tuple[bytes, tuple[str, ...]]:
    """The bytes to save the new document as, if they say what it says; and remarks for the user.

    Raises MisreadError. libconf is no measure where it is known to differ from the C library, which the
    provider uses: such values are left out of the comparison, what it could not read or misread in the old
    document already is not held against the new one, and a remark says where it could not be asked.
    """
    try:
        raw = encode(new.text)
        read = new.with_text(decode(raw))
    except UnicodeEncodeError:
        raise MisreadError("it holds half a surrogate pair, which no file can hold") from None
    except ConfigSyntaxError as error:
        raise MisreadError(f"at {error.at}, {error.message}") from None
    if read.text != new.text:
        raise MisreadError("its bytes stand for another text")
    for meant, found in zip_longest(_own_values(new), _own_values(read), fillvalue=("the end",)):
        if meant != found:
            raise MisreadError(f"our parser reads {meant[0]} differently")
    return raw, _ask(second, old, read)


def _ask(second: Callable[[str], Mapping[str, Any]], old: Document | None, new: Document) -> tuple[str, ...]:
    there = {setting.path for setting in old.duplicates} if old is not None else set()
    if added := [setting.path for setting in new.duplicates if setting.path not in there]:
        raise MisreadError(f"{added[0]} is there twice")
    if new.duplicates:
        twice = new.duplicates[0]
        return (f"The provider rejects this file while {twice.path} is there twice ({twice.place}).",)
    try:
        wrong = _misheard(second, new)
    except _TooDeepError:
        return ("Only ppinui's own parser has checked this file: it is nested too deep for libconf.",)
    except _UnreadableError:
        if old is None or _hears(second, old):
            raise MisreadError("libconf cannot read it") from None
        return ("Only ppinui's own parser has checked this file: libconf could not read it before either.",)
    if wrong:
        known = {before.raw for before in _misheard_before(second, old).values() if before is not None}
        for path, setting in wrong.items():
            if setting is None or setting.raw not in known:
                raise MisreadError(f"libconf reads {path} differently")
    return ()


def _hears(second: Callable[[str], Mapping[str, Any]], document: Document) -> bool:
    try:
        _misheard(second, document)
    except (_TooDeepError, _UnreadableError):
        return False
    return True


def _misheard_before(
    second: Callable[[str], Mapping[str, Any]], old: Document | None
) -> dict[str, Setting | None]:
    try:
        return {} if old is None else _misheard(second, old)
    except (_TooDeepError, _UnreadableError):
        return {}


def _misheard(second: Callable[[str], Mapping[str, Any]], document: Document) -> dict[str, Setting | None]:
    """The settings that libconf reads differently, by path; None for one that it alone sees.

    It gets the text with the included files put in, since it looks for them elsewhere than the C library.
    """
    own = dict(_walk(document))
    text, left_out = _for_libconf(document.flat.text, own)
    try:
        heard = dict(_flatten(second(text)))
    except RecursionError:
        raise _TooDeepError from None
    except (RuntimeError, ValueError, ArithmeticError, OSError):
        # Its errors quote the text, which may be a password: nothing of them is shown.
        raise _UnreadableError from None
    return {
        path: own.get(path)
        for path in {**own, **heard}
        if path not in left_out and not (path in own and path in heard and _agree(own[path], heard[path]))
    }


def _for_libconf(text: str, settings: Mapping[str, Setting]) -> tuple[str, set[str]]:
    """The text with what libconf is known to choke on made harmless, and the settings that this concerns.

    The C library reads 007 as 7, keeps a backslash that begins no escape, has bytes in ``\\x80`` and finds
    nothing in a float without digits; libconf raises errors or reads something else.
    """
    pieces: list[str] = []
    left_out: set[str] = set()
    at = 0
    for path, setting in sorted(settings.items(), key=lambda item: item[1].flat_start):
        harmless = _harmless(setting)
        if harmless is not None:
            start = setting.flat_start + setting.node.value
            pieces += [text[at:start], harmless]
            at = start + len(setting.raw)
            left_out.add(path)
    return "".join([*pieces, text[at:]]), left_out


def _harmless(setting: Setting) -> str | None:
    """What libconf gets in the place of this value; None: the value itself."""
    if setting.kind in _INTEGERS and _LEADING_ZERO.match(setting.raw):
        return "0"
    if setting.kind is Kind.STRING and _ODD_ESCAPE.search(_ESCAPED_BACKSLASH.sub("", setting.raw)):
        return '""'
    if setting.kind is Kind.FLOAT and _NO_DIGITS.match(setting.raw):
        return "0.0"
    return None


def _agree(setting: Setting, heard: Value) -> bool:
    if setting.kind in _INTEGERS:
        # As written: libconf has no limits, and the C library's cutting is none of its business.
        return type(heard) is int and heard == exact_integer(setting.raw, bits=None)
    own = _own_value(setting)
    return type(heard) is type(own) and heard == own


def _own_value(setting: Setting) -> Value:
    return setting.value if setting.kind.scalar else setting.kind


def _own_values(document: Document) -> Iterator[tuple[str, Kind, Value]]:
    for path, setting in _walk(document):
        yield path, setting.kind, _own_value(setting)


def _walk(document: Document) -> Iterator[tuple[str, Setting]]:
    """All settings with their paths, made on the way, which is faster than asking each for its own."""
    todo = [("", document.root)]
    while todo:
        path, setting = todo.pop()
        for index, child in enumerate(setting.children):
            below = _join(path, child.name if child.name is not None else f"[{index}]")
            yield below, child
            todo.append((below, child))


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
