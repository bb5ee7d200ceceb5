"""What can still be read of a file with a syntax error: the whole settings before it."""

from __future__ import annotations

import re
from typing import Final

from ppinui.libconfig.scanner import COMMENT, STRING

# Comments and strings are in it so that no mark in one counts; the last two are those without an end.
_MARK: Final = re.compile(rf'{COMMENT}|{STRING}|/\*[\s\S]*|"[\s\S]*|([][(){{}};])')
_PARTNERS: Final = {"}": "{", "]": "[", ")": "("}


def part_before(text: str, offset: int) -> str:
    """The text up to the last setting or opening brace before an offset, with the open groups closed.

    It need not parse: there may be another error before the one that the parser met.
    """
    opened: list[str] = []
    end, depth = 0, 0
    for found in _MARK.finditer(text, 0, offset):
        mark = found[1]
        if mark is None:
            continue
        if mark in "{([":
            opened.append(mark)
        elif mark != ";" and (not opened or opened.pop() != _PARTNERS[mark]):
            break
        if all(bracket == "{" for bracket in opened) and mark in "{};":
            end, depth = found.end(), len(opened)
    return text[:end] + "}" * depth
