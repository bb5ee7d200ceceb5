"""The keyring of the app: which one, its process, and the one thread in which it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from ppinui.errors import SecretUnavailable
from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess, may_exist
from ppinui.secrets.secret import Secret
from ppinui.secrets.store import SecretStore
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.secrets.vault.vault_file import vault_path
from ppinui.tui.background import ThreadQueue
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.dialogs.secret_dialog import SecretDialog

Result = TypeVar("Result")


class PromptCancelled(SecretUnavailable):
    """The user was asked for a secret, and went back."""


class KeyringAccess:
    """One keyring at a time, and the file beside it."""

    def __init__(self, context: ControllerContext, choice: KeyringChoice | Literal["usual"] | None) -> None:
        """``choice``: ``usual`` as the environment says; None: there is no keyring here."""
        self._context = context
        self._queue = ThreadQueue()
        self._open(choice)

    def _open(self, choice: KeyringChoice | Literal["usual"] | None) -> None:
        environ = self._context.options.context.environ
        self._opened: tuple[KeyringProcess, SecretStore] | None = None
        self.is_chosen = isinstance(choice, KeyringChoice)
        """By the user, who accepts no other one."""
        self.may_exist = choice is not None
        """Whether it is worth asking."""
        if choice is not None:
            usual = self._context.options.context.keyring_choice
            chosen = usual if choice == "usual" else choice
            self.may_exist = self.is_chosen or may_exist(chosen, environ)
            finder = PassphraseFinder(environ=environ, asker=self)
            open_keyring = self._context.options.open_keyring or KeyringProcess
            keyring = open_keyring(chosen, environ=environ, passphrases=finder)
            self._opened = keyring, SecretStore(keyring)

    @property
    def is_open(self) -> bool:
        """Whether secrets are kept here at all."""
        return self._opened is not None

    def open(self) -> tuple[KeyringProcess, SecretStore]:
        """The keyring. Raises SecretUnavailable where there is none."""
        if self._opened is None:
            raise SecretUnavailable(
                "there is no keyring here", "the demo", "open ppinui on a configuration of yours"
            )
        return self._opened

    @property
    def store(self) -> SecretStore:
        """The secrets in it. Raises SecretUnavailable where there is none."""
        return self.open()[1]

    async def run(self, work: Callable[[], Result]) -> Result:
        """What ``work`` returns or raises, in the keyring's thread."""
        return await self._queue.do(work)

    async def use(self, choice: KeyringChoice) -> None:
        """Use another keyring from now on."""
        before = self._opened
        self._open(choice)
        if before is not None:
            await self.run(before[0].close)

    async def make_vault(self, passphrase: Secret) -> Path:
        """Make the vault, and use it as the keyring. Raises PpinuiError."""
        environ = self._context.options.context.environ
        path = vault_path(environ)
        make_folder = "PPINUI_VAULT" not in environ
        await self.run(lambda: vault.create(path, passphrase, make_folder=make_folder))
        self._context.options.context.audit("create vault", path)
        await self.use(KeyringChoice("vault", "the secrets screen"))
        return path

    def secrets_file(self) -> Path | None:
        """The applications' .secrets.cfg; None where there is none, and where no secrets are kept."""
        if self._opened is None:
            return None  # where no secrets are kept, those of this machine are not looked at either
        location = self._context.options.context.secrets_location()
        return location.path if location.exists else None

    def ask(self, prompt: str, hint: str = "") -> Secret:
        """Ask the user for a secret, from another thread than the screen's. Raises PromptCancelled."""
        answered = threading.Event()
        answers: list[Secret | None] = []

        def accept(secret: Secret | None) -> None:
            answers.append(secret)
            answered.set()

        dialog = partial(SecretDialog, prompt.strip().rstrip(":").rstrip(), hint)
        self._context.call_from_thread(lambda: self._context.open_dialog(dialog(), accept))
        answered.wait()
        if (secret := answers[0]) is None:
            raise PromptCancelled("nothing was entered", prompt.strip(" :"), "begin again and type it")
        return secret

    def abandon(self) -> None:
        """The app ends: whatever the keyring asks on another screen goes away, and nothing waits for it."""
        if self._opened is not None:
            self._opened[0].abandon()
