"""The secrets of the configuration: operations on them, and the secrets of a connection test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from ppinui.secrets.secret_operations import SecretOperations
from ppinui.tui.background import run_in_thread
from ppinui.tui.controllers.keyring_access import KeyringAccess
from ppinui.tui.controllers.secrets_reader import SecretsReader

if TYPE_CHECKING:
    from ppinui.config.primus_config import PrimusConfig
    from ppinui.errors import PpinuiError
    from ppinui.probe.plan import Plan
    from ppinui.probe.result import SlotResult
    from ppinui.secrets.fetcher import Fetcher
    from ppinui.secrets.keyring_client import KeyringChoice
    from ppinui.secrets.secret import Secret
    from ppinui.secrets.store import SecretStore
    from ppinui.services.stored_credentials import StoredCredentials
    from ppinui.tui.controller_context import ControllerContext

Result = TypeVar("Result")

_PATIENCE: Final = 1.5
"""Seconds after which the screen says what takes so long."""


class SecretsController(SecretsReader):
    """Reads the secrets, and changes them, away from the screen's thread."""

    def __init__(self, context: ControllerContext, choice: KeyringChoice | Literal["usual"] | None) -> None:
        """``choice``: ``usual`` as the environment says; None: there is no keyring here."""
        self.keyring = KeyringAccess(context, choice)
        super().__init__(context, self.keyring)

    async def do(
        self, work: Callable[[SecretOperations], Result], config: PrimusConfig | None = None
    ) -> Result:
        """An operation on the secrets of a configuration, the edited one or another. Raises PpinuiError."""
        users = (config or self._context.config).credentials()
        tracer = self._context.options.context.audit
        return await self.keyring.run(lambda: work(SecretOperations(self.keyring.store, users, trace=tracer)))

    async def with_store(self, work: Callable[[SecretStore], Result]) -> Result:
        """Something with the keyring that is about no configuration. Raises PpinuiError."""
        return await self.keyring.run(lambda: work(self.keyring.store))

    async def change(self, work: Callable[[SecretStore], None]) -> None:
        """The same for what changes something there, which the tree may have to show. Raises PpinuiError."""
        await self.with_store(work)
        self.refresh_soon()

    async def credentials(
        self, config: PrimusConfig, plan: Plan, ask: Callable[[str], Secret], *, login: bool, connects: bool
    ) -> StoredCredentials:
        """The secrets of a connection test, from where the command line takes them.

        ``ask`` is asked for PINs that are not kept. Raises PpinuiError.
        """
        from ppinui.services.stored_credentials import StoredCredentials

        notes: list[str] = []
        keyring, context = self.keyring, self._context

        def without_file(error: PpinuiError) -> None:
            notes.append(f"{error.message} ({error.place})")

        def without_keyring(error: PpinuiError) -> None:
            notes.append(f"the keyring is not used: {error.message} ({error.place})")

        def find() -> StoredCredentials:
            return StoredCredentials(
                config,
                plan,
                secrets_file=keyring.secrets_file() if connects else None,
                open_store=lambda: keyring.store if keyring.may_exist else None,
                ask=ask,
                login=login,
                connects=connects,
                without_file=without_file,
                without_keyring=None if keyring.is_chosen else without_keyring,
            )

        # Not in the keyring's thread: a test that needs nothing from the keyring does not wait for it.
        waiting = context.after(_PATIENCE, partial(context.notify, "Waiting for the keyring …"))
        try:
            found = await run_in_thread(find)
        finally:
            waiting.stop()
        for note in notes:
            context.notify(note, severity="warning")
        return found

    async def tested(self, credentials: StoredCredentials, results: Iterable[SlotResult]) -> None:
        """Mark in the keyring what a test has shown to be rejected. Raises PpinuiError."""
        try:
            await self.keyring.run(lambda: credentials.mark_rejected(results))
        finally:
            self.refresh_soon()

    def fetcher(self) -> Fetcher:
        """The vendor's ppin. Raises PpinuiError."""
        return self._context.options.context.find_ppin()
