"""The secrets of a connection test from where they are kept, and what its results say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import PpinuiError
from ppinui.probe.credentials import Pin, SecretSource, SlotSecrets
from ppinui.probe.plan import Plan, SlotTest
from ppinui.probe.rejection import accepted_by, credentials_of, rejected_by
from ppinui.probe.result import SlotResult
from ppinui.secrets.keyring_errors import KeyringError
from ppinui.secrets.lookup import Offered, offer_all
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import FileEntry, Key, SecretsFileError, compose, read_entries
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind, StoredSecret


class SecretsChoice(Enum):
    """``--secrets``: which memory a test uses."""

    AUTO = "auto"
    """What the application would see, .secrets.cfg, and the keyring for what is not there."""
    FILE = "file"
    KEYRING = "keyring"


class StoredCredentials:
    """Secrets from .secrets.cfg and the keyring; PINs from the keyring, else a person is asked for them."""

    def __init__(
        self,
        config: PrimusConfig,
        plan: Plan,
        *,
        secrets_file: Path | None,
        choice: SecretsChoice = SecretsChoice.AUTO,
        open_store: Callable[[], SecretStore | None],
        ask: Callable[[str], Secret],
        login: bool,
        connects: bool,
        without_file: Callable[[PpinuiError], None],
        without_keyring: Callable[[KeyringError], None] | None,
    ) -> None:
        """Asks the keyring for all that the file lacks, at once. The caller calls :meth:`wipe`.

        ``secrets_file``: the application's .secrets.cfg, None where there is none. ``open_store`` is called
        where something is needed from the keyring, and returns None where there is none to use. ``ask`` is
        called with the partition whose PIN is needed. ``connects``: the module takes permanent secrets and
        proxy passwords. ``without_file`` is called for a .secrets.cfg that cannot be read: the test goes on,
        and the library says what it makes of the file. ``without_keyring`` is called for a keyring that
        fails, and the test goes on without; if it is None, KeyringError is raised.
        """
        self._ask = ask
        self._connects = connects
        self._pins: dict[str, Pin] = {}
        self._file: dict[Key, FileEntry] = {}
        self._store: SecretStore | None = None
        self._offered = Offered({}, {}, ())
        if connects and choice is not SecretsChoice.KEYRING and secrets_file is not None:
            try:
                entries = read_entries(secrets_file, config.credentials())
                self._file = {(entry.kind, entry.name): entry for entry in entries}
            except PpinuiError as error:
                without_file(error)
        wanted: list[Key] = []
        if connects and choice is not SecretsChoice.FILE:
            keys = [key for test in plan.tests for key in _keys_of(test) if key[0] not in test.in_clear]
            wanted += [key for key in keys if key not in self._file]
        if login:
            wanted += [(SecretKind.PIN, user) for user in plan.users]
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
            composed = compose(stored)
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

    def mark_rejected(self, results: Iterable[SlotResult]) -> None:
        """Mark in the keyring what an HSM has rejected of it, so that no process offers it again."""
        if self._store is not None:
            mark_rejected(self._store, self._offered.secrets, results)

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
    offered = credentials_of(test, connects_with_secrets=True, login=False)
    return [(credential.kind, credential.owner) for credential in offered]


def mark_rejected(
    store: SecretStore, secrets: Mapping[Key, StoredSecret], results: Iterable[SlotResult]
) -> None:
    """Mark in the keyring which of its secrets an HSM has rejected, so that no process offers them again.

    A secret that one slot of the same test was let in with is a good one, whatever another slot says.
    """
    rejected: dict[Key, str] = {}
    good: set[Key] = set()
    for result in results:
        for stage in result.stages:
            good |= _keys_in(result, accepted_by(stage))
            if stage.error is not None:
                code = f" {stage.error.hex}" if stage.error.hex else ""
                by = f"{result.hsm} ({stage.error.name}{code})"
                rejected |= dict.fromkeys(_keys_in(result, rejected_by(stage)), by)
    for key, by in rejected.items():
        if key in secrets and key not in good:
            store.mark_rejected(secrets[key], by)


def _keys_in(result: SlotResult, kinds: Iterable[SecretKind]) -> set[Key]:
    """Whose secrets of these kinds a slot's test has offered."""
    owners = {kind: result.proxy if kind is SecretKind.PROXY else result.user for kind in kinds}
    return {(kind, name) for kind, name in owners.items() if name is not None}
