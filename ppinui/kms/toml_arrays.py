"""Changing an array in the text of a TOML file, element by element: layout and comments stay.

tomlkit can do this too, but loses a comma where a comment follows the last element.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ppinui.kms.toml_places import Path, Span, find_values

_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\n]*)?\r?\n")
_FAR_COMMA: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*(,)")


def remove_element(text: str, path: Path, number: int) -> str:
    """Without this element of the array at ``path``, its comma, and its line if it has one of its own."""
    elements = _elements(text, path)
    element, is_last = elements[number], number == len(elements) - 1
    begin = text.rfind("\n", 0, element.start) + 1
    line = _REST_OF_LINE.match(text, element.end)
    if line is not None and not text[begin : element.start].strip() and (line[1] or is_last):
        return text[:begin] + text[line.end() :]
    if (comma := _COMMA.match(text, element.end)) is not None:
        return text[: element.start] + text[comma.end() :]
    if not is_last:
        far = _FAR_COMMA.match(text, element.end)
        assert far is not None
        return text[: element.start] + text[element.end : far.start(1)] + text[far.end(1) :]
    before = elements[number - 1].end if number else element.start
    start = before if _COMMA.fullmatch(text, before, element.start) else element.start
    return text[:start] + text[element.end :]


def replace_element(text: str, path: Path, number: int, notation: str) -> str:
    """With another value in the place of this element."""
    element = _elements(text, path)[number]
    return text[: element.start] + notation + text[element.end :]


def append_element(text: str, path: Path, notation: str) -> str:
    """With one more element at the end, in the style of the last one."""
    elements = _elements(text, path)
    if not elements:
        start = find_values(text)[path].start + 1
        blank = " " if text[start] == "#" else ""
        return text[:start] + notation + blank + text[start:]
    last = elements[-1]
    begin = text.rfind("\n", 0, last.start) + 1
    indent = text[begin : last.start]
    line = _REST_OF_LINE.match(text, last.end)
    if line is None or indent.strip():
        between = text[elements[-2].end : last.start] if len(elements) > 1 else ""
        comma = between if _COMMA.fullmatch(between) else ", "
        return text[: last.end] + comma + notation + text[last.end :]
    newline = "\r\n" if line[0].endswith("\r\n") else "\n"
    has_comma = bool(line[1]) or _FAR_COMMA.match(text, last.end) is not None
    rest = text[last.end : line.end()]
    if line[1] or not has_comma:
        added = f"{indent}{notation}{',' if has_comma else ''}{newline}"
        return text[: last.end] + ("" if has_comma else ",") + rest + added + text[line.end() :]
    # The comma stands further below: the new element goes right behind it.
    far = _FAR_COMMA.match(text, last.end)
    assert far is not None
    return f"{text[: far.end()]} {notation}{text[far.end() :]}"


def _elements(text: str, path: Path) -> Sequence[Span]:
    values = find_values(text)
    found: list[Span] = []
    while (span := values.get((*path, len(found)))) is not None:
        found.append(span)
    return found
