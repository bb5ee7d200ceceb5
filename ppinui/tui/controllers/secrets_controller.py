"""The app's view of the secrets: what is kept where, and operations on it, away from the screen's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from ppinui.config.locate import secrets_location
from ppinui.config.primus import PrimusConfig
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.secrets import secrets_file
from ppinui.secrets.keyring_client import KeyringChoice, KeyringProcess, choice_of, may_exist
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import SecretOperations
from ppinui.secrets.store import SecretStore
from ppinui.secrets.vault import vault
from ppinui.secrets.vault.passphrase import PassphraseFinder
from ppinui.secrets.vault.vault_file import vault_path
from ppinui.tui.background import Lane, off_screen
from ppinui.tui.controllers.secrets_snapshot import (
    Kept,
    SecretRow,
    SecretsSeen,
    Unseen,
    rows_without_keyring,
    states_of,
    why_unseen,
    with_keyring,
)
from ppinui.tui.dialogs.secret_dialog import Prompt

if TYPE_CHECKING:
    from ppinui.probe.plan import Plan
    from ppinui.probe.result import SlotResult
    from ppinui.secrets.fetcher import Fetcher
    from ppinui.services.stored_credentials import StoredCredentials
    from ppinui.tui.app import PpinuiApp

Result = TypeVar("Result")

_Users = frozenset[tuple[str | None, str | None, bool]]

_PATIENCE: Final = 1.5
"""Seconds after which people are told what it is that takes so long."""
_MOMENT: Final = 0.5
"""Seconds for which the keyring is read in the background before somebody who waits for it has a turn."""


class GivenUpError(SecretUnavailable):
    """Somebody was asked for a secret, and went back."""


class Keeper:
    """The keyring, .secrets.cfg and ppin of one app."""

    def __init__(self, app: PpinuiApp, choice: KeyringChoice | Literal["usual"] | None) -> None:
        """``choice``: ``usual`` as the environment says; None: there is no keyring here."""
        self.app = app
        self.kept = Kept()
        self._lane = Lane()
        self._take(choice)
        self._looks = 0
        """Counts beginnings and ends of :meth:`look`: what was seen in the background meanwhile is old."""
        self._is_looking = False
        """In the background."""
        self._is_due = False
        """That is to be begun, or begun anew."""
        self._users: _Users = frozenset()
        """Whose secrets were looked for last."""

    # -- looking -------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Find out where each secret is; the keyring may ask its user.

        Raises PpinuiError where the keyring cannot be had; what the files say is shown then all the same.
        """
        config = self.app.main.config
        self._looks += 1
        try:
            kept = await self._lane.do(lambda: self._look(config))
        except SecretUnavailable as error:
            why = Unseen.NO_KEYRING if self._held is None else why_unseen(error)
            self._show(await self._lane.do(lambda: self._in_files(config, why)))
            raise
        finally:
            self._looks += 1
        self._show(kept)

    def look_soon(self) -> None:
        """Find out in the background where each secret is, as far as nobody has to be asked for anything."""
        if self.app.opened is None:
            return  # without a configuration there are none to look for
        self._users = _users_of(self.app.main.config)
        self._is_due = True
        if not self._is_looking:
            self._is_looking = True
            self.app.in_flow(self._look_quietly(), "look")

    def look_again(self) -> None:
        """The same, unless it is being done."""
        if not self._is_looking:
            self.look_soon()

    def config_changed(self) -> None:
        """There are other slots now: show for them what is known, and look for what is not."""
        self.app.main.states.secrets = states_of(self.app.main.config, self.kept.rows)
        if _users_of(self.app.main.config) != self._users:
            self.look_soon()

    async def _look_quietly(self) -> None:
        try:
            while self._is_due:
                self._is_due = False
                await self._look_once_quietly()
        finally:
            self._is_looking = False

    async def _look_once_quietly(self) -> None:
        looks, config = self._looks, self.app.main.config
        unseen = Unseen.NOT_YET if self._may_have_keyring else Unseen.NO_KEYRING
        kept = await self._lane.do(lambda: self._in_files(config, unseen))
        rows, read = list(kept.rows), len(kept.rows)
        if unseen is Unseen.NOT_YET:
            # What was known before stays until it is known anew.
            before = {row.key: row for row in self.kept.rows}
            rows, read = [_updated(row, before.get(row.key)) for row in rows], 0
        while looks == self._looks and not self._is_due:
            self._show(replace(kept, rows=tuple(rows), backend=self.kept.backend))
            if read == len(rows):
                break
            try:
                seen = await self._lane.do(partial(self._some_quietly, rows[read:]))
            except SecretUnavailable as error:
                rows, read = [replace(row, unseen=why_unseen(error)) for row in kept.rows], len(rows)
            else:
                rows[read : read + len(seen)] = seen
                read += len(seen)

    def _show(self, kept: Kept) -> None:
        self.kept = kept
        states = self.app.main.states
        states.secrets = states_of(self.app.main.config, kept.rows)
        states.secret_lines = {(row.kind.value, row.name): (row.words, row.state.name) for row in kept.rows}
        self.app.main.states_changed()
        self.app.screen.post_message(SecretsSeen())

    # -- using ---------------------------------------------------------------------------------------------

    async def do(
        self, work: Callable[[SecretOperations], Result], config: PrimusConfig | None = None
    ) -> Result:
        """An operation on the secrets of a configuration, the one on the screen or another.

        Raises PpinuiError.
        """
        users = (config or self.app.main.config).credentials()
        return await self._lane.do(
            lambda: work(SecretOperations(self._hold()[1], users, trace=self.app.setup.tracer))
        )

    async def with_store(self, work: Callable[[SecretStore], Result]) -> Result:
        """Something with the keyring that is about no configuration. Raises PpinuiError."""
        return await self._lane.do(lambda: work(self._hold()[1]))

    async def change(self, work: Callable[[SecretStore], None]) -> None:
        """The same for what changes something there, which the tree may have to show. Raises PpinuiError."""
        await self.with_store(work)
        self.look_soon()

    @property
    def may_have_keyring(self) -> bool:
        """Whether it is worth asking."""
        return self._may_have_keyring

    async def use(self, choice: KeyringChoice) -> None:
        """Take another keyring from now on."""
        before = self._held
        self._take(choice)
        if before is not None:
            await self._lane.do(before[0].close)

    async def make_vault(self, passphrase: Secret) -> Path:
        """Make the vault, and take it as the keyring. Raises PpinuiError."""
        environ = self.app.setup.keyring_environ
        path = vault_path(environ)
        make_folder = "PPINUI_VAULT" not in environ
        await self._lane.do(lambda: vault.create(path, passphrase, make_folder=make_folder))
        self.app.setup.tracer("create vault", path)
        await self.use(KeyringChoice("vault", "the secrets screen"))
        return path

    async def supply(
        self,
        config: PrimusConfig,
        plan: Plan,
        ask: Callable[[str], Secret],
        *,
        login: bool,
        connects: bool,
    ) -> StoredCredentials:
        """The secrets of a connection test, from where the command line takes them.

        ``ask`` is asked for PINs that are not kept. Raises PpinuiError.
        """
        from ppinui.services.stored_credentials import StoredCredentials

        notes: list[str] = []

        def without_file(error: PpinuiError) -> None:
            notes.append(f"{error.message} ({error.place})")

        def without_keyring(error: PpinuiError) -> None:
            notes.append(f"the keyring is not used: {error.message} ({error.place})")

        def find() -> StoredCredentials:
            return StoredCredentials(
                config,
                plan,
                secrets_file=self._secrets_file() if connects else None,
                open_store=lambda: self._hold()[1] if self._may_have_keyring else None,
                ask=ask,
                login=login,
                connects=connects,
                without_file=without_file,
                without_keyring=None if self._is_chosen else without_keyring,
            )

        # Not in the lane: a test that needs nothing from the keyring does not wait for whoever does.
        waiting = self.app.set_timer(_PATIENCE, partial(self.app.notify, "Waiting for the keyring …"))
        try:
            supply = await off_screen(find)
        finally:
            waiting.stop()
        for note in notes:
            self.app.notify(note, markup=False, severity="warning")
        return supply

    async def tested(self, supply: StoredCredentials, results: Iterable[SlotResult]) -> None:
        """Mark in the keyring what was rejected of a supply. Raises PpinuiError."""
        try:
            await self._lane.do(lambda: supply.mark_rejected(results))
        finally:
            self.look_soon()

    def fetcher(self) -> Fetcher:
        """The vendor's ppin. Raises PpinuiError."""
        from ppinui.provider.ppin import Ppin
        from ppinui.provider.ppin_binary import find_ppin

        environ = self.app.setup.keyring_environ
        return Ppin(find_ppin(None, environ=environ), environ=environ)

    def ask(self, prompt: str, hint: str = "") -> Secret:
        """Ask the user, from another thread than the screen's; the screen shows a masked field.

        Raises GivenUpError.
        """
        answered = threading.Event()
        answers: list[Secret | None] = []

        def take(secret: Secret | None) -> None:
            answers.append(secret)
            answered.set()

        def show() -> None:
            self.app.push_screen(Prompt(prompt.strip().rstrip(":").rstrip(), hint), take)

        self.app.call_from_thread(show)
        answered.wait()
        if (given := answers[0]) is None:
            raise GivenUpError("nothing was entered", prompt.strip(" :"), "begin again and type it")
        return given

    def leave(self) -> None:
        """The app ends: whatever the keyring asks on another screen goes away, and nobody waits for it."""
        if self._held is not None:
            self._held[0].abandon()

    def _take(self, choice: KeyringChoice | Literal["usual"] | None) -> None:
        environ = self.app.setup.keyring_environ
        self._held: tuple[KeyringProcess, SecretStore] | None = None
        self._is_chosen = isinstance(choice, KeyringChoice)
        """By somebody who wants no other one."""
        self._may_have_keyring = choice is not None
        if choice is not None:
            taken = choice_of(None, environ) if choice == "usual" else choice
            self._may_have_keyring = self._is_chosen or may_exist(taken, environ)
            finder = PassphraseFinder(environ=environ, asker=self)
            open_keyring = self.app.setup.open_keyring or KeyringProcess
            keyring = open_keyring(taken, environ=environ, passphrases=finder)
            self._held = keyring, SecretStore(keyring)

    # -- away from the screen ------------------------------------------------------------------------------

    def _hold(self) -> tuple[KeyringProcess, SecretStore]:
        if self._held is None:
            raise SecretUnavailable(
                "there is no keyring here", "the demo", "open ppinui on a configuration of yours"
            )
        return self._held

    def _look(self, config: PrimusConfig) -> Kept:
        _, store = self._hold()
        backend = store.backend()
        kept = self._in_files(config, Unseen.NOT_YET)
        return replace(kept, rows=tuple(with_keyring(row, store) for row in kept.rows), backend=backend)

    def _some_quietly(self, rows: Sequence[SecretRow]) -> list[SecretRow]:
        """As many of these rows as a moment allows for, with what the keyring says of them."""
        (keyring, store), end = self._hold(), time.monotonic() + _MOMENT
        found: list[SecretRow] = []
        while len(found) < len(rows) and (not found or time.monotonic() < end):
            with keyring.quietly():
                found.append(with_keyring(rows[len(found)], store))
        return found

    def _in_files(self, config: PrimusConfig, unseen: Unseen) -> Kept:
        """What primus.cfg and the applications' .secrets.cfg say."""
        users = config.credentials()
        try:
            path = self._secrets_file()
            entries = secrets_file.read_entries(path, users) if path is not None else ()
        except PpinuiError as error:
            rows = rows_without_keyring(users, (), unseen)
            return Kept(rows, notes=(f"{error.message} ({error.place})",))
        return Kept(rows_without_keyring(users, [(entry.kind, entry.name) for entry in entries], unseen))

    def _secrets_file(self) -> Path | None:
        if self._held is None:
            return None  # where no secrets are kept, those of this machine are not looked at either
        setup = self.app.setup
        location = secrets_location(setup.secrets_file, environ=setup.keyring_environ, must_exist=False)
        return location.path if location.exists else None


def _users_of(config: PrimusConfig) -> _Users:
    """What changes where there are other secrets to be looked for."""
    return frozenset(
        (slot.user_name, slot.proxy_user, slot.has_clear_proxy_password) for slot in config.slots
    )


def _updated(row: SecretRow, before: SecretRow | None) -> SecretRow:
    """What was known of a secret, with what the files say now."""
    if before is None:
        return row
    return replace(before, in_file=row.in_file, in_config=row.in_config)
