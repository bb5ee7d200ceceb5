"""Lines of a screen as SVG: what draws lines becomes lines, text stays text, each in its place."""

from __future__ import annotations

import re

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.pictures.svg import svg_of


def drawn(*lines: str, style: Style | None = None) -> str:
    return svg_of([Strip([Segment(line, style)]) for line in lines], "a picture")


def test_text_is_written_where_it_stands_and_gaps_are_no_text() -> None:
    texts = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>([^<]*)', drawn("", "  a b   c")
    )
    assert texts == [("16.8", "30", "25.2", "a b"), ("67.2", "30", "8.4", "c")]


def test_what_means_something_in_svg_is_no_such_thing() -> None:
    assert "&lt;b&gt; &amp;" in drawn("<b> &")


def test_a_line_over_several_cells_is_one_line() -> None:
    assert re.findall(r'<path d="([^"]*)"', drawn("───")) == ["M0 8.5L25.2 8.5"]
    assert re.findall(r'<path d="([^"]*)"', drawn("│", "│")) == ["M4.2 0L4.2 34"]


def test_corners_reach_the_lines_beside_them() -> None:
    assert re.findall(r'<path d="([^"]*)"', drawn("╭─", "│ ")) == [
        "M4.2 17Q4.2 8.5 8.4 8.5M8.4 8.5L16.8 8.5M4.2 17L4.2 34"
    ]


@pytest.mark.parametrize(
    ("character", "place"),
    [("▌", '"0" y="0" width="4.2" height="17"'), ("▁", '"0" y="14.88" width="8.4" height="2.12"')],
)
def test_a_block_is_a_part_of_its_cell(character: str, place: str) -> None:
    assert f"<rect x={place}" in drawn(character)


def test_looks_are_kept() -> None:
    picture = drawn("x", style=Style.parse("bold underline #ff0000 on #00ff00"))
    assert '<g fill="#ff0000" font-weight="bold" text-decoration="underline">' in picture
    assert '<rect x="0" y="0" width="8.4" height="17" fill="#00ff00"/>' in picture


def test_areas_of_one_colour_are_one_rectangle() -> None:
    picture = drawn("ab", "cd", style=Style.parse("on #00ff00"))
    assert picture.count('fill="#00ff00"') == 1
    assert 'width="16.8" height="34" fill="#00ff00"' in picture
