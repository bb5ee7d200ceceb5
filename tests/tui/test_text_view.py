"""Lines that are broken where the screen ends."""

from __future__ import annotations

import pytest

from ppinui.tui.widgets.text_view import diff_lines, wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("  a few words more", ["  a few words", "    more"]),
        ("where: /a/path/that/is/longer", ["where:", "  /a/path/that", "  /is/longer"]),
        ("0123456789012345678901234567890", ["01234567890123", "  456789012345", "  67890"]),
        ("", [""]),
    ],
)
def test_lines_break_between_words_and_long_words_where_they_must(text: str, lines: list[str]) -> None:
    assert [line for line, _ in wrapped([(text, "")], 14)] == lines


def test_no_change_is_no_line() -> None:
    assert diff_lines("") == []
