"""Text that is printed: no name steers a terminal, and each has one way to be quoted and cut."""

from __future__ import annotations

import pytest

from ppinui.text import plural, printable, printable_lines, quoted, shortened
from ppinui.tui.plain_text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PARTITION-1", "PARTITION-1"),
        ("Zürich €", "Zürich €"),
        ("two\nlines\tand\r", r"two\nlines\tand\r"),
        ("\x1b[2Jcleared", r"\x1b[2Jcleared"),
        ("\x9b31mred", r"\x9b31mred"),
        ("gn\u202eitrever", r"gn\u202eitrever"),
        ("caf\udce9", r"caf\xe9"),
    ],
)
def test_names_stay_on_their_line_and_steer_no_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_screen_shows_a_tab_as_blanks() -> None:
    assert plain("one\ttwo\n\udce9") == r"one    two\n\xe9"


def test_data_keeps_its_lines_and_tabs() -> None:
    assert printable_lines("one\ttwo\r\n\x1b[2J\r\udce9") == "one\ttwo\r\n" + r"\x1b[2J\r\xe9"


def test_a_byte_that_is_not_utf8_is_quoted_as_a_byte() -> None:
    assert quoted("caf\udce9") == r"'caf\xe9'"
    assert quoted(r"a\udce9") == r"'a\\udce9'"


@pytest.mark.parametrize(("width", "shown"), [(7, "PAYMENT"), (6, "PAYME…"), (1, "…"), (0, "…")])
def test_what_is_cut_ends_in_an_ellipsis(width: int, shown: str) -> None:
    assert shortened("PAYMENT", width) == shown


def test_one_thing_is_singular() -> None:
    assert [plural(number, "slot") for number in (0, 1, 2)] == ["0 slots", "1 slot", "2 slots"]
