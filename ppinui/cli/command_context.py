"""The context of a command, by its arguments."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from ppinui.cli.console import say
from ppinui.errors import PpinuiError
from ppinui.services.context import Context, Host
from ppinui.text import printable


def context_of(
    arguments: argparse.Namespace,
    environ: Mapping[str, str] = os.environ,
    *,
    host: Host | None = None,
    person: bool = True,
) -> Context:
    """The context that the arguments name; an option that the command does not have counts as not given.

    ``host``: made before this process was hardened, where its limits matter. ``person``: the terminal, if
    there is one, is asked for the vault's passphrase.
    """
    given = vars(arguments)
    return Context(
        environ,
        config=arguments.config,
        secrets=arguments.secrets,
        module=given.get("module"),
        ppin=given.get("ppin"),
        keyring=given.get("keyring"),
        keyring_timeout=given.get("keyring_timeout", Context.keyring_timeout),
        keyspace=given.get("keyspace"),
        passphrase_descriptor=given.get("vault_passphrase_fd"),
        may_ask=person,
        timeout=given.get("timeout", Context.timeout),
        host=host or Host(),
    )


def say_whose_keyring(context: Context) -> None:
    """Say that the keyring is root's, where sudo was used."""
    if (who := context.environ.get("SUDO_USER")) and os.geteuid() == 0:
        backend = context.keyrings.store().backend()
        say(f"note: this is the keyring of root ({backend.name}), not the one of {printable(who)}")


def say_without_keyring(error: PpinuiError) -> None:
    """Say that the keyring fails, and the command goes on without it."""
    say(f"note: the keyring is not used: {printable(error.message)} ({printable(error.place)})")
