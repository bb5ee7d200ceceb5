"""Playing a scene, and taking its picture once nothing moves any more."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

from textual.widgets import Input

from ppinui.tui.app import PpinuiApp
from tests.pictures.installation import Installed, installed
from tests.pictures.scenes import Scene
from tests.pictures.svg import screen_lines, svg_of
from tests.tui.conftest import Driver

_LOOKS: Final = 20
_BETWEEN: Final = 0.3
"""Seconds; the app brings a running test up to date three times in them."""


def picture_of(scene: Scene) -> str:
    """The scene's picture as SVG."""
    with (
        tempfile.TemporaryDirectory(prefix="ppinui-pictures-") as folder,
        installed(scene.installation, Path(folder)) as there,
    ):
        return asyncio.run(_play(scene, there))


async def _play(scene: Scene, there: Installed) -> str:
    os.environ.pop("NO_COLOR", None)
    if not scene.colours:
        os.environ["NO_COLOR"] = "1"  # Textual reads it when the app is made
    app = PpinuiApp(there.options)
    async with app.run_test(size=scene.size) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.context.opened is None or driver.main.is_whole.is_set())
        await scene.steps(driver, there)
        for entry in app.screen.query(Input):
            entry.cursor_blink = False
        seen = ""
        for _ in range(_LOOKS):
            before, seen = seen, svg_of(screen_lines(app), scene.caption)
            if seen == before:
                return seen
            await pilot.pause(_BETWEEN)
    raise AssertionError(f"the picture {scene.name} does not come to rest")
