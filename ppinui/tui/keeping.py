"""The app's view of the secrets: what is kept where, and operations on it, away from the screen's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from ppinui.config.locate import secrets_location
from ppinui.config.primus import PrimusConfig
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.probe.result import SlotResult
from ppinui.secrets import secretsfile, transfer, vault
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.keyring_process import Backend, KeyringChoice, KeyringProcess, choice_of
from ppinui.secrets.kinds import SecretKind, StoredSecret
from ppinui.secrets.names import KnownUsers
from ppinui.secrets.offering import Offered, offer_all
from ppinui.secrets.operations import Operations
from ppinui.secrets.secret import Secret
from ppinui.secrets.secretsfile import FileEntry, Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.unlocking import PassphraseFinder
from ppinui.secrets.vault_file import vault_path
from ppinui.setup.proving import mark_rejected
from ppinui.setup.users import known_users
from ppinui.tui.background import Lane
from ppinui.tui.screens.prompt import Prompt
from ppinui.tui.states import SecretState

if TYPE_CHECKING:
    from ppinui.secrets.fetching import Fetcher
    from ppinui.tui.app import PpinuiApp

Result = TypeVar("Result")


@dataclass(frozen=True)
class SecretRow:
    """What is known of one secret; nothing of the secret itself."""

    kind: SecretKind
    name: str
    in_file: bool = False
    in_config: bool = False
    in_keyring: bool | None = None
    """None while the keyring was not asked."""
    facts: str = ""
    """Since when it is in the keyring, from where, whether it was validated."""
    rejected: str = ""
    """By whom it was rejected."""
    flaw: str = ""
    """Why the entry of the keyring cannot be used."""

    @property
    def state(self) -> SecretState:
        """In one word."""
        if self.rejected:
            return SecretState("rej!", "rejected", "error")
        if self.flaw:
            return SecretState("bad!", "unreadable", "error")
        if self.in_config:
            return SecretState("clear", "clear text", "warning")
        if self.in_file:
            return SecretState("file", "file", "good")
        if self.in_keyring:
            return SecretState("ring", "keyring", "good")
        if self.in_keyring is None:
            return SecretState("?", "?", "faint")
        if self.kind is SecretKind.PIN:
            return SecretState("–", "not kept", "faint")
        return SecretState("none", "missing", "error")

    @property
    def words(self) -> str:
        """State and age."""
        more = self.rejected or self.facts or self.flaw
        return f"{self.state.long} ({more})" if more else self.state.long


@dataclass(frozen=True)
class Kept:
    """All secrets at one moment."""

    rows: tuple[SecretRow, ...]
    backend: Backend | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Keeper:
    """The keyring, .secrets.cfg and ppin of one app."""

    app: PpinuiApp
    choice: KeyringChoice | Literal["usual"] | None
    """``usual``: as the environment says; None: there is none here."""
    kept: Kept = Kept(())
    _lane: Lane = field(default_factory=Lane)
    _store: SecretStore | None = None
    _keyring: KeyringProcess | None = None

    @property
    def is_open(self) -> bool:
        """Whether the keyring was asked already: before that nobody is bothered by its prompts."""
        return self._store is not None

    async def look(self, *, at_keyring: bool) -> None:
        """Find out where each secret is; the keyring is opened where ``at_keyring``. Raises PpinuiError."""
        config = self.app.main.config
        kept = await self._lane.do(lambda: self._look(config, at_keyring=at_keyring))
        self.kept = kept
        self.app.main.states.secrets = states_of(config, kept.rows)
        self.app.main.states.secret_lines = {
            (row.kind.value, row.name): (row.words, row.state.name) for row in kept.rows
        }
        self.app.main.states_changed()

    def config_changed(self) -> None:
        """There are other slots now: show for them what is known."""
        self.app.main.states.secrets = states_of(self.app.main.config, self.kept.rows)

    async def do(self, work: Callable[[Operations], Result]) -> Result:
        """An operation on the secrets of the configuration on the screen. Raises PpinuiError."""
        known = known_users(self.app.main.config)
        return await self._lane.do(lambda: work(self._operations(known)))

    async def use(self, choice: KeyringChoice) -> None:
        """Take another keyring from now on."""
        self.choice = choice
        await self._lane.do(self._close)

    async def make_vault(self, passphrase: Secret) -> Path:
        """Make the vault, and take it as the keyring. Raises PpinuiError."""
        environ = self.app.setup.keyring_environ
        path = vault_path(environ)
        make_folder = "PPINUI_VAULT" not in environ
        await self._lane.do(lambda: vault.create(path, passphrase, make_folder=make_folder))
        self.app.setup.tracer("create vault", path)
        await self.use(KeyringChoice("vault", "the secrets screen"))
        return path

    async def pin(self, user: str) -> StoredSecret | None:
        """The PIN that is kept of a partition, for use. Raises PpinuiError where it was rejected before."""
        store = self._store
        if store is None:
            return None
        return await self._lane.do(lambda: store.offer(SecretKind.PIN, user))

    async def mark_rejected(self, secret: StoredSecret, by: str) -> None:
        """An HSM has rejected a secret of the keyring: nobody offers it again."""
        store = self._store
        if store is not None:
            await self._lane.do(lambda: store.mark_rejected(secret, by))

    async def offer(self, keys: Collection[Key]) -> tuple[bytes, Offered] | None:
        """A .secrets.cfg for a test of these users, and what the keyring gave for it.

        Whom the applications' file has is taken from there, as the applications do. None where the keyring
        has not been opened, or has nothing for the others. Raises PpinuiError.
        """
        store = self._store
        if store is None:
            return None
        known = known_users(self.app.main.config)
        return await self._lane.do(lambda: self._offer(store, known, keys))

    async def tested(self, offered: Offered, results: Iterable[SlotResult]) -> None:
        """Mark in the keyring what was rejected, and wipe what was offered."""
        store = self._store
        try:
            if store is not None:
                await self._lane.do(lambda: mark_rejected(store, offered, results))
        finally:
            offered.wipe()

    def fetcher(self) -> Fetcher:
        """The vendor's ppin. Raises PpinuiError."""
        from ppinui.provider.ppin import Ppin
        from ppinui.provider.ppin_binary import find_ppin

        environ = self.app.setup.keyring_environ
        return Ppin(find_ppin(None, environ=environ), environ=environ)

    def ask(self, prompt: str) -> Secret:
        """Ask the user, from the lane's thread; the screen shows a masked field. Raises SecretUnavailable."""
        answered = threading.Event()
        answers: list[Secret | None] = []

        def take(secret: Secret | None) -> None:
            answers.append(secret)
            answered.set()

        def show() -> None:
            self.app.push_screen(Prompt(prompt.strip().rstrip(":").rstrip()), take)

        self.app.call_from_thread(show)
        answered.wait()
        if (given := answers[0]) is None:
            raise SecretUnavailable("nothing was entered", prompt.strip(" :"), "begin again and type it")
        return given

    # -- in the lane ---------------------------------------------------------------------------------------

    def _opened(self) -> SecretStore:
        if self._store is None:
            if self.choice is None:
                raise SecretUnavailable(
                    "there is no keyring here", "the demo", "open ppinui on a configuration of yours"
                )
            environ = self.app.setup.keyring_environ
            choice = choice_of(None, environ) if self.choice == "usual" else self.choice
            finder = PassphraseFinder(environ=environ, asker=self)
            open_keyring = self.app.setup.open_keyring or KeyringProcess
            self._keyring = open_keyring(choice, environ=environ, passphrases=finder)
            store = SecretStore(self._keyring)
            store.backend()
            self._store = store
        return self._store

    def _close(self) -> None:
        if self._keyring is not None:
            self._keyring.close()
        self._keyring = self._store = None

    def _operations(self, known: KnownUsers) -> Operations:
        return Operations(self._opened(), known, trace=self.app.setup.tracer)

    def _offer(
        self, store: SecretStore, known: KnownUsers, keys: Collection[Key]
    ) -> tuple[bytes, Offered] | None:
        in_file = {(entry.kind, entry.name): entry for entry in self._entries(known, [])}
        offered = offer_all(store, [key for key in keys if key not in in_file])
        if not offered.secrets:
            return None
        theirs = [
            StoredSecret(kind, name, entry=in_file[kind, name].opaque)
            for kind, name in keys
            if (kind, name) in in_file
        ]
        return secretsfile.compose([*theirs, *offered.secrets.values()]), offered

    def _look(self, config: PrimusConfig, *, at_keyring: bool) -> Kept:
        known = known_users(config)
        notes: list[str] = []
        in_file = tuple((entry.kind, entry.name) for entry in self._entries(known, notes))
        store = self._opened() if at_keyring or self._store is not None else None
        rows = tuple(_rows(known, in_file, store))
        return Kept(rows, store.backend() if store is not None else None, tuple(notes))

    def _entries(self, known: KnownUsers, notes: list[str]) -> Sequence[FileEntry]:
        """What the applications' .secrets.cfg has."""
        setup = self.app.setup
        try:
            location = secrets_location(setup.secrets_file, environ=setup.keyring_environ, must_exist=False)
            if not location.exists or setup.keyring is None:
                return ()
            text = transfer.read_secrets_file(location.path)
            return secretsfile.read(
                text, str(location.path), partitions=known.partitions, proxies=known.proxies
            )
        except PpinuiError as error:
            notes.append(f"{error.message} ({error.place})")
            return ()


def _rows(known: KnownUsers, in_file: Iterable[Key], store: SecretStore | None) -> Iterator[SecretRow]:
    there = frozenset(in_file)
    users: list[Key] = [(SecretKind.PERMANENT, name) for name in known.partitions]
    users += [(SecretKind.PROXY, name) for name in known.proxies]
    users += [(SecretKind.PIN, name) for name in known.partitions]
    users += sorted(there - set(users), key=lambda key: (key[0].value, key[1]))
    clear = {slot.proxy_user for slot in known.slots if slot.clear_proxy_password}
    for kind, name in users:
        row = SecretRow(
            kind,
            name,
            (kind, name) in there,
            kind is SecretKind.PROXY and name in clear,
            None if store is None else False,
        )
        yield row if store is None else _with_keyring(row, store)


def _with_keyring(row: SecretRow, store: SecretStore) -> SecretRow:
    try:
        secret = store.get(row.kind, row.name)
        if secret is None:
            return row
        rejection = store.rejection_of(secret)
        secret.wipe()
    except KeyringError as error:
        return SecretRow(row.kind, row.name, row.in_file, row.in_config, True, flaw=error.message)
    since = f", {secret.added:%Y-%m-%d %H:%M} UTC" if secret.added else ""
    facts = f"{secret.source}{since}{'' if secret.validated else ', not validated'}"
    by = f"by {rejection.by}, {rejection.when:%Y-%m-%d %H:%M} UTC" if rejection is not None else ""
    return SecretRow(row.kind, row.name, row.in_file, row.in_config, True, facts, by)


def states_of(config: PrimusConfig, rows: Iterable[SecretRow]) -> Mapping[str, SecretState]:
    """The state of each slot's secrets by its path: the worst of what it needs to connect."""
    known = {(row.kind, row.name): row.state for row in rows if row.kind is not SecretKind.PIN}
    order = {"error": 0, "warning": 1, "faint": 2, "good": 3}
    found: dict[str, SecretState] = {}
    for slot in config.slots:
        keys = [(SecretKind.PERMANENT, slot.user_name or "")]
        if slot.proxy_user:
            keys.append((SecretKind.PROXY, slot.proxy_user))
        states = [known[key] for key in keys if key in known]
        if states:
            found[slot.path] = min(states, key=lambda state: order[state.name])
    return found
