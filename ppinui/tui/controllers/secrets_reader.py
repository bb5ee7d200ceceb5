"""Finding out where each secret is: at once, where the keyring may ask its user, or in the background."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.secrets import secrets_file
from ppinui.tui.controller_context import ControllerContext
from ppinui.tui.controllers.keyring_access import KeyringAccess
from ppinui.tui.controllers.secrets_snapshot import (
    SecretRow,
    SecretsSnapshot,
    Unseen,
    rows_without_keyring,
    states_of,
    why_unseen,
    with_keyring,
)
from ppinui.tui.messages import SecretsChanged, StatesChanged

_Users = frozenset[tuple[str | None, str | None, bool]]

_MOMENT: Final = 0.5
"""Seconds for which the keyring is read in the background before others that wait for it have a turn."""


class SecretsReader:
    """Reads the secrets of the edited configuration into a snapshot, which the screens show."""

    def __init__(self, context: ControllerContext, keyring: KeyringAccess) -> None:
        self._context = context
        self._keyring = keyring
        self.snapshot = SecretsSnapshot()
        self._generation = 0
        """Counts beginnings and ends of :meth:`read`: what was seen in the background meanwhile is old."""
        self._is_running = False
        """In the background."""
        self._is_due = False
        """That is to be begun, or begun anew."""
        self._users: _Users = frozenset()
        """Whose secrets were looked for last."""

    async def read(self) -> None:
        """Find out where each secret is; the keyring may ask its user.

        Raises PpinuiError where the keyring is not available; what the files say is shown all the same.
        """
        config = self._context.config
        self._generation += 1
        try:
            snapshot = await self._keyring.run(lambda: self._read(config))
        except SecretUnavailable as error:
            why = why_unseen(error) if self._keyring.is_open else Unseen.NO_KEYRING
            self._show(await self._keyring.run(lambda: self._in_files(config, why)))
            raise
        finally:
            self._generation += 1
        self._show(snapshot)

    def refresh_soon(self) -> None:
        """Find out in the background where each secret is, without asking the user for anything."""
        if self._context.opened is None:
            return  # without a configuration there are none to look for
        self._users = _users_of(self._context.config)
        self._is_due = True
        if not self._is_running:
            self._is_running = True
            self._context.start_flow(self._run_in_background(), "look")

    def refresh(self) -> None:
        """The same, unless it is being done."""
        if not self._is_running:
            self.refresh_soon()

    def document_changed(self) -> None:
        """There are other slots now: show for them what is known, and look for what is not."""
        config = self._context.config
        self._context.states.secrets = states_of(config, self.snapshot.rows)
        if _users_of(config) != self._users:
            self.refresh_soon()

    async def _run_in_background(self) -> None:
        try:
            while self._is_due:
                self._is_due = False
                await self._read_in_background()
        finally:
            self._is_running = False

    async def _read_in_background(self) -> None:
        generation, config = self._generation, self._context.config
        unseen = Unseen.NOT_YET if self._keyring.may_exist else Unseen.NO_KEYRING
        snapshot = await self._keyring.run(lambda: self._in_files(config, unseen))
        rows, read = list(snapshot.rows), len(snapshot.rows)
        if unseen is Unseen.NOT_YET:
            # What was known before stays until it is known anew.
            before = {row.key: row for row in self.snapshot.rows}
            rows, read = [_updated(row, before.get(row.key)) for row in rows], 0
        while generation == self._generation and not self._is_due:
            self._show(replace(snapshot, rows=tuple(rows), backend=self.snapshot.backend))
            if read == len(rows):
                break
            try:
                seen = await self._keyring.run(partial(self._read_some, rows[read:]))
            except SecretUnavailable as error:
                rows, read = [replace(row, unseen=why_unseen(error)) for row in snapshot.rows], len(rows)
            else:
                rows[read : read + len(seen)] = seen
                read += len(seen)

    def _show(self, snapshot: SecretsSnapshot) -> None:
        self.snapshot = snapshot
        states = self._context.states
        states.secrets = states_of(self._context.config, snapshot.rows)
        states.secret_lines = {
            (row.kind.value, row.name): (row.words, row.state.name) for row in snapshot.rows
        }
        self._context.broadcast(StatesChanged)
        self._context.broadcast(SecretsChanged)

    # -- in the keyring's thread ---------------------------------------------------------------------------

    def _read(self, config: PrimusConfig) -> SecretsSnapshot:
        store = self._keyring.store
        backend = store.backend()
        snapshot = self._in_files(config, Unseen.NOT_YET)
        rows = tuple(with_keyring(row, store) for row in snapshot.rows)
        return replace(snapshot, rows=rows, backend=backend)

    def _read_some(self, rows: Sequence[SecretRow]) -> list[SecretRow]:
        """As many of these rows as a moment allows for, with what the keyring says of them."""
        (keyring, store), end = self._keyring.open(), time.monotonic() + _MOMENT
        found: list[SecretRow] = []
        while len(found) < len(rows) and (not found or time.monotonic() < end):
            with keyring.quietly():
                found.append(with_keyring(rows[len(found)], store))
        return found

    def _in_files(self, config: PrimusConfig, unseen: Unseen) -> SecretsSnapshot:
        """What primus.cfg and the applications' .secrets.cfg say."""
        users = config.credentials()
        try:
            path = self._keyring.secrets_file()
            entries = secrets_file.read_entries(path, users) if path is not None else ()
        except PpinuiError as error:
            rows = rows_without_keyring(users, (), unseen)
            return SecretsSnapshot(rows, notes=(f"{error.message} ({error.place})",))
        return SecretsSnapshot(
            rows_without_keyring(users, [(entry.kind, entry.name) for entry in entries], unseen)
        )


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
