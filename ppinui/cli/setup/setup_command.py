"""``ppinui setup``: the walkthroughs, in plain prompts or by a file of answers."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from ppinui.cli.command_context import context_of
from ppinui.cli.console import emit, say
from ppinui.cli.program_name import rewrite_commands
from ppinui.cli.setup.setup_secrets import ActionSecrets
from ppinui.errors import ExitCode, PpinuiError
from ppinui.services.context import Context, Host
from ppinui.setup.engine import Walkthrough
from ppinui.setup.kinds import KINDS, kind_named
from ppinui.setup.progress import interrupted
from ppinui.setup.walkthrough import SetupKind
from ppinui.state import state_folder
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """List kinds, forget an interrupted walk, or go through a kind's steps; the result is the exit code."""
    if arguments.only_list:
        return _list_kinds()
    host = Host()  # before this process lowers its limits
    harden()
    is_prompted = arguments.answers is None and not arguments.forget
    if not is_prompted and arguments.kind is None:
        raise _usage("this needs the kind of set-up", "name it: ppinui setup KIND; --list shows the kinds")
    terminal = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
    if is_prompted and not terminal:
        raise _usage(
            "there is no terminal to ask questions on",
            "run it on a terminal, or give a file of answers: ppinui setup KIND --answers FILE",
        )
    with contextlib.closing(context_of(arguments, host=host, person=is_prompted)) as context:
        if is_prompted:
            return _prompted(arguments, context)
        kind = kind_named(arguments.kind)
        return _forget(kind, context) if arguments.forget else _unattended(kind, arguments, context)


def _usage(message: str, remedy: str) -> PpinuiError:
    return PpinuiError(message, "the command line, at 'ppinui setup'", remedy)


def _list_kinds() -> int:
    left = set(interrupted(state_folder(os.environ)))
    width = max(len(kind.name) for kind in KINDS)
    for kind in KINDS:
        emit(f"{kind.name:<{width}}  {kind.summary}{' (interrupted)' if kind.name in left else ''}\n")
    return ExitCode.FINE


def _forget(kind: SetupKind, context: Context) -> int:
    walk = Walkthrough(kind, context)
    walk.forget()
    say("forgot where it was interrupted" if walk.resumed else "nothing was left of an interrupted set-up")
    return ExitCode.FINE


def _unattended(kind: SetupKind, arguments: argparse.Namespace, context: Context) -> int:
    from ppinui.cli.setup import setup_answers

    path = Path(arguments.answers)
    given = setup_answers.read_answers(path)
    walk = setup_answers.make_walk(kind, context, given, str(path))
    with contextlib.closing(ActionSecrets(arguments, person=False)) as secrets:
        return setup_answers.run(walk, secrets, arguments.format, config=arguments.config)


def _prompted(arguments: argparse.Namespace, context: Context) -> int:
    from ppinui.cli.setup.setup_prompts import Prompts
    from ppinui.cli.setup.setup_secrets import ExitRequestedError

    name = arguments.kind
    with contextlib.closing(ActionSecrets(arguments, person=True)) as secrets:
        prompts = Prompts(secrets, config=arguments.config)
        try:
            if name is None:
                name = prompts.choose_kind(KINDS, interrupted(context.state))
            return prompts.run(Walkthrough(kind_named(name), context))
        except ExitRequestedError:
            if name is not None and prompts.save_error is None:
                say(_how_to_go_on(name, arguments.config))
            return ExitCode.FINE
        except KeyboardInterrupt:
            if name is not None and prompts.save_error is None:
                say("\n" + _how_to_go_on(name, arguments.config))
            raise


def _how_to_go_on(kind: str, config: str | None) -> str:
    command = rewrite_commands(f"ppinui setup {kind}", config)
    return f"Your answers are kept, without any password. Go on with: {command}"
