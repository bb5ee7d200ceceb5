"""What README shows and what a command shows: where they may differ, and how they do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

TOLERANCES: Final = (
    ("times", r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|\+00:00|Z)?", "TIME"),
    ("days", r"\b\d{4}-\d\d-\d\d\b", "DAY"),
    ("durations in JSON", r'("milliseconds": )[\d.]+', r"\1MILLISECONDS"),
    ("ports that the system has chosen", r"\b(?:3[2-9]|[4-6]\d)\d{3}\b", "PORT"),
    ("the same in hexadecimal, and its serial numbers", r"\b(0x|serial )[0-9a-f]{6,16}\b", r"\1NUMBER"),
    ("slot ids that SoftHSM2 has drawn", r"\b\d{8,10}\b", "ID"),
    ("names of temporary folders", r"/tmp/ppinui-demo-\w+", "/tmp/ppinui-demo-NAME"),
    ("which HSM of a cluster was the first", r"(rejected by )hsm\d", r"\1HSM"),
    ("whose vault it is", r"(keyring: vault of )\S+", r"\1ACCOUNT"),
    ("owners of files", r"(mode 0[0-7]{3}, )[\w-]+:[\w-]+", r"\1OWNER:GROUP"),
    ("versions", r"(version of [\w-]+: )[\d.]+", r"\1VERSION"),
    ("what only root can see", r"(?m)^\d+ processes of other users could not be looked at;.*\n", ""),
    ("who else works on this machine", r"(?m)^these go on with the old configuration .*\n", ""),
    ("blanks at the end of a line", r"(?m)[ \t]+$", ""),
)
"""What each is, a pattern, and what stands in its place on both sides before they are compared."""

_ANYTHING: Final = "…"


def difference(expected: Sequence[str], shown: str) -> str:
    """How the output differs from what README has, as a diff; empty if it does not.

    ``…`` stands for anything: as a line for any number of lines, within a line for the rest or a part of it.
    Empty lines at the beginning and the end do not count.
    """
    wanted = _evened("\n".join(expected))
    found = _evened(shown)
    pattern = "".join(_pattern(line) for line in wanted.split("\n"))
    if re.fullmatch(pattern, found + "\n"):
        return ""
    lines = difflib.unified_diff(
        wanted.split("\n"), found.split("\n"), "README.md", "shown", n=99, lineterm=""
    )
    return "\n".join(lines)


def _evened(text: str) -> str:
    text += "\n"
    for _, pattern, replacement in TOLERANCES:
        text = re.sub(pattern, replacement, text)
    return text.strip("\n")


def _pattern(line: str) -> str:
    if line.strip() == _ANYTHING:
        return r"(?:[^\n]*\n)*?"
    return r"[^\n]*?".join(map(re.escape, line.split(_ANYTHING))) + r"\n"
