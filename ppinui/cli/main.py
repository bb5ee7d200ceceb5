"""The program's way in: from the arguments to one command, from its errors to an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ppinui.cli.command_grammar import build_parser, parse
from ppinui.cli.console import is_on_terminal, say, say_error
from ppinui.errors import ExitCode, PpinuiError


def entry_point() -> None:
    """What the installed script ``ppinui`` calls: run, and end the process with the exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; the result is the exit code (ppinui.errors.ExitCode).

    Every error that a user can cause becomes three lines on stderr; everything else is a bug and comes out.
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
    match arguments.command:
        case "config":
            from ppinui.cli.config import config_command

            return config_command.run(arguments)
        case "test":
            from ppinui.cli.orderly_exit import ending_in_order
            from ppinui.probe.probe_worker_pool import warm_up

            with ending_in_order():
                # The process that tests are forked from imports its part while this one imports the rest.
                warm_up()
                from ppinui.cli import probe_command

                return probe_command.run(arguments)
        case "secret":
            from ppinui.cli.secret import secret_command

            return secret_command.run(arguments)
        case "vault":
            from ppinui.cli.secret import vault_command

            return vault_command.run(arguments)
        case "run":
            from ppinui.cli import run_command

            return run_command.run(arguments)
        case "kms":
            from ppinui.cli.kms import kms_command
            from ppinui.cli.orderly_exit import ending_in_order

            with ending_in_order():
                return kms_command.run(arguments)
        case "slots" | "token" | "pin" | "objects":
            from ppinui.cli.orderly_exit import ending_in_order
            from ppinui.tokens.token_worker_pool import warm_up

            with ending_in_order():
                warm_up()
                from ppinui.cli.token import token_command

                return token_command.run(arguments)
        case "doctor":
            from ppinui.cli import doctor_command

            return doctor_command.run(arguments)
        case "setup":
            from ppinui.cli.orderly_exit import ending_in_order
            from ppinui.cli.setup import setup_command

            with ending_in_order():
                return setup_command.run(arguments)
        case "demo":
            from ppinui.cli import demo_command

            return demo_command.run(arguments)
        case _ if is_on_terminal():
            from ppinui.cli import app_command

            return app_command.run(arguments)
        case _:
            say(build_parser().format_help().rstrip())
            return int(ExitCode.USAGE)
