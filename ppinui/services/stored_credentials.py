"""The secrets of a connection test from where they are kept: .secrets.cfg, and the keyring."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from ppinui.probe.credentials import Pin, SecretSource, SlotSecrets
from ppinui.probe.plan import Plan, SlotTest
from ppinui.secrets import secrets_file
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.lookup import Offered, offer_all
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import FileEntry, Key, SecretsFileError
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret


class Choice(Enum):
    """``--secrets``: which memory a test uses."""

    AUTO = "auto"
    """What the application would see, .secrets.cfg, and the keyring for what is not there."""
    FILE = "file"
    KEYRING = "keyring"


class StoredSupply:
    """Secrets from .secrets.cfg and the keyring, and PINs from the keyring or whoever is asked."""

    def __init__(
        self,
        plan: Plan,
        in_file: Iterable[FileEntry],
        *,
        choice: Choice,
        open_store: Callable[[], SecretStore | None],
        ask: Callable[[str], Secret],
        with_pins: bool,
        with_connection_secrets: bool,
        without_keyring: Callable[[KeyringError], None] | None = None,
    ) -> None:
        """Asks the keyring for all that the file lacks, at once.

        ``in_file``: the entries of the application's .secrets.cfg. ``open_store`` is called where something
        is needed from the keyring, and gives None where there is none to use. ``with_connection_secrets``:
        the module is one that takes permanent secrets and proxy passwords. ``without_keyring`` is told of a
        keyring that fails, and the test goes on without; if it is None, KeyringError is raised.
        """
        self._ask = ask
        self._pins: dict[str, Pin] = {}
        self._file: dict[Key, FileEntry] = {}
        if choice is not Choice.KEYRING:
            self._file = {(entry.kind, entry.name): entry for entry in in_file}
        self._connects = with_connection_secrets
        wanted: list[Key] = []
        if with_connection_secrets and choice is not Choice.FILE:
            keys = [key for test in plan.tests for key in _keys_of(test) if key[0] not in test.in_clear]
            wanted += [key for key in keys if key not in self._file]
        if with_pins:
            wanted += [(SecretKind.PIN, user) for user in plan.users]
        self._store: SecretStore | None = None
        self._offered = Offered({}, {}, ())
        try:
            if wanted and (store := open_store()) is not None:
                self._offered = offer_all(store, wanted)
                self._store = store
        except KeyringError as error:
            if without_keyring is None:
                raise
            without_keyring(error)

    def secrets_of(self, test: SlotTest) -> SlotSecrets:
        """Composed of both memories where one alone does not do; withheld if they cannot be in one file."""
        if not self._connects:
            return SlotSecrets()
        sources: dict[SecretKind, SecretSource] = {}
        stored: list[StoredSecret] = []
        for key in _keys_of(test):
            if key in self._offered.withheld:
                return SlotSecrets(
                    {key[0]: SecretSource.KEYRING}, withheld=self._offered.withheld[key].message
                )
            sources[key[0]] = self._source_of(test, key)
            if key in self._file:
                entry = self._file[key]
                stored.append(StoredSecret(entry.kind, entry.name, entry=entry.opaque))
            elif key in self._offered.secrets:
                stored.append(self._offered.secrets[key])
        if SecretSource.KEYRING not in sources.values():
            return SlotSecrets(sources)
        passwords = Offered({(one.kind, one.name): one for one in stored}, {}, ()).proxy_passwords()
        try:
            composed = secrets_file.compose(stored)
        except SecretsFileError as error:
            return SlotSecrets(sources, withheld=error.message)
        return SlotSecrets(sources, composed, passwords.get(test.proxy or ""))

    def _source_of(self, test: SlotTest, key: Key) -> SecretSource:
        if key[0] in test.in_clear:
            return SecretSource.CONFIGURATION
        if key in self._file:
            return SecretSource.FILE
        return SecretSource.KEYRING if key in self._offered.secrets else SecretSource.MISSING

    @property
    def withheld(self) -> frozenset[Key]:
        """Secrets of the keyring that are not offered, since they were rejected before."""
        return frozenset(self._offered.withheld)

    def pin_of(self, user: str) -> Pin:
        """From the keyring; one that is not there is asked for, once; one that was rejected is neither."""
        if user not in self._pins:
            self._pins[user] = self._find_pin(user)
        return self._pins[user]

    def _find_pin(self, user: str) -> Pin:
        key = (SecretKind.PIN, user)
        if key in self._offered.withheld:
            return Pin(None, SecretSource.KEYRING, self._offered.withheld[key].message)
        stored = self._offered.secrets.get(key)
        if stored is None or stored.password is None:
            return Pin(self._ask(user), SecretSource.ASKED)
        # The run wipes what it is given; the store's copy is wiped with the rest.
        return Pin(Secret(stored.password.reveal_bytes()), SecretSource.KEYRING)

    @property
    def taken_from_keyring(self) -> tuple[SecretStore, Offered] | None:
        """The store and what it offered, for marking what was rejected; None if nothing came from there."""
        return (self._store, self._offered) if self._store and self._offered.secrets else None

    def wipe(self) -> None:
        """Overwrite what came from the keyring and the file, and what was asked for."""
        self._offered.wipe()
        for pin in self._pins.values():
            if pin.secret is not None:
                pin.secret.wipe()
        for entry in self._file.values():
            entry.opaque.group.wipe()
            entry.opaque.frame.wipe()


def _keys_of(test: SlotTest) -> list[Key]:
    """The secrets that a Primus connects with for this slot."""
    keys: list[Key] = [(SecretKind.PROXY, test.proxy)] if test.proxy else []
    return [*keys, (SecretKind.PERMANENT, test.user)]
