"""What the tests of ``ppinui config`` share: an edit as a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from ppinui.cli.main import main

Captured = pytest.CaptureFixture[str]


def edit(config: Path, *arguments: str) -> int:
    """The exit code of `ppinui -c CONFIG config ARGUMENTS`."""
    return main(["-c", str(config), "config", *arguments])
