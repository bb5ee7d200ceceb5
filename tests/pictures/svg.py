"""A screen of the app as an SVG that needs nothing from elsewhere, and is the same wherever it is made.

Textual's own has a font from the network, and leaves the lines of boxes to whatever font is there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

import textual
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.strip import Strip

from tests.pictures.lines import (
    Cell,
    Rectangle,
    Stroke,
    drawing_of,
    joined_rectangles,
    joined_strokes,
    number,
)

_FONT_SIZE: Final = 14
_CELL_WIDTH: Final = 8.4
"""Most monospaced fonts are 0.6 times as wide as their size; one that is not is stretched."""
_CELL_HEIGHT: Final = 17
_BASELINE: Final = 13
_PADDING: Final = 10
_FONTS: Final = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
_BEHIND: Final = "#121212"
_BEFORE: Final = "#e0e0e0"
"""Where nothing else is said: what is behind the text, and the text."""
_WORDS: Final = re.compile(r"\S+(?: \S+)*")
"""More than one blank is a gap, not text: SVG would make one blank of it."""


@dataclass(frozen=True)
class _Look:
    """How a piece of text looks."""

    colour: str
    behind: str
    bold: bool
    italic: bool
    underlined: bool

    def attributes(self) -> str:
        words = [f'fill="{self.colour}"']
        words += ['font-weight="bold"'] if self.bold else []
        words += ['font-style="italic"'] if self.italic else []
        words += ['text-decoration="underline"'] if self.underlined else []
        return " ".join(words)


@dataclass
class _Canvas:
    """What has been drawn so far."""

    areas: list[Rectangle] = field(default_factory=list)
    """What is behind the text."""
    blocks: list[Rectangle] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    """By their looks."""

    def draw(self, strip: Strip, row: int) -> None:
        column = 0
        for segment in strip:
            column += self._draw_segment(segment, row, column)

    def _draw_segment(self, segment: Segment, row: int, column: int) -> int:
        look = _look_of(segment.style or Style.null())
        size = cell_len(segment.text)
        x, y = column * _CELL_WIDTH, row * _CELL_HEIGHT
        self.areas.append(Rectangle(x, y, size * _CELL_WIDTH, _CELL_HEIGHT, look.behind))
        text = ""
        for character in segment.text:
            if self._draw_character(character, row, column + cell_len(text), look):
                text += " " * cell_len(character)
            else:
                text += character
        for words in _WORDS.finditer(text):
            self._write(words[0], row, column + cell_len(text[: words.start()]), look)
        return size

    def _draw_character(self, character: str, row: int, column: int, look: _Look) -> bool:
        """Whether it is no text, and has been drawn."""
        if character.isascii():
            return False
        cell = Cell(column * _CELL_WIDTH, row * _CELL_HEIGHT, _CELL_WIDTH, _CELL_HEIGHT)
        drawn = drawing_of(character, cell, look.colour)
        if drawn is None:
            if character.isalpha():
                return False
            # A sign that may come from another font than the text: in the middle of its own cell.
            size = cell_len(character)
            place = f'x="{number(cell.x + size * _CELL_WIDTH / 2)}" y="{number(cell.y + _BASELINE)}"'
            self._add(look, f'<text {place} text-anchor="middle">{escape(character)}</text>')
            return True
        for shape in drawn:
            if isinstance(shape, Stroke):
                self.strokes.append(shape)
            else:
                self.blocks.append(shape)
        return True

    def _write(self, words: str, row: int, column: int, look: _Look) -> None:
        place = f'x="{number(column * _CELL_WIDTH)}" y="{number(row * _CELL_HEIGHT + _BASELINE)}"'
        length = f'textLength="{number(cell_len(words) * _CELL_WIDTH)}" lengthAdjust="spacingAndGlyphs"'
        self._add(look, f"<text {place} {length}>{escape(words, quote=False)}</text>")

    def _add(self, look: _Look, element: str) -> None:
        self.texts.setdefault(look.attributes(), []).append(element)

    def elements(self) -> Iterator[str]:
        """All of it, the lowest first."""
        yield '<g shape-rendering="crispEdges">'
        yield from (area.svg() for area in joined_rectangles(self.areas) if area.colour != _BEHIND)
        yield from (block.svg() for block in joined_rectangles(self.blocks))
        yield "</g>"
        paths: dict[tuple[str, float], list[str]] = {}
        for stroke in joined_strokes(self.strokes):
            paths.setdefault((stroke.colour, stroke.width), []).append(stroke.path())
        for (colour, width), parts in paths.items():
            yield f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" stroke-width="{number(width)}"/>'
        for attributes, texts in self.texts.items():
            yield f"<g {attributes}>"
            yield from texts
            yield "</g>"


def _look_of(style: Style) -> _Look:
    before, behind = _hex(style, _BEFORE), _hex(Style(color=style.bgcolor), _BEHIND)
    if style.reverse:
        before, behind = behind, before
    return _Look(before, behind, bool(style.bold), bool(style.italic), bool(style.underline))


def _hex(style: Style, otherwise: str) -> str:
    colour = style.color
    return otherwise if colour is None or colour.is_default else colour.get_truecolor().hex


def screen_lines(app: App[None]) -> list[Strip]:
    """What the app shows, as a terminal would get it."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [Strip.join(line) for line in update.strips]


def svg_of(strips: Sequence[Strip], title: str) -> str:
    """The picture of these lines; ``title`` is for those who do not see it.

    It names the Textual that it was made with: another one may have other shades for its own widgets.
    """
    made_with = ".".join(textual.__version__.split(".")[:2])
    canvas = _Canvas()
    for row, strip in enumerate(strips):
        canvas.draw(strip, row)
    width = max(strip.cell_length for strip in strips) * _CELL_WIDTH
    height = len(strips) * _CELL_HEIGHT
    full_width, full_height = number(width + 2 * _PADDING), number(height + 2 * _PADDING)
    frame = f'width="{number(width + 2 * _PADDING - 1)}" height="{number(height + 2 * _PADDING - 1)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full_width} {full_height}" '
        f'width="{full_width}" height="{full_height}" role="img">',
        f"<!-- made with Textual {made_with} -->",
        f"<title>{escape(title, quote=False)}</title>",
        f'<rect x="0.5" y="0.5" {frame} rx="8" fill="{_BEHIND}" stroke="#808080" stroke-opacity="0.5"/>',
        f'<g transform="translate({_PADDING} {_PADDING})" font-family="{_FONTS}" font-size="{_FONT_SIZE}">',
        *canvas.elements(),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
