"""The app on a configuration, in a terminal emulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.rig.program import CHECKOUT, PPINUI, environment
from tests.rig.screen import Screen

EXAMPLE = CHECKOUT / "tests/rig/examples/cluster-two-partitions.cfg"

TELL_PID = 'echo $$ >"$0"; exec "$@"'
"""The app tells nobody of itself: for an ordinary user even its environment is not readable."""


def open_app(config: Path, environ: Mapping[str, str], columns: int = 80, rows: int = 24) -> Screen:
    return Screen(
        ["sh", "-c", TELL_PID, config.with_name("pid"), *PPINUI, "-c", config],
        environ=environment(environ),
        columns=columns,
        rows=rows,
        seconds=20,
    )


def pid_of_app(config: Path) -> int:
    return int(config.with_name("pid").read_text())
