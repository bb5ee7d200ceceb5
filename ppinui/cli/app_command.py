"""``ppinui`` alone: the app, on the primus.cfg that is found."""

from __future__ import annotations

import argparse
from functools import partial

from ppinui.cli.command_context import context_of
from ppinui.cli.program_name import rewrite_commands
from ppinui.tui.start import AppOptions, run_app


def run(arguments: argparse.Namespace) -> int:
    """Open the app; the result is its exit code. Raises PpinuiError where there is nothing to open.

    Where no primus.cfg is found the app offers to set one up; one that was named has to be there.
    """
    context = context_of(arguments, person=False)
    found = context.location(must_exist=arguments.config is not None)
    if arguments.secrets:
        context.secrets_location(must_exist=True)
    called = partial(rewrite_commands, config=arguments.config)
    return run_app(AppOptions(found.path, context, found.rule, is_there=found.exists, called=called))
