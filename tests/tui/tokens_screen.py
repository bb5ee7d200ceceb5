"""What a user does on the tokens screen."""

from __future__ import annotations

from tests.tui.conftest import Driver


async def go_to_slot(app: Driver, label: str) -> None:
    """Put the cursor on the slot of a token."""
    at = next(index for index, row in enumerate(app.rows("#tokens-table")) if f" {label} " in row)
    await app.press("home", *["down"] * at)


async def give(app: Driver, wanted: str, text: str) -> None:
    """Answer the question in which this stands."""
    await app.until(wanted)
    await app.write(text)
    await app.press("enter")


async def give_twice(app: Driver, wanted: str, text: str) -> None:
    """The same for one that asks again."""
    await give(app, wanted, text)
    await give(app, "The same again", text)


async def open_objects(app: Driver, label: str) -> None:
    """Go to the objects of a token."""
    await go_to_slot(app, label)
    await app.press("enter")
    await app.until("not logged in")
