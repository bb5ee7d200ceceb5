"""What can be done with stored secrets: add, replace, remove, list; each is done wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Final

from ppinui.audit import trace
from ppinui.config.primus_config import SecretOwners, Slot, require_safe_name
from ppinui.config.single_slot import slot_configuration
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.secrets import secrets_file
from ppinui.secrets.fetcher import Configuration, Fetcher, FetchFailed
from ppinui.secrets.hints import command_to_replace, command_to_store
from ppinui.secrets.prompt import Asker
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import OpaqueEntry, SecretKind, StoredSecret

Trace = Callable[[str, Path], None]


class SecretOperations:
    """Operations on the secrets of one keyspace, for the users of one primus.cfg.

    All raise PpinuiError: KeyringError when the keyring fails, FetchFailed when ppin or the HSM does,
    SecretUnavailable when a secret that is asked for is not entered. Then what was stored before still is.
    """

    def __init__(self, store: SecretStore, owners: SecretOwners, *, trace: Trace = trace) -> None:
        """``trace`` is called with a word or two and a place for each change."""
        self.store = store
        self.owners = owners
        self._trace = trace

    def add(self, partition: str, asker: Asker, fetcher: Fetcher) -> None:
        """Fetch the permanent secret of a partition that has none."""
        self.owners.copies(partition)
        present = self.store.get(SecretKind.PERMANENT, partition)
        if present is not None:
            present.wipe()
            raise PpinuiError(
                f"HSM/User configuration already exists: there is a secret of '{partition}'",
                self._place(SecretKind.PERMANENT, partition),
                f"replace it: {command_to_replace(SecretKind.PERMANENT, partition)}",
            )
        self.update(partition, asker, fetcher)

    def update(self, partition: str, asker: Asker, fetcher: Fetcher) -> None:
        """Fetch the permanent secret of a partition, and put it in the place of the one before.

        ``asker`` is asked for setup password and PIN last, when all else has been checked.
        """
        configurations = self._configurations(self.owners.copies(partition))
        proxies = [self._proxy(name) for name in self.owners.proxies_of(partition)]
        self.store.prove_writable()
        setup_password = _answer(asker, f"Provide setup password for '{partition}': ")
        pin = _answer(asker, f"Provide PKCS11 password for '{partition}': ")
        try:
            start = self._with_proxies(proxies, fetcher)
            made = fetcher.add(
                partition, setup_password, pin, configurations=configurations, secrets_file=start
            )
        finally:
            setup_password.wipe()
            pin.wipe()
        self.put(
            StoredSecret(
                SecretKind.PERMANENT,
                partition,
                entry=self._entry_in(made, SecretKind.PERMANENT, partition),
                source="fetched by ppin",
                validated=True,
            )
        )

    def add_proxy(self, proxy: str, asker: Asker, fetcher: Fetcher | None) -> bool:
        """Store the password of a service user, in the place of the one before.

        With a ``fetcher`` the proxy has to accept it first. Returns whether that was so.
        """
        self.owners.behind(proxy)
        self.store.prove_writable()
        password = _answer(asker, f"Provide proxy password for '{proxy}' : ")
        secret = StoredSecret(SecretKind.PROXY, proxy, password=password, source="typed")
        if fetcher is not None:
            secret, _ = self._validated(secret, fetcher, secrets_file.EMPTY.encode("ascii"))
        self.put(secret)
        return fetcher is not None

    def set_pin(self, partition: str, asker: Asker) -> None:
        """Store the PKCS#11 PIN of a partition. Nothing is tried with it."""
        self.owners.copies(partition)
        self.store.prove_writable()
        pin = _answer(asker, f"Provide PKCS11 password for '{partition}': ")
        self.put(StoredSecret(SecretKind.PIN, partition, password=pin, source="typed"))

    def remove(self, kind: SecretKind, name: str) -> None:
        """Remove a secret; also that of a user who is not in primus.cfg any more."""
        require_safe_name(name)
        if not self.store.remove(kind, name):
            raise SecretUnavailable(
                f"there is no {kind.label} of '{name}'",
                self._place(kind, name),
                "see what is there: ppinui secret list",
            )
        self._trace(f"remove {kind.value} secret", Path(self._place(kind, name)))

    def _proxy(self, name: str) -> StoredSecret:
        """The secret of a service user, to be used. Raises SecretUnavailable if there is none that may be."""
        proxy = self.store.offer(SecretKind.PROXY, name)
        if proxy is None:
            raise SecretUnavailable(
                f"the password of the service proxy is needed first: there is none for '{name}'",
                self._place(SecretKind.PROXY, name),
                f"store it: {command_to_store(SecretKind.PROXY, name)}",
            )
        return proxy

    def _with_proxies(self, proxies: list[StoredSecret], fetcher: Fetcher) -> bytes:
        """A secrets file that has these service users; passwords that ppin has not seen yet are validated."""
        made = secrets_file.compose([proxy for proxy in proxies if proxy.entry is not None])
        for proxy in proxies:
            if proxy.entry is None:
                validated, made = self._validated(proxy, fetcher, made)
                self.put(validated)
        return made

    def _validated(
        self, proxy: StoredSecret, fetcher: Fetcher, secrets_file: bytes
    ) -> tuple[StoredSecret, bytes]:
        """The secret with the entry that ppin has made, and the file that has it."""
        if proxy.password is None:
            raise ValueError("a proxy without an entry has a password")
        configurations = self._configurations(self.owners.behind(proxy.name))
        try:
            made = fetcher.add_proxy(
                proxy.name, proxy.password, configurations=configurations, secrets_file=secrets_file
            )
        except FetchFailed as failure:
            if failure.rejected and proxy.fingerprint is not None:
                self.store.mark_rejected(proxy, failure.message)
            raise
        entry = self._entry_in(made, SecretKind.PROXY, proxy.name)
        return StoredSecret(
            SecretKind.PROXY, proxy.name, proxy.password, entry, source=proxy.source, validated=True
        ), made

    def _configurations(self, slots: Iterable[Slot]) -> list[Configuration]:
        return [partial(slot_configuration, self.owners.config, slot) for slot in slots]

    def _entry_in(self, made: bytes, kind: SecretKind, name: str) -> OpaqueEntry:
        """The entry of a user in a file that ppin has made.

        How proxies are written is not documented: where none is recognised, the whole file is kept.
        """
        text = made.decode("utf-8", "surrogateescape")
        partitions, proxies = self.owners.partitions, self.owners.proxies
        for entry in secrets_file.read(text, "ppin's result", partitions=partitions, proxies=proxies):
            if (entry.kind, entry.name) == (kind, name):
                return entry.opaque
        if kind is SecretKind.PROXY:
            return secrets_file.frame_only(text)
        raise FetchFailed(
            f"ppin has made no entry for '{name}'", "its .secrets.cfg", "run ppin by hand to see what it does"
        )

    def put(self, secret: StoredSecret) -> None:
        """Store a secret that came from elsewhere."""
        self.store.put(secret)
        self._trace(f"store {secret.kind.value} secret", Path(self._place(secret.kind, secret.name)))

    def _place(self, kind: SecretKind, name: str) -> str:
        return f"{self.store.backend().name}: {self.store.service}, {kind.value}:{name}"


def _answer(asker: Asker, prompt: str) -> Secret:
    answer = asker.ask(prompt)
    if not answer:
        raise SecretUnavailable("the password is empty", prompt.strip(" :"), "start again, and enter it")
    return answer


class PreparedAnswers:
    """Answers with passwords that are known beforehand, in order."""

    def __init__(self, *answers: Secret) -> None:
        self._answers = list(answers)

    def ask(self, prompt: str) -> Secret:
        if not self._answers:
            raise SecretUnavailable("there are no more passwords", prompt.strip(" :"), "enter one for each")
        return self._answers.pop(0)


BANNER: Final = "********************\nPrimus Permanent PIN\n********************"


class Where(Enum):
    """Where a secret was found; the values are words for people."""

    KEYRING = "keyring"
    FILE = "secrets file"
    CONFIG = "primus.cfg"


@dataclass(frozen=True)
class StatusRow:
    """A slot (``slot_id`` as in primus.cfg) or a service user (``slot_id`` None) on one HSM.

    ``number``: slots and service users are counted separately, from 1. ``where``: every place that has its
    secret.
    """

    number: int
    kind: SecretKind
    name: str
    slot_id: int | None
    hsm: str
    where: tuple[Where, ...]

    def text(self) -> str:
        """The row as ppin prints it (spacing differs between its versions, so scripts match words)."""
        if self.kind is SecretKind.PROXY:
            who = f"service/proxy user '{self.name}'  "
        else:
            slot_id = "?" if self.slot_id is None else self.slot_id
            who = f"slot-id {slot_id}:    user '{self.name}'   "
        return f"[{self.number:02}] {who}permanent secret: {'Configured' if self.where else 'MISSING'}"


def status_rows(
    users: SecretOwners, store: SecretStore, in_file: Iterable[Key], *, everywhere: bool = False
) -> tuple[StatusRow, ...]:
    """The list: first all slots, then all service users, each again on every HSM that it is on.

    ``in_file``: who has an entry in the application's .secrets.cfg. The keyring is asked once for each user,
    and only about users whom the file does not have, unless ``everywhere``. Raises KeyringError.
    """
    file = frozenset(in_file)
    in_keyring = cache(store.has)

    def places(kind: SecretKind, name: str, in_config: bool) -> tuple[Where, ...]:
        found = [Where.CONFIG] if in_config else []
        if (kind, name) in file:
            found.append(Where.FILE)
        if (everywhere or not found) and in_keyring(kind, name):
            found.append(Where.KEYRING)
        return tuple(found)

    slots = [(SecretKind.PERMANENT, slot.user_name or "", slot.id, slot.hsm, False) for slot in users.slots]
    return tuple(
        StatusRow(number, kind, name, slot_id, hsm, places(kind, name, clear))
        for rows in (slots, list(_proxy_rows(users)))
        for number, (kind, name, slot_id, hsm, clear) in enumerate(rows, start=1)
    )


def _proxy_rows(users: SecretOwners) -> Iterator[tuple[SecretKind, str, None, str, bool]]:
    """One row for each service user and HSM."""
    clear: dict[tuple[str, str], bool] = {}
    for slot in users.slots:
        if slot.proxy_user is not None:
            key = slot.hsm, slot.proxy_user
            clear[key] = clear.get(key, False) or slot.has_clear_proxy_password
    for (hsm, name), in_config in clear.items():
        yield SecretKind.PROXY, name, None, hsm, in_config
