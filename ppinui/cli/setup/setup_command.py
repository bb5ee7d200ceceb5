"""``ppinui setup``: the walkthroughs, in plain prompts or by a file of answers."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ppinui.cli.console import emit, say
from ppinui.cli.program_name import rewrite_commands
from ppinui.cli.setup.setup_secrets import SecretSource
from ppinui.doctor.host import Surroundings as Machine
from ppinui.doctor.host import surroundings
from ppinui.errors import ExitCode, PpinuiError
from ppinui.secrets.keyring_client import choice_of
from ppinui.secrets.prompt import TerminalAsker
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.setup.engine import Walk
from ppinui.setup.kinds import KINDS, kind_named
from ppinui.setup.progress import interrupted
from ppinui.setup.setup_context import Surroundings
from ppinui.setup.user_keyrings import UserKeyrings
from ppinui.setup.walkthrough import Kind
from ppinui.state import state_folder
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """List kinds, forget an interrupted walk, or go through a kind's steps; the result is the exit code."""
    if arguments.only_list:
        return _list_kinds()
    machine = surroundings(os.environ)  # before this process lowers its limits
    harden()
    if arguments.answers is not None or arguments.forget:
        if arguments.kind is None:
            raise _usage(
                "this needs the kind of set-up", "name it: ppinui setup KIND; --list shows the kinds"
            )
        kind = kind_named(arguments.kind)
        return (
            _forget(kind, arguments, machine) if arguments.forget else _unattended(kind, arguments, machine)
        )
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise _usage(
            "nobody is here to answer questions",
            "run it on a terminal, or give a file of answers: ppinui setup KIND --answers FILE",
        )
    return _prompted(arguments, machine)


def _usage(message: str, remedy: str) -> PpinuiError:
    return PpinuiError(message, "the command line, at 'ppinui setup'", remedy)


def _list_kinds() -> int:
    left = set(interrupted(state_folder(os.environ)))
    width = max(len(kind.name) for kind in KINDS)
    for kind in KINDS:
        emit(f"{kind.name:<{width}}  {kind.summary}{' (interrupted)' if kind.name in left else ''}\n")
    return ExitCode.FINE


def _forget(kind: Kind, arguments: argparse.Namespace, machine: Machine) -> int:
    with _keyrings(arguments, person=False) as keyrings:
        walk = Walk(kind, _surroundings(arguments, machine, keyrings))
        walk.forget()
    say("forgot where it was interrupted" if walk.resumed else "nothing was left of an interrupted set-up")
    return ExitCode.FINE


def _unattended(kind: Kind, arguments: argparse.Namespace, machine: Machine) -> int:
    from ppinui.cli.setup import setup_answers

    path = Path(arguments.answers)
    given = setup_answers.read_answers(path)
    with _keyrings(arguments, person=False) as keyrings:
        around = _surroundings(arguments, machine, keyrings)
        walk = setup_answers.make_walk(kind, around, given, str(path))
        with contextlib.closing(SecretSource(arguments, person=False)) as secrets:
            return setup_answers.run(walk, secrets, arguments.format, config=arguments.config)


def _prompted(arguments: argparse.Namespace, machine: Machine) -> int:
    from ppinui.cli.setup.exit_words import LeftError
    from ppinui.cli.setup.setup_prompts import Prompts

    name = arguments.kind
    with (
        _keyrings(arguments, person=True) as keyrings,
        contextlib.closing(SecretSource(arguments, person=True)) as secrets,
    ):
        prompts = Prompts(secrets, config=arguments.config)
        try:
            if name is None:
                name = prompts.choose_kind(KINDS, interrupted(state_folder(os.environ)))
            return prompts.go(Walk(kind_named(name), _surroundings(arguments, machine, keyrings)))
        except LeftError:
            if name is not None and prompts.not_kept is None:
                say(_how_to_go_on(name, arguments.config))
            return ExitCode.FINE
        except KeyboardInterrupt:
            if name is not None and prompts.not_kept is None:
                say("\n" + _how_to_go_on(name, arguments.config))
            raise


def _how_to_go_on(kind: str, config: str | None) -> str:
    command = rewrite_commands(f"ppinui setup {kind}", config)
    return f"Your answers are kept, without any password. Go on with: {command}"


@contextlib.contextmanager
def _keyrings(arguments: argparse.Namespace, *, person: bool) -> Iterator[UserKeyrings]:
    keyrings = UserKeyrings(
        choice_of(arguments.keyring, os.environ, deadline=arguments.keyring_timeout),
        environ=os.environ,
        passphrases=PassphraseFinder(
            descriptor=arguments.vault_passphrase_fd,
            environ=os.environ,
            asker=TerminalAsker() if person else None,
        ),
        keyspace=arguments.keyspace,
    )
    with contextlib.closing(keyrings):
        yield keyrings


def _surroundings(arguments: argparse.Namespace, machine: Machine, keyrings: UserKeyrings) -> Surroundings:
    return Surroundings(
        machine, keyrings, arguments.config, arguments.secrets, arguments.module, arguments.ppin
    )
