"""``ppinui`` alone: the app, on the primus.cfg that is found."""

from __future__ import annotations

import argparse
from functools import partial

from ppinui.cli.program_name import rewrite_commands
from ppinui.config.locate import locate, secrets_location
from ppinui.tui.start import AppOptions, run_app


def run(arguments: argparse.Namespace) -> int:
    """Open the app; the result is its exit code. Raises PpinuiError where there is nothing to open.

    Where no primus.cfg is found the app offers to set one up; one that was named has to be there.
    """
    found = locate(arguments.config, must_exist=arguments.config is not None)
    secrets_file = secrets_location(arguments.secrets).path if arguments.secrets else None
    called = partial(rewrite_commands, config=arguments.config)
    return run_app(
        AppOptions(found.path, found.rule, is_there=found.exists, secrets_file=secrets_file, called=called)
    )
