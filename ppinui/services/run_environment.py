"""What an application reads instead of files on a disk: its primus.cfg, and secrets from the keyring."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ppinui.config.primus_config import PrimusConfig
from ppinui.errors import PpinuiError, SecretUnavailable
from ppinui.libconfig.document import encode, parse
from ppinui.libconfig.insert import insert
from ppinui.secrets.hints import command_to_store
from ppinui.secrets.lookup import offer_all
from ppinui.secrets.secret import Secret
from ppinui.secrets.secrets_file import Key
from ppinui.secrets.store import SecretStore
from ppinui.secrets.stored_secret import SecretKind


@dataclass(frozen=True)
class Equipment:
    """Contents of a primus.cfg and a .secrets.cfg. Both are secret."""

    configuration: bytes = field(repr=False)
    secrets_file: bytes = field(repr=False)


def needed(config: PrimusConfig, partitions: Collection[str] = ()) -> tuple[Key, ...]:
    """Whose secrets the provider library needs that are not in primus.cfg itself, service users first.

    ``partitions``: those that the application uses; none: all of the file. Raises PpinuiError if the file has
    no partition at all.
    """
    users = config.credentials(partitions)
    if not any(users.partitions):
        raise PpinuiError(
            "there is no partition that an application could use",
            config.document.origin,
            "add its slots: ppinui config add-slot",
        )
    proxies = [(SecretKind.PROXY, name) for name in users.proxies_to_store]
    return (*proxies, *((SecretKind.PERMANENT, name) for name in users.partitions_to_store if name))


def equip(
    config: PrimusConfig,
    store: SecretStore,
    partitions: Collection[str] = (),
    *,
    in_file: Callable[[], Collection[Key]] = tuple,
) -> Equipment:
    """Everything that an application needs for its ``partitions`` (none: all of primus.cfg).

    ``in_file``: who has an entry in the application's .secrets.cfg, asked for a remedy only. Raises
    SecretRejectedError for a secret that was rejected, SecretUnavailable for what the keyring lacks, both
    before anything is handed over; KeyringError, SecretsFileError.
    """
    offered = offer_all(store, needed(config, partitions))
    try:
        if offered.withheld:
            raise next(iter(offered.withheld.values()))
        if offered.missing:
            raise _lacking(offered.missing, store, in_file())
        return Equipment(with_proxy_passwords(config, offered.proxy_passwords()), offered.secrets_file())
    finally:
        offered.wipe()


def with_proxy_passwords(config: PrimusConfig, passwords: Mapping[str, Secret]) -> bytes:
    """The primus.cfg, with the passwords of these service users in the slots that have none.

    Nothing else in it changes; files that it includes are inserted, as the application may not be able to
    read them.
    """
    document = config.document
    if len(document.flat.segments) > 1:
        document = parse(document.flat.text, document.origin)
    for slot in config.slots:
        password = passwords.get(slot.proxy_user or "")
        if password is not None and not slot.has_clear_proxy_password:
            clear = password.reveal_bytes().decode("utf-8", "surrogateescape")
            document = insert(document, slot.path, "proxy_password", clear, after="proxy_user")
    return encode(document.text)


def _lacking(missing: Collection[Key], store: SecretStore, in_file: Collection[Key]) -> SecretUnavailable:
    (kind, name), *_ = missing
    remedy = f"store it: {command_to_store(kind, name)}"
    if all(key in in_file for key in missing):
        remedy = "take it from the secrets file: ppinui secret import FILE"
    return SecretUnavailable(
        "the keyring has no " + " and no ".join(f"{kind.label} of '{name}'" for kind, name in missing),
        f"{store.backend().name}: {store.service}",
        remedy,
    )
