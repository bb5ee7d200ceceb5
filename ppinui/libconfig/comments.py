"""Which comments and line ends go with a setting when it is taken out or copied.

With a setting go: the comments behind it on its last line, and the comments right above it, without a blank
line between.  These stay, for they belong to the group around it or to the file:

- the comments that begin the file;
- above a single setting, a heading: a comment with a rule of five or more ``- = * # ~ _`` in it;
- a commented-out setting of another name, and whatever stands above it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ppinui.libconfig.document import Document, Setting
from ppinui.libconfig.nodes import Kind, TextEdit
from ppinui.libconfig.scanner import COMMENT, NAME

_ANY_BLANKS = r"(?>(?:[ \t\f]|\r(?!\n))*)"
_BLANKS = re.compile(_ANY_BLANKS)
_BLANKS_AND_COMMENT = re.compile(rf"{_ANY_BLANKS}({COMMENT})")
_COMMENTS_AND_SPACE = re.compile(rf"[ \t\n\r\f]*+({COMMENT})")
_RULE = re.compile(r"([-=*#~_])\1{4}")
_MARKS = re.compile(r"^(?:/\*+|//+|#+)\s*|\s*\*/$")
_COMMENTED_OUT = re.compile(rf'({NAME})\s*[=:]\s*(?:["{{\[(0-9+\-.]|(?i:true|false)\b|$)|[\s{{}}\[\](),;]+$')


class Tail(NamedTuple):
    """What stands behind something on its line: where its comments end, and whether the line ends there."""

    end: int
    line_ends: bool


def line_tail(text: str, pos: int, stop: int) -> Tail:
    """The comments behind ``pos`` on the line; ``stop`` is where the next token begins, or the text ends.

    Where the line ends, ``end`` is in front of its newline (``\\r\\n`` counts as one).
    """
    while comment := _BLANKS_AND_COMMENT.match(text, pos):
        if comment.end() > stop:
            break
        # A line comment takes the \r of its line's end with it.
        pos = comment.end() - (1 if comment[1].endswith("\r") else 0)
    blanks = _BLANKS.match(text, pos)
    end = blanks.end() if blanks else pos
    if end < stop and text[end] in "\r\n":
        return Tail(end, True)
    if end >= stop == len(text):
        return Tail(stop, True)
    return Tail(pos, False)


def tail_of(document: Document, setting: Setting) -> Tail:
    """The comments behind a setting on its last line."""
    return line_tail(document.flat.text, setting.flat_start + setting.node.width, _ceiling(document, setting))


def lead_of(document: Document, setting: Setting) -> int | None:
    """Start of the line on which a setting, or the first comment that belongs to it, begins.

    None when something else stands before it on its line.
    """
    text = document.flat.text
    floor = _floor(document, setting)
    begin = setting.flat_start
    chain: list[str] = []
    for start, end in reversed(_comments(text, floor, begin)):
        newlines = text.count("\n", end, begin)
        if newlines > 1 or (newlines == 1 and not _belongs(text[start:end], setting)):
            break
        begin = start
        chain.append(text[start:end])
    if chain and not text[:begin].strip():
        begin = setting.flat_start
    return line_start(text, floor, begin)


def line_start(text: str, floor: int, pos: int) -> int | None:
    """Start of the line of ``pos`` if only blanks stand before it; nothing before ``floor`` is looked at."""
    newline = text.rfind("\n", floor, pos)
    start = newline + 1 if newline >= 0 else floor
    if newline < 0 and floor > 0:
        return None
    return start if not text[start:pos].strip() else None


def removals(document: Document, setting: Setting) -> list[TextEdit]:
    """The stretches that can be taken out to remove a setting, the right one first.

    The others are for texts without white space, where the neighbours would run into one another.
    """
    text = document.flat.text
    start = setting.flat_start
    tail = tail_of(document, setting)
    line = lead_of(document, setting)
    if line is not None and tail.line_ends:
        # The second leaves the newline, which a line comment before the end of the file cannot do without.
        return [_whole_lines(document, setting, line, tail.end), TextEdit(line, tail.end, "")]
    end = tail.end
    before = start
    if line_start(text, _floor(document, setting), start) is not None:
        blanks = _BLANKS.match(text, end)
        end = blanks.end() if blanks else end
    else:
        while before > 0 and text[before - 1] in " \t\f":
            before -= 1
    return [TextEdit(before, end, ""), TextEdit(start, end, ""), TextEdit(start, end, " ")]


def _whole_lines(document: Document, setting: Setting, line: int, end: int) -> TextEdit:
    """All lines of a setting, and one of the blank lines around them where two would meet."""
    text = document.flat.text
    floor, ceiling = _floor(document, setting), _ceiling(document, setting)
    siblings = setting.parent.children if setting.parent is not None else ()
    has_next = setting.index + 1 < len(siblings)
    if line == 0:
        # Nothing above: the newline behind it goes instead of the one before.
        newline = text.find("\n", end, ceiling)
        return TextEdit(0, newline + 1 if newline >= 0 else end, "")
    start = _before_newline(text, line - 1)
    above = _blank_line_above(text, floor, start)
    below = _blank_line_below(text, end, ceiling)
    is_last = not has_next and not text[end:ceiling].strip()
    if above is not None and (below is not None or is_last):
        return TextEdit(above, end, "")
    is_first = setting.index == 0 and not text[floor:start].strip()
    if below is not None and is_first and has_next:
        return TextEdit(start, below, "")
    return TextEdit(start, end, "")


def _before_newline(text: str, newline: int) -> int:
    return newline - 1 if newline > 0 and text[newline - 1] == "\r" else newline


def _blank_line_above(text: str, floor: int, end: int) -> int | None:
    """If the line that ends at ``end`` is blank: where the line above it ends."""
    newline = text.rfind("\n", floor, end)
    if newline < 0:
        return 0 if floor == 0 and not text[:end].strip() else None
    return _before_newline(text, newline) if not text[newline + 1 : end].strip() else None


def _blank_line_below(text: str, end: int, ceiling: int) -> int | None:
    """If the line behind the one that ends at ``end`` is blank: where it ends."""
    newline = text.find("\n", end, ceiling)
    following = text.find("\n", newline + 1, ceiling) if newline >= 0 else -1
    if following < 0 or text[newline + 1 : following].strip():
        return None
    return _before_newline(text, following)


def _floor(document: Document, setting: Setting) -> int:
    """Behind what stands before a setting, with the comments that belong to that."""
    parent = setting.parent
    if parent is None:
        return 0
    previous = parent.children[setting.index - 1] if setting.index else None
    end = previous.flat_start + previous.node.width if previous is not None else parent.body_start
    low = document.flat.segment(setting.flat_start)[0]
    if low > end:
        return low
    if end == 0:
        return 0
    return line_tail(document.flat.text, end, setting.flat_start).end


def _ceiling(document: Document, setting: Setting) -> int:
    """In front of what stands behind a setting."""
    parent = setting.parent
    if parent is None:
        return len(document.flat.text)
    following = setting.index + 1
    ceiling = parent.children[following].flat_start if following < len(parent.children) else parent.body_end
    last = setting.flat_start + setting.node.width - 1
    return min(ceiling, document.flat.segment(last)[1])


def _comments(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    found = []
    while (comment := _COMMENTS_AND_SPACE.match(text, start)) and comment.end() <= stop:
        found.append(comment.span(1))
        start = comment.end()
    return found


def _belongs(comment: str, setting: Setting) -> bool:
    """Whether a comment on the line above a setting speaks of it."""
    if setting.kind is not Kind.GROUP and _RULE.search(comment):
        return False
    code = _COMMENTED_OUT.match(_MARKS.sub("", comment))
    return code is None or (code[1] or "").lower() == str(setting.name).lower()
