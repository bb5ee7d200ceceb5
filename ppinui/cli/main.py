"""The entry point: from the arguments to one command, from its errors to an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ppinui.cli.command_grammar import build_parser, parse
from ppinui.cli.command_registry import BY_NAME, load
from ppinui.cli.console import is_on_terminal, say, say_error
from ppinui.errors import ExitCode, PpinuiError


def entry_point() -> None:
    """The installed script ``ppinui``: run, and end the process with the exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; the result is the exit code (ppinui.errors.ExitCode).

    Every error that a user can cause becomes three lines on stderr; others are bugs, and are raised.
    """
    config = None
    try:
        understood = parse(arguments)
        config = understood.config
        return int(_run(understood))
    except PpinuiError as error:
        say_error(error, config=config)
        return int(error.exit_code)
    except KeyboardInterrupt:
        say("ppinui: interrupted")
        return int(ExitCode.INTERRUPTED)
    except SystemExit as end:  # argparse, after --help and --version
        return end.code if isinstance(end.code, int) else int(ExitCode.FINE)


def _run(arguments: argparse.Namespace) -> int:
    # Each command imports what it needs when it is called: --help must not wait for the rest.
    if arguments.command is None:
        return _open_app(arguments)
    command = BY_NAME[arguments.command]
    if not command.ends_in_order:
        return int(load(command.run)(arguments))
    from ppinui.cli.orderly_exit import ending_in_order

    with ending_in_order():
        if command.warm_up:
            # The process that workers are forked from imports its part while this one imports the rest.
            load(command.warm_up)()
        return int(load(command.run)(arguments))


def _open_app(arguments: argparse.Namespace) -> int:
    """Open the app on the primus.cfg that is found; the result is its exit code.

    Where none is found the app offers to set one up; one that was named has to be there. Raises PpinuiError.
    """
    if not is_on_terminal():
        say(build_parser(()).format_help().rstrip())
        return int(ExitCode.USAGE)
    from functools import partial

    from ppinui.cli.command_context import context_of
    from ppinui.cli.program_name import rewrite_commands
    from ppinui.tui.start import AppOptions, run_app

    context = context_of(arguments, person=False)
    found = context.location(must_exist=arguments.config is not None)
    if arguments.secrets:
        context.secrets_location(must_exist=True)
    called = partial(rewrite_commands, config=arguments.config)
    return run_app(AppOptions(found.path, context, found.rule, is_there=found.exists, called=called))
