"""Clear-text passwords in a primus.cfg: finding them, spending them, and the file without them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ppinui.config.primus_config import PrimusConfig, Slot
from ppinui.config.redaction import find_secrets
from ppinui.errors import PpinuiError
from ppinui.libconfig.document import Document, Kind, Setting, parse
from ppinui.libconfig.edit import remove
from ppinui.secrets.fetcher import Fetcher
from ppinui.secrets.prompt import Asker
from ppinui.secrets.secret import Secret
from ppinui.secrets.secret_operations import SecretOperations
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind

_REMOVED = "removed"
"""What replaces a password in a comment, once it was moved."""


@dataclass(frozen=True)
class ClearProxy:
    """The password of a service user, at one or more ``proxy_password`` settings."""

    user: str
    password: Secret
    paths: tuple[str, ...]


@dataclass(frozen=True)
class ClearPin:
    """A setup password, in the setting ``pin`` of an HSM. ``partitions``: those that are on this HSM."""

    hsm: str
    setup_password: Secret
    path: str
    partitions: tuple[str, ...]


@dataclass(frozen=True)
class ClearSecrets:
    """What a primus.cfg holds in the clear. Nothing that is in comments only."""

    proxies: tuple[ClearProxy, ...]
    pins: tuple[ClearPin, ...]
    document: Document = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.proxies or self.pins)

    def secrets(self) -> tuple[Secret, ...]:
        return (*(proxy.password for proxy in self.proxies), *(pin.setup_password for pin in self.pins))

    def paths(self) -> tuple[str, ...]:
        return (*(path for proxy in self.proxies for path in proxy.paths), *(pin.path for pin in self.pins))


def find_clear_secrets(config: PrimusConfig) -> ClearSecrets:
    """The clear-text passwords of a configuration.

    Raises PpinuiError for a proxy password without a service user, for one service user with two passwords,
    and for a value that is no string.
    """
    proxies: dict[str, ClearProxy] = {}
    pins = []
    for hsm in config.hsms:
        if (pin := config.setting_of(hsm).get("pin")) is not None:
            names = tuple(dict.fromkeys(slot.user_name for slot in hsm.slots if slot.user_name is not None))
            pins.append(ClearPin(hsm.name, _text(pin), pin.path, names))
        for slot in hsm.slots:
            if (password := config.setting_of(slot).get("proxy_password")) is not None:
                _add_proxy(proxies, slot, password)
    return ClearSecrets(tuple(proxies.values()), tuple(pins), config.document)


def without_clear_secrets(found: ClearSecrets) -> Document:
    """The document without these settings; copies of their values in comments are blanked."""
    document = found.document
    for path in found.paths():
        document = remove(document, path)
    values = [secret.reveal_bytes().decode("utf-8", "surrogateescape") for secret in found.secrets()]
    text = document.text
    for secret in reversed(find_secrets(text)):
        if not secret.in_comment:
            continue
        for start, end in reversed(secret.spans):
            if any(value and value in text[start:end] for value in values):
                text = text[:start] + _REMOVED + text[end:]
    return document if text == document.text else parse(text, document.origin)


def partitions_waiting(pin: ClearPin, store: SecretStore) -> tuple[str, ...]:
    """The partitions that a setup password may be of: those on its HSM of which no permanent secret is kept.

    Raises KeyringError.
    """
    return tuple(name for name in pin.partitions if not store.has(SecretKind.PERMANENT, name))


def spend(
    operations: SecretOperations, pin: ClearPin, partition: str, person: Asker, fetcher: Fetcher
) -> None:
    """Spend a setup password, which works once, for the permanent secret of a partition.

    ``person`` is asked for the partition's PIN. Raises PpinuiError.
    """
    operations.add(partition, _SetupThenPerson(pin.setup_password, person), fetcher)


class _SetupThenPerson:
    """Answers with a setup password first, then asks a person."""

    def __init__(self, setup_password: Secret, person: Asker) -> None:
        self._setup_password: Secret | None = setup_password
        self._person = person

    def ask(self, prompt: str) -> Secret:
        given, self._setup_password = self._setup_password, None
        return Secret(given.reveal_bytes()) if given is not None else self._person.ask(prompt)


def files_with(secrets: Collection[Secret], config: Path) -> tuple[Path, ...]:
    """Files beside primus.cfg whose names begin with its own (backups, copies) and that hold a secret."""
    beside = sorted(
        entry
        for entry in _entries(config.parent)
        if entry != config and entry.name.lstrip(".#").startswith(config.name)
    )
    return tuple(entry for entry in beside if _holds(entry, secrets))


def _add_proxy(proxies: dict[str, ClearProxy], slot: Slot, setting: Setting) -> None:
    if slot.proxy_user is None:
        raise PpinuiError(
            "there is a proxy password without a service user",
            str(setting.place),
            "add proxy_user to the slot",
        )
    password = _text(setting)
    before = proxies.get(slot.proxy_user)
    if before is not None and before.password != password:
        raise PpinuiError(
            f"the service user '{slot.proxy_user}' has two different passwords",
            str(setting.place),
            "correct the one that is wrong",
        )
    paths = (*(before.paths if before else ()), setting.path)
    proxies[slot.proxy_user] = ClearProxy(slot.proxy_user, password, paths)


def _text(setting: Setting) -> Secret:
    if setting.kind is not Kind.STRING:
        raise PpinuiError(
            f"a password is a string in quotes, this is a {setting.kind.value}",
            str(setting.place),
            "put it in quotes",
        )
    return Secret(str(setting.value))


def _entries(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return ()


def _holds(path: Path, secrets: Collection[Secret]) -> bool:
    if not path.is_file() or path.is_symlink() or not os.access(path, os.R_OK):
        return False
    content = path.read_bytes()
    return any(secret and secret.reveal_bytes() in content for secret in secrets)
