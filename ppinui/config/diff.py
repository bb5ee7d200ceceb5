"""Unified diffs of lines that may hide something: equal only if what they hide is equal too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

_CONTEXT: Final = 3
_NO_NEWLINE: Final = "\n\\ No newline at end of file\n"


@dataclass(frozen=True)
class DiffLine:
    """A line as it is shown, its line break included, and what it hides.

    ``shown_as_new`` is how it is shown where it replaces a line that looks the same and hides something else.
    """

    shown: str
    hidden: tuple[str, ...] = field(default=(), repr=False)
    shown_as_new: str = field(default="", compare=False)


def lines_of(text: str) -> list[DiffLine]:
    """The lines of a text in which nothing is hidden. Only a line feed ends a line, as in libconfig."""
    return [DiffLine(line) for line in re.findall(r"[^\n]*\n|[^\n]+", text)]


def unified_diff(old: Sequence[DiffLine], new: Sequence[DiffLine], name: str) -> str:
    """The diff with three lines of context in the form of ``diff -u``; empty where nothing differs."""
    if old == new:
        return ""
    # What is equal at both ends is left out beforehand: the edit of one line costs no comparison of
    # thousands.
    common = min(len(old), len(new))
    head = next((n for n in range(common) if old[n] != new[n]), common)
    tail = next((n for n in range(common - head) if old[-1 - n] != new[-1 - n]), common - head)
    first = max(0, head - _CONTEXT)
    rest = max(0, tail - _CONTEXT)
    before, after = old[first : len(old) - rest], new[first : len(new) - rest]
    out = [f"--- {name}\n", f"+++ {name}\n"]
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes(_CONTEXT):
        old_range = _range(first + group[0][1], first + group[-1][2])
        new_range = _range(first + group[0][3], first + group[-1][4])
        out.append(f"@@ -{old_range} +{new_range} @@\n")
        for tag, old_start, old_end, new_start, new_end in group:
            gone, come = before[old_start:old_end], after[new_start:new_end]
            if tag == "equal":
                out += (f" {line.shown}" for line in gone)
            else:
                out += (f"-{line.shown}" for line in gone)
                out += (f"+{shown}" for shown in _as_new(gone, come))
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in out)


def _as_new(gone: Sequence[DiffLine], come: Sequence[DiffLine]) -> Iterator[str]:
    """The new lines; where one looks as an old one did, but is not the same, it says so."""
    looks = {line.shown for line in gone}
    same = set(gone)
    for line in come:
        changed = line.shown in looks and line not in same
        yield line.shown_as_new if changed and line.shown_as_new else line.shown


def _range(start: int, end: int) -> str:
    """Lines ``start`` (from 0) up to ``end`` in the notation of a hunk's head."""
    if end - start == 1:
        return str(start + 1)
    return f"{start if end == start else start + 1},{end - start}"
