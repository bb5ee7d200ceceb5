"""Characters that draw lines and blocks, as geometry: a font's own would leave gaps between the cells."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

_LIGHT: Final = 1.0
_HEAVY: Final = 3.0
"""How wide lines are, in pixels of a picture in its own size."""
_EIGHTHS: Final = {"ONE": 1, "THREE": 3, "FIVE": 5, "SEVEN": 7}
_QUARTERS: Final = {"ONE": 2, "THREE": 6}


@dataclass(frozen=True)
class Cell:
    """The place of a character: its upper left corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Rectangle:
    """A filled area."""

    x: float
    y: float
    width: float
    height: float
    colour: str

    def svg(self) -> str:
        size = f'width="{number(self.width)}" height="{number(self.height)}"'
        return f'<rect x="{number(self.x)}" y="{number(self.y)}" {size} fill="{self.colour}"/>'


@dataclass(frozen=True)
class Stroke:
    """A line from one point to another; a ``round`` one begins upright and ends level."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    colour: str
    round: bool = False

    def path(self) -> str:
        begin = f"M{number(self.x1)} {number(self.y1)}"
        bend = f"Q{number(self.x1)} {number(self.y2)} " if self.round else "L"
        return f"{begin}{bend}{number(self.x2)} {number(self.y2)}"


def number(value: float) -> str:
    """As short as it can be."""
    return f"{round(value, 2):g}"


def drawing_of(character: str, cell: Cell, colour: str) -> list[Rectangle] | list[Stroke] | None:
    """What a character draws in its cell; None for one that is to be written as text."""
    name = _name(character)
    if name.startswith("BOX DRAWINGS "):
        return _strokes(name.removeprefix("BOX DRAWINGS "), cell, colour)
    part = _block(name)
    if part is None:
        return None
    x, y, width, height = part
    rectangle = Rectangle(
        cell.x + x * cell.width / 8,
        cell.y + y * cell.height / 8,
        width * cell.width / 8,
        height * cell.height / 8,
        colour,
    )
    return [rectangle]


@cache
def _name(character: str) -> str:
    return unicodedata.name(character, "")


def _strokes(name: str, cell: Cell, colour: str) -> list[Stroke] | None:
    """The lines of LIGHT HORIZONTAL, LIGHT ARC DOWN AND RIGHT, HEAVY LEFT and their like."""
    words = re.fullmatch(r"(LIGHT|HEAVY) (ARC )?(\w+)(?: AND (\w+))?", name)
    if words is None:
        return None
    thickness = _HEAVY if words[1] == "HEAVY" else _LIGHT
    middle_x, middle_y = cell.x + cell.width / 2, cell.y + cell.height / 2
    ends = {
        "UP": (middle_x, cell.y),
        "DOWN": (middle_x, cell.y + cell.height),
        "LEFT": (cell.x, middle_y),
        "RIGHT": (cell.x + cell.width, middle_y),
    }
    sides = {"HORIZONTAL": ("LEFT", "RIGHT"), "VERTICAL": ("UP", "DOWN")}
    named = [word for word in (words[3], words[4]) if word]
    wanted = [side for word in named for side in sides.get(word, (word,))]
    if not set(wanted) <= set(ends):
        return None
    if words[2]:
        return [Stroke(*ends[wanted[0]], *ends[wanted[1]], thickness, colour, round=True)]
    middle = (middle_x, middle_y)
    lines = [sorted((middle, ends[side])) for side in wanted]
    return [Stroke(*begin, *end, thickness, colour) for begin, end in lines]


@cache
def _block(name: str) -> tuple[int, int, int, int] | None:
    """The part of a cell that a block fills, in eighths: from the left, from the top, width, height."""
    if name == "FULL BLOCK":
        return (0, 0, 8, 8)
    words = re.fullmatch(r"(LEFT|RIGHT|LOWER|UPPER) (?:(HALF)|(\w+) (EIGHTH|QUARTER)S?) BLOCK", name)
    if words is None:
        return None
    part = 4 if words[2] else (_EIGHTHS if words[4] == "EIGHTH" else _QUARTERS)[words[3]]
    return {
        "LEFT": (0, 0, part, 8),
        "RIGHT": (8 - part, 0, part, 8),
        "UPPER": (0, 0, 8, part),
        "LOWER": (0, 8 - part, 8, part),
    }[words[1]]


def joined_strokes(strokes: Iterable[Stroke]) -> Iterator[Stroke]:
    """The same lines, those that go on from one cell to the next as one: no seam shows at any size."""
    straight: dict[tuple[object, ...], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        if stroke.round:
            yield stroke
        elif stroke.x1 == stroke.x2:
            straight["|", stroke.x1, stroke.width, stroke.colour].append(stroke)
        else:
            straight["-", stroke.y1, stroke.width, stroke.colour].append(stroke)
    for line in straight.values():
        line.sort(key=lambda one: (one.x1, one.y1))
        here = line[0]
        for stroke in line[1:]:
            if (round(stroke.x1 - here.x2, 6), round(stroke.y1 - here.y2, 6)) == (0, 0):
                here = replace(here, x2=stroke.x2, y2=stroke.y2)
            else:
                yield here
                here = stroke
        yield here


def joined_rectangles(rectangles: Iterable[Rectangle]) -> Iterator[Rectangle]:
    """The same areas in as few rectangles as rows and equal columns allow; none covers another."""
    rows: list[Rectangle] = []
    for area in sorted(rectangles, key=lambda one: (one.y, one.x)):
        last = rows[-1] if rows else None
        if (
            last is not None
            and (last.y, last.height, last.colour) == (area.y, area.height, area.colour)
            and round(last.x + last.width - area.x, 6) == 0
        ):
            rows[-1] = replace(last, width=area.x + area.width - last.x)
        else:
            rows.append(area)
    columns: dict[tuple[float, float, str], Rectangle] = {}
    for area in rows:
        key = (round(area.x, 6), round(area.width, 6), area.colour)
        above = columns.get(key)
        if above is not None and round(above.y + above.height - area.y, 6) == 0:
            columns[key] = replace(above, height=area.y + area.height - above.y)
            continue
        if above is not None:
            yield above
        columns[key] = area
    yield from columns.values()
