"""``ppinui secret``, and ppin's ``-l``, ``-a``, ``-u``, ``-r``, ``-p``, ``-x``."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable

from ppinui.cli.command_context import say_whose_keyring
from ppinui.cli.console import emit, say
from ppinui.cli.secret.secret_session import BannerAsker, SecretSession
from ppinui.errors import ExitCode, PpinuiError
from ppinui.secrets.stored_secret import SecretKind
from ppinui.text import printable


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    _refuse_to_be_ppin()
    with contextlib.closing(SecretSession(arguments)) as session:
        match arguments.action:
            case "list":
                return _list(session)
            case "status":
                from ppinui.cli.secret.secret_output import status

                return status(session, arguments.format)
            case "import" | "export" | "adopt":
                from ppinui.cli.secret import transfer_command

                return transfer_command.run(session, arguments)
        return _CHANGES[arguments.action](session, _user(arguments), arguments)


def _refuse_to_be_ppin() -> None:
    from ppinui.provider.ppin_binary import RUNNING

    if os.environ.get(RUNNING):
        raise PpinuiError(
            "ppinui was started by itself, in the place of the vendor's ppin",
            "the program called ppin",
            "name the vendor's ppin with --ppin",
        )


def _user(arguments: argparse.Namespace) -> str:
    user: str | None = arguments.named if arguments.named is not None else arguments.user
    if user is None or (arguments.named is not None and arguments.user is not None):
        raise PpinuiError(
            "this needs one user",
            f"the command line, at 'ppinui secret {arguments.action}'",
            f"ppinui secret {arguments.action} NAME; 'ppinui -l' lists the names",
        )
    return user


def _list(session: SecretSession) -> int:
    say_whose_keyring(session.context)
    _print_rows(session)
    return ExitCode.FINE


def _fetch(session: SecretSession, user: str, arguments: argparse.Namespace) -> int:
    session.users.copies(user)
    fetcher = session.context.find_ppin()
    say_whose_keyring(session.context)
    asker = BannerAsker(session.asker(arguments.passwords))
    operations = session.operations
    (operations.add if arguments.action == "add" else operations.update)(user, asker, fetcher)
    _print_rows(session, after=asker)
    return ExitCode.FINE


def _add_proxy(session: SecretSession, user: str, arguments: argparse.Namespace) -> int:
    from ppinui.provider.ppin_binary import PpinNotFound

    session.users.behind(user)
    try:
        fetcher = session.context.find_ppin()
    except PpinNotFound as error:
        if arguments.ppin:
            raise
        fetcher = None
        missing = error
    say_whose_keyring(session.context)
    asker = BannerAsker(session.asker(arguments.passwords))
    if not session.operations.add_proxy(user, asker, fetcher):
        say(f"note: the password of '{printable(user)}' was kept, but not validated: {missing.message}")
    _print_rows(session, after=asker)
    return ExitCode.FINE


def _forget(session: SecretSession, user: str, arguments: argparse.Namespace) -> int:
    kind = SecretKind.PROXY if arguments.action == "remove-proxy" else SecretKind.PERMANENT
    say_whose_keyring(session.context)
    session.operations.remove(kind, user)
    if (kind, user) in session.in_file():
        say(f"note: '{printable(user)}' is in the applications' secrets file too, and stays there")
    _print_rows(session, only=user)
    return ExitCode.FINE


def _set_pin(session: SecretSession, user: str, arguments: argparse.Namespace) -> int:
    say_whose_keyring(session.context)
    session.operations.set_pin(user, session.asker(arguments.passwords))
    say(f"kept the PIN of '{printable(user)}'; nothing was tried with it: ppinui --test --login does")
    return ExitCode.FINE


def _remove_pin(session: SecretSession, user: str, _: argparse.Namespace) -> int:
    say_whose_keyring(session.context)
    session.operations.remove(SecretKind.PIN, user)
    say(f"forgot the PIN of '{printable(user)}'")
    return ExitCode.FINE


def _print_rows(session: SecretSession, *, after: BannerAsker | None = None, only: str | None = None) -> None:
    """ppin's list, under its banner; behind prompts an empty line comes first."""
    from ppinui.secrets.keyring_errors import NoBackendError
    from ppinui.secrets.secret_operations import BANNER, Where, status_rows

    in_file = session.in_file()
    keyring_asked = True
    try:
        rows = status_rows(session.users, session.store, in_file, everywhere=True)
    except NoBackendError:
        if session.context.keyring_choice.named is not None:
            raise
        # Without a keyring, the file alone may have everything, as with ppin.
        rows = status_rows(session.users, session.store, in_file)
        keyring_asked = False
    lines = ["", BANNER] if after is not None and after.prompted else [BANNER]
    lines += [printable(row.text()) for row in rows if only is None or row.name == only]
    emit("\n".join(lines) + "\n")
    elsewhere = dict.fromkeys(row.name for row in rows if row.where == (Where.FILE,))
    if elsewhere and only is None and keyring_asked:
        names = ", ".join(map(printable, elsewhere))
        say(f"note: in the secrets file alone: {names}; 'ppinui secret import FILE' takes them")


_CHANGES: dict[str, Callable[[SecretSession, str, argparse.Namespace], int]] = {
    "add": _fetch,
    "update": _fetch,
    "remove": _forget,
    "add-proxy": _add_proxy,
    "remove-proxy": _forget,
    "set-pin": _set_pin,
    "remove-pin": _remove_pin,
}
