"""What the commands on secrets share: the store, the users of primus.cfg, and who is asked for secrets."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ppinui.cli.command_context import context_of
from ppinui.cli.console import emit, say
from ppinui.errors import PpinuiError
from ppinui.secrets.prompt import Asker, LineAsker, TerminalAsker
from ppinui.secrets.secret import Secret
from ppinui.services.context import Host
from ppinui.text import printable
from ppinui.workers.hardening import harden

if TYPE_CHECKING:
    from ppinui.config.primus_config import PrimusConfig, SecretOwners
    from ppinui.secrets.secret_operations import SecretOperations
    from ppinui.secrets.secrets_file import Key


class SecretSession:
    """One command's view. The keyring's process starts at once, and works while the rest is imported."""

    def __init__(self, arguments: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> None:
        host = Host()  # before this process lowers its limits
        harden()
        self.context = context_of(arguments, environ, host=host)
        self._password_descriptor: int | None = getattr(arguments, "password_fd", None)
        self.context.keyrings.start()
        self.store = self.context.keyrings.store()

    def close(self) -> None:
        self.context.close()

    @cached_property
    def config(self) -> PrimusConfig:
        """The primus.cfg."""
        return self.context.read_config()

    @cached_property
    def users(self) -> SecretOwners:
        """Whose secrets it needs."""
        return self.config.credentials()

    @cached_property
    def operations(self) -> SecretOperations:
        """What can be done with these secrets."""
        from ppinui.secrets.secret_operations import SecretOperations

        return SecretOperations(self.store, self.users)

    def in_file(self) -> tuple[Key, ...]:
        """The entries of the application's .secrets.cfg; none, and a note, if it cannot be read."""
        from ppinui.secrets import secrets_file

        try:
            location = self.context.secrets_location()
            if not location.exists:
                return ()
            entries = secrets_file.read_entries(location.path, self.users)
        except PpinuiError as error:
            say(f"note: {printable(error.message)} ({printable(error.place)})")
            return ()
        return tuple((entry.kind, entry.name) for entry in entries)

    def asker(self, passwords: Sequence[str] = ()) -> Asker:
        """Who is asked: the command line, a descriptor, a person; standard input if it is no terminal."""
        if passwords:
            say("warning: every user of this machine can read passwords on the command line; leave them out")
            from ppinui.secrets.secret_operations import PreparedAnswers

            return PreparedAnswers(*(Secret(password) for password in passwords))
        if self._password_descriptor is not None:
            return LineAsker(self._password_descriptor, f"--password-fd {self._password_descriptor}")
        if sys.stdin is not None and sys.stdin.isatty():
            return TerminalAsker()
        return LineAsker(0, "standard input")


class BannerAsker:
    """Shows ppin's banner before the first question, as ppin does."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.asked = False
        self.prompted = isinstance(asker, TerminalAsker)
        """Whether the prompts are seen on the terminal."""

    def ask(self, prompt: str) -> Secret:
        if not self.asked:
            from ppinui.secrets.secret_operations import BANNER

            emit(f"{BANNER}\n")
        self.asked = True
        return self._asker.ask(prompt)
