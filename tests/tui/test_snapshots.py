"""The screens as they were found good: a few pictures in text.

After a change that was meant, `PPINUI_SNAPSHOTS=write` writes them anew; look at the difference.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.tui.conftest import Driver, Run

PICTURES = Path(__file__).with_name("snapshots")


async def main(app: Driver) -> None:
    await app.select("primus.hsms.hsm0")
    await app.until("Problems: 1 note")
    await app.until(lambda: bool(app.context.secrets.snapshot.rows))


async def change(app: Driver) -> None:
    await main(app)
    await app.type_into("host", "10.9.9.9")
    await app.until("UNSAVED")
    await app.press("f2")
    await app.until("Save this change?")


async def choosing(app: Driver) -> None:
    await app.press("f5")
    await app.until("What shall be tested?")


@pytest.mark.parametrize(
    ("steps", "size", "no_color"),
    [
        (main, (80, 24), False),
        (main, (120, 40), False),
        (main, (80, 24), True),
        (change, (80, 24), False),
        (choosing, (80, 24), False),
    ],
)
def test_the_screen_is_the_picture(
    run: Run,
    steps: Callable[[Driver], Awaitable[None]],
    size: tuple[int, int],
    no_color: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")  # Textual reads it when the app is made
    seen = []

    async def look(app: Driver) -> None:
        await steps(app)
        # Paths are the test's own.
        lines = [line for line in app.text.split("\n") if "pytest-" not in line and "/primus" not in line]
        seen.append("\n".join(lines) + "\n")

    run(look, size=size)
    name = f"{steps.__name__}-{size[0]}x{size[1]}{'-no-color' if no_color else ''}.txt"
    picture = PICTURES / name
    if os.environ.get("PPINUI_SNAPSHOTS") == "write":
        PICTURES.mkdir(exist_ok=True)
        picture.write_text(seen[0])
    assert seen[0] == picture.read_text()
