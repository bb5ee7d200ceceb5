"""What versions of libconfig read differently, and what 1.5 reads otherwise than its writer meant.

Debian has 1.5; the differences are those of the scanners of 1.5, 1.7 and 1.8 and of their change logs.  No
message holds a value: it may be a password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from ppinui.diagnostic import Diagnostic, Place, Severity
from ppinui.libconfig.document import Document, Setting
from ppinui.libconfig.nodes import Kind
from ppinui.libconfig.scalars import (
    INT64_MAX,
    INT64_MIN,
    INT_MAX,
    INT_MIN,
    exact_integer,
    is_hex,
    string_pieces,
)

# Texts without any of these have no setting to warn of: most, and then none is looked at.
_SUSPECT = re.compile(
    r"\\[abvxX]|\0|[0-9]{10}|0[xX][0-9A-Fa-f]{8}|(?<![0-9A-Za-z_.])0[0-9]|\.(?![A-Za-z0-9])"
)
_ESCAPE = re.compile(r"\\([\s\S])")
_ZERO_BYTE = re.compile(r"\\(?:[xX]00|([\s\S]))")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+L*")
_ONLY_NEWER = frozenset("abv")


def find_warnings(document: Document) -> tuple[Diagnostic, ...]:
    """The warnings of a document: of its settings in their order, then of its includes and its end."""
    settings = document.walk() if is_suspect(document) else ()
    return (*(warning for warning, _ in warnings_of_settings(settings)), *warnings_of_file(document))


def is_suspect(document: Document) -> bool:
    """Whether a setting may have a warning: False is certain, and known fast."""
    return _SUSPECT.search(document.flat.text) is not None


def warnings_of_settings(settings: Iterable[Setting]) -> Iterator[tuple[Diagnostic, Setting]]:
    """The warnings of each setting."""
    for setting in settings:
        if setting.kind.scalar:
            for message, remedy in _of_scalar(setting):
                yield _warning(message, remedy, setting.place), setting


def warnings_of_file(document: Document) -> Iterator[Diagnostic]:
    """The warnings of a document's includes and of its end."""
    yield from _of_includes(document)
    unclosed = document.parsed.unclosed
    if unclosed is not None:
        yield _warning(
            f"the {unclosed.what} that begins here has no end: libconfig ignores everything behind it",
            "add its end, or remove its beginning",
            document.flat.place(unclosed.start),
        )


def _warning(message: str, remedy: str, place: Place) -> Diagnostic:
    """What libconfig 1.5 reads without complaint and is probably not what was meant."""
    return Diagnostic("libconfig-reading", Severity.WARNING, "", message, remedy, place)


def _of_scalar(setting: Setting) -> Iterator[tuple[str, str]]:
    """Message and remedy for each oddity of one value."""
    if setting.kind is Kind.STRING:
        yield from _of_string(setting.name, setting.raw)
    elif setting.kind is Kind.FLOAT:
        if not any(char.isdigit() for char in re.split("[eE]", setting.raw)[0]):
            yield f"{setting.name or 'an element'} is a number without digits, read as 0", "write the number"
    elif setting.kind is not Kind.BOOL:
        yield from _of_integer(setting)


def _of_string(name: str | None, raw: str) -> Iterator[tuple[str, str]]:
    whose = name or "an element"
    for piece in string_pieces(raw):
        if any(escape in _ONLY_NEWER for escape in _ESCAPE.findall(piece)):
            yield (
                f"in {whose}, \\a, \\b and \\v are two characters to libconfig 1.5, but one to 1.8",
                "for a backslash write two, for a control character \\x and its two hexadecimal digits",
            )
        if "" in _ZERO_BYTE.findall(piece):
            yield (
                f"in {whose}, \\x00 is nothing to libconfig 1.5, but the end of the text to newer versions",
                "remove \\x00: libconfig cannot hold that character",
            )
        if "\0" in piece:
            yield (
                f"{whose} holds a NUL character: libconfig reads the text only up to it",
                "remove the character; the file may be damaged",
            )


def _of_integer(setting: Setting) -> Iterator[tuple[str, str]]:
    whose = setting.name or "an element"
    raw = setting.raw
    number = exact_integer(raw, bits=None)
    hexadecimal = is_hex(raw)
    if setting.kind is Kind.INT64:
        low, high = (0, 2 * INT64_MAX + 1) if hexadecimal else (INT64_MIN, INT64_MAX)
        if not low <= number <= high:
            yield (
                f"{whose} does not fit into 64 bits: libconfig 1.5 reads another number, 1.8 none",
                "write a smaller number, or text in quotes",
            )
    elif not INT_MIN <= number <= INT_MAX:
        if hexadecimal and number <= 2 * INT_MAX + 1:
            yield (
                f"{whose} is read as a negative number: it has no room in 32 bits with a sign",
                "write L behind the number if a large positive one is meant",
            )
        else:
            yield (
                f"{whose} does not fit into 32 bits: libconfig 1.5 reads another number than newer versions",
                "write L behind the number, or a smaller one",
            )
    if _LEADING_ZERO.fullmatch(raw):
        yield f"{whose} begins with a zero and is read as decimal, not as octal", "remove the zero"


def _of_includes(document: Document) -> Iterator[Diagnostic]:
    for place, name in document.parsed.directives:
        directory = document.files.directory
        if not os.path.isabs(name):
            where = "the working directory of each program" if directory is None else str(directory)
            yield _warning(
                f"the included file is looked for in {where}, not beside this file",
                "write its full path",
                place,
            )
        elif directory is not None:
            yield _warning(
                f"libconfig 1.5 looks for this file below {directory}, newer versions at its full path",
                "write its name relative to the include directory",
                place,
            )
