"""``ppinui`` alone: the app, on the primus.cfg that is found."""

from __future__ import annotations

import argparse

from ppinui.config.locate import locate, secrets_location
from ppinui.tui.start import Setup, run_app


def run(arguments: argparse.Namespace) -> int:
    """Open the app; the result is its exit code. Raises PpinuiError where there is nothing to open."""
    found = locate(arguments.config)
    secrets_file = secrets_location(arguments.secrets).path if arguments.secrets else None
    return run_app(Setup(found.path, found.rule, secrets_file=secrets_file))
