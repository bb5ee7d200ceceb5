"""Keys that a slow line brings all at once: each does what it would have done alone."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.keys import key_to_character

from tests.tui.conftest import Driver, Run


def burst(app: Driver, *keys: str) -> None:
    """Keys without a moment between them, as the terminal's driver posts them."""
    for key in keys:
        app.app.post_message(Key(key, key_to_character(key)))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("ctrl+a", "ctrl+k", "3", "0", "0"), "300"),
        (("7", "backspace", "8"), "2508"),
        (("home", "9", "delete", "1"), "9150"),
        (("left", "left", "6"), "2650"),
    ],
)
def test_a_field_takes_them_in_their_order(run: Run, keys: tuple[str, ...], text: str) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus")
        app.entry("wait_delay").focus()
        await app.press("end")
        burst(app, *keys, "enter")
        await app.until("UNSAVED: 1 edit")
        assert app.context.config.globals["wait_delay"] == int(text)

    run(steps)


def test_a_secret_is_what_was_typed(run: Run) -> None:
    async def steps(app: Driver) -> None:
        await app.select("primus.hsms.hsm0")
        row = next(row for row in app.main.form.rows() if row.field.name == "pin")
        row.entry.focus()
        await app.until(lambda: row.entry.has_focus)
        burst(app, "a", "x", "backspace", "b", "x", "ctrl+u", "o", "k", "enter")
        await app.until("UNSAVED: 1 edit")
        assert 'pin = "ok"' in app.session.document.text

    run(steps)
