"""``ppinui vault``: making the encrypted file, and changing its passphrase."""

from __future__ import annotations

import argparse
import os

from ppinui.audit import trace
from ppinui.cli.console import emit, say
from ppinui.errors import ExitCode, SecretUnavailable
from ppinui.secrets.prompt import TerminalAsker
from ppinui.secrets.secret import Secret
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.passphrase import PassphraseFinder, read_passphrase
from ppinui.secrets.vault.vault_file import vault_path
from ppinui.secrets.vault_keyring import unlock
from ppinui.workers.hardening import harden


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; the result is the exit code."""
    harden()
    path = vault_path(os.environ)
    if arguments.action == "create":
        passphrase = _new_passphrase(arguments.vault_passphrase_fd)
        vault.create(path, passphrase, make_folder="PPINUI_VAULT" not in os.environ)
        trace("create vault", path)
        emit(f"{path}\n")
        say("use it with --keyring vault, or PPINUI_KEYRING=vault; nobody can recover its passphrase")
        return ExitCode.FINE
    existing = vault.Vault(path)
    existing.check()
    finder = PassphraseFinder(
        descriptor=arguments.vault_passphrase_fd, environ=os.environ, asker=TerminalAsker()
    )
    unlock(existing, finder)
    existing.change_passphrase(_new_passphrase(arguments.new_passphrase_fd))
    trace("change vault passphrase", path)
    say("the passphrase is changed; copies of the file that were made before still open with the old one")
    return ExitCode.FINE


def _new_passphrase(descriptor: int | None) -> Secret:
    """From a descriptor, or typed twice."""
    if descriptor is not None:
        return read_passphrase(descriptor)
    asker = TerminalAsker()
    passphrase = asker.ask("New passphrase of the vault: ")
    if passphrase != asker.ask("The same again: "):
        raise SecretUnavailable(
            "the two passphrases differ", "the terminal", "start again; nothing was changed"
        )
    return passphrase
