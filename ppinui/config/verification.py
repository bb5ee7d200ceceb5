"""A second reading before a save: our own parser and libconf both have to read what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from ppinui.libconfig.document import ConfigSyntaxError, Document, Kind
from ppinui.libconfig.includes import decode, encode
from ppinui.libconfig.nodes import Node, equal_nodes, path_below
from ppinui.libconfig.scalars import exact_integer, read_scalar

_INTEGERS: Final = frozenset((Kind.INT, Kind.INT64))
_CONTAINERS: Final[Mapping[Kind, type]] = {Kind.GROUP: Mapping, Kind.ARRAY: list, Kind.LIST: tuple}
"""As what libconf reads each."""
_LEADING_ZERO: Final = re.compile(r"([-+]?)0+(?=[0-9])")
_ESCAPED_BACKSLASH: Final = re.compile(r"\\\\")
_ODD_ESCAPE: Final = re.compile(r'\\(?![nrtf"]|x(?!00)[0-7][0-9A-Fa-f])|\0')
_NO_DIGITS: Final = re.compile(r"[-+]?\.(?![0-9])")
_MISSING: Final = object()

Reader = Callable[[str], Mapping[str, Any]]


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
    old: Document | None, new: Document, *, second: Reader = libconf_reads
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
    if read.flat_text != new.flat_text or not equal_nodes((read.parsed.root,), (new.parsed.root,)):
        for meant, found in zip_longest(_own_values(new), _own_values(read), fillvalue=("the end",)):
            if meant != found:
                raise MisreadError(f"our parser reads {meant[0]} differently")
    return raw, _ask(second, old, read)


def _own_values(document: Document) -> Iterator[tuple[Any, ...]]:
    for setting in document.walk():
        yield setting.path, setting.kind, setting.value if setting.kind.scalar else None


def _ask(second: Reader, old: Document | None, new: Document) -> tuple[str, ...]:
    there = {setting.path for setting in old.duplicates} if old is not None else set()
    if added := [setting.path for setting in new.duplicates if setting.path not in there]:
        raise MisreadError(f"{added[0]} is there twice")
    if new.duplicates:
        twice = new.duplicates[0]
        return (f"The provider rejects this file while {twice.path} is there twice ({twice.place}).",)
    try:
        differences = _differences_from(second, new)
    except _TooDeepError:
        return ("Only ppinui's own parser has checked this file: it is nested too deep for libconf.",)
    except _UnreadableError:
        if old is None or _differences_before(second, old) is not None:
            raise MisreadError("libconf cannot read it") from None
        return ("Only ppinui's own parser has checked this file: libconf could not read it before either.",)
    if differences:
        before = _differences_before(second, old) if old is not None else None
        known = {raw for raw in (before or {}).values() if raw is not None}
        for path, raw in differences.items():
            if raw is None or raw not in known:
                raise MisreadError(f"libconf reads {path} differently")
    return ()


def _differences_before(second: Reader, old: Document) -> dict[str, str | None] | None:
    """The same for the old document; None where libconf cannot read it."""
    try:
        return _differences_from(second, old)
    except (_TooDeepError, _UnreadableError):
        return None


def _differences_from(second: Reader, document: Document) -> dict[str, str | None]:
    """The settings that libconf reads differently, path to source text; None for one that it alone sees.

    It gets the text with the included files put in, since it looks for them elsewhere than the C library.
    """
    text, left_out = _for_libconf(document)
    try:
        values = second(text)
    except RecursionError:
        raise _TooDeepError from None
    except (RuntimeError, ValueError, ArithmeticError, OSError):
        # Its errors quote the text, which may be a password: nothing of them is shown.
        raise _UnreadableError from None
    return dict(_compare(document, values, left_out))


def _for_libconf(document: Document) -> tuple[str, set[int]]:
    """The text with what libconf is known to fail on made harmless, and where the settings stand with that.

    The C library reads 007 as 7, keeps a backslash that begins no escape, has bytes in ``\\x80`` and finds
    nothing in a float without digits; libconf raises errors or reads something else.
    """
    text = document.flat_text
    odd = []
    left_out: set[int] = set()
    for start, node in _scalars(document):
        begin, end = start + node.value, start + node.stop
        harmless = _harmless(node.kind, text[begin:end])
        if harmless is not None:
            odd.append((begin, end, harmless))
            left_out.add(start)
    pieces: list[str] = []
    done = 0
    for begin, end, harmless in sorted(odd):
        pieces += [text[done:begin], harmless]
        done = end
    return "".join([*pieces, text[done:]]), left_out


def _scalars(document: Document) -> Iterator[tuple[int, Node]]:
    todo = [(0, document.parsed.root)]
    while todo:
        at, node = todo.pop()
        for child in node.children:
            start = at + child.lead
            at = start + child.width
            if child.kind in _CONTAINERS:
                todo.append((start + child.value + 1, child))
            elif child.kind is not Kind.BOOL:
                yield start, child


def _harmless(kind: Kind, raw: str) -> str | None:
    """What libconf gets in the place of this value; None: the value itself."""
    if kind is Kind.STRING:
        odd = ("\\" in raw or "\0" in raw) and _ODD_ESCAPE.search(_ESCAPED_BACKSLASH.sub("", raw))
        return '""' if odd else None
    if kind is Kind.FLOAT:
        return "0.0" if _NO_DIGITS.match(raw) else None
    return "0" if _LEADING_ZERO.match(raw) else None


def _compare(
    document: Document, values: Mapping[str, Any], left_out: set[int]
) -> Iterator[tuple[str, str | None]]:
    """Go through nodes and libconf's values at once; of what is a container to one alone, nothing inside."""
    text = document.flat_text
    todo: list[tuple[str, int, Node, Any]] = [("", 0, document.parsed.root, values)]
    while todo:
        path, at, node, inside = todo.pop()
        if node.kind is Kind.GROUP:
            names = [child.name for child in node.children]
            yield from ((path_below(path, str(name)), None) for name in inside.keys() - set(names))
            found = [inside.get(name, _MISSING) for name in names]
        else:
            names = [f"[{index}]" for index in range(len(node.children))]
            missing = len(names) - len(inside)
            yield from ((path_below(path, f"[{index}]"), None) for index in range(len(names), len(inside)))
            found = [*inside, *[_MISSING] * missing]
        for name, child, value in zip(names, node.children, found, strict=False):
            start = at + child.lead
            at = start + child.width
            container = _CONTAINERS.get(child.kind)
            if container is not None and isinstance(value, container):
                todo.append((path_below(path, str(name)), start + child.value + 1, child, value))
                continue
            raw = text[start + child.value : start + child.stop]
            if container is not None or not (start in left_out or _agree(child.kind, raw, value)):
                yield path_below(path, str(name)), raw


def _agree(kind: Kind, raw: str, value: object) -> bool:
    if kind in _INTEGERS:
        # As written: libconf has no limits, and the C library's cutting is none of its business.
        is_int = isinstance(value, int) and not isinstance(value, bool)
        return is_int and value == exact_integer(raw, bits=None)
    own = read_scalar(kind, raw)
    return type(value) is type(own) and value == own
