"""What the commands on secrets work with: keyring, primus.cfg, secrets file, ppin, and who is asked."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ppinui.cli.console import emit, printable, say
from ppinui.errors import PpinuiError
from ppinui.secrets.keyring_client import KeyringProcess, choice_of
from ppinui.secrets.prompt import Asker, LineAsker, TerminalAsker
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.workers.hardening import harden

if TYPE_CHECKING:
    from ppinui.config.locate import Location
    from ppinui.config.primus import Credentials, PrimusConfig
    from ppinui.provider.ppin import Ppin
    from ppinui.secrets.secret_operations import Operations
    from ppinui.secrets.secrets_file import Key


class SecretSession:
    """One command's view. The keyring's process starts at once, and works while the rest is imported."""

    def __init__(self, arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> None:
        harden()
        self._arguments = arguments
        self.environ = environ
        terminal = TerminalAsker()
        self.keyring = KeyringProcess(
            choice_of(arguments.keyring, environ, deadline=arguments.keyring_timeout),
            environ=environ,
            passphrases=PassphraseFinder(
                descriptor=arguments.vault_passphrase_fd,
                environ=environ,
                asker=terminal if terminal.available() else None,
            ),
        )
        self.keyring.start()
        self.store = SecretStore(self.keyring, keyspace=arguments.keyspace)

    def close(self) -> None:
        self.keyring.close()

    @property
    def named_keyring(self) -> str | None:
        """Which keyring the user has said to use."""
        return choice_of(self._arguments.keyring, self.environ).named

    @cached_property
    def location(self) -> Location:
        """Which primus.cfg."""
        from ppinui.config.locate import locate

        return locate(self._arguments.config, environ=self.environ)

    @cached_property
    def config(self) -> PrimusConfig:
        from ppinui.config.primus import read
        from ppinui.libconfig.document import load

        return read(load(self.location.path))

    @cached_property
    def users(self) -> Credentials:
        """Whose secrets its primus.cfg needs."""
        return self.config.credentials()

    @cached_property
    def operations(self) -> Operations:
        from ppinui.secrets.secret_operations import Operations

        return Operations(self.store, self.users)

    def in_file(self) -> tuple[Key, ...]:
        """Who has an entry in the application's .secrets.cfg; nobody, and a note, if it cannot be read."""
        from ppinui.config.locate import secrets_location
        from ppinui.secrets import transfer

        try:
            location = secrets_location(self._arguments.secrets, environ=self.environ, must_exist=False)
            if not location.exists:
                return ()
            entries = transfer.read_entries(location.path, self.users)
        except PpinuiError as error:
            say(f"note: {printable(error.message)} ({printable(error.place)})")
            return ()
        return tuple((entry.kind, entry.name) for entry in entries)

    def ppin(self) -> Ppin:
        """The vendor's ppin. Raises PpinNotFound, PpinRefused."""
        from ppinui.provider.ppin import Ppin
        from ppinui.provider.ppin_binary import find_ppin

        return Ppin(find_ppin(self._arguments.ppin, environ=self.environ), environ=self.environ)

    def asker(self, passwords: Sequence[str] = ()) -> Asker:
        """Who is asked: the command line, a descriptor, a person; standard input if it is no terminal."""
        if passwords:
            say("warning: every user of this machine can read passwords on the command line; leave them out")
            from ppinui.secrets.secret_operations import GivenAsker

            return GivenAsker(*(Secret(password) for password in passwords))
        descriptor = getattr(self._arguments, "password_fd", None)
        if descriptor is not None:
            return LineAsker(descriptor, f"--password-fd {descriptor}")
        if sys.stdin is not None and sys.stdin.isatty():
            return TerminalAsker()
        return LineAsker(0, "standard input")

    def say_whose_keyring(self) -> None:
        """Under sudo the keyring is another one than the one that people may expect."""
        if (who := self.environ.get("SUDO_USER")) and os.geteuid() == 0:
            backend = self.keyring.backend()
            say(f"note: this is the keyring of root ({backend.name}), not the one of {printable(who)}")


class BannerAsker:
    """Shows ppin's banner before the first question, as ppin does."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.asked = False
        self.prompted = isinstance(asker, TerminalAsker)
        """Whether the prompts are seen on the terminal."""

    def ask(self, prompt: str) -> Secret:
        if not self.asked:
            from ppinui.secrets.status_list import BANNER

            emit(f"{BANNER}\n")
        self.asked = True
        return self._asker.ask(prompt)
